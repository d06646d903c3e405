"""What every check has in its hand: the line, and the words `expect` and `fail`."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NoReturn
from zoneinfo import ZoneInfo

from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.grading.checks import Failed
from partnerlab.contracts.verification.grading.model import Problem
from partnerlab.contracts.verification.provider.line import Line

__all__ = ["Probe", "insides", "money", "now_in"]

SECRETIVE = (
    "at System.",
    "   at ",
    ":\\",
    "/var/www/",
    "Traceback (most recent",
    "/site-packages/",
    ".cs:line",
    "PHP Fatal",
)


class Probe:
    """The subject of a provider's checks, by its line."""

    def __init__(self, line: Line) -> None:
        self.line = line

    def expect(self, holds: bool, where: str, expected: str, received: str, exchange: int = 0) -> None:
        """Raises `Failed` where *holds* is not true."""
        if not holds:
            self.fail(where, expected, received, exchange)

    def fail(self, where: str, expected: str, received: str, exchange: int = 0) -> NoReturn:
        """Raises `Failed`."""
        raise Failed([Problem(where, expected, received, exchange)])

    def expect_none(self, findings: Iterable[Finding], exchange: int) -> None:
        """Raises `Failed` with what the contract's verdict found."""
        problems = [Problem(one.where, f"{one.expected} ({one.rule})", one.found, exchange) for one in findings]
        if problems:
            raise Failed(problems)

    def expect_no_insides(self, text: str, exchange: int) -> None:
        """Raises `Failed` where an answer shows the server's insides."""
        inside = insides(text)
        expected = "no stack trace and no path of the server"
        self.expect(not inside, "body", expected, f"a text with {inside!r}", exchange)

    @staticmethod
    def new_reference(prefix: str = "VERIFY") -> str:
        """A reference that nobody has used."""
        return f"{prefix}-{secrets.token_hex(6).upper()}"


def now_in(time_zone: str) -> datetime:
    """What the clock on the wall says in a time zone of this IANA name; on this machine's wall where it is empty."""
    return datetime.now(ZoneInfo(time_zone)) if time_zone else datetime.now().astimezone()


def money(text: str | None) -> Decimal | None:
    """An amount as exact as it was written; None where it is none."""
    try:
        value = Decimal((text or "").strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def insides(text: str) -> str:
    """What in an answer shows the server's insides, as a stack or a path of its files; empty where nothing does."""
    return next((word.strip() for word in SECRETIVE if word in text), "")
