"""
Both sides of a journey as a tester sees them: the partner's ledger, Invoice Cloud's, and what lies between.

`Sides` is what every partner's journey needs; each partner's own view of its ledger is a class below it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Self
from zoneinfo import ZoneInfo

from partnerlab.client.http import Transport
from partnerlab.client.inhance import InHanceClient
from partnerlab.client.invoice_cloud import InvoiceCloudClient
from partnerlab.client.tccs import TccsClient
from partnerlab.contracts.numbers import number_key
from partnerlab.contracts.paths import at
from partnerlab.remote import Remote

__all__ = ["InHanceSides", "InHanceV1Sides", "Sides", "TccsSides", "WaterSides"]

SETTLE_S = 60.0


class Sides:
    """One biller in one lane of the sandbox at *url*, from outside. `partner` says whose biller it is."""

    partner: ClassVar[str]

    def __init__(self, url: str, lane: str, transport: Transport) -> None:
        self.lane = lane
        self.url = f"{url}/lane/{lane}"
        self.transport = transport
        self.control = Remote(url, lane)
        billers = {row["partner"]: row for row in self.control.get("/_sandbox/ic/billers")["billers"]}
        self.biller: dict[str, Any] = billers[self.partner]
        self.settings: dict[str, str] = self.biller["settings"]
        self.invoice_cloud = InvoiceCloudClient(
            self.url, self.biller["guid"], self.biller["web_service_key"], transport=transport
        )

    @classmethod
    @contextmanager
    def of(cls, url: str, lane: str, *, reset: bool = False) -> Iterator[Self]:
        """The lane, as it is or as new, and connections that are closed with the block."""
        with closing(Transport(allow_http=True)) as transport:  # it is a sandbox, maybe on another machine
            sides = cls(url, lane, transport)
            try:
                if reset:
                    sides.control.post(at("/_sandbox/lanes/{}/reset", lane))
                yield sides
            finally:
                sides.control.close()

    def invoice(self, number: str) -> dict[str, Any]:
        """Invoice Cloud's invoice."""
        found: dict[str, Any] = self.control.get(
            at("/_sandbox/ic/invoices/{}", number), biller_guid=self.biller["guid"]
        )
        return found

    def customer(self, account: str) -> dict[str, Any]:
        """Invoice Cloud's customer."""
        found: dict[str, Any] = self.control.get(
            at("/_sandbox/ic/customers/{}", account), biller_guid=self.biller["guid"]
        )
        return found

    def configure(self, *, settings: dict[str, str | None] | None = None, **changes: Any) -> None:
        """Change the biller's settings (null removes one) or configuration."""
        if settings is not None:
            changes["settings"] = settings
        self.control.patch(at("/_sandbox/ic/billers/{}", self.biller["guid"]), changes)

    def open(self, invoice: str) -> dict[str, Any]:
        """Open a bill as its payer."""
        found: dict[str, Any] = self.control.post(
            at("/_sandbox/ic/invoices/{}/open", invoice), {"biller_guid": self.biller["guid"]}
        )
        return found

    def pay(self, account: str, amount: str, **more: str) -> dict[str, Any]:
        """Pay as a payer does, by an approved test card unless *more* says otherwise, and wait for the data pump."""
        order = {"account_number": account, "amount": amount, "tender": "credit_card", **more}
        order["biller_guid"] = self.biller["guid"]
        if order["tender"] in ("credit_card", "debit_card"):
            order.setdefault("card_number", "4111111111111111")
        elif order["tender"] in ("ach", "online_bank_direct"):
            order.setdefault("bank_account", "000123456789")
        payment: dict[str, Any] = self.control.post("/_sandbox/ic/payments", order)
        self.settle()
        return payment

    def switch(self, kind: str, account: str, *, enrolled: bool) -> str:
        """Switch `paperless` or `autopay` as the payer does; the event's id."""
        body = {"enrolled": enrolled, "biller_guid": self.biller["guid"]}
        answer = self.control.post(at("/_sandbox/ic/customers/{}/{}", account, kind), body)
        self.settle()
        return str(answer["event_id"])

    def advance(self, duration: str) -> list[dict[str, Any]]:
        """Advance the lane's clock (`3d`); what fell due."""
        timeline: list[dict[str, Any]] = self.control.post("/_sandbox/clock/advance", {"duration": duration})[
            "timeline"
        ]
        self.settle()
        return timeline

    def next_runs(self) -> dict[str, datetime]:
        """When each job of the partner runs next."""
        rows = self.control.get("/_sandbox/jobs", partner=self.partner)["jobs"]
        return {row["name"]: datetime.fromisoformat(row["next_at"]) for row in rows}

    def job(self, name: str, verb: str = "run") -> dict[str, Any]:
        """Run, pause or resume a job of the partner."""
        done: dict[str, Any] = self.control.post(at("/_sandbox/jobs/{}/{}/{}", self.partner, name, verb))
        return done

    def now(self) -> datetime:
        """The lane's time."""
        return datetime.fromisoformat(self.control.get("/_sandbox/clock")["now"])

    def today(self) -> date:
        """The day it is for the biller: in New York's evening UTC has the next one, whose bills are not owed yet."""
        return self.now().astimezone(ZoneInfo(self.biller["time_zone"])).date()

    def settle(self) -> None:
        """Wait until the data pump has nothing of this lane on its way. Raises `TimeoutError`."""
        deadline = time.monotonic() + SETTLE_S
        while not self.control.get("/_pump/settled", lane=self.lane)["settled"]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"deliveries of lane {self.lane} are still on their way after {SETTLE_S:.0f} s")
            time.sleep(0.02)

    def wait_until_settled(self, event_id: str) -> None:
        """Wait until a delivery that was between two attempts has its outcome. Raises `TimeoutError`."""
        deadline = time.monotonic() + SETTLE_S
        while self.delivery(event_id)["state"] in ("accepted", "sending", "waiting"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"delivery {event_id} has no outcome after {SETTLE_S:.0f} s")
            time.sleep(0.05)

    def delivery(self, event_id: str) -> dict[str, Any]:
        """A delivery with its history."""
        found: dict[str, Any] = self.control.get(at("/_pump/deliveries/{}:{}", self.lane, event_id))
        return found

    def decide(self, event_id: str, verb: str, reason: str, **more: Any) -> None:
        """A person's word on a delivery, and what follows from it."""
        self.control.post(at("/_pump/deliveries/{}:{}/{}", self.lane, event_id, verb), {"reason": reason, **more})
        self.settle()

    def journal(self, operation: str) -> list[dict[str, Any]]:
        """The lane's exchanges of an operation, oldest first."""
        found: list[dict[str, Any]] = self.control.get("/_sandbox/journal", operation=operation, limit=200)["entries"]
        return found

    def exchange(self, id: str) -> dict[str, Any]:
        """One exchange of the journal, with its bodies."""
        found: dict[str, Any] = self.control.get(at("/_sandbox/journal/{}", id))
        return found

    def convey(self, account: str) -> str:
        """Pass an account to a new owner at Invoice Cloud; the number that the former owner's has from now on."""
        return str(self.control.post(at("/_sandbox/ic/customers/{}/convey", account))["account_number"])

    @contextmanager
    def fault(self, name: str, operation: str, *, count: int = 1) -> Iterator[None]:
        """The lane has the fault while the block runs."""
        self.control.post("/_sandbox/faults", {"name": name, "operation": operation, "count": count})
        try:
            yield
        finally:
            self.control.delete("/_sandbox/faults")


