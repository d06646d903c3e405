"""WaterSmart and Invoice Cloud in the sandbox: the portal's moments, and books that agree after every exchange."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.contracts.catalogue import requirements
from partnerlab.sandbox import Sandbox
from partnerlab.simulators import ic_webservices
from partnerlab.systems.watersmart import Port
from tests.e2e.flows.conftest import PASSWORD, Browser
from tests.e2e.flows.water_sides import (
    AMEX,
    APARTMENTS,
    BROOK,
    CARD,
    FERRY,
    GUID,
    LAUNDROMAT,
    NURSERY,
    RETURNS,
    WaterSides,
)


@pytest.fixture
def sides(sandbox: Sandbox, lane: str) -> Iterator[WaterSides]:  # type: ignore[override]
    found = WaterSides(sandbox, lane)
    yield found
    found.remote.close()


def test_each_moment_of_the_portal_calls_what_the_source_says(sides: WaterSides, browser: Browser) -> None:
    """WS-…: each row of "Invoice Cloud Web Services" by what WaterSmart's user or staff does."""
    at = f"/users/{BROOK}"
    signed_in = "RemoteAuthentication RetrieveCustomerGuid RetrieveCustomerAccount"
    assert sides.told("WS-AUTH-1", "POST", f"{at}/sign-in", {"password": PASSWORD}) == signed_in
    sides.proved.add("WS-GUID-1")
    assert sides.told("WS-KEEP-1", "POST", f"{at}/pages", {}) == "KeepRemoteSessionAlive"
    for redirect_id in (2, 3, 5, 8, 9, 11):
        page = sides.water("POST", f"{at}/pages", {"redirect_id": redirect_id})
        assert browser.get(page["url"]), redirect_id
    sides.proved.add("WS-PAGE-1")
    add = {"account_number": APARTMENTS}
    assert sides.told("WS-LINK-1", "POST", f"{at}/accounts", add) == "LinkCustomerAccount"
    assert sides.told("WS-UNREG-1", "DELETE", f"{at}/accounts/{APARTMENTS}") == "UnregisterAccounts"
    # A user of the same address and password registers another account.
    again = {"username": BROOK, "password": PASSWORD, "account_number": APARTMENTS}
    assert sides.told("WS-LINK-2", "POST", "/users", again) == "RemoteAuthentication LinkCustomerAccount"
    sides.proved.add("WS-AUTH-2")
    values = {"username": BROOK, "password": PASSWORD, "account_number": LAUNDROMAT, "email_address": BROOK}
    port = Port(sides.sandbox._to_invoice_cloud, ic_webservices.Settings().watersmart_guid, split=False)
    told = port.call(sides.sandbox.lanes.get(sides.lane), "sign_in", values | {"sync_links": [APARTMENTS]})
    assert [step.partition(":")[0] for step in told.steps][:2] == ["RemoteAuthentication", "LinkCustomerAccount"]
    sides.proved.add("WS-LINK-3")
    assert sides.told("WS-UNREG-2", "DELETE", f"{at}/accounts/{APARTMENTS}?by=staff") == "UnregisterAccounts"
    new = {"password": PASSWORD, "new_password": "Sandbox!6789"}
    assert sides.told("WS-REG-3", "POST", f"{at}/password", new) == "RemoteRegistration"
    assert sides.told("WS-AUTH-1", "POST", f"{at}/sign-in", {"password": "Sandbox!6789"}) == signed_in
    email = {"email": "brook2@example.com", "by": "customer"}
    assert sides.told("WS-EMAIL-1", "POST", f"/customers/{LAUNDROMAT}/email", email) == "SetCustomerEmailAddress"
    email = {"email": "brook3@example.com", "by": "staff"}
    assert sides.told("WS-EMAIL-2", "POST", f"/customers/{LAUNDROMAT}/email", email) == "SetCustomerEmailAddress"
    login = {"password": "Sandbox!6789"}
    assert sides.told("WS-AUTH-1", "POST", "/users/brook3@example.com/sign-in", login) == signed_in
    assert sides.told("WS-BAL-1", "POST", f"/customers/{LAUNDROMAT}/renew") == "SetInvoiceBalance"

    # Nobody is registered for the apartments at Invoice Cloud.
    pond = {"username": "pond@example.com", "password": PASSWORD, "account_number": APARTMENTS}
    assert _registered(sides, "/users", pond)
    sides.proved.add("WS-REG-2")
    moments = {id for id in requirements() if id.startswith("WS-") and id.split("-")[1] in MOMENTS}
    assert moments - sides.proved == {"WS-29-1", "WS-REG-1"}, "those are proved below"


