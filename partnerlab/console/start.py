"""The first page: what runs where, what to call it with, accounts that work, and three things to try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partnerlab.console.api import ApiRefused
from partnerlab.console.places import Entrance
from partnerlab.console.view import Page
from partnerlab.contracts import seeds
from partnerlab.contracts.paths import at
from partnerlab.partners import PARTNERS
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["Start", "attempt"]

ACCOUNT, AMOUNT, PARTNER = "10000101", "40.00", "inhance_v2"
CARD = "4111111111111111"
FAULT, OPERATION = "commit-then-drop", "MakePaymentExtended"


class Start:
    """The page, for the *entrances* of this sandbox and the *password* of its registered payers."""

    def __init__(self, entrances: Sequence[Entrance], password: str) -> None:
        self._entrances, self._password = entrances, password

    def __call__(self, page: Page) -> Response:
        billers = {row["partner"]: row for row in page.api.get("/_sandbox/ic/billers")["billers"]}
        return page.render(
            "start.html",
            "",
            "Start",
            entrances=self._entrances,
            password=self._password,
            accounts=_accounts(),
            by_invoice={one.id: one.place == "invoice" for one in PARTNERS.values()},
            billers=billers,
            values=page.api.get("/_sandbox/catalogue")["magic_values"],
            trial={"account": ACCOUNT, "amount": AMOUNT, "fault": FAULT, "operation": OPERATION},
        )


def attempt(page: Page) -> Response:
    """One of the three things to try: a payment, a payment whose answer is lost, three days."""
    what = page.places["what"]
    if what == "days":
        done = page.api.post("/_sandbox/clock/advance", {"duration": "3d"})
        return page.see("clock", done="Three days have passed.", timeline=done["timeline"])
    fault: dict[str, Any] = {}
    if what == "lost":
        fault = page.api.post("/_sandbox/faults", {"name": FAULT, "operation": OPERATION, "count": 1})
    biller = next(row for row in page.api.get("/_sandbox/ic/billers")["billers"] if row["partner"] == PARTNER)
    body = {
        "biller_guid": biller["guid"],
        "account_number": ACCOUNT,
        "amount": AMOUNT,
        "tender": "credit_card",
        "card_number": CARD,
    }
    try:
        payment = page.api.post("/_sandbox/ic/payments", body)
    except ApiRefused as error:
        if fault:  # else it would strike somebody else's payment
            page.api.delete(at("/_sandbox/faults/{}", fault["number"]))
        return page.see("", wrong=f"{error} Reset the lane on Lanes: then this account owes what it did at first.")
    return page.see(f"payments/{payment['payment_guid']}", done=f"Paid: {payment['message'] or payment['state']}.")


def _accounts() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The seeded accounts of each partner with what each is for."""
    return [(one.name, one.id, seeds.purposes(one.seeds)) for one in PARTNERS.values()]
