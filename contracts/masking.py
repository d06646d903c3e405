"""
Secrets and how they are blotted out, wherever text is shown, logged or stored.

The names are data: every element, form field, JSON property or header that carries a credential on any of the
interfaces. A value keeps its last four characters only where it is long enough that they give nothing away.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

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
    "TrackData",
    "CsrfToken",
)

_NAMES = "|".join(SECRET_NAMES)
_LOWER_NAMES = frozenset(name.lower() for name in SECRET_NAMES)
# A value may hold CDATA and comments. The groups are atomic, so that no input can make the search go back and forth.
_XML = re.compile(
    rf"(<(?:[\w.-]+:)?(?:{_NAMES})(?:\s[^<>]*)?>)"
    r"((?>[^<]+|<!\[CDATA\[.{0,500}?\]\]>|<!--.{0,500}?-->)*+)(</)",
    re.IGNORECASE | re.DOTALL,
)
# The same where the document is itself text in another: `&lt;Password&gt;…`, once or several times escaped.
_LT, _GT = r"&(?:amp;){0,4}(?:lt|#0{0,6}60|#x0{0,6}3c);", r"(?:>|&(?:amp;){0,4}(?:gt|#0{0,6}62|#x0{0,6}3e);)"
_ESCAPED_XML = re.compile(
    rf"({_LT}(?:[\w.-]{{1,80}}+:)?(?:{_NAMES})(?:\s(?:(?!{_LT}|{_GT}).){{0,300}})?{_GT})"
    rf"((?:(?!{_LT}(?!!))[^<])*+)(?={_LT}|<|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)*)(")', re.IGNORECASE)
_JSON_NUMBER = re.compile(rf'("(?:{_NAMES})"\s*:\s*)(-?[0-9][0-9.eE+-]*)', re.IGNORECASE)
_FORM = re.compile(rf"((?:^|[&?\s])(?:{_NAMES})=)([^&\s]*)", re.IGNORECASE)
# A field of a page's form as HTML, and of a form sent as multipart/form-data.
_INPUT = re.compile(
    rf"""(<input\s[^<>]{{0,200}}?\bname="(?:{_NAMES})"[^<>]{{0,200}}?\bvalue=")([^"<>]*)""", re.IGNORECASE
)
_PART = re.compile(
    rf"""(;\s*name="?(?:{_NAMES})"?(?:[;\r][^\n]{{0,500}})?\n(?:[^\r\n]{{1,500}}\r?\n){{0,5}}\r?\n)(.*?)(?=\r?\n--|\Z)""",
    re.IGNORECASE | re.DOTALL,
)
_ENCODED_FORM = re.compile(r"((?:^|[&?\s])([^&?=\s%]{0,40}+%[^&?=\s]{1,120}+)=)([^&\s]*)")
_HEADER = re.compile(r"(authorization\s*:\s*(?:\w+\s+)?)(\S+)", re.IGNORECASE)
# A page's address is its key: a payment page's token, a portal session as ASP.NET writes it into the path.
_PAGE = re.compile(r"(\\?/cloudpayments(?:\\?/)++)([A-Za-z0-9_-]{16,})", re.IGNORECASE)
_SESSION = re.compile(r"((?:\(|%28)S(?:\(|%28))([A-Za-z0-9_-]{16,})", re.IGNORECASE)
_CARD = re.compile(r"(?<![\d.-])(?:\d[ -]?){11,15}(\d{4})(?![\d.-])")


def mask(secret: str) -> str:
    """A secret as it may be shown: `•••1111`, or `•••` where it has fewer than 12 characters."""
    return MASK + secret[-4:] if len(secret) >= 12 else MASK


def mask_text(text: str) -> str:
    """
    *text* with every credential and card-like number in it masked.

    Knows XML elements (also in XML that stands escaped in other text), JSON properties, form fields (also with a
    percent-encoded name, as multipart/form-data, and as `<input>` of a page) and Authorization headers of the names in
    `SECRET_NAMES`, the keys in addresses of hosted pages, and runs of 15 to 19 digits that pass the Luhn check.
    """
    text = _XML.sub(lambda m: m[1] + (MASK if "<" in m[2] else _masked(m[1], m[2])) + m[3], text)
    text = _ESCAPED_XML.sub(lambda m: m[1] + (MASK if "&" in m[2] else _masked(m[1], m[2])), text)
    text = _JSON.sub(lambda m: m[1] + _masked(m[1], m[2]) + m[3], text)
    text = _JSON_NUMBER.sub(lambda m: f'{m[1]}"{MASK}"', text)
    text = _FORM.sub(lambda m: m[1] + _masked(m[1], m[2]), text)
    if "<input" in text:
        text = _INPUT.sub(lambda m: m[1] + _masked(m[1], m[2]), text)
    if "form-data" in text:
        text = _PART.sub(lambda m: m[1] + _masked(m[1], m[2]), text)
    if "%" in text:
        text = _ENCODED_FORM.sub(_masked_field, text)
    text = _HEADER.sub(lambda m: m[1] + mask(m[2]), text)
    text = _PAGE.sub(lambda m: m[1] + mask(m[2]), text)
    text = _SESSION.sub(lambda m: m[1] + mask(m[2]), text)
    return _CARD.sub(lambda m: MASK + m[1] if _luhn(m[0]) else m[0], text)


def _masked(name: str, secret: str) -> str:
    """A secret by what stands before it: of a password, which people make, nothing is shown."""
    return MASK if "password" in name.lower() else mask(secret)


def _masked_field(match: re.Match[str]) -> str:
    """A form field with an encoded name, masked where the name is a secret's."""
    name = unquote_plus(match[2])
    return match[1] + _masked(name, match[3]) if name.lower() in _LOWER_NAMES else match[0]


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = (sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return 15 <= len(digits) <= 19 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
