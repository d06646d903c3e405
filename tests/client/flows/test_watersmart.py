"""What WaterSmart's portal does at Invoice Cloud, sync and async with one body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, RequestInvalid
from partnerlab.client.flows import FlowFailed, StepOutcome, watersmart
from partnerlab.client.flows.watersmart import Occasion
from partnerlab.client.invoice_cloud import (
    AsyncInvoiceCloudClient,
    AsyncRestClient,
    CloudSso,
    InvoiceCloudClient,
    Redirect,
    RemoteSession,
    RestClient,
)
from tests.client.invoice_cloud.stub import (
    API_KEY,
    BILLER,
    GUID,
    LOST,
    TOKEN,
    WEB_SERVICE_KEY,
    Stub,
    good,
    raw,
    refuse,
)

USER = "ann@example.com"
PASSWORD = "Sandbox!2345"
LOGGED_IN = good(RemoteAuthenticationToken=TOKEN, CustomerGuid=GUID)
WRONG = refuse("The username or the password is wrong.")
WHO = {"username": USER, "password": PASSWORD, "account_number": "W1", "email_address": USER}


def run(flavour: Any, stub: Stub, story: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    rest = story is watersmart.find_account
    kinds: Any = (RestClient, AsyncRestClient) if rest else (InvoiceCloudClient, AsyncInvoiceCloudClient)
    where = (stub.url, API_KEY) if rest else (stub.url, BILLER, WEB_SERVICE_KEY)
    if flavour.name == "sync":
        with kinds[0](*where) as client:
            return story(client, *args, **kw)

    async def awaited() -> Any:
        async with kinds[1](*where) as client:
            return await story(client, *args, **kw)

    return asyncio.run(awaited())


def test_who_signs_in_is_logged_in_and_the_links_are_synced_where_asked(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=LOGGED_IN, LinkCustomerAccount=good())
    report = run(flavour, stub, watersmart.sign_in, **WHO, customer_name="Ann", sync_links=["W2", "W3"])
    names = ["RemoteAuthentication", "LinkCustomerAccount", "LinkCustomerAccount"]
    assert list(report.operations) == stub.operations == names
    assert (report.session, report.newly_registered, report.linked) == (RemoteSession(TOKEN, GUID), False, ("W2", "W3"))
    assert [step.said for step in report.steps] == ["logged in", "W2 is linked", "W3 is linked"]
    assert stub.seen[0].members["CustomerName"] == "Ann"
    assert TOKEN not in repr(report)


@pytest.mark.parametrize("story", [watersmart.sign_in, watersmart.register])
def test_who_cannot_log_in_is_registered_and_then_logged_in(flavour: Any, invoice_cloud: Any, story: Any) -> None:
    stub = invoice_cloud(RemoteAuthentication=[WRONG, LOGGED_IN], RemoteRegistration=good(CustomerGuid=GUID))
    report = run(flavour, stub, story, **WHO)
    assert list(report.operations) == ["RemoteAuthentication", "RemoteRegistration", "RemoteAuthentication"]
    assert [step.outcome for step in report.steps] == [StepOutcome.REFUSED, StepOutcome.DONE, StepOutcome.DONE]
    assert (report.newly_registered, report.linked) == (True, ())


def test_who_registers_with_the_same_address_and_password_is_logged_in_and_linked(
    flavour: Any, invoice_cloud: Any
) -> None:
    stub = invoice_cloud(RemoteAuthentication=LOGGED_IN, LinkCustomerAccount=good())
    report = run(flavour, stub, watersmart.register, **WHO)
    assert list(report.operations) == ["RemoteAuthentication", "LinkCustomerAccount"]
    assert (report.newly_registered, report.linked) == (False, ("W1",))


@pytest.mark.parametrize("answer", [raw(401, b"no"), raw(503, b""), LOST])
@pytest.mark.parametrize("story", [watersmart.sign_in, watersmart.register])
def test_only_a_refused_log_in_leads_to_a_registration(
    flavour: Any, invoice_cloud: Any, story: Any, answer: Any
) -> None:
    stub = invoice_cloud(RemoteAuthentication=answer)
    with pytest.raises(FlowFailed):
        run(flavour, stub, story, **WHO)
    assert stub.operations == ["RemoteAuthentication"]


def test_a_session_is_kept_alive_from_page_to_page(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(KeepRemoteSessionAlive=good(ExpirationDate="2026-06-16T10:50:00"))
    report = run(flavour, stub, watersmart.keep_alive, TOKEN)
    assert report.expires_at == datetime(2026, 6, 16, 10, 50)
    assert report.steps[0].said == "until 2026-06-16T10:50:00"


def test_a_session_that_has_ended_is_a_refusal(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(KeepRemoteSessionAlive=refuse("The token has expired."))
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, watersmart.keep_alive, TOKEN)
    assert isinstance(caught.value.error, PartnerFault)
    assert caught.value.steps[0].outcome is StepOutcome.REFUSED


@pytest.mark.parametrize(
    ("story", "kw", "operation", "said", "sent"),
    [
        (
            watersmart.change_password,
            {"username": USER, "account_number": "W1", "email_address": USER, "new_password": "Sandbox!6789"},
            "RemoteRegistration",
            "the password is set",
            {
                "LoginTypeID": "1",
                "AccountNumber": "W1",
                "Username": USER,
                "EmailAddress": USER,
                "Password": "Sandbox!6789",
            },
        ),
        (
            watersmart.unregister,
            {"username": USER, "account_numbers": ["W1", "W2"], "occasion": Occasion.STAFF},
            "UnregisterAccounts",
            "W1, W2 (utility dashboard, customer details page)",
            {"Username": USER, "Accounts": ["W1", "W2"]},
        ),
        (
            watersmart.link_account,
            {"username": USER, "account_number": "W2"},
            "LinkCustomerAccount",
            "W2 is linked",
            {"Username": USER, "AccountNumber": "W2"},
        ),
        (
            watersmart.set_email,
            {
                "account_number": "W1",
                "username": USER,
                "new_email_address": "n@example.com",
                "occasion": Occasion.CUSTOMER,
            },
            "SetCustomerEmailAddress",
            "W1 (account preferences page)",
            {"AccountNumber": "W1", "Username": USER, "NewEmailAddress": "n@example.com"},
        ),
        (
            watersmart.renew_demo_user,
            {"invoice_number": "I1", "balance_due": Decimal("20"), "total_amount_due": Decimal("30.5")},
            "SetInvoiceBalance",
            "I1 has a balance of 20",
            {"InvoiceNumber": "I1", "BalanceDue": "20.00", "TotalAmountDue": "30.50"},
        ),
    ],
)
def test_each_occasion_is_its_call(
    flavour: Any, invoice_cloud: Any, story: Any, kw: Any, operation: str, said: str, sent: Any
) -> None:
    stub = invoice_cloud(**{operation: good()})
    report = run(flavour, stub, story, **kw)
    (step,) = report.steps
    assert (step.operation, step.outcome, step.said) == (operation, StepOutcome.DONE, said)
    assert stub.seen[0].members == {"BillerGUID": BILLER, "WebServiceKey": WEB_SERVICE_KEY, **sent}


@pytest.mark.parametrize(("guid", "same"), [(GUID.upper(), True), ("another", False), (None, None)])
def test_the_account_of_an_authentication_is_found_and_compared(
    flavour: Any, invoice_cloud: Any, guid: str | None, same: bool | None
) -> None:
    texts = dict.fromkeys(
        ("CustomerID", "CustomerName", "Address1", "Address2", "City", "State", "Zip", "Phone", "EmailAddress"), ""
    )
    flags = {"AutoPay": False, "PaperInvoices": True, "Registered": True, "BalanceDue": 0}
    stub = invoice_cloud(
        RetrieveCustomerGuid=good(CustomerGuid=GUID),
        RetrieveCustomerAccount=good(AccountNumber="W1", CustomerGuid=GUID, **texts, **flags),
    )
    session = None if guid is None else RemoteSession(TOKEN, guid)
    report = run(flavour, stub, watersmart.find_account, account_number="W1", username=USER, session=session)
    assert list(report.operations) == stub.operations == ["RetrieveCustomerGuid", "RetrieveCustomerAccount"]
    assert (report.account.account_number, report.same_customer) == ("W1", same)


@pytest.mark.parametrize("redirect", [2, 3, 5, 8, 9, 11])
def test_watersmart_embeds_its_six_screens(redirect: int) -> None:
    jump = watersmart.open_page(CloudSso("https://ic.example.com"), TOKEN, Redirect(redirect))
    assert jump.form.fields["RedirectID"] == str(redirect)


def test_watersmart_does_not_embed_the_recent_bills() -> None:
    with pytest.raises(RequestInvalid, match="is not a page that this partner's document lists"):
        watersmart.open_page(CloudSso("https://ic.example.com"), TOKEN, Redirect.RECENT_BILLS)
