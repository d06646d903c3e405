"""While a payment or its return has no certain outcome, a balance of the partner changes nothing that is due [A-84]."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import Conflict
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.checkouts import Checkout, request
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    RETURNS,
    USER,
    UTILITY,
    VISA,
    Harness,
    advance,
    bill_file,
    freeze,
    group,
)
from tests.simulators.ic_webservices.pages.visit import Visit, add_bill
from tests.simulators.ic_webservices.services.test_balances import answers, asked, enrol, open_bill, start


def test_an_answer_while_a_payment_waits_in_the_outbox_changes_nothing_that_is_due(both: Harness) -> None:
    both.refuse_events = True
    both.pay(amount="25.50")
    answers(both, "125.50")
    opened = open_bill(both)
    assert (opened["asked"], opened["changed"]) == (True, [])
    assert "answer of 125.50 was dropped: payment IC0000000001 of 25.50 has no certain outcome yet" in opened["problem"]
    assert both.invoice()["balance_due"] == "100.00"
    both.refuse_events = False
    assert both.control("POST", "events/offer").status == 200
    assert open_bill(both)["changed"] == ["balance_due"], "now the partner's word counts"


def test_an_answer_while_the_pump_has_a_payment_without_outcome_changes_nothing_that_is_due(harness: Harness) -> None:
    guid = harness.pay(amount="25.50").json["payment_guid"]
    harness.unsettled = {guid}
    answers(harness, "125.50")
    assert open_bill(harness)["changed"] == []
    assert harness.invoice()["balance_due"] == "100.00"
    harness.unsettled = {"of-a-former-world"}
    assert "payment of-a-former-world has no certain outcome yet" in open_bill(harness)["problem"]
    harness.unsettled = set()
    answers(harness, "100.00")
    assert open_bill(harness)["problem"] is None


def test_an_answer_counts_for_nothing_where_the_pump_cannot_be_asked(harness: Harness) -> None:
    def broken(*_: object) -> set[str]:
        raise ConnectionError("the pump is away")

    harness.sim.world.services.presentment.unsettled._port = broken
    answers(harness, "1.00")
    assert "the pump is away" in open_bill(harness)["problem"]
    assert harness.invoice()["balance_due"] == "125.50"


def test_a_payment_that_becomes_uncertain_while_the_partner_is_asked_drops_the_answer(harness: Harness) -> None:
    """The question is put again in the transaction that would change the balance."""

    def meanwhile(*_: str) -> dict[str, str]:
        harness.unsettled = {"another"}
        return {"balance_due": "99.00"}

    harness.balance = meanwhile
    assert open_bill(harness)["changed"] == []
    assert harness.invoice()["balance_due"] == "125.50"


def test_a_balance_that_the_partner_sets_while_it_is_asked_drops_the_answer(harness: Harness) -> None:
    """Whatever changed the bill meanwhile may be newer than the answer."""

    def meanwhile(*_: str) -> dict[str, str]:
        key = harness.settings.utility_web_service_key
        harness.sim.world.services.ledger.set_invoice_balance(harness.lane, UTILITY, key, INVOICE, Decimal("80.00"))
        return {"balance_due": "99.00"}

    harness.balance = meanwhile
    assert "the account changed" in open_bill(harness)["problem"]
    assert harness.invoice()["balance_due"] == "80.00"


def test_an_answer_about_a_lane_that_was_reset_meanwhile_is_not_the_new_ones(both: Harness) -> None:
    """Both bills are as they were seeded, so that nothing but the lane tells the one world from the other."""
    harness = both

    def answer(lane: str, *_: str) -> dict[str, str]:
        harness.lanes.reset(lane)
        return {"balance_due": "99.00", "email_address": "old@example.com"}

    harness.balance = answer
    before = harness.invoice()
    shown = open_bill(harness)
    assert (shown["changed"], shown["problem"]) == ([], "the lane was reset while the partner was asked")
    assert harness.invoice() == before
    assert harness.get(f"customers/{ACCOUNT}")["email_address"] != "old@example.com"


def test_a_payment_that_the_partner_took_since_it_was_asked_drops_the_answer(both: Harness) -> None:
    both.settled_meanwhile = {both.pay(amount="25.50").json["payment_guid"]}
    answers(both, "125.50")
    assert open_bill(both)["changed"] == []
    assert both.invoice()["balance_due"] == "100.00"


def test_a_payment_of_another_invoice_meanwhile_drops_the_accounts_answer(both: Harness) -> None:
    add_bill(both, "500002", "30.00", invoice_date=date(2030, 1, 1), balance_forward=False)

    def meanwhile(*_: str) -> dict[str, str]:
        both.pay(invoice_number=INVOICE, amount="125.50")
        return {"balance_due": "155.50"}

    both.balance = meanwhile
    assert "the account changed" in open_bill(both, "500002")["problem"]
    assert asked(both) == {"500002": Decimal("30.00")}


def test_a_payment_of_another_account_is_no_doubt_about_this_one(harness: Harness) -> None:
    harness.upload(bill_file([group("700001", "20000001")]))
    harness.refuse_events = True
    harness.pay(account_number="20000001", amount="50.00")
    answers(harness, "99.00")
    assert open_bill(harness)["changed"] == ["balance_due", "total_amount_due"]


def test_a_return_that_the_partner_may_not_know_of_is_not_wiped_out_by_its_balance(shared: Harness) -> None:
    """In the outbox, and in the data pump: neither an answer of the partner's nor a balance that it sets counts."""
    freeze(shared)
    guid = shared.pay(amount="125.50", tender="ach", bank_account=RETURNS).json["payment_guid"]
    answers(shared, "0.00")
    assert open_bill(shared)["asked"] is True, "until it comes back there is no doubt"
    shared.refuse_events = True
    advance(shared, timedelta(days=10))
    ledger, key = shared.sim.world.services.ledger, shared.settings.utility_web_service_key

    def check_refused() -> None:
        told = open_bill(shared)
        assert told["changed"] == []
        assert told["problem"].startswith("the partner's answer of 0.00 was dropped")
        with pytest.raises(Conflict, match=r"return IC0000000001 of 125\.50 has no certain outcome yet"):
            ledger.set_invoice_balance(shared.lane, UTILITY, key, INVOICE, Decimal(0))

    check_refused()  # it waits in the outbox
    shared.refuse_events = False
    shared.control("POST", "events/offer")
    shared.unsettled = {guid}
    check_refused()  # the data pump has it
    assert shared.invoice()["balance_due"] == "125.50"
    shared.unsettled = set()
    assert open_bill(shared)["changed"] == ["balance_due", "total_amount_due"]


