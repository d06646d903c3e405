"""A bill that is paid in one tab: the other tab asks for nothing and says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulators.ic_webservices.harness import INVOICE, Harness
from tests.simulators.ic_webservices.pages.visit import CARD, Visit

WHOLE = {"Amount": "125.50", "When": "now"}


def test_a_bill_that_is_paid_at_the_same_moment_asks_for_nothing_in_the_other_tab(
    visit: Visit, harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit.connect("1")
    first, second = visit.page(page, f"pay/{INVOICE}"), visit.page(page, f"pay/{INVOICE}")
    cashier = type(harness.sim.world.services.cashier)
    pay, others = cashier.pay, [first]

    def after_the_other(*args: Any, **more: Any) -> Any:
        if others:
            assert "Thank you" in visit.submit(others.pop(), "Pay", **CARD | WHOLE).heading
        return pay(*args, **more)

    monkeypatch.setattr(cashier, "pay", after_the_other)
    answer = visit.submit(second, "Pay", **CARD | WHOLE)
    assert "Nothing was paid with that form" in answer.words
    assert "$0.00" not in answer.words.partition("At most")[2]
    assert not answer.tree.xpath("//input[@name='Amount']")


def test_the_scheduled_payment_of_a_paid_bill_can_only_be_cancelled(visit: Visit) -> None:
    page = visit.connect("1")
    form = visit.page(page, f"pay/{INVOICE}")
    day = {"Amount": "40.00", "When": "later", "Day": form.tree.xpath("string(//input[@name='Day']/@min)")}
    listed = visit.submit(form, "Pay", **CARD | day)
    (change,) = [name for name in listed.links() if name.startswith("Change the payment")]
    cancel, change = change.replace("Change", "Cancel"), listed.links()[change]
    form = visit.get(change)
    assert "Thank you" in visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **CARD | WHOLE).heading
    for answer in (visit.get(change), visit.submit(form, "Save the change", Amount="20.00")):
        assert answer.heading == "Scheduled payments"
        assert "its payment takes nothing, and can only be cancelled" in answer.words
        assert "At most" not in answer.words
    cancelled = visit.submit(answer, cancel)
    assert "Your scheduled payment was cancelled." in cancelled.words
