"""WaterSmart's files as a test sends them, and what its accounts owe by them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from tests.simulators.ic_webservices.harness import WATERSMART, Harness

OWN = {"biller_guid": WATERSMART}
BROOK, POND = "20000201", "20000202"


def row(account: str, amount: str, *, number: str = "", flags: str = "0,0", shown: str = "", due: str = "") -> str:
    """A row of the invoice file."""
    due = due or "09/15/2026"
    return (
        f"{account},Ann Ash,1 Mill Lane,,Springfield,MA,01103,08/25/2026,{due},{amount},0.00,{number},1,{flags},{shown}"
    )


def send(harness: Harness, *rows: str, name: str = "file.csv") -> dict[str, Any]:
    answer = harness.send("uploads", "".join(f"{one}\r\n" for one in rows).encode(), file_name=name, **OWN)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.json
    return found


def owed(harness: Harness, account: str) -> str:
    found = harness.get("invoices", account_number=account, **OWN)["invoices"]
    return str(sum((Decimal(one["balance_due"]) for one in found if one["status"] != "closed"), Decimal(0)))


def pay(harness: Harness, account: str, amount: str, **order: Any) -> None:
    answer = harness.pay(account_number=account, amount=amount, **OWN, **order)
    assert answer.json["approved"] is True, answer


def fetched(harness: Harness, kind: str = "payments") -> None:
    """WaterSmart fetches what was paid, or came back."""
    exports = ExportBatches(harness.store)
    batch = exports.create(harness.lane, WATERSMART, kind)
    assert batch is not None
    exports.delivered(harness.lane, batch.biller_guid, batch.report_id)