def test_a_return_in_doubt_keeps_autopay_from_nothing(harness: Harness) -> None:
    start(harness)
    enrol(harness)
    guid = harness.pay(amount="125.50", tender="ach", bank_account=RETURNS).json["payment_guid"]
    advance(harness, timedelta(days=10))
    harness.unsettled = {guid}
    advance(harness, timedelta(days=30))
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["125.50", "125.50"]


def test_autopay_takes_nothing_that_an_uncertain_payment_may_have_covered(both: Harness) -> None:
    """Of a partner that nobody can ask."""
    start(both)
    enrol(both)
    both.control("PATCH", f"billers/{UTILITY}", {"settings": {"8": None}})
    both.refuse_events = True
    both.pay(amount="125.50")
    both.upload(bill_file([group("700001", ACCOUNT, "175.50", on=date(2026, 6, 17), BalanceForward=True)]))
    done = advance(both, timedelta(days=60))
    told = next(one for one in done if "invoice 700001" in one)
    assert told.endswith(
        "Invoice 700001 may be paid already: payment IC0000000001 of 125.50 has no certain outcome yet."
    )
    assert [one["amount"] for one in both.get("payments")["payments"]] == ["125.50"]


@pytest.mark.parametrize("known", [False, True], ids=["in doubt", "of before it"])
def test_autopay_of_a_new_bill_that_may_hold_money_taken_waits_for_the_partner(both: Harness, *, known: bool) -> None:
    """
    Two accounts have one: the payer of the first is collected from what the partner says, once the payment is certain.
    """
    harness = both
    start(harness)
    harness.sim.world.runner.by_hand = True
    enrol(harness)
    harness.refuse_events = not known
    harness.pay(amount="125.50")
    own: dict[str, Any] = {"on": date(2026, 6, 17), "InvoiceDueDate": date(2026, 6, 18), "BalanceForward": True}
    bills = [group("700001", ACCOUNT, "175.50", **own), group("700002", "20000002", "60.00", **own)]
    harness.upload(bill_file(bills))
    questions = harness.get("balance-questions")["questions"]
    assert [one["invoice_number"] for one in questions] == ["700001"], "the other account paid nothing"
    harness.balance = lambda *_: {"problem": "inHance is away"}
    if not known:
        answers(harness, "175.50")  # it does not have the payment, and no answer counts
    advance(harness, timedelta(days=3))
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["125.50"]
    harness.refuse_events = False
    harness.sim.world.services.outbox.flush_all()
    answers(harness, "50.00")
    advance(harness, timedelta(days=1))
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["125.50", "50.00"]


def test_autopay_of_a_new_bill_waits_for_the_partner_where_the_pump_could_not_be_asked(harness: Harness) -> None:
    """Whether the payment of five days ago was on its way still nobody knew when the bill came."""

    def broken(*_: object) -> set[str]:
        raise ConnectionError("the pump is away")

    start(harness)
    harness.sim.world.runner.by_hand = True
    enrol(harness)
    harness.pay(amount="125.50")
    advance(harness, timedelta(days=5))
    unsettled = harness.sim.world.services.presentment.unsettled
    unsettled._port, port = broken, unsettled._port
    harness.balance = lambda *_: {"problem": "inHance is away"}
    due: dict[str, Any] = {"on": date(2026, 6, 21), "InvoiceDueDate": date(2026, 6, 23), "BalanceForward": True}
    harness.upload(bill_file([group("700001", ACCOUNT, "175.50", **due)]))
    unsettled._port = port
    advance(harness, timedelta(days=3))
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["125.50"]
    answers(harness, "50.00")
    advance(harness, timedelta(days=1))
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["125.50", "50.00"]


