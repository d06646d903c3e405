"""A bill that a file changes after money moved on it is shown lower, and right once the partner answered [A-117]."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.harness import RETURNS, UTILITY, VISA, Harness, advance, bill_file, freeze, group
from tests.simulators.ic_webservices.policies import INSURER, NUMBER, POLICY, policy_file, send

USER = "harbor@example.com"
A_MOMENT = timedelta(minutes=1)


class Insurer:
    """What TCCS has of one policy term: it answers for the balance, and makes bill files when the test says so."""

    def __init__(self, harness: Harness) -> None:
        self.harness, self.billed, self.paid, self.away = harness, Decimal(0), Decimal(0), False
        self.billed_on, self.due_on = date(2026, 5, 20), date(2026, 6, 20)
        harness.balance = self.answer

    @property
    def owed(self) -> Decimal:
        return self.billed - self.paid

    def answer(self, *_: str) -> Mapping[str, Any]:
        if self.away:
            return {"problem": "TCCS is away"}
        return {"balance_due": f"{self.owed:.2f}", "total_amount_due": f"{self.owed:.2f}"}

    def bill(self, amount: str, *, known: bool = True, least: str = "") -> None:
        """Another instalment, and the file with it; the payments in it only where they are *known*."""
        self.billed += Decimal(amount)
        self.billed_on, self.due_on = self.billed_on + timedelta(days=14), self.due_on + timedelta(days=14)
        self.send(self.owed if known else self.billed, least)

    def send(self, owed: Decimal, least: str = "") -> None:
        content = policy_file(
            due=self.due_on,
            InvoiceDate=self.billed_on,
            TotalAmountDue=owed,
            MinimumAmountDue=Decimal(least) if least else owed,
            LateFeeAmount=None,
            LateFeeDate=None,
        )
        send(self.harness, content)

    def pay(self, amount: str, **how: Any) -> Mapping[str, Any]:
        """A payment that TCCS has as well."""
        order = {"account_number": POLICY, "invoice_number": NUMBER, "amount": amount, "biller_guid": INSURER, **how}
        answer = self.harness.pay(**order)
        assert answer.status == 201, answer
        self.paid += Decimal(amount)
        return dict(answer.json)

    @property
    def asked(self) -> str:
        return str(self.harness.get(f"invoices/{NUMBER}", biller_guid=INSURER)["balance_due"])

    @property
    def open(self) -> list[str]:
        found = self.harness.get("balance-questions", biller_guid=INSURER)["questions"]
        return [one["invoice_number"] for one in found]

    @property
    def payments(self) -> list[str]:
        found = self.harness.get("payments", biller_guid=INSURER)["payments"]
        return [one["amount"] for one in found]

    def method(self) -> str:
        """A payer's card."""
        services, lane = self.harness.sim.world.services, self.harness.lane
        services.user_accounts.register(lane, INSURER, USER, "Harbor!2345", (POLICY,))
        card = NewMethod(kind="card", number=VISA, holder="Harbor Bakery", expires_on=date(2049, 9, 30))
        return services.wallet.add(lane, INSURER, USER, card).method_id

    def enrol(self) -> None:
        """The payer has AutoPay."""
        services = self.harness.sim.world.services
        services.schedules.enrol(self.harness.lane, INSURER, USER, POLICY, self.method(), cause="test")


def insurer_of(harness: Harness) -> Insurer:
    """Nothing happens but when the clock is advanced."""
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    return Insurer(harness)


@pytest.fixture
def insurer(harness: Harness) -> Insurer:
    """In memory."""
    return insurer_of(harness)


@pytest.fixture
def on_each_store(shared: Harness) -> Insurer:
    """On each kind of store in turn."""
    return insurer_of(shared)


def test_an_instalment_after_a_payment_is_asked_for_whole(on_each_store: Insurer) -> None:
    insurer = on_each_store
    insurer.bill("6.25")
    insurer.pay("6.25")
    advance(insurer.harness, timedelta(days=13))
    insurer.bill("40.87")
    assert (insurer.asked, insurer.open) == ("34.62", [NUMBER]), "the payment is in the file or not, nobody knows"
    told = advance(insurer.harness, A_MOMENT)
    assert (insurer.asked, insurer.open) == ("40.87", [])
    assert f"{NUMBER}: 40.87 due" in told


def test_a_file_that_was_made_before_a_payment_does_not_ask_for_it_again(insurer: Insurer) -> None:
    insurer.bill("100.00")
    insurer.pay("100.00")
    insurer.bill("20.00", known=False)
    assert insurer.asked == "20.00"
    advance(insurer.harness, A_MOMENT)
    assert (insurer.asked, insurer.open) == ("20.00", [])


