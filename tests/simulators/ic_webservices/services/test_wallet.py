"""Saved payment methods: what is kept, whose they are, and the one that is preferred."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound, PaymentRefused, ValueRefused
from partnerlab.simulators.ic_webservices.domain.methods import MOST_METHODS, Method, check_usable
from partnerlab.simulators.ic_webservices.domain.payments import Order
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.harness import ACCOUNT, DECLINED, INVOICE, RETURNS, UTILITY, VISA, Harness

USER = "willows@example.com"


def add(harness: Harness, **own: Any) -> Method:
    given: dict[str, Any] = {"kind": "card", "number": VISA, "holder": "Ada Willow", "expires_on": date(2049, 9, 30)}
    return harness.sim.world.services.wallet.add(harness.lane, UTILITY, USER, NewMethod(**given | own))


def methods(harness: Harness) -> list[Method]:
    return harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)


def test_of_a_number_the_last_four_digits_and_the_effect_are_kept(harness: Harness) -> None:
    card = add(harness, number="4000 0000 0000 0002")
    bank = add(harness, kind="bank_account", number=RETURNS)
    assert (card.brand, card.last_four, card.effect, card.tender) == ("Visa", "0002", "declined", "credit_card")
    assert (bank.last_four, bank.effect, bank.expires_on, bank.tender) == ("1113", "returned", None, "ach")
    kept = repr(harness.lanes.export("default")["ic_methods"])
    assert DECLINED not in kept
    assert RETURNS not in kept


def test_a_number_that_is_no_test_number_is_not_kept(harness: Harness) -> None:
    for kind, number in (("card", "4242424242424242"), ("bank_account", VISA), ("card", RETURNS), ("card", "")):
        with pytest.raises(ValueRefused, match="is not a test number") as refused:
            add(harness, kind=kind, number=number)
        assert refused.value.field == ("card_number" if kind == "card" else "bank_account")
    assert methods(harness) == []


def test_the_first_is_preferred_until_another_is_chosen_or_it_is_removed(harness: Harness) -> None:
    wallet = harness.sim.world.services.wallet
    first, second, third = (add(harness) for _ in range(3))
    assert [method.preferred for method in methods(harness)] == [True, False, False]
    wallet.make_default(harness.lane, UTILITY, USER, third.method_id)
    assert [method.method_id for method in methods(harness)] == [third.method_id, first.method_id, second.method_id]
    wallet.remove(harness.lane, UTILITY, USER, third.method_id)
    assert [method.preferred for method in methods(harness)] == [True, False]
    assert methods(harness)[0].method_id == first.method_id


def test_methods_are_the_users_own(harness: Harness) -> None:
    wallet = harness.sim.world.services.wallet
    mine = add(harness, method_id="m-1")
    for biller, user in ((UTILITY, "mallory"), (harness.settings.insurance_guid, USER)):
        assert wallet.methods(harness.lane, biller, user) == []
        for act in (wallet.remove, wallet.make_default):
            with pytest.raises(NotFound):
                act(harness.lane, biller, user, mine.method_id)
        with pytest.raises(Conflict):
            wallet.add(harness.lane, biller, user, NewMethod("card", VISA, "M", method_id="m-1"))
    assert methods(harness) == [mine]


def test_the_same_id_again_gives_the_one_that_stands(harness: Harness) -> None:
    assert add(harness, method_id="m-1") == add(harness, method_id="m-1", holder="Somebody Else")


def test_only_so_many_are_kept(harness: Harness) -> None:
    for _ in range(MOST_METHODS):
        add(harness)
    with pytest.raises(Conflict, match="At most 20"):
        add(harness)


def test_a_card_is_good_through_its_last_day(harness: Harness) -> None:
    card = add(harness, expires_on=date(2026, 6, 30))
    check_usable(card, date(2026, 6, 30))
    with pytest.raises(PaymentRefused, match="The Visa ending in 1111 has expired"):
        check_usable(card, date(2026, 7, 1))


def test_many_at_once_prefer_one(shared: Harness) -> None:
    _ = shared.lane
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: add(shared), range(8)))
    assert [method.preferred for method in methods(shared)] == [True] + [False] * 7


def test_an_order_takes_a_saved_number_or_a_typed_one_never_both(harness: Harness) -> None:
    cashier, saved = harness.sim.world.services.cashier, add(harness).number()
    for order in (
        Order(ACCOUNT, INVOICE, 100, "credit_card", number=VISA, saved=saved),
        Order(ACCOUNT, INVOICE, 100, "ach", saved=saved),
        Order(ACCOUNT, INVOICE, 100, "paypal", saved=saved),
    ):
        with pytest.raises(ValueRefused):
            cashier.pay(harness.lane, UTILITY, order, cause="test")
    payment, _ = cashier.pay(
        harness.lane, UTILITY, Order(ACCOUNT, INVOICE, 100, "debit_card", saved=saved), cause="test"
    )
    assert (payment.brand, payment.last_four, payment.approved) == ("Visa", "1111", True)
    assert harness.raised[0]["payment"]["tender"] == "debit_card"