class InHanceSides(Sides):
    """The utility's biller, and Harris inHance v2."""

    partner = "inhance_v2"

    def __init__(self, url: str, lane: str, transport: Transport) -> None:
        super().__init__(url, lane, transport)
        self.inhance = InHanceClient(self.settings["11"], self.settings["13"], transport=transport)

    def account(self, number: str) -> dict[str, Any]:
        """The partner's account: balances, switches, bills, payments."""
        found: dict[str, Any] = self.control.get(at("/_sandbox/inhance/accounts/{}", number))
        return found

    def posted(self, account: str, reference: str) -> list[dict[str, Any]]:
        """The partner's payments of that reference."""
        return [row for row in self.account(account)["payments"] if row["reference"] == reference]

    def balance(self, account: str) -> Decimal:
        """The balance that the partner answers to BalanceCheck."""
        return self.inhance.balance_check(account, 0).balance


class InHanceV1Sides(Sides):
    """The biller of the utility on Harris inHance v1, which is called by nobody."""

    partner = "inhance_v1"

    def account(self, number: str) -> dict[str, Any]:
        """The partner's account: balances, switches, bills, payments."""
        found: dict[str, Any] = self.control.get(at("/_sandbox/inhance/accounts/{}", number))
        return found

    def bill(self, account: str, invoice: str, amount: str, **more: str) -> None:
        """Bill an account at the partner."""
        self.control.post(
            at("/_sandbox/inhance/accounts/{}/bills", account), {"invoice_number": invoice, "amount": amount, **more}
        )

    def owed(self, account: str) -> tuple[Decimal, Decimal]:
        """What the account owes in the partner's books, and by its newest bill at Invoice Cloud."""
        found = self.control.get(
            "/_sandbox/ic/invoices", biller_guid=self.biller["guid"], account_number=account, limit=1000
        )["invoices"]
        newest = max(found, key=lambda one: (one["invoice_date"], number_key(one["invoice_number"])))
        return Decimal(self.account(account)["balance"]), Decimal(newest["balance_due"])

    def pending(self) -> list[dict[str, Any]]:
        """View Pending Payments."""
        found: list[dict[str, Any]] = self.control.get("/_sandbox/inhance/v1/pending-payments")["payments"]
        return found


