"""A request of a pact with other values: texts are replaced where they stand as values, whatever the body's form."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

__all__ = ["swapped", "swapped_body", "swapped_header"]


def swapped(text: str, swaps: Mapping[str, str]) -> str:
    """A text in which each key of *swaps* is its value; what was put in is not looked at again."""
    if not swaps:
        return text
    longest_first = sorted(swaps, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda found: swaps[found[0]], text)


def swapped_body(content: bytes, content_type: str, swaps: Mapping[str, str]) -> bytes:
    """A body of XML, JSON or a form with other values."""
    kind = content_type.partition(";")[0].strip().lower()
    text = content.decode()
    if kind == "application/x-www-form-urlencoded":
        return urlencode([(name, swapped(value, swaps)) for name, value in parse_qsl(text, True)]).encode()
    if kind == "application/json":
        return json.dumps(_swapped_json(json.loads(text), swaps)).encode()
    return swapped(text, {old: escape(new) for old, new in swaps.items()}).encode()


def swapped_header(name: str, value: str, swaps: Mapping[str, str]) -> str:
    """A header with other values; of HTTP Basic the credential is changed."""
    scheme, _, coded = value.partition(" ")
    if name.lower() != "authorization" or scheme != "Basic":
        return swapped(value, swaps)
    try:
        credential = base64.b64decode(coded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
    return f"{scheme} {base64.b64encode(swapped(credential, swaps).encode()).decode()}"


def _swapped_json(value: Any, swaps: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return swapped(value, swaps)
    if isinstance(value, list):
        return [_swapped_json(one, swaps) for one in value]
    if isinstance(value, dict):
        return {name: _swapped_json(one, swaps) for name, one in value.items()}
    return value
