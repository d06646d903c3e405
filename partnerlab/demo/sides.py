"""Both sides of a journey as a tester sees them: the partner's ledger, Invoice Cloud's, and what lies between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from client.inhance import InHanceClient
from client.invoice_cloud import InvoiceCloudClient
from client.transport import Transport
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox

__all__ = ["Sides", "both_sides"]

SETTLE_S = 60.0


class Sides:
    """One lane of a sandbox, from outside."""

    def __init__(self, sandbox: Sandbox, lane: str, transport: Transport) -> None:
        self.sandbox = sandbox
        self.lane = lane
        self.url = f"{sandbox.url}/lane/{lane}"
        self.control = Remote(sandbox.url, lane)
        self.billers = {row["partner"]: row for row in self.control.get("/_sandbox/ic/billers")["billers"]}
        self.utility = self.billers["inhance_v2"]
        self.inhance = InHanceClient(
            self.utility["settings"]["11"], self.utility["settings"]["13"], transport=transport
        )
        self.invoice_cloud = InvoiceCloudClient(
            self.url, self.utility["guid"], self.utility["web_service_key"], transport=transport
        )

    def account(self, number: str) -> dict[str, Any]:
        """The partner's account: balances, switches, bills, payments."""
        found: dict[str, Any] = self.control.get(f"/_sandbox/inhance/accounts/{number}")
        return found

    def invoice(self, number: str) -> dict[str, Any]:
        """Invoice Cloud's invoice."""
        found: dict[str, Any] = self.control.get(f"/_sandbox/ic/invoices/{number}")
        return found

    def customer(self, account: str) -> dict[str, Any]:
        """Invoice Cloud's customer."""
        found: dict[str, Any] = self.control.get(f"/_sandbox/ic/customers/{account}")
        return found

    def configure(self, *, settings: dict[str, str | None] | None = None, **changes: Any) -> None:
        """Change the utility's settings (null removes one) or configuration."""
        if settings is not None:
            changes["settings"] = settings
        self.control.patch(f"/_sandbox/ic/billers/{self.utility['guid']}", changes)

    def open(self, invoice: str) -> dict[str, Any]:
        """Open a bill as its payer."""
        found: dict[str, Any] = self.control.post(f"/_sandbox/ic/invoices/{invoice}/open")
        return found

    def pay(self, account: str, amount: str, **more: str) -> dict[str, Any]:
        """Pay as a payer does, by an approved test card unless *more* says otherwise, and wait for the data pump."""
        order = {"account_number": account, "amount": amount, "tender": "credit_card", **more}
        if order["tender"] in ("credit_card", "debit_card"):
            order.setdefault("card_number", "4111111111111111")
        elif order["tender"] in ("ach", "online_bank_direct"):
            order.setdefault("bank_account", "000123456789")
        payment: dict[str, Any] = self.control.post("/_sandbox/ic/payments", order)
        self.settle()
        return payment

    def switch(self, kind: str, account: str, *, enrolled: bool) -> str:
        """Switch `paperless` or `autopay` as the payer does; the event's id."""
        answer = self.control.post(f"/_sandbox/ic/customers/{account}/{kind}", {"enrolled": enrolled})
        self.settle()
        return str(answer["event_id"])

    def settle(self) -> None:
        """Wait until the data pump has nothing of this lane on its way. Raises `TimeoutError`."""
        if not self.sandbox.pump.drain(self.lane, timeout_s=SETTLE_S):
            raise TimeoutError(f"deliveries of lane {self.lane} are still on their way after {SETTLE_S:.0f} s")

    def wait_until_settled(self, event_id: str) -> None:
        """Wait until a delivery that was between two attempts has its outcome. Raises `TimeoutError`."""
        deadline = time.monotonic() + SETTLE_S
        while self.delivery(event_id)["state"] in ("accepted", "sending", "waiting"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"delivery {event_id} has no outcome after {SETTLE_S:.0f} s")
            time.sleep(0.05)

    def delivery(self, event_id: str) -> dict[str, Any]:
        """A delivery with its history."""
        found: dict[str, Any] = self.control.get(f"/_pump/deliveries/{self.lane}:{event_id}")
        return found

    def decide(self, event_id: str, verb: str, reason: str, **more: Any) -> None:
        """A person's word on a delivery, and what follows from it."""
        self.control.post(f"/_pump/deliveries/{self.lane}:{event_id}/{verb}", {"reason": reason, **more})
        self.settle()

    def posted(self, account: str, reference: str) -> list[dict[str, Any]]:
        """The partner's payments of that reference."""
        return [row for row in self.account(account)["payments"] if row["reference"] == reference]

    def balance(self, account: str) -> Decimal:
        """The balance that the partner answers to BalanceCheck."""
        return self.inhance.balance_check(account, 0).balance

    def journal(self, operation: str) -> list[dict[str, Any]]:
        """The lane's exchanges of an operation, newest first."""
        found: list[dict[str, Any]] = self.control.get("/_sandbox/journal", operation=operation, limit=200)["entries"]
        return found

    def exchange(self, id: str) -> dict[str, Any]:
        """One exchange of the journal, with its bodies."""
        found: dict[str, Any] = self.control.get(f"/_sandbox/journal/{id}")
        return found

    def convey(self, account: str) -> str:
        """Pass an account to a new owner at Invoice Cloud; the number that the former owner's has from now on."""
        return str(self.control.post(f"/_sandbox/ic/customers/{account}/convey")["account_number"])

    @contextmanager
    def fault(self, name: str, operation: str, *, count: int = 1) -> Iterator[None]:
        """The lane has the fault while the block runs."""
        self.control.post("/_sandbox/faults", {"name": name, "operation": operation, "count": count})
        try:
            yield
        finally:
            self.control.delete("/_sandbox/faults")


@contextmanager
def both_sides(sandbox: Sandbox, lane: str) -> Iterator[Sides]:
    """The lane, and connections that are closed with the block."""
    transport = Transport()
    sides = Sides(sandbox, lane, transport)
    try:
        yield sides
    finally:
        sides.control.close()
        transport.close()
