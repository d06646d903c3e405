"""How a payment gets into each partner's books, and which payments have no business there: a row a partner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from partnerlab.auditing.records import Payment

__all__ = ["BY_CALL", "BY_DOWNLOAD", "BY_FILE", "WAYS", "Way", "why_not"]

BY_CALL, BY_DOWNLOAD, BY_FILE = "call", "download", "file"


@dataclass(frozen=True, slots=True)
class Way:
    """
    How a partner learns of payments.

    Attributes:
        name: The partner, in words.
        how: The data pump calls it, it downloads them, or files take them there.
        interface: The operation, job or file.
        key: The field of Invoice Cloud's payment that names it in the partner's books: `reference` or `guid`.
        place: What the partner credits: the `account` or the `invoice`.
        not_due: Payments that never go there, by what is special about them, and why.
        returns: How the return of a payment gets there: `call`, `file`, or empty where a clerk enters it.
    """

    name: str
    how: str
    interface: str
    key: str
    place: str
    not_due: Mapping[str, str]
    returns: str = ""


INLINE = "an inline donation is not posted (INT-2997)"
COUNTER = "a clerk's entry: the biller's own system has it"

WAYS: Mapping[str, Way] = {
    "inhance_v2": Way(
        "inHance v2",
        BY_CALL,
        "MakePaymentExtended",
        "reference",
        "account",
        {"offline": COUNTER, "inline": INLINE},
    ),
    "inhance_v1": Way(
        "inHance v1",
        BY_DOWNLOAD,
        "ExportPayments",
        "reference",
        "account",
        {"inline": INLINE},
    ),
    "tccs": Way(
        "TCCS",
        BY_CALL,
        "Pay_Input",
        "guid",
        "invoice",
        {
            "offline": COUNTER,
            "inline": "TCCS takes no donations",
            "standalone": "TCCS takes no donations",
        },
        returns=BY_CALL,
    ),
    "watersmart": Way(
        "WaterSmart",
        BY_FILE,
        "ICPayments",
        "guid",
        "account",
        {"inline": "files carry no inline donation"},
        returns=BY_FILE,
    ),
}


def why_not(payment: Payment, way: Way) -> str:
    """Why a payment does not go to the partner; empty where it does."""
    if not payment.approved:
        return f"it was {payment.state}"
    if payment.offline and "offline" in way.not_due:
        return way.not_due["offline"]
    return way.not_due.get(payment.donation, "")
