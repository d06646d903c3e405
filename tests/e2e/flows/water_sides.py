"""WaterSmart and Invoice Cloud in one lane of a sandbox, and whether their books agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from tests.e2e.flows.conftest import WATER

BROOK, FERRY = "brook@example.com", "nursery@example.com"
LAUNDROMAT, APARTMENTS, NURSERY = "20000201", "20000202", "20000203"
GUID = WATER[0]
CARD, AMEX, RETURNS = "4111111111111111", "378282246310005", "000111111113"


class WaterSides:
    """WaterSmart's control API and Invoice Cloud's, in one lane."""

    def __init__(self, sandbox: Sandbox, lane: str) -> None:
        self.remote = Remote(sandbox.url, lane)
        self.sandbox, self.lane = sandbox, lane
        self.proved: set[str] = set()

    def begin(self, at: str) -> None:
        """Make the lane at a moment: its bills and jobs count from there, whatever day it is."""
        self.remote.in_lane("default").post("/_sandbox/lanes", {"name": self.lane, "frozen_at": at})

    def water(self, method: str, path: str, body: Any = None) -> Any:
        path = f"/_sandbox/watersmart{path}"
        if method == "GET":
            return self.remote.get(path)
        return self.remote.delete(path) if method == "DELETE" else self.remote.post(path, body)

    def told(self, requirement: str, method: str, path: str, body: Any = None) -> str:
        """Do something on the portal; the operations that Invoice Cloud was asked for, each with its outcome."""
        told = self.water(method, path, body)
        assert told["ok"], (requirement, told)
        self.proved.add(requirement)
        return " ".join(step.partition(":")[0] for step in told["steps"])

    def pay(self, account: str, amount: str, **how: str) -> None:
        body = {"biller_guid": GUID, "account_number": account, "amount": amount, "tender": "credit_card", **how}
        assert self.remote.post("/_sandbox/ic/payments", body)["state"] == "accepted"

    def bills(self, account: str) -> list[Any]:
        """The account's invoices at Invoice Cloud, the oldest first."""
        found = self.remote.get("/_sandbox/ic/invoices", biller_guid=GUID, account_number=account)["invoices"]
        return sorted(found, key=lambda one: (one["invoice_date"], one["invoice_number"]))

    def advance(self, duration: str) -> list[str]:
        found = self.remote.post("/_sandbox/clock/advance", {"duration": duration})["timeline"]
        return [step["outcome"] for step in found]

    def agree(self) -> dict[str, str]:
        """What each account owes, which both sides say alike."""
        customers = self.water("GET", "/customers")["customers"]
        balances = {one["account_number"]: one["balance"] for one in customers}
        for account, balance in balances.items():
            search = {"biller_guid": GUID, "account_number": account, "status": "open"}
            open_now = self.remote.get("/_sandbox/ic/invoices", **search)["invoices"]
            asked = sum((Decimal(invoice["balance_due"]) for invoice in open_now), Decimal(0))
            assert f"{asked:.2f}" == balance, account
        books = self.water("GET", "/books")
        assert books["apart"] == []
        total = Decimal(books["billed"]) - Decimal(books["paid"]) + Decimal(books["returned"])
        assert total - Decimal(books["counter_payments"]) + Decimal(books["adjusted"]) == Decimal(books["balance"])
        return balances
