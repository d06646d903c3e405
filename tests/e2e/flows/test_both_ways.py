"""The stories in an event loop, read strictly, over SOAP 1.2, and their downloads."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from partnerlab.client.flows import cloud_payments, sso, watersmart
from partnerlab.client.flows.watersmart import Occasion
from partnerlab.client.invoice_cloud import (
    AsyncRestClient,
    CloudCustomer,
    CloudInvoice,
    CloudPaymentRequest,
    InvoiceCloudClient,
    NewCustomer,
    PaymentSettings,
)
from tests.e2e.flows.conftest import (
    ANN,
    PASSWORD,
    USER,
    UTILITY,
    WATER,
    Browser,
    Partner,
    Portal,
    customers,
    guest_request,
    water,
)


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
            allow_emv=False,  # a portal has no terminal
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