def test_two_files_that_were_made_before_a_payment_do_not_ask_for_it_again(insurer: Insurer) -> None:
    """Both were on their way when it was taken, and the first says nothing of the second."""
    insurer.bill("100.00")
    insurer.pay("100.00")
    for asked in ("20.00", "40.00"):
        insurer.bill("20.00", known=False)
        assert (insurer.asked, insurer.open) == (asked, [NUMBER])
        advance(insurer.harness, A_MOMENT)
        assert (insurer.asked, insurer.open) == (asked, [])
    advance(insurer.harness, timedelta(days=4))
    insurer.bill("20.00")
    assert (insurer.asked, insurer.open) == ("60.00", []), "no file is that old"


def test_a_file_without_money_in_between_is_the_partners_word(insurer: Insurer) -> None:
    insurer.bill("100.00")
    insurer.bill("20.00")
    assert (insurer.asked, insurer.open) == ("120.00", [])


def test_a_payment_in_doubt_counts_at_every_file_until_it_is_certain(on_each_store: Insurer) -> None:
    insurer = on_each_store
    insurer.bill("100.00")
    guid = insurer.pay("100.00")["payment_guid"]
    insurer.paid = Decimal(0)  # it never came there
    insurer.harness.unsettled = {guid}
    for asked in ("20.00", "40.00"):
        insurer.bill("20.00")
        assert insurer.asked == asked
        advance(insurer.harness, timedelta(hours=1))
        assert (insurer.asked, insurer.open) == (asked, [NUMBER]), "no answer counts while a payment is in doubt"
    insurer.harness.unsettled, insurer.paid = set(), Decimal("100.00")
    advance(insurer.harness, timedelta(hours=5))
    assert (insurer.asked, insurer.open) == ("40.00", [])


def test_a_file_of_before_a_payment_became_certain_does_not_ask_for_it_again(on_each_store: Insurer) -> None:
    """It was paid longer ago than a file is on its way, and was in doubt when the last one came."""
    insurer = on_each_store
    insurer.bill("100.00")
    guid = insurer.pay("100.00")["payment_guid"]
    insurer.harness.unsettled = {guid}
    insurer.bill("20.00", known=False)
    assert insurer.asked == "20.00"
    advance(insurer.harness, timedelta(days=5))
    before = insurer.billed
    insurer.harness.unsettled = set()
    advance(insurer.harness, timedelta(hours=5))
    assert (insurer.asked, insurer.open) == ("20.00", [])
    insurer.billed_on += timedelta(days=14)
    insurer.send(before)
    assert (insurer.asked, insurer.open) == ("20.00", [NUMBER])


def test_a_payment_that_came_back_is_owed_whatever_the_file_knows_of_it(insurer: Insurer) -> None:
    insurer.bill("100.00")
    insurer.pay("100.00", tender="ach", bank_account=RETURNS)
    insurer.paid = Decimal(0)  # it is told of the return, and then asked
    advance(insurer.harness, timedelta(days=9))
    assert insurer.asked == "100.00"
    insurer.paid = Decimal("100.00")
    insurer.bill("20.00")  # a file from before the return
    insurer.paid = Decimal(0)
    advance(insurer.harness, A_MOMENT)
    assert (insurer.asked, insurer.open) == ("120.00", [])


def test_a_payer_who_opens_the_bill_has_the_answer_at_once(insurer: Insurer) -> None:
    insurer.bill("6.25")
    insurer.pay("6.25")
    insurer.bill("40.87")
    assert insurer.harness.control("POST", f"invoices/{NUMBER}/open", {"biller_guid": INSURER}).status == 200
    assert (insurer.asked, insurer.open) == ("40.87", [])


def test_a_partner_that_nobody_asks_is_not_asked(insurer: Insurer) -> None:
    settings = {"settings": {"8": None}}
    assert insurer.harness.control("PATCH", f"billers/{INSURER}", settings).status == 200
    insurer.bill("6.25")
    insurer.pay("6.25")
    insurer.bill("40.87")
    assert (insurer.asked, insurer.open) == ("34.62", []), "and never too much"


