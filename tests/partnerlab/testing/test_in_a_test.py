"""What the plugin's fixtures give a test, in the process of the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from partnerlab.remote import RemoteRefused
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.testing.books import InHanceBooks, InvoiceCloudBooks, TccsBooks, WaterSmartBooks, partner_books
from partnerlab.testing.sandboxes import LaneOfTest, SandboxForTests, in_this_process, running_at
from partnerlab.testing.views import Clock, Faults, Journal

ACCOUNT = "10000101"
POLICY_INVOICE = "454100010-06/16/2020"
BALANCE_CHECK = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><BalanceCheck xmlns="http://tempuri.org/">'
    "<AccountNumber>{account}</AccountNumber><LastInvoiceNumber>1.5</LastInvoiceNumber>"
    "<WebServiceKey>{key}</WebServiceKey></BalanceCheck></s:Body></s:Envelope>"
)
NOON = datetime(2026, 6, 16, 12, tzinfo=UTC)


def inhance(lane: LaneOfTest) -> InHanceBooks:
    books = partner_books(lane, "inhance_v2")
    assert isinstance(books, InHanceBooks)
    return books


def test_an_amount_that_is_a_float_is_refused_before_anything_is_sent(own_lane: LaneOfTest) -> None:
    books: Any = InvoiceCloudBooks(own_lane, "inhance_v2")
    with pytest.raises(TypeError, match=r"40\.1 is no amount of money; give a text such as '40\.00', or a Decimal"):
        books.pay(ACCOUNT, 40.1)


def test_a_lane_is_seeded_its_own_and_gone_afterwards(own: SandboxForTests) -> None:
    with own.lane("one") as one, own.lane("two") as two:
        InvoiceCloudBooks(one, "inhance_v2").pay(ACCOUNT, "1.00")
        one.settle()
        assert len(inhance(one).payments(ACCOUNT)) == 1
        assert inhance(two).payments(ACCOUNT) == []
        assert two.url == f"{own.url}/lane/two"
        assert httpx.get(f"{two.url}/iCloud/iCloud.asmx?wsdl").status_code == 200
        names = {row["name"] for row in one.control.get("/_sandbox/lanes")["lanes"]}
        assert {"one", "two"} <= names
    with own.lane("three") as three:
        assert not {"one", "two"} & {row["name"] for row in three.control.get("/_sandbox/lanes")["lanes"]}


def test_two_sandboxes_of_one_process_are_two_worlds(own_lane: LaneOfTest) -> None:
    with in_this_process() as other, other.lane(own_lane.name) as there:
        InvoiceCloudBooks(own_lane, "inhance_v2").pay(ACCOUNT, "1.00")
        for lane in (own_lane, there):
            lane.settle()
        assert (len(inhance(own_lane).payments(ACCOUNT)), inhance(there).payments(ACCOUNT)) == (1, [])


def test_both_books_tell_of_a_payment(own_lane: LaneOfTest) -> None:
    invoice_cloud, partner = InvoiceCloudBooks(own_lane, "inhance_v2"), inhance(own_lane)
    assert invoice_cloud.open("500001")["invoice"]["balance_due"] == "125.50"
    paid = invoice_cloud.pay(ACCOUNT, "40.00")
    by_bank = invoice_cloud.pay(ACCOUNT, "5.00", tender="ach")
    assert invoice_cloud.deliveries(state="accepted") == invoice_cloud.deliveries()
    own_lane.settle()
    assert [row["state"] for row in invoice_cloud.deliveries()] == ["delivered"] * 2
    assert [row["amount"] for row in partner.payments(ACCOUNT)] == ["40.00", "5.00"]
    guids = {row["payment_guid"] for row in invoice_cloud.payments(ACCOUNT)}
    assert guids == {paid["payment_guid"], by_bank["payment_guid"]}
    assert invoice_cloud.invoice("500001")["balance_due"] == "80.50"
    invoice_cloud.switch("paperless", ACCOUNT, enrolled=True)
    own_lane.settle()
    assert not invoice_cloud.customer(ACCOUNT)["paper_invoices"]
    assert partner.account(ACCOUNT)["paperless"]


def test_the_insurer_and_watersmart_have_books_too(own_lane: LaneOfTest) -> None:
    tccs = partner_books(own_lane, "tccs")
    assert isinstance(tccs, TccsBooks)
    assert (tccs.consumer_guid, tccs.entry_key) == ("IC-SANDBOX", "sandbox-entry-key")
    assert tccs.url.startswith(own_lane.url)
    InvoiceCloudBooks(own_lane, "tccs").pay("454100010", "120.00")
    own_lane.settle()
    assert [row["amount"] for row in tccs.payments(POLICY_INVOICE)] == ["120.00"]
    assert tccs.policy(POLICY_INVOICE)["payments"]
    water = partner_books(own_lane, "watersmart")
    assert isinstance(water, WaterSmartBooks)
    assert water.payments("20000201") == []
    InvoiceCloudBooks(own_lane, "watersmart").pay("20000201", Decimal("10.00"))
    Clock(own_lane).advance("1d")
    assert [row["amount"] for row in water.payments("20000201")] == ["10.00"]
    assert water.payments("20000202") == []
    assert isinstance(water, WaterSmartBooks)
    assert water.customer("20000203")["account_number"] == "20000203"
    with pytest.raises(ValueError, match="there are books of inhance_v2, tccs, watersmart"):
        partner_books(own_lane, "nobody")


def test_a_fault_strikes_and_a_retry_waits_for_the_clock(own_lane: LaneOfTest) -> None:
    invoice_cloud, faults, clock = InvoiceCloudBooks(own_lane, "inhance_v2"), Faults(own_lane), Clock(own_lane)
    clock.freeze(NOON)
    assert clock.now() == NOON
    faults.add("http-503", operation="SetPaperless")
    invoice_cloud.switch("paperless", ACCOUNT, enrolled=True)
    own_lane.settle()
    assert ([row["fired"] for row in faults.all()], invoice_cloud.deliveries()[0]["state"]) == ([1], "waiting")
    timeline = clock.advance(timedelta(seconds=5))
    assert clock.now() == NOON + timedelta(seconds=5)
    assert ["data pump tries again" in row["label"] for row in timeline] == [True]
    assert invoice_cloud.deliveries()[0]["state"] == "delivered"
    clock.set(NOON, frozen=False)
    assert clock.now() > NOON
    clock.freeze()
    stands = clock.now()
    assert clock.now() == stands
    clock.unfreeze()
    assert clock.now() > stands
    faults.add("http-503", count=None)
    faults.clear()
    assert faults.all() == []


def test_the_journal_finds_what_breaks_the_contract_and_what_was_refused(own_lane: LaneOfTest) -> None:
    journal, partner = Journal(own_lane), inhance(own_lane)
    with pytest.raises(AssertionError, match="nothing was said"):
        journal.assert_valid()
    InvoiceCloudBooks(own_lane, "inhance_v2").pay(ACCOUNT, "1.00")
    own_lane.settle()
    journal.assert_valid()
    [told] = journal.entries(operation="MakePaymentExtended")
    assert "MakePaymentExtendedResponse" in journal.entry(told["id"])["answer"]
    fields = {"AccountNumber": ACCOUNT, "LastInvoiceNumber": "0", "WebServiceKey": "wrong"}
    httpx.post(f"{partner.url}/BalanceCheck", data=fields)
    with pytest.raises(AssertionError, match="BalanceCheck: refused"):
        journal.assert_valid()
    journal.assert_valid(refusals=True)
    headers = {"Content-Type": "text/xml", "SOAPAction": "http://tempuri.org/BalanceCheck"}
    httpx.post(partner.url, content=BALANCE_CHECK.format(account=ACCOUNT, key=partner.key), headers=headers)
    with pytest.raises(AssertionError, match=r"BalanceCheck: request, .*LastInvoiceNumber.*found"):
        journal.assert_valid(refusals=True)


def test_what_a_fault_did_is_not_held_against_anybody(own_lane: LaneOfTest) -> None:
    Faults(own_lane).add("html", operation="SetPaperless")
    InvoiceCloudBooks(own_lane, "inhance_v2").switch("paperless", ACCOUNT, enrolled=True)
    own_lane.settle()
    Journal(own_lane).assert_valid()


def test_a_settings_change_is_seen_at_once(own_lane: LaneOfTest) -> None:
    books = InvoiceCloudBooks(own_lane, "inhance_v2")
    assert "116" not in books.biller["settings"]
    books.configure(settings={"116": "PayPal"})
    assert books.biller["settings"]["116"] == "PayPal"


def test_who_is_not_there_is_named() -> None:
    with pytest.raises(RemoteRefused, match="Is the server running"), running_at("http://127.0.0.1:9"):
        pass


def test_a_running_sandbox_serves_tests_alike() -> None:
    """The durable pump delivers when it does; `settle` and `advance` wait for it."""
    with Sandbox(SandboxSettings(port=0)) as running, running_at(running.url) as sandbox:
        with sandbox.lane("elsewhere") as lane:
            invoice_cloud, partner = InvoiceCloudBooks(lane, "inhance_v2"), inhance(lane)
            Faults(lane).add("http-503", operation="SetPaperless")
            invoice_cloud.switch("paperless", ACCOUNT, enrolled=True)
            invoice_cloud.switch("paperless", ACCOUNT, enrolled=False)
            invoice_cloud.pay("10000102", "1.00")
            lane.settle()
            states = [row["state"] for row in invoice_cloud.deliveries()]
            assert states == ["delivered", "accepted", "waiting"], "what stands behind one that waits is not waited for"
            assert len(partner.payments("10000102")) == 1
            Clock(lane).advance("5m")
            assert [row["state"] for row in invoice_cloud.deliveries()] == ["delivered"] * 3
        assert "elsewhere" not in {lane.name for lane in running.lanes.all()}