class WaterSides(Sides):
    """WaterSmart's biller, and WaterSmart, which is called by nobody."""

    partner = "watersmart"

    @property
    def password(self) -> str:
        """Of the users whom a lane begins with."""
        return str(self.biller["users_password"])

    def got(self, path: str, *names: str) -> dict[str, Any]:
        """What WaterSmart's control API shows at the path, each `{}` in it being a name."""
        found: dict[str, Any] = self.control.get(at("/_sandbox/watersmart" + path, *names))
        return found

    def water(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Do something at WaterSmart."""
        done: dict[str, Any] = self.control.post("/_sandbox/watersmart" + path, body)
        return done

    def owed(self) -> dict[str, tuple[str, str]]:
        """What each account owes: in WaterSmart's books, and on its open invoices at Invoice Cloud."""
        found = {}
        for customer in self.got("/customers")["customers"]:
            account = customer["account_number"]
            search = {"biller_guid": self.biller["guid"], "account_number": account, "status": "open"}
            rows = self.control.get("/_sandbox/ic/invoices", **search)["invoices"]
            there = sum((Decimal(one["balance_due"]) for one in rows), Decimal(0))
            found[account] = (customer["balance"], f"{there:.2f}")
        return found


class TccsSides(Sides):
    """The insurer's biller, and TCCS."""

    partner = "tccs"

    def __init__(self, url: str, lane: str, transport: Transport) -> None:
        super().__init__(url, lane, transport)
        self.tccs = TccsClient(self.settings["11"], self.settings["12"], self.settings["13"], transport=transport)

    def policy(self, number: str) -> dict[str, Any]:
        """The partner's policy term: balances, switches, payments."""
        found: dict[str, Any] = self.control.get(at("/_sandbox/tccs/policies/{}", number))
        return found

    def posted(self, number: str) -> list[dict[str, Any]]:
        """The partner's payments of that invoice, newest first."""
        found: list[dict[str, Any]] = self.control.get("/_sandbox/tccs/payments", invoice_number=number)["payments"]
        return found

    def balance(self, number: str) -> tuple[Decimal, Decimal]:
        """`Record bal` and `Total Balance` as the partner answers them."""
        balance = self.tccs.balance(number)
        return balance.record_balance, balance.total_balance
