"""The contracts' verdicts on the sandbox's doors; a contract is read when the first verdict by it is asked for."""

from __future__ import annotations

from functools import cache
from typing import Any

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.doors import doors
from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.findings import Finding, Verdict

__all__ = ["verdicts"]


def verdicts() -> dict[str, Verdict]:
    """By the name of the door."""
    return {name: _later(path) for name, path in doors().items() if path}


def _later(path: str) -> Verdict:
    def verdict(*exchange: Any) -> list[Finding]:
        return _read(path)(*exchange)

    return verdict


@cache
def _read(path: str) -> Verdict:
    with importing:
        from partnerlab.contracts.verification import rest, soap

    found: Verdict = (soap if path.endswith(".wsdl") else rest).verdict(read_bytes(path))
    return found
