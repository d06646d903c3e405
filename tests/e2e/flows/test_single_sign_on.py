"""The inHance Portal's stories of single sign-on, against the sandbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from partnerlab.client.errors import PartnerFault
from partnerlab.client.flows import FlowFailed, StepOutcome, sso
from partnerlab.client.invoice_cloud import (
    NewCustomer,
)
from tests.e2e.flows.conftest import PASSWORD, USER, Browser, Portal


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


def test_a_password_that_only_the_portal_has_is_registered_and_opens_the_bills(portal: Portal) -> None:
    """The story's branch "login failed: Register Account(s), Authenticate Account(s)" [A-76]."""
    access = sso.user_access(portal.rest, username=USER, password="Another!6789", account_numbers=["10000101"])
    assert access.newly_registered
    assert [(row.account_number, row.registered) for row in access.registrations] == [("10000101", True)]
    again = sso.user_access(portal.rest, username=USER, password="Another!6789", account_numbers=["10000101"])
    assert not again.newly_registered


def test_where_the_biller_requires_it_a_wrong_password_does_not_take_another_user_s_name(portal: Portal) -> None:
    configuration = {"Registration": {"RequirePassword": True}}
    portal.control.patch(f"/_sandbox/ic/billers/{portal.guid}", {"configuration": configuration})
    with pytest.raises(FlowFailed) as caught:
        sso.user_access(portal.rest, username=USER, password="Another!6789", account_numbers=["10000101"])
    assert [(step.operation, step.outcome) for step in caught.value.steps][1:] == [
        ("RemoteAuthentication", StepOutcome.REFUSED),
        ("RegisterAccounts", StepOutcome.REFUSED),
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
