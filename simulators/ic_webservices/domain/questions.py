"""Bills of which a file left open what is owed: the partner is asked for the balance, and no payer waits for it."""

from __future__ import annotations

from datetime import timedelta

from partnerlab.contracts.records import dataclass

__all__ = ["ANSWERED", "MOST_OF_CONVEYED", "WAITING", "Question", "pause"]

WAITING, ANSWERED = "waiting", "answered"
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=4)
"""Between two questions about a bill to which there is no answer: it doubles. Source: assumed [A-117]."""
MOST_OF_CONVEYED = 9
"""
How often a partner is asked about a bill of a conveyed account, over four hours: it may not know the `CV-` number, as
the account is the new owner's there. Source: assumed [A-117].
"""


@dataclass(frozen=True, slots=True)
class Question:
    """
    A bill that a file changed after payments of which nobody can know whether they are in its amounts.

    `ask_at` is when the partner is asked (again), ISO 8601 in UTC.
    """

    biller_guid: str
    invoice_number: str
    account_number: str
    ask_at: str
    state: str = WAITING


def pause(attempt: int) -> timedelta:
    """How long after that attempt, counted from 1, the partner is asked again."""
    return min(FIRST_PAUSE * (1 << min(attempt - 1, 10)), LONGEST_PAUSE)
