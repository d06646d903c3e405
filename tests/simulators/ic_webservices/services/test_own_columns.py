"""
Columns that a biller's own layout adds, with what they do to its bills.

Source: Harris inHance v1, Features: Minimum Payment and Expire Bill for Payment are in the BIF, in columns that it does
not name [A-108].
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from partnerlab.contracts.files import InvoiceGroup, parse_layout, write_bif
from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices.harness import Harness, freeze

SETTINGS = Settings()
V1, KEY = SETTINGS.utility_v1_guid, SETTINGS.utility_v1_web_service_key
OWN = {"biller_guid": V1}
COLUMNS = {
    "record": [
        {
            "code": "IH",
            "fields": [
                {"id": 21, "name": "MinimumAmountDue", "kind": "amount"},
                {"id": 22, "name": "PaymentExpirationDate", "kind": "date"},
                {"id": 23, "name": "PaymentExpirationMessage", "kind": "text"},
            ],
        }
    ]
}


def send(harness: Harness, number: str, **own: Any) -> dict[str, Any]:
    """Send a bill of 80.00; the invoice that came of it."""
    layout = parse_layout({"extends": "inhance_v1", "name": "own", **COLUMNS})
    given = {
        "InvoiceFormatGuid": SETTINGS.invoice_format_guid,
        "InvoiceNumber": number,
        "InvoiceDate": date(2026, 6, 1),
        "InvoiceDueDate": date(2026, 6, 30),
        "TotalAmountDue": Decimal("80.00"),
        "InvoiceTypeID": 1,
        **own,
    }
    customer = layout.record("CR").make(AccountNumber="700", CustomerName="Mill")
    stream = io.BytesIO()
    header = layout.record("FH").make(BillerGuid=V1, FileCreationDate=datetime.now(UTC).date())
    group = InvoiceGroup(layout.record("IH").make(**given), customer, (layout.record("ID").make(Description="Water"),))
    write_bif(stream, layout, header, [group])
    told = harness.upload(stream.getvalue(), biller=V1, key=KEY)
    assert (told["Success"], told["Problems"]) == ("true", [])
    made: dict[str, Any] = harness.get(f"invoices/{number}", **OWN)
    return made


def test_minimum_and_expiration_of_a_bill_are_in_the_file_where_the_billers_layout_has_them(harness: Harness) -> None:
    freeze(harness)
    configuration = {
        "BIF": {"Layout": COLUMNS},
        "Questionnaire": {"PaymentExpirationDate": 5, "PaymentExpirationMessage": "Ask the clerk"},
    }
    assert harness.control("PATCH", f"billers/{V1}", {"configuration": configuration}).status == 200
    day, message = date(2026, 6, 16), "Come to the office"
    made = send(
        harness,
        "B-1",
        MinimumAmountDue=Decimal("20.00"),
        PaymentExpirationDate=day,
        PaymentExpirationMessage=message,
    )
    assert (made["minimum_amount_due"], made["payment_expiration_date"]) == ("20.00", "2026-06-16")
    assert made["payment_expiration_message"] == message, "the file's word goes before the questionnaire's"
    assert made["fields"] == {}
    pay = {"account_number": "700", "invoice_number": "B-1", **OWN}
    assert harness.pay(**pay, amount="19.99").json["error"]["code"] == "under_minimum"
    assert harness.pay(**pay, amount="20.00").status == 201, "its last day"
    freeze(harness, "2026-06-17T14:00:00+00:00")
    refused = harness.pay(**pay, amount="20.00").json["error"]
    assert (refused["code"], refused["message"]) == ("payment_expired", f"Invoice B-1: {message}.")
    left_open = send(harness, "B-2")
    assert (left_open["payment_expiration_date"], left_open["payment_expiration_message"]) == (
        "2026-07-05",
        "Ask the clerk",
    )
