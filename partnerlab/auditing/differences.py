"""What two books may differ by, and one such difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["KINDS", "Difference"]

KINDS: Mapping[str, str] = {
    "payment": "what the audit finds of a single payment or return",
    "orphan_posting": "a payment in a partner's books that Invoice Cloud never took",
    "orphan_return": "a payment that is taken back in a partner's books and stands at Invoice Cloud",
    "orphan_row": "a row of a file that is no payment of Invoice Cloud",
    "orphan_postback": "a postback of a payment that Invoice Cloud does not have",
    "row_missing": "a payment that stands in no file, although later ones do",
    "file_short": "a file with another number of rows than were written",
    "row_twice": "a payment or reject that stands in the files more than once",
    "row_wrong": "a row of a file with another amount or account than the payment",
    "batch_missing": "a batch that was fetched and of which nothing is in the partner's books",
    "batch_short": "a batch that was fetched and of which something is not in the partner's books",
    "postback_missing": "a payment of a Cloud Payments page of which the partner was never told",
    "postback_twice": "more than one postback of a payment",
    "postback_wrong": "a postback that says another amount or outcome than the payment has",
    "schedule_wrong": "a scheduled payment or AutoPay collection and its payment do not fit together",
    "cents_off": "both sides say otherwise what an account owes, and what is known does not explain it",
    "off_by_finding": "both sides say otherwise what an account owes, by what is to be mended",
    "explained": "they differ by what is on its way, in doubt or entered on one side only; nothing to mend here",
}
"""Every kind of difference; all but `explained` are something to mend."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two books that do not agree. `subject` names the payment, row or account; `amount` is how far apart they are."""

    kind: str
    partner: str
    subject: str
    amount: Decimal
    detail: str

    @property
    def finding(self) -> bool:
        """Whether there is something to mend."""
        return self.kind != "explained"
