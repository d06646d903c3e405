"""
The partners' user stories against the running sandbox: the client's flows on one side, the simulated Invoice Cloud on
the other, a browser that fills in its pages and a partner that takes its postbacks between them.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import html

from partnerlab.client.errors import PartnerFault
from partnerlab.client.flows import FlowFailed, Outcome, agent, cloud_payments, confirm_payment, sso, watersmart
from partnerlab.client.flows.watersmart import Occasion
from partnerlab.client.http import Transport
from partnerlab.client.invoice_cloud import (
    AsyncRestClient,
    CloudCustomer,
    CloudInvoice,
    CloudPaymentRequest,
    CloudSso,
    Expected,
    InvoiceCloudClient,
    NewCustomer,
    PaymentSettings,
    PostbackRefused,
    Redirect,
    RestClient,
    read_postback,
)
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox

USER, PASSWORD = "willows@example.com", "Sandbox!2345"
UTILITY = ("22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333", "sandbox-api-key")
INSURER = ("44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555", "sandbox-api-key-tccs")
WATER = ("66666666-6666-4666-8666-666666666666", "77777777-7777-4777-8777-777777777777", "sandbox-api-key-watersmart")
APPROVES, DECLINES = "4111111111111111", "4000000000000002"


class Partner:
    """A partner's web server: keeps the postbacks it gets, and answers every browser that comes back."""

    def __init__(self) -> None:
        self.posted: queue.Queue[tuple[str, bytes]] = queue.Queue()
        posted = self.posted

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posted.put((self.headers["Content-Type"], body))
                self.answer()

            def do_GET(self) -> None:
                self.answer()

            def answer(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def postback(self) -> tuple[str, bytes]:
        return self.posted.get(timeout=20)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()


class Browser:
    """Opens pages, fills in their forms by the names of the fields, and follows where it is sent."""

    def __init__(self) -> None:
        self.http = httpx.Client(follow_redirects=True, timeout=20)
        self.page = httpx.Response(200)

    def get(self, url: str) -> str:
        self.page = self.http.get(url)
        return self.title

    def post(self, form: Any) -> str:
        """Submit a form that the client made: from its HTML, as a browser reads it."""
        (found,) = html.fragment_fromstring(form.html(), create_parent=True).iter("form")
        self.page = self.http.post(found.action, data=dict(found.form_values()))
        return self.title

    def submit(self, do: str = "", **fields: str) -> str:
        """Fill in the page's main form and press a button: the one with the value *do*, or the only one."""
        (form,) = html.fromstring(self.page.content).xpath("//main//form[last()]")
        data = {name: value for name, value in form.form_values() if name != "Do"}
        assert fields.keys() <= {field.name for field in form.inputs}, "the page has no such field"
        self.page = self.http.post(form.action, data=data | fields | ({"Do": do} if do else {}))
        return self.title

    def pay(self, url: str, card: str = APPROVES) -> str:
        """Go through a Cloud Payments page."""
        self.get(url)
        self.submit("go on")
        return self.submit(CardNumber=card, CardExpiry="09/39", CVV="123", CardHolder="Ann Example")

    @property
    def title(self) -> str:
        assert self.page.status_code == 200, self.page.text
        return str(html.fromstring(self.page.content).findtext(".//title")) if self.page.content else ""

    @property
    def text(self) -> str:
        return " ".join(html.fromstring(self.page.content).text_content().split())


class Portal:
    """A partner in a lane: its clients, its pages' origin, the sandbox's control API."""

    def __init__(self, sandbox: Sandbox, lane: str, biller: tuple[str, str, str], transport: Transport) -> None:
        self.url = f"{sandbox.url}/lane/{lane}"
        self.guid, key, api_key = biller
        self.rest = RestClient(self.url, api_key, transport=transport)
        self.soap = InvoiceCloudClient(self.url, self.guid, key, transport=transport)
        self.sso = CloudSso(self.url)
        self.control = Remote(sandbox.url, lane)


@pytest.fixture
def partner() -> Iterator[Partner]:
    running = Partner()
    yield running
    running.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.http.close()


@pytest.fixture
def portal(request: pytest.FixtureRequest, sandbox: Sandbox, lane: str) -> Iterator[Portal]:
    """The utility's, unless the test says another biller by `parametrize`."""
    with Transport() as transport:
        found = Portal(sandbox, lane, getattr(request, "param", UTILITY), transport)
        yield found
        found.control.close()


insurer = pytest.mark.parametrize("portal", [INSURER], indirect=True, ids=["insurer"])
water = pytest.mark.parametrize("portal", [WATER], indirect=True, ids=["water"])


# --- the inHance Portal: single sign-on -------------------------------------------------------------------------------


def test_a_registered_user_logs_in_and_sees_the_bills(portal: Portal, browser: Browser) -> None:
    access = sso.user_access(portal.rest, username=USER, password=PASSWORD, account_numbers=["10000101"])
    assert not access.newly_registered
    assert [account.account_number for account in access.accounts] == ["10000101"]
    assert access.customer_guid == access.accounts[0].customer_guid == access.session.customer_guid
    assert (access.only_at_invoice_cloud, access.only_at_portal) == ((), ())
    jump = sso.registered_user_payment(portal.sso, access.session.token)
    assert browser.post(jump.form).startswith("Your bills")
    assert "Bill 500001" in browser.text


def test_a_user_invoice_cloud_does_not_know_is_registered_at_the_log_in(portal: Portal) -> None:
    numbers = ["10000101", "no-such-account"]
    access = sso.user_access(portal.rest, username="new@example.com", password=PASSWORD, account_numbers=numbers)
    assert access.newly_registered
    assert [(row.account_number, row.registered) for row in access.registrations] == [
        ("10000101", True),
        ("no-such-account", False),
    ]
    assert access.only_at_portal == ("no-such-account",)
    again = sso.user_access(portal.rest, username="new@example.com", password=PASSWORD, account_numbers=numbers)
    assert not again.newly_registered


def test_a_wrong_password_does_not_take_another_user_s_name(portal: Portal) -> None:
    with pytest.raises(FlowFailed) as caught:
        sso.user_access(portal.rest, username=USER, password="another-1", account_numbers=["10000101"])
    assert [(step.operation, step.outcome) for step in caught.value.steps][1:] == [
        ("RemoteAuthentication", Outcome.REFUSED),
        ("RegisterAccounts", Outcome.REFUSED),
    ]
    assert portal.rest.remote_authentication(USER, PASSWORD).token


def test_a_registration_takes_each_of_its_three_branches(portal: Portal, browser: Browser) -> None:
    ann = NewCustomer("20000001", "Ann Example", zip="01103", email_address="ann@example.com")
    first = sso.user_registration(portal.rest, customer=ann, username="ann@example.com", password=PASSWORD)
    assert first.operations == (
        "RetrieveUsers",
        "CreateCustomerRecord",
        "RegisterAccounts",
        "RemoteAuthentication",
        "CloudSSO",
    )
    assert (first.customer_created, first.newly_registered) == (True, True)
    assert browser.post(first.jump.form).startswith("Your bills")

    second = sso.user_registration(portal.rest, customer=ann, username="ann@example.com", password=PASSWORD)
    assert second.operations == ("RetrieveUsers", "RemoteAuthentication", "CloudSSO")

    portal.rest.create_customer_record(NewCustomer("20000002", "Bob Example"))
    bob = NewCustomer("20000002", "Bob Example", email_address="bob@example.com")
    third = sso.user_registration(portal.rest, customer=bob, username="bob@example.com", password=PASSWORD)
    assert third.operations == ("RetrieveUsers", "RegisterAccounts", "RemoteAuthentication", "CloudSSO")
    assert (third.customer_created, third.newly_registered) == (False, True)


@pytest.mark.parametrize("way", ["form", "address"])
@pytest.mark.parametrize(
    ("story", "path"),
    [
        (sso.registered_user_payment, "bills"),
        (sso.paperless_enrollment, "paperless"),
        (sso.autopay_enrollment, "autopay"),
        (sso.manage_payment_methods, "payment-options"),
        (sso.manage_scheduled_payments, "scheduled-payments"),
        (sso.pay_by_text_enrollment, "pay-by-text"),
    ],
)
def test_each_page_of_the_portal_opens_without_another_log_in(
    portal: Portal, browser: Browser, story: Any, path: str, way: str
) -> None:
    jump = story(portal.sso, portal.rest.remote_authentication(USER, PASSWORD).token)
    title = browser.post(jump.form) if way == "form" else browser.get(jump.url)
    assert title
    where = urlsplit(str(browser.page.url)).path
    assert where.endswith(f"/{path}")
    assert "(S(" in where
    # The portal of the partner owns the password: no page here offers to change it.
    assert "change password" not in browser.text.lower()
    assert 'type="password"' not in browser.page.text


def test_a_page_does_not_open_for_a_token_that_invoice_cloud_did_not_give(portal: Portal, browser: Browser) -> None:
    jump = sso.registered_user_payment(portal.sso, "no-such-token")
    browser.page = browser.http.post(jump.form.action, data=dict(jump.form.fields))
    assert browser.page.status_code in (401, 403)
    assert "Bill 500001" not in browser.page.text


def test_an_update_of_what_both_have_is_made_at_once(portal: Portal) -> None:
    report = sso.update_email_and_password(
        portal.rest,
        username=USER,
        email_address=USER,
        password=PASSWORD,
        new_email_address="laundry@example.com",
        new_password="Sandbox!6789",
    )
    assert not report.verification_needed
    assert report.operations[2:] == ("UpdatePassword", "UpdateEmailAddress")
    # Where the username was the address, it follows the address.
    assert portal.rest.remote_authentication("laundry@example.com", "Sandbox!6789").token
    with pytest.raises(PartnerFault):
        portal.rest.remote_authentication(USER, PASSWORD)


def test_an_update_of_what_differs_waits_for_the_user_s_word(portal: Portal) -> None:
    report = sso.update_email_and_password(
        portal.rest,
        username=USER,
        email_address="old@example.com",
        password="another-1",
        new_password="Sandbox!6789",
    )
    assert (report.differs, report.verify_at) == (("e-mail address", "password"), USER)
    assert portal.rest.remote_authentication(USER, PASSWORD).token
    assert report.pending is not None
    done = sso.finish_email_and_password(portal.rest, report.pending)
    assert done.operations == ("UpdatePassword",)
    assert portal.rest.remote_authentication(USER, "Sandbox!6789").token


# --- the inHance Portal: Cloud Payments -------------------------------------------------------------------------------


def guest_request(partner: Partner, reference: str = "r-1") -> CloudPaymentRequest:
    """The source's sample: a customer, and the invoices left to Invoice Cloud."""
    return CloudPaymentRequest(
        customers=(CloudCustomer("10000101", name="Willows Laundry"),),
        post_back_url=f"{partner.url}/SilentPost.aspx?transid=1&acctnum=10000101",
        return_url=f"{partner.url}/Receipt.aspx?transid=1",
        biller_reference=reference,
    )


def test_a_guest_pays_and_the_postback_is_believed_only_when_invoice_cloud_bears_it_out(
    portal: Portal, browser: Browser, partner: Partner
) -> None:
    before = portal.soap.view_invoice("500001").balance_due
    made = cloud_payments.unregistered_user_payment(portal.rest, guest_request(partner))
    browser.pay(made.url)
    assert str(browser.page.url).startswith(f"{partner.url}/Receipt.aspx?transid=1")

    content_type, body = partner.postback()
    expect = Expected.of(made.request, portal.guid, {"500001": before})
    postback = read_postback(body, content_type, expect=expect)
    assert (postback.approved, postback.payment_amount, postback.card_type) == (True, before, "Visa")
    report = confirm_payment(portal.soap, postback)
    assert report.credit is not None
    assert (report.credit.payment_amount, report.credit.account_number) == (before, "10000101")
    assert portal.soap.view_invoice("500001").balance_due == Decimal("0.00")

    for forged, field in (
        (body.replace(b"InvoiceNumber=500001", b"InvoiceNumber=500002"), "InvoiceNumber"),
        (body.replace(b"PaymentAmount=125.50", b"PaymentAmount=125.51"), "PaymentAmount"),
    ):
        assert forged != body
        with pytest.raises(PostbackRefused) as caught:
            read_postback(forged, content_type, expect=expect)
        assert caught.value.field == field
    # Whoever knows all of that can still not make up a payment.
    guid = postback.payment_guid.encode()
    unknown = read_postback(body.replace(guid, guid[::-1]), content_type, expect=expect)
    with pytest.raises(FlowFailed, match="is not a payment of this invoice"):
        confirm_payment(portal.soap, unknown)


def test_a_declined_card_posts_back_and_credits_nothing(portal: Portal, browser: Browser, partner: Partner) -> None:
    before = portal.soap.view_invoice("500001").balance_due
    made = cloud_payments.unregistered_user_payment(portal.rest, guest_request(partner))
    browser.get(made.url)
    browser.submit("go on")
    (form,) = html.fromstring(browser.page.content).xpath("//main//form[last()]")
    card = {"CardNumber": DECLINES, "CardExpiry": "09/39", "CVV": "123", "CardHolder": "Ann Example"}
    browser.http.post(form.action, data=dict(form.form_values()) | card)
    content_type, body = partner.postback()
    postback = read_postback(body, content_type, expect=Expected.of(made.request, portal.guid, {"500001": before}))
    assert not postback.approved
    assert postback.payment_message
    assert confirm_payment(portal.soap, postback).credit is None
    assert portal.soap.view_invoice("500001").balance_due == before


def test_a_guest_whom_nobody_knows_gets_a_customer_s_record(portal: Portal, partner: Partner) -> None:
    invoice = CloudInvoice("G-1", balance_due=Decimal("19.99"))
    request = CloudPaymentRequest((CloudCustomer("30000001", name="Guest Example", invoices=(invoice,)),))
    made = cloud_payments.unregistered_user_payment(portal.rest, request)
    assert made.url.startswith(portal.url)
    guid = portal.rest.retrieve_customer_guid("30000001")
    assert portal.rest.retrieve_customer_account(guid).customer_name == "Guest Example"


def test_a_registered_user_makes_a_quick_payment(portal: Portal, browser: Browser, partner: Partner) -> None:
    token = portal.rest.remote_authentication(USER, PASSWORD).token
    made = cloud_payments.registered_user_quick_payment(portal.rest, guest_request(partner, "r-2"), token)
    assert token not in str(made) + repr(made)
    browser.pay(made.url)
    content_type, body = partner.postback()
    expect = Expected.of(made.request, portal.guid, {"500001": Decimal("125.50")})
    assert read_postback(body, content_type, expect=expect).biller_reference == "r-2"


# --- TCCS's agents ----------------------------------------------------------------------------------------------------


@insurer
def test_an_agent_pays_the_deposit_on_a_quote(portal: Portal, browser: Browser, partner: Partner) -> None:
    made = agent.new_policy_deposit(
        portal.rest,
        quote_number="Q454100010-03/01/2019",
        insured_name="Harbor Street Bakery",
        deposit=Decimal("24.00"),
        post_back_url=f"{partner.url}/post",
        biller_reference="q-1",
    )
    browser.get(made.url)
    assert "Q454100010-03/01/2019" in browser.text
    assert "$24.00" in browser.text
    browser.pay(made.url)
    content_type, body = partner.postback()
    postback = read_postback(body, content_type, expect=Expected.of(made.request, portal.guid))
    assert (postback.invoice_number, postback.payment_amount) == ("Q454100010-03/01/2019", Decimal("24.00"))
    report = confirm_payment(portal.soap, postback)
    assert report.credit is not None
    assert report.credit.account_number == "Q454100010"


@insurer
def test_an_agent_pays_on_an_existing_policy(portal: Portal, browser: Browser, partner: Partner) -> None:
    due = portal.soap.view_invoice("454100010-06/16/2020").balance_due
    made = agent.existing_policy_payment(
        portal.rest,
        account_number="454100010",
        invoices={"454100010-06/16/2020": due},
        post_back_url=f"{partner.url}/post",
        biller_reference="p-1",
    )
    browser.pay(made.url)
    content_type, body = partner.postback()
    postback = read_postback(body, content_type, expect=Expected.of(made.request, portal.guid))
    assert (postback.approved, postback.payment_amount) == (True, due)
    assert portal.soap.view_invoice("454100010-06/16/2020").balance_due == Decimal("0.00")


# --- WaterSmart -------------------------------------------------------------------------------------------------------

ANN = {"username": "ann", "email_address": "ann@example.com", "password": PASSWORD}


def customers(portal: Portal, *numbers: str) -> None:
    for number in numbers:
        portal.rest.create_customer_record(NewCustomer(number, f"Customer {number}"))


@water
def test_who_signs_into_watersmart_is_registered_once_and_then_logged_in(portal: Portal) -> None:
    customers(portal, "W1", "W2")
    first = watersmart.sign_in(portal.soap, **ANN, account_number="W1")
    assert first.operations == ("RemoteAuthentication", "RemoteRegistration", "RemoteAuthentication")
    again = watersmart.sign_in(portal.soap, **ANN, account_number="W1", sync_links=["W2"])
    assert again.operations == ("RemoteAuthentication", "LinkCustomerAccount")
    accounts = portal.rest.retrieve_user_accounts(token=again.session.token)
    assert [account.account_number for account in accounts] == ["W1", "W2"]


@water
def test_who_registers_with_the_same_password_gets_the_new_account_linked(portal: Portal) -> None:
    customers(portal, "W1", "W2")
    watersmart.register(portal.soap, **ANN, account_number="W1")
    report = watersmart.register(portal.soap, **ANN, account_number="W2")
    assert report.operations == ("RemoteAuthentication", "LinkCustomerAccount")
    # Who registers again for the same account is linked already, which is no error.
    assert watersmart.register(portal.soap, **ANN, account_number="W2").linked == ("W2",)


@water
def test_a_session_lives_as_long_as_its_user_moves_between_pages(portal: Portal, browser: Browser) -> None:
    customers(portal, "W1")
    token = watersmart.sign_in(portal.soap, **ANN, account_number="W1").session.token
    first = watersmart.keep_alive(portal.soap, token).expires_at
    portal.control.post("/_sandbox/clock/advance", {"duration": "15m"})
    second = watersmart.keep_alive(portal.soap, token).expires_at
    assert second - first >= timedelta(minutes=15)
    portal.control.post("/_sandbox/clock/advance", {"duration": "15m"})
    jump = watersmart.open_page(portal.sso, token, Redirect.OPEN_BILLS)
    browser.post(jump.form)
    assert str(browser.page.url).endswith("/open-bills")
    portal.control.post("/_sandbox/clock/advance", {"duration": "21m"})
    with pytest.raises(FlowFailed) as caught:
        watersmart.keep_alive(portal.soap, token)
    assert caught.value.steps[0].outcome is Outcome.REFUSED


@water
@pytest.mark.parametrize("redirect", [2, 3, 5, 8, 9, 11])
def test_each_screen_that_watersmart_embeds_opens(portal: Portal, browser: Browser, redirect: int) -> None:
    customers(portal, "W1")
    token = watersmart.sign_in(portal.soap, **ANN, account_number="W1").session.token
    assert browser.post(watersmart.open_page(portal.sso, token, Redirect(redirect)).form)


@water
def test_accounts_are_linked_found_renamed_and_taken_away(portal: Portal) -> None:
    customers(portal, "W1", "W2")
    session = watersmart.sign_in(portal.soap, **ANN, account_number="W1").session
    found = watersmart.find_account(portal.rest, account_number="W1", username=ANN["username"], session=session)
    assert (found.account.account_number, found.same_customer) == ("W1", True)
    assert watersmart.find_account(portal.rest, account_number="W2", session=session).same_customer is False

    watersmart.link_account(portal.soap, username=ANN["username"], account_number="W2")
    watersmart.set_email(
        portal.soap,
        account_number="W2",
        username=ANN["username"],
        new_email_address="two@example.com",
        occasion=Occasion.STAFF,
    )
    assert portal.soap.view_customer_record("W2").email_address == "two@example.com"
    watersmart.unregister(portal.soap, username=ANN["username"], account_numbers=["W2"], occasion=Occasion.CUSTOMER)
    accounts = portal.rest.retrieve_user_accounts(username=ANN["username"])
    assert [account.account_number for account in accounts] == ["W1"]


@water
def test_a_password_changed_at_watersmart_is_changed_at_invoice_cloud(portal: Portal) -> None:
    customers(portal, "W1")
    watersmart.sign_in(portal.soap, **ANN, account_number="W1")
    watersmart.change_password(
        portal.soap,
        username=ANN["username"],
        account_number="W1",
        email_address=ANN["email_address"],
        new_password="Sandbox!6789",
    )
    assert portal.rest.remote_authentication(ANN["username"], "Sandbox!6789").token
    with pytest.raises(PartnerFault):
        portal.rest.remote_authentication(ANN["username"], PASSWORD)


def test_a_demo_s_invoice_gets_its_balance_back(portal: Portal) -> None:
    watersmart.renew_demo_user(portal.soap, invoice_number="500001", balance_due=Decimal("77.00"))
    assert portal.soap.view_invoice("500001").balance_due == Decimal("77.00")


# --- both ways --------------------------------------------------------------------------------------------------------


def test_the_same_stories_run_in_an_event_loop(portal: Portal) -> None:
    async def several() -> list[Any]:
        async with AsyncRestClient(portal.url, UTILITY[2]) as rest:
            who = {"username": USER, "password": PASSWORD, "account_numbers": ["10000101"]}
            return await asyncio.gather(*(sso.user_access(rest, **who) for _ in range(8)))

    reports = asyncio.run(several())
    assert len({report.session.token for report in reports}) == 8
    assert {report.operations for report in reports} == {
        ("RetrieveUsers", "RemoteAuthentication", "RetrieveCustomerGuid", "RetrieveUserAccounts")
    }


def test_everything_that_is_sent_holds_where_invoice_cloud_reads_strictly(portal: Portal, partner: Partner) -> None:
    """Exact names, exact types, nothing unknown: what the leniency of the real service would hide shows here."""
    portal.control.patch(f"/_sandbox/ic/billers/{portal.guid}", {"configuration": {"REST": {"Strict": True}}})
    ann = NewCustomer("20000001", "Ann", "c/o Bob", "1 Elm", "Apt 2", "Town", "MA", "01103", "555", "ann@example.com")
    sso.user_registration(portal.rest, customer=ann, username="ann@example.com", password=PASSWORD)
    access = sso.user_access(
        portal.rest, username="ann@example.com", password=PASSWORD, account_numbers=["20000001", "10000101"]
    )
    portal.rest.retrieve_users(account_number="20000001", email_address="ann@example.com", username="ann@example.com")
    portal.rest.retrieve_user_accounts(token=access.session.token)
    watersmart.find_account(portal.rest, account_number="20000001", email_address="ann@example.com")
    sso.update_email_and_password(
        portal.rest,
        username="ann@example.com",
        email_address="ann@example.com",
        password=PASSWORD,
        new_email_address="anne@example.com",
        new_password="Sandbox!6789",
    )
    portal.rest.update_email_address("ann@example.com", email_address="anne@example.com")
    cloud_payments.unregistered_user_payment(portal.rest, guest_request(partner))
    invoice = CloudInvoice(
        "S-1",
        type_id="1",
        invoice_date=date(2026, 6, 1),
        due_date=date(2026, 6, 21),
        balance_due=Decimal("75.10"),
        cc_service_fee=Decimal("1.95"),
        ach_service_fee=Decimal("0.35"),
        minimum_amount_due=Decimal("10.00"),
        allow_partial_payments=True,
    )
    request = CloudPaymentRequest(
        (CloudCustomer("20000001", "Ann", "1 Elm", "Town", "MA", "01103", "ann@example.com", (invoice,), "2000-0001"),),
        biller_reference="r-3",
        settings=PaymentSettings(
            allow_emv=True,
            emv_device_id="d-1",
            emv_location_id="l-1",
            cashier_name="Ann",
            page_load_override=False,
        ),
    )
    assert cloud_payments.unregistered_user_payment(portal.rest, request).url


@water
def test_soap_1_2_is_spoken_as_well_as_1_1(portal: Portal) -> None:
    customers(portal, "W1", "W2", "W<3>&")
    key = WATER[1]
    with InvoiceCloudClient(portal.url, portal.guid, key, soap="1.2") as soap:
        token = watersmart.sign_in(soap, **ANN, account_number="W1", sync_links=["W2", "W<3>&"]).session.token
        watersmart.keep_alive(soap, token)
        watersmart.unregister(
            soap, username=ANN["username"], account_numbers=["W2", "W<3>&"], occasion=Occasion.CUSTOMER
        )
    accounts = portal.rest.retrieve_user_accounts(username=ANN["username"])
    assert [account.account_number for account in accounts] == ["W1"]


def test_what_payers_did_is_fetched_by_the_partner(portal: Portal, browser: Browser, partner: Partner) -> None:
    now = datetime.fromisoformat(portal.control.get("/_sandbox/clock")["now"])
    token = portal.rest.remote_authentication(USER, PASSWORD).token
    browser.post(sso.paperless_enrollment(portal.sso, token).form)
    browser.submit()
    (change,) = portal.soap.export_customer_changes(now - timedelta(minutes=1))
    assert (change.account_number, change.email_address) == ("10000101", USER)
    assert change.paperless_sign_up_date or change.paperless_cancel_date
    assert portal.soap.export_payments(now - timedelta(minutes=1)) == ()
