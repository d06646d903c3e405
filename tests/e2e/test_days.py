"""
In a US evening, when it is tomorrow in UTC, every partner and Invoice Cloud go by the biller's day [A-122].

At 20:00 and in the last second of a day, of an ordinary one and of both on which the clock changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from pypdf import PdfReader

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.ic_webservices import Settings as InvoiceCloud
from partnerlab.simulators.inhance_soap import Settings as Utility
from partnerlab.simulators.tccs_rest import Settings as Insurer

NEW_YORK = ZoneInfo("America/New_York")
EVENINGS = [
    f"{day}T{time}"
    for day in ("2026-06-16", "2026-12-31", "2026-03-07", "2026-03-08", "2026-10-31", "2026-11-01")
    for time in ("20:00:00", "23:59:59")
]
IC, TERM = InvoiceCloud(), "454100010-06/16/2020"


class Evening:
    """A lane whose clock stands at a wall clock of New York's."""

    def __init__(self, client: httpx.Client, wall: str) -> None:
        self.moment = datetime.fromisoformat(wall).replace(tzinfo=NEW_YORK)
        self.day = self.moment.date()
        self.client = client
        self.lane = f"evening-{wall.replace(':', '')}"
        self("DELETE", f"/_sandbox/lanes/{self.lane}")
        self("POST", "/_sandbox/lanes", {"name": self.lane, "frozen_at": self.moment.isoformat()})
        client.headers["X-Sandbox-Lane"] = self.lane

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.client.request(method, path, json=body)
        assert answer.status_code < 400 or method == "DELETE", answer.text
        return answer.json() if answer.content else None

    def until_midnight(self) -> None:
        """Let the clock go on to the first moment of the next day."""
        begin = datetime.combine(self.day + timedelta(days=1), datetime.min.time(), NEW_YORK)
        self("POST", "/_sandbox/clock/advance", {"duration": f"{int(begin.timestamp() - self.moment.timestamp())}s"})


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with (
        Sandbox(SandboxSettings(port=0), in_process=True) as sandbox,
        httpx.Client(base_url=sandbox.url, timeout=60) as client,
    ):
        yield client


@pytest.fixture(params=EVENINGS)
def evening(client: httpx.Client, request: pytest.FixtureRequest) -> Evening:
    client.headers.pop("X-Sandbox-Lane", None)
    return Evening(client, request.param)


def balances(evening: Evening) -> tuple[str, str]:
    account = evening("GET", "/_sandbox/inhance/accounts/10000101")
    return account["balance"], account["future_balance"]


def test_a_bill_of_inhance_is_of_the_evenings_day_and_the_next_ones_is_owed_from_midnight_on(evening: Evening) -> None:
    due, later = balances(evening)
    path, tomorrow = "/_sandbox/inhance/accounts/10000101/bills", evening.day + timedelta(days=1)
    made = evening("POST", path, {"invoice_number": "today", "amount": "10.00"})
    (bill,) = [one for one in made["bills"] if one["invoice_number"] == "today"]
    assert bill["billed_on"] == evening.day.isoformat()
    evening("POST", path, {"invoice_number": "next", "amount": "5.00", "billed_on": tomorrow.isoformat()})
    assert balances(evening) == (f"{float(due) + 10:.2f}", f"{float(later) + 15:.2f}")
    evening.until_midnight()
    assert balances(evening) == (f"{float(due) + 15:.2f}", f"{float(later) + 15:.2f}")


def test_an_instalment_of_tccs_is_of_the_evenings_day_and_its_bill_and_fee_too(evening: Evening) -> None:
    body = {"invoice_number": TERM, "amount": "10.00", "due_on": evening.day.isoformat()}
    charge = evening("POST", "/_sandbox/tccs/instalments", body)["charges"][-1]
    assert (charge["billed_on"], charge["due_on"]) == (evening.day.isoformat(),) * 2
    form = {
        "consumerGUID": Insurer().consumer_guid,
        "entryKey": Insurer().entry_key,
        "contentInfo": f"{TERM}|1.00:ACH",
    }
    assert evening.client.post("/invoicecloudapi/api/Pay_Input", data=form).json()["Success"] is True
    picture = evening.client.post("/invoicecloudapi/Retrieve_Bill_Image", data={**form, "contentInfo": TERM})
    text = PdfReader(BytesIO(picture.content)).pages[0].extract_text()
    assert f"{evening.day:%m/%d/%Y}" in text.split("Payments", 1)[1].split("Pay to", 1)[0]
    evening("PUT", f"/_sandbox/tccs/policies/{TERM.replace('/', '%2F')}", {"late_fee": "7.00"})
    evening.until_midnight()
    last = evening("GET", f"/_sandbox/tccs/policies/{TERM.replace('/', '%2F')}")["charges"][-1]
    assert (last["kind"], last["billed_on"]) == ("late_fee", (evening.day + timedelta(days=1)).isoformat())


def test_a_return_is_reported_of_the_evenings_day(evening: Evening) -> None:
    """Invoice Cloud says the transaction's date in the biller's zone; here the second day after it is too early."""
    form = {"consumerGUID": Insurer().consumer_guid, "entryKey": Insurer().entry_key}
    paid = {**form, "contentInfo": f"{TERM}|3.00:ACH"}
    assert evening.client.post("/invoicecloudapi/api/Pay_Input", data=paid).json()["Success"] is True
    for days, found in ((2, False), (0, True)):
        day = f"{evening.day + timedelta(days=days):%m/%d/%Y}"
        back = {**form, "contentInfo": f"{TERM}:{day}|3.00|IFR"}
        answer = evening.client.post("/invoicecloudapi/api/Insufficient_Pay_Report", data=back).json()
        assert answer["Success"] is found, answer


def test_a_bill_of_watersmart_is_of_the_evenings_day(evening: Evening) -> None:
    account = evening("GET", "/_sandbox/watersmart/customers")["customers"][0]["account_number"]
    made = evening("POST", f"/_sandbox/watersmart/customers/{account}/bills", {"amount": "10.00"})
    assert made["invoices"][-1]["invoiced_on"] == evening.day.isoformat()


def test_partners_and_invoice_cloud_begin_with_bills_of_the_same_days(evening: Evening) -> None:
    def ours(guid: str) -> dict[str, tuple[str, str]]:
        found = evening("GET", f"/_sandbox/ic/invoices?biller_guid={guid}&limit=1000")["invoices"]
        return {one["invoice_number"]: (one["invoice_date"], one["invoice_due_date"]) for one in found}

    utility = ours(IC.utility_guid)
    bills = evening("GET", "/_sandbox/inhance/accounts/10000101")["bills"]
    known = {one["invoice_number"]: (one["billed_on"], one["due_on"]) for one in bills}
    assert {number: days for number, days in known.items() if number in utility} == {
        number: days for number, days in utility.items() if number in known
    }
    assert known.keys() & utility.keys()
    term = evening("GET", f"/_sandbox/tccs/policies/{TERM.replace('/', '%2F')}")
    assert ours(IC.insurance_guid)[TERM] == (term["billed_on"], term["due_on"])
    assert date.fromisoformat(term["billed_on"]) <= evening.day


def test_the_documented_zones_are_one() -> None:
    assert Utility().time_zone == Insurer().time_zone == IC.time_zone