def test_autopay_collects_each_instalment_once(on_each_store: Insurer) -> None:
    """[A-119]: the invoice is the term, and a new bill date is a new instalment; other dates are none."""
    insurer = on_each_store
    insurer.bill("6.25")
    insurer.enrol()
    advance(insurer.harness, timedelta(days=25))
    assert insurer.payments == ["6.25"]
    insurer.paid = Decimal("6.25")
    insurer.bill("40.87")
    advance(insurer.harness, timedelta(days=15))
    assert sorted(insurer.payments) == ["40.87", "6.25"]
    insurer.paid = insurer.billed
    insurer.due_on += timedelta(days=3)
    insurer.send(Decimal("12.00"))  # a corrected file of the same instalment
    insurer.paid -= Decimal("12.00")
    advance(insurer.harness, timedelta(days=15))
    assert sorted(insurer.payments) == ["40.87", "6.25"]
    assert insurer.asked == "12.00"


@pytest.mark.parametrize("kind", ["AutoPay", "a scheduled payment"])
def test_what_pays_by_itself_waits_for_the_partners_answer(insurer: Insurer, kind: str) -> None:
    insurer.due_on = date(2026, 5, 20)
    insurer.bill("6.25")
    insurer.pay("6.25")
    insurer.bill("40.87", least="1.00")
    if kind == "AutoPay":
        insurer.enrol()
    else:
        schedules, lane = insurer.harness.sim.world.services.schedules, insurer.harness.lane
        day = date(2026, 6, 18)
        given = {"invoice_number": NUMBER, "method_id": insurer.method(), "amount_cents": 3_462, "day": day}
        schedules.schedule(lane, INSURER, USER, **given)
    insurer.away = True
    told = advance(insurer.harness, timedelta(days=3))
    assert insurer.payments == ["6.25"]
    assert any("TCCS is away" in one for one in told)
    insurer.away = False
    advance(insurer.harness, timedelta(days=1))
    assert sorted(insurer.payments) == sorted(["6.25", "40.87" if kind == "AutoPay" else "34.62"])


def test_a_corrected_bill_of_a_utility_is_asked_about_too(harness: Harness) -> None:
    """inHance answers for the account: its answer ends the questions about all its bills."""
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    for number in ("600001", "600002"):
        harness.upload(bill_file([group(number, "20000009", "50.00")]))
        harness.pay(account_number="20000009", invoice_number=number, amount="30.00")
    harness.upload(bill_file([group(number, "20000009", "45.00") for number in ("600001", "600002")]))
    asked = {one["invoice_number"]: one["balance_due"] for one in harness.own_invoices(account_number="20000009")}
    assert asked == {"600001": "20.00", "600002": "20.00"}
    assert len(harness.get("balance-questions")["questions"]) == 2
    harness.balance = lambda *_: {"balance_due": "90.00"}
    advance(harness, A_MOMENT)
    assert [one[3] for one in harness.asked] == ["600002"], "one question for the account"
    found = harness.own_invoices(account_number="20000009", status="open")
    left = {one["invoice_number"]: one["balance_due"] for one in found}
    assert left == {"600002": "90.00"}, "with balance forward the other is closed into it"
    assert harness.get("balance-questions")["questions"] == []


def test_questions_go_along_with_an_account_that_is_conveyed(harness: Harness) -> None:
    """Else the answer for the account would leave those about its other bills open."""
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    for number in ("600001", "600002"):
        harness.upload(bill_file([group(number, "20000009", "50.00")]))
        harness.pay(account_number="20000009", invoice_number=number, amount="30.00")
    harness.upload(bill_file([group(number, "20000009", "45.00") for number in ("600001", "600002")]))
    number = harness.control("POST", "customers/20000009/convey").json["account_number"]
    assert [one["account_number"] for one in harness.get("balance-questions")["questions"]] == [number, number]
    harness.balance = lambda *_: {"balance_due": "90.00"}
    advance(harness, A_MOMENT)
    assert [one[2:] for one in harness.asked] == [(number, "600002")], "one question for the account"
    assert harness.get("balance-questions")["questions"] == []


@pytest.mark.parametrize("conveyed", [True, False])
def test_a_partner_that_does_not_know_a_conveyed_account_is_not_asked_for_ever(
    harness: Harness, *, conveyed: bool
) -> None:
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    harness.upload(bill_file([group("600001", "20000009", "50.00")]))
    harness.pay(account_number="20000009", invoice_number="600001", amount="30.00")
    harness.upload(bill_file([group("600001", "20000009", "45.00")]))
    if conveyed:
        assert harness.control("POST", "customers/20000009/convey").status == 200
    harness.balance = lambda *_: {"problem": "Account not found"}
    told = [outcome for outcome in advance(harness, timedelta(days=2)) if "600001" in outcome]
    assert (len(told) == len(harness.asked) == 9) is conveyed
    assert told[-1].endswith("not asked again, as the account was conveyed") is conveyed
    assert (harness.get("balance-questions")["questions"] == []) is conveyed
    assert harness.invoice("600001")["balance_due"] == "20.00"


