"""Which names carry a credential: elements, form fields, JSON properties, attributes and headers."""

from __future__ import annotations

from functools import lru_cache

from partnerlab.contracts.first_use import pattern

__all__ = ["SECRET_HEADERS", "SECRET_NAMES", "is_password", "is_secret"]

SECRET_NAMES = (
    "WebServiceKey",
    "WebserviceKey",
    "Password",
    "NewPassword",
    "OldPassword",
    "entryKey",
    "RemoteAuthenticationToken",
    "Authorization",
    "ApiKey",
    "api_key",
    "PIN",
    "CardNumber",
    "CVV",
    "BankAccountNumber",
    "RoutingNumber",
    "TrackData",
    "CsrfToken",
)
"""The names of the interfaces here. `is_secret` knows more: what partners and their tools call the same things."""

SECRET_HEADERS = frozenset(
    ("authorization", "proxyauthorization", "xapikey", "apikey", "xauthtoken", "cookie", "setcookie")
)
"""Headers whose whole line is a credential, as `_plain` writes them."""

_WHOLE = frozenset(
    ("pin", "cvv", "cvv2", "cvc", "cvc2", "csc", "pan", "pwd", "trackdata", "track1", "track2", "xapikey")
)
_ENDINGS = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "userpwd",
    "apikey",
    "webservicekey",
    "servicekey",
    "entrykey",
    "accesskey",
    "privatekey",
    "secretkey",
    "secret",
    "token",
    "authorization",
    "cardnumber",
    "creditcard",
    "ccnumber",
    "securitycode",
    "bankaccountnumber",
    "bankaccount",
    "routingnumber",
    "credential",
    "credentials",
)
_SEPARATORS = pattern(r"[\s_.\-+\[\]'\"]+")
LONGEST_NAME = 100


@lru_cache(4096)
def is_secret(name: str) -> bool:
    """
    Whether a name is one of a credential.

    Case, a namespace prefix, blanks and separators make no difference (`api_key`, `Api-Key`, ` ApiKey`), and a word
    before it makes none either (`OldPassword`).
    """
    if len(name) > LONGEST_NAME:
        name = name[-LONGEST_NAME:]
    plain = _plain(name)
    return plain in _WHOLE or plain in SECRET_HEADERS or plain.endswith(_ENDINGS)


@lru_cache(1024)
def is_password(name: str) -> bool:
    """Whether a secret is one that people make up, of which nothing may be shown."""
    plain = _plain(name)
    return "pass" in plain or plain in _WHOLE


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.rpartition(":")[2]).lower()
