"""
Whatever is done in whatever order, the money adds up.

A small partner keeps books of its own: it posts the payments that it is given, takes them back when they are returned,
answers balance requests and sends its bill file again. The data pump is a list: it delivers late, or never knows.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import (
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

ACCOUNT = "20000001"


class Money(RuleBasedStateMachine):
    """One account: Invoice Cloud on one side, the partner's books on the other, the pump between them."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store("sqlite://")
        self.harness = Harness(self.store, Lanes(self.store))
        self.harness.balance = self._answer
        freeze(self.harness)
        self.start_again()

    def start_again(self) -> None:
        """Nothing is billed, and nothing under way."""
        self.bills: dict[str, int] = {}
        """What the partner billed in all, by invoice: each bill carries none of another's balance."""
        self.posted: dict[str, int] = {}
        """Payments in the partner's books, by PaymentGUID; a returned one is no more there."""
        self.under_way: dict[str, dict[str, Any]] = {}
        """Payments that the pump has without a certain outcome: the event, and whether the partner has it."""
        self.seen = 0
        self.answered: int | None = None

    # --- the partner and the pump ---

    @property
    def owed(self) -> int:
        """What the partner's books say the account owes."""
        return sum(self.bills.values()) - sum(self.posted.values())

    def _answer(self, *_: str) -> dict[str, Any]:
        self.answered = self.owed
        return {"balance_due": f"{Decimal(self.owed).scaleb(-2)}"}

    def _take_events(self) -> None:
        """What Invoice Cloud raised since: payments are under way, returns are told to the partner at once."""
        for event in self.harness.raised[self.seen :]:
            if event["kind"] == "payment":
                self.under_way[event["id"]] = event
            elif event["kind"] == "ach_reject":
                guid = event["ach_reject"]["payment_guid"]
                self.posted.pop(guid, None)
                self.under_way.pop(guid, None)  # taken back before it was posted: nothing is posted any more
        self.seen = len(self.harness.raised)
        self.harness.unsettled = set(self.under_way)

    def _cents(self, event: dict[str, Any]) -> int:
        return int(Decimal(event["payment"]["amount"]) * 100)

    # --- what may happen ---

    @initialize(cents=st.integers(1, 20_000))
    def first_bill(self, cents: int) -> None:
        self.bill(cents)
        services = self.harness.sim.world.services
        services.user_accounts.link(self.harness.lane, UTILITY, USER, ACCOUNT)
        new = NewMethod("card", VISA, "Ada", date(2035, 1, 31))
        method = services.wallet.add(self.harness.lane, UTILITY, USER, new)
        services.schedules.enrol(self.harness.lane, UTILITY, USER, ACCOUNT, method.method_id, cause="test")

    @precondition(lambda self: len(self.bills) < 3)
    @rule(cents=st.integers(1, 20_000))
    def bill(self, cents: int) -> None:
        """A new bill; its file says what it was made for, and all that is owed closes into it."""
        number = f"70000{len(self.bills) + 1}"
        self.bills[number] = cents
        self._upload(number)

    def _upload(self, number: str) -> None:
        self._take_events()
        if self.under_way:
            return  # a file that is made while money is under way is the next test's
        due = f"{Decimal(self.owed).scaleb(-2)}"
        day = date(2026, 6, 1) + timedelta(days=int(number[-1]))
        told = self.harness.upload(bill_file([group(number, ACCOUNT, due, on=day, BalanceForward=True)]))
        assert told["Success"] == "true", told

    @rule()
    def upload_again(self) -> None:
        self._upload(max(self.bills))

    @rule(part=st.integers(1, 100), bank=st.booleans())
    def pay(self, part: int, bank: bool) -> None:
        found = self.harness.get("invoices", account_number=ACCOUNT)["invoices"]
        due = [one for one in found if one["status"] == "open"]
        if not due:
            return
        cents = max(1, int(Decimal(due[-1]["balance_due"]) * 100) * part // 100)
        how: dict[str, Any] = {"tender": "ach", "bank_account": RETURNS} if bank else {}
        answer = self.harness.pay(
            account_number=ACCOUNT,
            invoice_number=due[-1]["invoice_number"],
            amount=f"{Decimal(cents).scaleb(-2)}",
            **how,
        )
        assert answer.status == 201, answer
        self._take_events()

    @rule(number=st.integers(0, 9))
    def open(self, number: int) -> None:
        if not self.bills:
            return
        self._take_events()
        self.answered = None
        invoice = sorted(self.bills)[number % len(self.bills)]
        answer = self.harness.control("POST", f"invoices/{invoice}/open", {})
        if answer.status == 200 and not self.under_way and self.answered is not None:
            assert self._asked() <= max(0, self.answered), "no bill is asked above the partner's answer"

    @precondition(lambda self: self.under_way)
    @rule(number=st.integers(0, 9))
    def deliver(self, number: int) -> None:
        guid = sorted(self.under_way)[number % len(self.under_way)]
        self.posted[guid] = self._cents(self.under_way.pop(guid))
        self._take_events()

    @precondition(lambda self: self.under_way)
    @rule(number=st.integers(0, 9))
    def post_without_an_answer(self, number: int) -> None:
        """The partner has it, and nobody knows: it stays uncertain until a person finds out."""
        guid = sorted(self.under_way)[number % len(self.under_way)]
        self.posted.setdefault(guid, self._cents(self.under_way[guid]))

    @rule(days=st.integers(1, 40))
    def advance(self, days: int) -> None:
        """AutoPay collects, payments settle, bank payments come back."""
        advance(self.harness, timedelta(days=days))
        self._take_events()

    @rule()
    def reset(self) -> None:
        self.harness.lanes.reset("default")
        freeze(self.harness)
        self.harness.raised.clear()
        self.harness.unsettled = set()
        self.start_again()
        self.first_bill(1_000)

    # --- what is always so ---

    def _asked(self) -> int:
        found = self.harness.get("invoices", account_number=ACCOUNT)["invoices"]
        return sum(int(Decimal(one["balance_due"]) * 100) for one in found if one["status"] == "open")

    @invariant()
    def what_was_taken_is_posted_under_way_or_returned(self) -> None:
        payments = self.harness.get("payments", account_number=ACCOUNT, limit="1000")["payments"]
        taken = {one["payment_guid"] for one in payments if one["approved"]}
        returned = {one["payment_guid"] for one in payments if one["state"] == "returned"}
        assert taken == set(self.posted) | set(self.under_way) | returned
        assert not returned & (set(self.posted) | set(self.under_way))

    @invariant()
    def nobody_is_asked_for_more_than_was_billed_and_not_taken(self) -> None:
        payments = self.harness.get("payments", account_number=ACCOUNT, limit="1000")["payments"]
        taken = sum(
            int(Decimal(one["amount"]) * 100) for one in payments if one["approved"] and one["state"] != "returned"
        )
        assert self._asked() <= max(0, sum(self.bills.values()) - taken)

    def teardown(self) -> None:
        self.harness.close()
        self.store.close()


TestMoney = Money.TestCase
TestMoney.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