def test_a_question_ends_with_the_words_of_what_ended_it(harness: Harness) -> None:
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    for number, account in (("600001", "20000009"), ("700001", "20000010")):
        harness.upload(bill_file([group(number, account, "50.00")]))
        harness.pay(account_number=account, invoice_number=number, amount="30.00")
        harness.upload(bill_file([group(number, account, "45.00")]))
    later = group("600002", "20000009", "65.00", on=date(2026, 6, 20), BalanceForward=True)
    harness.upload(bill_file([later]))
    assert harness.invoice("600001")["status"] == "closed"
    harness.control("PATCH", f"billers/{UTILITY}", {"settings": {"8": None}})
    told = {*advance(harness, A_MOMENT)}
    assert told >= {
        "600001: nobody is asked any more, as it is closed",
        "700001: nobody is asked any more, as the biller has no setting 8",
    }
    assert harness.asked == []
    assert harness.get("balance-questions")["questions"] == []


def test_a_credit_of_a_term_is_shown_as_the_file_says_and_as_the_answer_does(insurer: Insurer) -> None:
    """Its minimum is zero."""
    insurer.bill("100.00")
    insurer.paid += Decimal("120.00")
    insurer.send(insurer.owed, "0.00")
    assert insurer.asked == "-20.00"
    insurer.harness.control("POST", f"invoices/{NUMBER.replace('/', '%2F')}/open", {"biller_guid": INSURER})
    assert insurer.asked == "-20.00"


def test_an_answer_without_an_amount_leaves_the_bill_open(insurer: Insurer) -> None:
    insurer.bill("6.25")
    insurer.pay("6.25")
    insurer.bill("40.87")
    harness, answer = insurer.harness, insurer.harness.balance
    harness.balance = lambda *_: {"email_address": "harbor@example.com"}
    advance(harness, A_MOMENT)
    assert (insurer.asked, insurer.open) == ("34.62", [NUMBER])
    harness.balance = answer
    advance(harness, 2 * A_MOMENT)
    assert (insurer.asked, insurer.open) == ("40.87", [])


@pytest.mark.parametrize(("early", "day", "last"), [("700001", 1, "700002"), ("9999", 10, "10000")])
@pytest.mark.parametrize("paid", [False, True])
def test_an_earlier_bill_than_the_last_is_asked_for(
    shared: Harness, paid: bool, early: str, day: int, last: str
) -> None:
    """It closes into the last bill, whose file did not have it: nobody would ask for its money before the next bill."""
    freeze(shared)
    shared.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    account, owed = "20000009", Decimal("50.00")
    shared.balance = lambda *_: {"balance_due": f"{owed:.2f}"}
    shared.upload(bill_file([group(last, account, "50.00", on=date(2026, 6, 10))]))
    if paid:
        shared.pay(account_number=account, invoice_number=last, amount="50.00")
        advance(shared, timedelta(days=5))
        owed -= 50
    shared.upload(bill_file([group(early, account, "30.00", on=date(2026, 6, day))]))
    owed += 30
    assert shared.invoice(early)["status"] == "closed"
    assert [one["invoice_number"] for one in shared.get("balance-questions")["questions"]] == [last]
    advance(shared, A_MOMENT)
    found = shared.invoice(last)
    assert (found["balance_due"], found["status"]) == (f"{owed:.2f}", "open")
    assert shared.get("balance-questions")["questions"] == []


def test_two_bills_of_one_file_are_asked_for_as_the_last_says(harness: Harness) -> None:
    """Its amounts have the other in them."""
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    both = [group(f"70000{n}", "20000009", "50.00", on=date(2026, 6, n)) for n in (2, 1)]
    harness.upload(bill_file(both))
    assert harness.get("balance-questions")["questions"] == []


def test_each_account_of_a_file_of_earlier_bills_is_asked_about(harness: Harness) -> None:
    """Of two accounts in one file each has a last bill of its own."""
    freeze(harness)
    harness.sim.world.runner.wake = lambda: None  # type: ignore[method-assign]
    for day, file in ((10, "2"), (1, "1")):
        both = [group(f"7000{n}{file}", f"2000000{n}", "50.00", on=date(2026, 6, day)) for n in (8, 9)]
        harness.upload(bill_file(both))
    assert {one["invoice_number"] for one in harness.get("balance-questions")["questions"]} == {"700082", "700092"}