MOMENTS = {"KEEP", "PAGE", "BAL", "AUTH", "29", "REG", "UNREG", "LINK", "EMAIL", "GUID"}


def _registered(sides: WaterSides, path: str, body: Any) -> bool:
    """Whether somebody was refused, registered and let in."""
    told = sides.water("POST", path, body)
    done = ["RemoteAuthentication: refused", "RemoteRegistration: done", "RemoteAuthentication: done"]
    return told["ok"] and all(map(str.startswith, told["steps"], done))


def test_a_payer_new_to_invoice_cloud_gets_in(sides: WaterSides, browser: Browser) -> None:
    """WS-29-1: setting 29 is 1 for WaterSmart's biller, so the account is made and the payer let in."""
    told = sides.water("POST", f"/users/{FERRY}/sign-in", {"password": PASSWORD})
    assert (told["ok"], told["steps"][-1]) == (True, f"RetrieveCustomerAccount: done: account {NURSERY}")
    sides.advance("1d")
    sides.water("POST", f"/users/{FERRY}/sign-in", {"password": PASSWORD})
    browser.get(sides.water("POST", f"/users/{FERRY}/pages", {"redirect_id": 8})["url"])
    assert "88.40" in browser.text, "the first invoice file brought the bill"


def test_without_setting_29_a_new_payer_waits_for_the_first_invoice_file(sides: WaterSides) -> None:
    """WS-REG-1: then the sign-in registers the user, because Invoice Cloud does not know her."""
    sides.remote.patch(f"/_sandbox/ic/billers/{GUID}", {"settings": {"29": "0"}})
    told = sides.water("POST", f"/users/{FERRY}/sign-in", {"password": PASSWORD})
    assert [step.partition(": S")[0] for step in told["steps"]] == [
        "RemoteAuthentication: refused",
        "RemoteRegistration: refused",
    ]
    assert (told["ok"], sides.water("GET", f"/users/{FERRY}")["signed_in"]) == (False, False)
    sides.advance("1d")
    assert _registered(sides, f"/users/{FERRY}/sign-in", {"password": PASSWORD})


@pytest.mark.parametrize(
    "begins",
    [
        "2026-11-28T00:30:00-05:00",  # before all jobs of the night
        "2026-11-28T01:30:00-05:00",  # after collect
        "2026-11-28T02:15:00-05:00",  # after invoices, so a bill goes out a day after the balance would have
        "2026-11-28T12:00:00-05:00",
    ],
)
def test_both_sides_have_the_same_books_after_every_exchange(sides: WaterSides, begins: str) -> None:
    """WS-SEND-…, WS-TAKE-…, WS-BOOKS-1: card, Amex, a bank payment that comes back, a bill, a clerk's entry."""
    sides.begin(begins)
    sides.advance("1d")
    assert sides.agree() == {LAUNDROMAT: "64.20", APARTMENTS: "310.75", NURSERY: "88.40"}
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    sides.pay(APARTMENTS, "100.00", card_number=AMEX)
    sides.pay(NURSERY, "88.40", tender="ach", bank_account=RETURNS)
    paperless = {"biller_guid": GUID, "enrolled": True}
    sides.remote.post(f"/_sandbox/ic/customers/{APARTMENTS}/paperless", paperless)
    sides.advance("1d")
    assert sides.agree() == {LAUNDROMAT: "0.00", APARTMENTS: "210.75", NURSERY: "0.00"}
    assert sides.water("GET", f"/customers/{APARTMENTS}")["paperless"] is True
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "42.10"})
    sides.water("POST", f"/customers/{APARTMENTS}/bills", {"amount": "300.00"})
    sides.water("POST", f"/customers/{APARTMENTS}/entries", {"kind": "counter_payment", "amount": "10.75"})
    outcomes = sides.advance("7d")
    assert any("ICRejects_" in outcome for outcome in outcomes)
    assert sides.agree() == {LAUNDROMAT: "42.10", APARTMENTS: "500.00", NURSERY: "88.40"}
    states = {one["account_number"]: one["state"] for one in sides.water("GET", "/payments")["payments"]}
    assert states == {LAUNDROMAT: "posted", APARTMENTS: "posted", NURSERY: "returned"}


