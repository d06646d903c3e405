"""What WaterSmart calls on each occasion, against the sandbox."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from partnerlab.client.errors import PartnerFault
from partnerlab.client.flows import FlowFailed, StepOutcome, watersmart
from partnerlab.client.flows.watersmart import Occasion
from partnerlab.client.invoice_cloud import (
    Redirect,
)
from tests.e2e.flows.conftest import ANN, PASSWORD, Browser, Portal, customers, water


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
def test_a_payer_and_an_account_that_are_new_are_created_by_signing_in(portal: Portal) -> None:
    report = watersmart.sign_in(portal.soap, **ANN, account_number="W9")
    assert report.operations == ("RemoteAuthentication",)
    accounts = portal.rest.retrieve_user_accounts(token=report.session.token)
    assert [account.account_number for account in accounts] == ["W9"]


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
    assert caught.value.steps[0].outcome is StepOutcome.REFUSED


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