def test_a_bill_that_may_ask_for_money_under_way_once_more_says_so(harness: Harness) -> None:
    """The bill came after the payment; of the bill that was paid, and once the outcome is certain, nothing is said."""
    start(harness)
    guid = harness.pay(amount="25.50").json["payment_guid"]
    harness.unsettled = {guid}
    harness.upload(bill_file([group("700001", ACCOUNT, "175.50", on=date(2026, 6, 17))]))
    visit = Visit(harness)
    home = visit.connect()

    def said(page: str) -> bool:
        return "payment of $25.50 of June 16, 2026" in visit.page(home, page).words

    assert [said(page) for page in ("bill/700001", "pay/700001", f"bill/{INVOICE}", f"pay/{INVOICE}")] == [
        True,
        True,
        False,
        False,
    ]
    checkout = Checkout(harness)
    assert checkout.page(request()).words.count("payment of $25.50 of June 16, 2026") == 1, "on a payment page, too"
    harness.unsettled = set()
    assert not said("bill/700001")
    assert "still on its way" not in checkout.page(request()).words


def test_a_payment_set_for_a_day_takes_nothing_that_an_uncertain_payment_may_have_covered(harness: Harness) -> None:
    """Of a partner that nobody can ask."""
    start(harness)
    harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"8": None}})
    services = harness.sim.world.services
    method = services.wallet.add(harness.lane, UTILITY, USER, NewMethod("card", VISA, "Ada", date(2030, 1, 31)))
    services.schedules.schedule(
        harness.lane,
        UTILITY,
        USER,
        invoice_number=INVOICE,
        amount_cents=5000,
        method_id=method.method_id,
        day=date(2026, 6, 24),
    )
    guid = harness.pay(amount="25.50").json["payment_guid"]
    harness.unsettled = {guid}
    harness.sim.world.services.ledger.set_invoice_balance(
        harness.lane, UTILITY, harness.settings.utility_web_service_key, INVOICE, Decimal("125.50")
    )
    assert any("skipped: Invoice 500001 may be paid already" in one for one in advance(harness, timedelta(days=9)))
    assert len(harness.get("payments")["payments"]) == 1


def test_a_balance_that_the_partner_sets_in_doubt_is_asked_for_while_nobody_looks(harness: Harness) -> None:
    """The runner, which had nothing to do, is told that there is something now."""
    harness.sim.world.runner.start()
    harness.unsettled = {harness.pay(amount="25.50").json["payment_guid"]}
    asked = threading.Event()

    def answer(*_: str) -> dict[str, str]:
        asked.set()
        return {"balance_due": "125.50"}

    harness.balance = answer
    time.sleep(0.5)  # whoever the payment woke looks, and goes to sleep again
    harness.sim.world.services.ledger.set_invoice_balance(
        harness.lane, UTILITY, harness.settings.utility_web_service_key, INVOICE, Decimal("125.50")
    )
    assert asked.wait(60)


def test_a_balance_that_the_partner_sets_in_doubt_is_asked_for_again_when_the_payment_is_certain(both: Harness) -> None:
    """It was stated without the payment; AutoPay waits for the answer and takes no more than that asks."""
    harness = both
    start(harness)
    harness.sim.world.runner.by_hand = True
    enrol(harness)
    harness.refuse_events = True
    harness.pay(amount="25.50")
    answers(harness, "125.50")
    harness.sim.world.services.ledger.set_invoice_balance(
        harness.lane, UTILITY, harness.settings.utility_web_service_key, INVOICE, Decimal("125.50")
    )
    assert [one["invoice_number"] for one in harness.get("balance-questions")["questions"]] == [INVOICE]
    advance(harness, timedelta(days=60))
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["25.50"]
    harness.refuse_events = False
    harness.sim.world.services.outbox.flush_all()
    answers(harness, "100.00")
    advance(harness, timedelta(days=1))
    assert harness.get("balance-questions")["questions"] == []
    assert [one["amount"] for one in harness.get("payments")["payments"]] == ["25.50", "100.00"]


def test_two_bills_of_one_autopay_run_are_both_collected(harness: Harness) -> None:
    """The first payment is under way when the second bill is collected, and covers nothing of it."""
    start(harness)
    due = date(2026, 6, 20)
    add_bill(harness, "500002", "30.00", invoice_due_date=due, balance_forward=False)
    add_bill(harness, "500003", "0.01", invoice_due_date=due, balance_forward=False)
    enrol(harness)
    harness.refuse_events = True
    advance(harness, timedelta(days=10))
    assert sorted(one["amount"] for one in harness.get("payments")["payments"]) == ["0.01", "30.00"]