def test_reconcile_says_why_what_was_paid_just_before_a_balance_is_not_asked_for(sides: WaterSides) -> None:
    """Nobody can know whether a balance has the payment in it, until the next one says the same or something else."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "16.45"})
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    why = "what was taken just before the last file counts as not in it [A-85]"
    asked = []
    for _ in range(2):
        sides.advance("1d")
        found = sides.remote.get("/_sandbox/auditing/differences")["differences"]
        asked.append([one["detail"] for one in found if one["subject"] == LAUNDROMAT])
        sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "1.00"})
        sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "-1.00"})
        sides.water("POST", f"/customers/{APARTMENTS}/entries", {"kind": "adjusted", "amount": "1.00"})
    assert asked == [[f"Invoice Cloud 0.00, WaterSmart 16.45: {why}"], []]


def test_reconcile_says_so_too_where_another_bill_waits(sides: WaterSides) -> None:
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "16.45"})
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "10.00"})
    (found,) = sides.remote.get("/_sandbox/auditing/differences")["differences"]
    bill = "bill 20000201-0002 is not at Invoice Cloud"
    assert found["kind"] == "explained"
    assert found["detail"].endswith(f": {bill}; what was taken just before the last file counts as not in it [A-85]")


def _found(sides: WaterSides) -> list[str]:
    found = sides.remote.get("/_sandbox/auditing/differences")["differences"]
    return [f"{one['kind']}: {one['detail']}" for one in found if one["subject"] == LAUNDROMAT]


def test_what_was_held_back_of_a_balance_is_asked_for_once_the_payment_is_days_old(sides: WaterSides) -> None:
    """WaterSmart says the balance again by itself; a bill of the days between is asked for beside it."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "16.45"})
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "13.10"})
    sides.advance("1d")
    why = "what was taken just before the last file counts as not in it [A-85]"
    assert _found(sides) == [f"explained: Invoice Cloud 13.10, WaterSmart 29.55: {why}"], "it is on a bill that is paid"
    assert [one["held_back"] for one in sides.bills(LAUNDROMAT)] == ["16.45", "0.00"]
    sides.advance("3d")
    assert (sides.agree()[LAUNDROMAT], _found(sides)) == ("29.55", [])
    assert [one["held_back"] for one in sides.bills(LAUNDROMAT)] == ["0.00", "0.00"]
    said = [file for file in sides.water("GET", "/files")["files"] if file["kind"] == "balances"]
    assert len(said) == 2, "once more, not every night"


def test_reconcile_says_so_too_where_the_account_was_conveyed(sides: WaterSides) -> None:
    """What is held back stands on the former owner's bill."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "16.45"})
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    sides.advance("1d")
    sides.remote.post(f"/_sandbox/ic/customers/{LAUNDROMAT}/convey", {"biller_guid": GUID})
    why = "what was taken just before the last file counts as not in it [A-85]"
    assert _found(sides) == [f"explained: Invoice Cloud 0, WaterSmart 16.45: {why}"]


@pytest.mark.parametrize("amount", ["5.00", "-10.00"])
def test_a_balance_that_does_not_know_of_a_return_does_not_forgive_it(sides: WaterSides, amount: str) -> None:
    """The payment came back, and the night's collection failed: what the payer owes again stands beside the balance."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    sides.pay(LAUNDROMAT, "64.20", tender="ach", bank_account=RETURNS)
    sides.advance("3d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": amount})
    sides.remote.post("/_sandbox/jobs/watersmart/collect/pause")
    owed = f"{Decimal('64.20') + Decimal(amount)}"
    sides.advance("1d")
    assert sides.water("GET", f"/customers/{LAUNDROMAT}")["balance"] == f"{Decimal(amount)}"
    assert [one["balance_due"] for one in sides.bills(LAUNDROMAT)] == [owed]
    assert [one.partition(":")[0] for one in _found(sides)] == ["explained"]
    sides.remote.post("/_sandbox/jobs/watersmart/collect/resume")
    sides.advance("1h")
    assert sides.agree()[LAUNDROMAT] == owed


