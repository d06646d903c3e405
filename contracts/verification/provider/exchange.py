"""A call and its answer as bytes, or why no answer came."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

__all__ = ["Answered", "Asked", "NoAnswer", "Send"]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A request; `label` is the operation it is meant for, as reports name it.

    `kept` says that it goes over the connection of the kept call before it, where the service left that one open.
    """

    label: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, read whole. Headers have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type, in lower case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of a JSON object, numbers exact; none where the body is no such."""
        try:
            found = json.loads(self.body.decode("utf-8-sig"), parse_float=Decimal)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def text(self) -> str:
        """The body as UTF-8 text."""
        return self.body.decode("utf-8", "replace")


class NoAnswer(Exception):
    """
    Nothing usable came back.

    `name` is the word for it (`host-unknown`, `connection-refused`, `certificate`, …); the text says what was seen.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        super().__init__(text)


Send = Callable[[Asked, float], Answered]
"""Send one request and wait at most so many seconds. Raises `NoAnswer`. Follows no redirect."""
