"""A lane with many accounts of one partner, all of them billed, and a payment for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from partnerlab.auditing import LaneBooks, read_lane
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.kit.faults.effects import WAITING
from partnerlab.simulators.kit.world.store import Statement

Row = dict[str, Any]

CARD, BANK = "4111111111111111", "000123456789"
TENDERS: tuple[Row, ...] = (
    {"tender": "credit_card", "card_number": CARD},
    {"tender": "debit_card", "card_number": CARD},
    {"tender": "ach", "bank_account": BANK},
    {"tender": "online_bank_direct", "bank_account": BANK},
    {"tender": "paypal"},
)


@dataclass(frozen=True, slots=True)
class Account:
    """An account and its only bill, which Invoice Cloud has."""

    number: str
    invoice: str
    amount: str


def _noon(now: datetime) -> datetime:
    """Noon of the billers' day: partners send what is billed that day in the night before it."""
    return now.astimezone(ZoneInfo(Settings().time_zone)).replace(hour=12, minute=0, second=0, microsecond=0)


class Town:
    """
    The accounts of a *partner* in a lane of a sandbox; `tccs_1` is TCCS's version 1.

    Whatever is planted is planted in its tables, where no rule of the product can prevent it. With *fault* the file
    that brings the bills has a hole.
    """

    def __init__(self, sandbox: Sandbox, partner: str, lane: str, *, accounts: int, fault: str = "") -> None:
        self.sandbox, self.plants, self.lane = sandbox, partner, lane
        self.partner = partner.removesuffix("_1")
        sandbox.lanes.create(lane, seed=7)
        sandbox.clock.set(lane, _noon(sandbox.clock.now(lane)), frozen=True)
        self.control = Remote(sandbox.url, lane)
        self.biller: Row = self.control.biller(self.partner)
        if self.plants == "tccs_1":  # the version without PaymentGUID
            self.control.patch(f"/_sandbox/ic/billers/{self.biller['guid']}", {"settings": {"35": "1"}})
        self.accounts = [self._billed(number) for number in range(accounts)]
        if fault:
            if self.partner != "watersmart":  # whose new lane has a bill to send, which would meet the hole
                self.control.post("/_sandbox/jobs/watersmart/invoices/run")
            sandbox.faults.add(lane, fault, operation="UploadInvoiceFile", count=1)
        self.advance(days=1)

    def _billed(self, number: int) -> Account:
        amount = f"{20 + number}.{number % 100:02}"
        if self.partner == "tccs":
            policy, invoice = f"88{number:06}", f"88{number:06}-06/01/2028"
            self.control.put(f"/_sandbox/tccs/policies/{invoice}", {"insured_name": f"Insured {number}"})
            self.control.post("/_sandbox/tccs/instalments", {"invoice_number": invoice, "amount": amount})
            return Account(policy, invoice, amount)
        if self.partner == "watersmart":
            account = f"77{number:06}"
            self.control.put(f"/_sandbox/watersmart/customers/{account}", {"customer_name": f"Customer {number}"})
            billed = self.control.post(f"/_sandbox/watersmart/customers/{account}/bills", {"amount": amount})
            return Account(account, billed["invoices"][-1]["invoice_number"], amount)
        account, invoice = f"99{number:06}", f"66{number:06}"
        body = {"customer_name": f"Customer {number}", "integration": self.partner.removeprefix("inhance_")}
        self.control.put(f"/_sandbox/inhance/accounts/{account}", body)
        self.control.post(f"/_sandbox/inhance/accounts/{account}/bills", {"invoice_number": invoice, "amount": amount})
        return Account(account, invoice, amount)

    def advance(self, **by: float) -> None:
        """Let what falls due be done."""
        self.sandbox.clock.advance(self.lane, timedelta(**by))
        self.sandbox.settle(self.lane)

    def pay(self, account: Account, *, fault: str = "", operation: str = "", **more: Any) -> Row:
        """Pay a bill in full, the partner's next call broken so; it is delivered as far as it goes."""
        if self.partner == "inhance_v1":  # what is downloaded is told by the second
            self.sandbox.clock.set(self.lane, self.sandbox.clock.now(self.lane) + timedelta(seconds=1))
        if fault:
            waits = {"delay_s": 0} if fault in WAITING else {}
            self.sandbox.faults.add(self.lane, fault, operation=operation, count=1, params=waits)
        tender = TENDERS[int(account.number) % len(TENDERS)]
        order = {"account_number": account.number, "invoice_number": account.invoice, "amount": account.amount}
        body = {**order, **(more or tender), "biller_guid": self.biller["guid"]}
        by_clerk = body["tender"] in ("check", "cash")
        payment: Row = self.control.post(f"/_sandbox/ic/{'clerk/' if by_clerk else ''}payments", body)
        self.sandbox.settle(self.lane)
        return payment

    def sql(self, text: str, **values: Any) -> int:
        """Change the lane's rows at a simulator; how many."""
        with self.sandbox.store.write() as tx:
            return tx.run(Statement(text), lane=self.lane, **values)

    def pump_sql(self, text: str, **values: Any) -> int:
        """Change the lane's rows at the data pump; how many."""
        import sqlalchemy as sa

        with self.sandbox.pump._database.begin() as tx:
            return tx.execute(sa.text(text), {"lane": self.lane, **values}).rowcount

    def books(self) -> LaneBooks:
        """What an audit looks at."""
        return read_lane(self.control, self.lane)

    def close(self) -> None:
        self.control.close()
        self.sandbox.lanes.drop(self.lane)


def taken_apart(town: Town, plants: Sequence[object]) -> list[Sequence[Account]]:
    """As many accounts for each plant."""
    share = len(town.accounts) // len(plants)
    return [town.accounts[at * share : (at + 1) * share] for at in range(len(plants))]
