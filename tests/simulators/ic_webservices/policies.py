"""A bill file of the insurer with one policy term in it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from partnerlab.contracts.files import InvoiceGroup, Layout, load_layout, write_bif
from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices.harness import Harness

__all__ = ["DUE", "INSURER", "KEY", "NUMBER", "POLICY", "policy_file", "send"]

INSURER = Settings().insurance_guid
KEY = Settings().insurance_web_service_key
NUMBER, POLICY = "700-01/01/2027", "700"
DUE = date(2026, 6, 20)


def policy_file(*, number: str = NUMBER, due: date = DUE, layout: Layout | None = None, **own: Any) -> bytes:
    layout = layout or load_layout("tccs")
    given = {
        "InvoiceFormatGuid": Settings().invoice_format_guid,
        "InvoiceNumber": number,
        "InvoiceDate": date(2026, 6, 1),
        "InvoiceDueDate": due,
        "TotalAmountDue": Decimal("340.00"),
        "MinimumAmountDue": Decimal("120.00"),
        "LateFeeAmount": Decimal("15.00"),
        "LateFeeDate": due,
        "InvoiceTypeID": 1,
        **own,
    }
    customer = layout.record("CR").make(AccountNumber=number.partition("-")[0], CustomerName="Harbor Bakery")
    detail = layout.record("ID").make(Description="Total amount outstanding: 340.00")
    stream = io.BytesIO()
    header = layout.record("FH").make(BillerGuid=INSURER, FileCreationDate=datetime.now(UTC).date())
    write_bif(stream, layout, header, [InvoiceGroup(layout.record("IH").make(**given), customer, (detail,))])
    return stream.getvalue()


def send(harness: Harness, content: bytes) -> None:
    told = harness.upload(content, biller=INSURER, key=KEY)
    assert (told["Success"], told["Problems"]) == ("true", [])
