"""
Secrets and how they are blotted out, wherever text is shown, logged or stored.

The names are data: every element, form field, JSON property or header that carries a credential on any of the
interfaces. A value keeps its last four characters only where it is long enough that they give nothing away.
"""

from __future__ import annotations

import re

__all__ = ["MASK", "SECRET_NAMES", "mask", "mask_text"]

MASK = "•••"

SECRET_NAMES = (
    "WebServiceKey",
    "WebserviceKey",
    "Password",
    "NewPassword",
    "entryKey",
    "RemoteAuthenticationToken",
    "Authorization",
    "ApiKey",
    "PIN",
    "CardNumber",
    "CVV",
    "BankAccountNumber",
    "RoutingNumber",
)

_NAMES = "|".join(SECRET_NAMES)
# A value may hold CDATA and comments. The groups are atomic, so that no input can make the search go back and forth.
_XML = re.compile(
    rf"(<(?:[\w.-]+:)?(?:{_NAMES})(?:\s[^<>]*)?>)"
    r"((?>[^<]+|<!\[CDATA\[.{0,500}?\]\]>|<!--.{0,500}?-->)*+)(</)",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)*)(")', re.IGNORECASE)
_JSON_NUMBER = re.compile(rf'("(?:{_NAMES})"\s*:\s*)(-?[0-9][0-9.eE+-]*)', re.IGNORECASE)
_FORM = re.compile(rf"((?:^|[&?\s])(?:{_NAMES})=)([^&\s]*)", re.IGNORECASE)
_HEADER = re.compile(r"(authorization\s*:\s*(?:\w+\s+)?)(\S+)", re.IGNORECASE)
_CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){11,15}(\d{4})(?![\d.-])")


def mask(secret: str) -> str:
    """A secret as it may be shown: `•••1111`, or `•••` where it has fewer than 12 characters."""
    return MASK + secret[-4:] if len(secret) >= 12 else MASK


def mask_text(text: str) -> str:
    """
    *text* with every credential and card-like number in it masked.

    Knows XML elements, JSON properties, form fields and Authorization headers of the names in `SECRET_NAMES`,
    and runs of 15 to 19 digits that pass the Luhn check.
    """
    text = _XML.sub(lambda m: m[1] + (MASK if "<" in m[2] else mask(m[2])) + m[3], text)
    text = _JSON.sub(lambda m: m[1] + mask(m[2]) + m[3], text)
    text = _JSON_NUMBER.sub(lambda m: f'{m[1]}"{MASK}"', text)
    text = _FORM.sub(lambda m: m[1] + mask(m[2]), text)
    text = _HEADER.sub(lambda m: m[1] + mask(m[2]), text)
    return _CARD.sub(lambda m: MASK + m[1] if _luhn(m[0]) else m[0], text)


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = (sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return 15 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
