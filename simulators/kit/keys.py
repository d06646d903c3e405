"""
The sandbox's documented keys, and what stands for them where others reach it.

Everybody can read the documented keys. A lane keeps them all the same, as names: what each stands for is looked up when
it is compared, shown or sent. So a lane that is exported holds no real key, and one that is kept or imported has the
keys of the sandbox where it is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import field
from functools import lru_cache
from urllib.parse import unquote_plus

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.contracts.verification.findings import Finding
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Keys"]

_BASIC = pattern(r"\s*basic\s+([A-Za-z0-9+/=_\s-]{1,2000})", re.IGNORECASE)
_URL_SAFE = str.maketrans("-_", "+/")
_LOOKED_AT = 64 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """`own` has what is asked for in place of each documented key or password; it is empty where those count."""

    own: Mapping[str, str] = field(default_factory=dict)

    def here(self, kept: str) -> str:
        """What a kept key is here."""
        documented = self._documented(kept)
        return kept if documented is None else self.own[documented]

    def kept(self, given: str) -> str:
        """What a lane keeps for a key that somebody gives: the documented one for its own, any other as it is."""
        documented = next((documented for documented, own in self.own.items() if own == given), None)
        documented = self._documented(given) if documented is None else documented
        return given if documented is None else documented

    def refused(self, given: str | None) -> bool:
        """Whether that is a documented key or password, which counts for nothing here."""
        return given is not None and self._documented(given) is not None

    def _documented(self, text: str) -> str | None:
        """The documented key that a text is, however it is written: in other case, or with braces as a GUID."""
        if not self.own or text in self.own:
            return text if self.own else None
        plain = text.replace("\0", "").strip().strip("{}").lower()
        return next((documented for documented in self.own if documented.lower() == plain), None)

    def noticed(self, request: Request) -> tuple[Finding, ...]:
        """Why a request is refused that has a documented key in it; nothing for any other."""
        if not self.own:
            return ()
        documented = _standing_in(frozenset(self.own))
        places = {
            "header Authorization": _basic(request.headers.get("authorization", "")),
            "query": request.query,
            "body": request.body[:_LOOKED_AT].decode("utf-8", "replace"),
        }
        return tuple(
            Finding(
                "request",
                "documented key",
                place,
                "a key of this sandbox (its screen and the console's first page have them)",
                "one that the documentation prints, which is refused where others reach the sandbox",
            )
            for place, text in places.items()
            if text and documented.search(unquote_plus(text))
        )


def _basic(header: str) -> str:
    found = _BASIC.match(header)
    if found is None:
        return ""
    try:
        return base64.b64decode("".join(found[1].split()).translate(_URL_SAFE) + "==").decode("latin-1")
    except (binascii.Error, ValueError):
        return ""


@lru_cache(8)
def _standing_in(keys: frozenset[str]) -> re.Pattern[str]:
    whole = "|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])(?:{whole})(?![\w-])", re.IGNORECASE)