def test_a_credit_on_a_paid_bill_is_in_a_later_balance(sides: WaterSides) -> None:
    """It counts once: the bill with the credit closes into the balance."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    sides.pay(LAUNDROMAT, "64.20", card_number=CARD)
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "counter_payment", "amount": "40.00"})
    sides.advance("5d")
    sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "100.00"})
    sides.advance("1d")
    assert [one["balance_due"] for one in sides.bills(LAUNDROMAT)] == ["-40.00", "100.00"]
    sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "5.00"})
    sides.advance("1d")
    assert (sides.agree()[LAUNDROMAT], _found(sides)) == ("65.00", [])
    assert [one["status"] for one in sides.bills(LAUNDROMAT)] == ["closed", "open"]


def test_a_balance_that_is_the_same_again_after_a_payment_is_told(sides: WaterSides) -> None:
    """Rows equal to those of the last file would be taken for that file [A-87], and nobody asked for the money."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    for _ in range(2):
        sides.water("POST", f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "16.45"})
        sides.advance("1d")
        owed = sides.agree()[LAUNDROMAT]
        sides.pay(LAUNDROMAT, owed, card_number=CARD)
        sides.advance("5d")
        sides.water("POST", f"/customers/{LAUNDROMAT}/bills", {"amount": "64.20"})
        sides.advance("5d")
    assert sides.agree()[LAUNDROMAT] == "64.20"


def test_what_was_held_back_in_a_file_of_every_account_is_asked_for(sides: WaterSides) -> None:
    """All are said again on one day, and those rows are the last file's [A-87]: they go in two files."""
    sides.begin("2026-11-28T12:00:00-05:00")
    sides.advance("1d")
    for account, owed in sides.agree().items():
        sides.water("POST", f"/customers/{account}/entries", {"kind": "adjusted", "amount": "16.45"})
        sides.pay(account, owed, card_number=CARD)
    sides.advance("1d")
    held = [one["held_back"] for account in (LAUNDROMAT, APARTMENTS, NURSERY) for one in sides.bills(account)]
    assert held == ["16.45"] * 3
    sides.advance("6d")
    assert set(sides.agree().values()) == {"16.45"}


@pytest.mark.parametrize(
    ("begins", "times"),
    [
        # Clocks go back on 2027-11-07: 01:00 comes twice that night.
        (
            "2027-11-06T12:00:00-04:00",
            {"collect": ["11-07 05:00", "11-08 06:00"], "invoices": ["11-07 07:00", "11-08 07:00"]},
        ),
        # They go forward on 2027-03-14: 02:00 and 02:30 do not come, and run as much later.
        (
            "2027-03-13T12:00:00-05:00",
            {"collect": ["03-14 06:00", "03-15 05:00"], "invoices": ["03-14 07:00", "03-15 06:00"]},
        ),
    ],
)
def test_a_daily_job_runs_once_a_day_when_clocks_change(
    sides: WaterSides, begins: str, times: dict[str, list[str]]
) -> None:
    """Case 23: once each day, at the moments that are listed beforehand, and every payment is exported once."""
    sides.begin(begins)
    paid, listed, ran = [], [], []
    for _ in range(24):
        order = {"biller_guid": GUID, "account_number": APARTMENTS, "amount": "0.01", "donation": "standalone"}
        made = sides.remote.post("/_sandbox/ic/payments", {**order, "tender": "credit_card", "card_number": CARD})
        paid.append(made["payment_guid"])
        jobs = sides.remote.get("/_sandbox/jobs", partner="watersmart")["jobs"]
        listed += [(job["name"], job["next_at"][5:16]) for job in jobs]
        steps = sides.remote.post("/_sandbox/clock/advance", {"duration": "2h"})["timeline"]
        own = [step for step in steps if step["label"].startswith("watersmart")]
        ran += [(step["outcome"].partition(":")[0], step["at"][5:16].replace("T", " ")) for step in own]
    for job, moments in times.items():
        assert [at for name, at in ran if name == job] == moments
        assert {at.replace("T", " ") for name, at in listed if name == job} >= {*moments}
    sides.advance("1d")
    received = [one["payment_guid"] for one in sides.water("GET", "/payments?limit=1000")["payments"]]
    assert sorted(received) == sorted(paid)
