"""Bugs planted in the product, each as a patch: what real payment code gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.client.datapump import routes
from partnerlab.client.datapump.outcomes import Outcome
from partnerlab.client.datapump.plans import PartnerRequest
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.worker import Worker
from partnerlab.simulators.ic_webservices.domain import mailbox
from partnerlab.simulators.ic_webservices.services import cashier, conveyed, loading
from partnerlab.simulators.ic_webservices.services.unsettled import Doubt, Unsettled
from partnerlab.simulators.ic_webservices.store import INVOICES
from partnerlab.simulators.watersmart.domain.customers import Customer
from partnerlab.simulators.watersmart.store import CUSTOMERS, Books

__all__ = ["BUGS"]


def sent_again_after_unknown(patch: pytest.MonkeyPatch) -> None:
    """A payment whose outcome is unknown is sent again, to a partner that cannot tell a duplicate."""
    real = routes.ROUTES["inhance_v2"]["payment"]

    def route(*given: Any) -> Any:
        plan = real(*given)
        return replace(plan, idempotent=True) if isinstance(plan, PartnerRequest) else plan

    patch.setitem(routes.ROUTES["inhance_v2"], "payment", route)  # type: ignore[arg-type]


def overwritten_under_way(patch: pytest.MonkeyPatch) -> None:
    """What the partner says is taken for what is owed, although money of the account is on its way."""
    patch.setattr(Unsettled, "doubt", lambda *_, **__: Doubt())


def return_opens_another_bill(patch: pytest.MonkeyPatch) -> None:
    """A returned payment is owed again on a bill that it did not pay."""

    def owed_on(tx: Any, lane: Any, biller: Any, payment: Any) -> Any:
        found = INVOICES.find(tx, lane.name, {"biller_guid": biller.guid, "status": "open"}, order="invoice_number")
        return next((one for one in found if one.account_number != payment.account_number), None)

    patch.setattr(cashier, "_owed_on", owed_on)


def settling_fails(patch: pytest.MonkeyPatch) -> None:
    """An error that nobody takes."""

    def fail(*_: Any) -> str:
        raise RuntimeError("the ledger is out of reach")

    patch.setattr(cashier.Cashier, "_settle", fail)


def nobody_is_asked(patch: pytest.MonkeyPatch) -> None:
    """A bill that a file left open stays lower than what is owed until a payer opens it."""
    patch.setattr(loading, "ask_about", lambda *_: None)


def text_asks_for_more(patch: pytest.MonkeyPatch) -> None:
    """The text of a notice names another amount than is due."""
    patch.setattr(mailbox, "_due", lambda _, invoice: f"${invoice.balance_due_cents / 100 + 1:.2f} is due.")


def bills_stay_with_a_conveyed_account(patch: pytest.MonkeyPatch) -> None:
    """The former owner's bills keep the number that the new owner has."""
    patch.setattr(conveyed, "rename_account", lambda *_: None)


def sent_again_after_a_restart(patch: pytest.MonkeyPatch) -> None:
    """What was under way when the process was killed is taken for not sent."""
    sent_anew = Outcome(State.WAITING, "the process ended")
    patch.setattr(Worker, "interrupted", lambda self, found: self.settle(found, sent_anew))


def balance_before_its_bill(patch: pytest.MonkeyPatch) -> None:
    """A balance is sent although a bill that is in it has not arrived."""

    def whole(books: Books, *_: Any, **__: Any) -> list[tuple[Customer, int]]:
        found = CUSTOMERS.find(books.tx, books.lane, {"balance_waits": 1}, order="account_number")
        return [(customer, customer.balance_cents) for customer in found]

    patch.setattr(Books, "balances_to_say", whole)


def held_back_for_good(patch: pytest.MonkeyPatch) -> None:
    """What may have been paid just before a balance is held back, and no later balance ends that."""
    patch.setattr(Books, "last_brought", lambda *_: None)


BUGS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    bug.__name__: bug
    for bug in (
        sent_again_after_unknown,
        overwritten_under_way,
        return_opens_another_bill,
        settling_fails,
        nobody_is_asked,
        text_asks_for_more,
        bills_stay_with_a_conveyed_account,
        sent_again_after_a_restart,
        balance_before_its_bill,
        held_back_for_good,
    )
}
