"""What a contract check says about a recorded exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from partnerlab.contracts.records import dataclass

__all__ = ["Finding", "Verdict", "not_xml", "what_it_is"]


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One way in which an exchange breaks the contract.

    `side` says whose fault it is; `rule` names the rule broken; `where` is the place
    (`Body/BalanceCheck/AccountNumber`, `header SOAPAction`); `expected` and `found` are for a reader. `hint` is the
    name that was probably meant, where what was found is nearly one that is known. No field holds a secret.
    """

    side: Literal["request", "response"]
    rule: str
    where: str
    expected: str
    found: str
    hint: str = ""

    def __str__(self) -> str:
        meant = f"; did you mean {self.hint}?" if self.hint else ""
        return f"{self.side}, {self.where}: {self.rule}: expected {self.expected}, found {self.found}{meant}"


def what_it_is(body: bytes, otherwise: str) -> str:
    """What a body is that cannot be read as what it should be, where its first bytes tell."""
    return "compressed bytes (gzip), without a Content-Encoding" if body.startswith(b"\x1f\x8b") else otherwise


def not_xml(body: bytes, error: Exception) -> str:
    """Why a body cannot be read as XML: what it is, else what the parser says."""
    return what_it_is(body, getattr(error, "msg", "") or str(error))


Verdict = Callable[[str, bytes, Mapping[str, str], int, bytes, str], list[Finding]]
"""
`verdict(operation, request_body, request_headers, status, response_body, response_content_type)`: what breaks the
contract, empty where nothing does. Headers have lower-case names. Secrets in bodies and headers are masked.
"""
