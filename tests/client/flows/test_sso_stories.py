"""The ten single sign-on stories, sync and async with one body, against a stub that keeps to the contract."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, RequestInvalid, TransportError
from partnerlab.client.flows import FlowFailed, StepOutcome, sso
from partnerlab.client.invoice_cloud import AsyncRestClient, CloudSso, NewCustomer, Redirect, RestClient
from tests.client.invoice_cloud.stub import API_KEY, GUID, LOST, TOKEN, Stub, good, raw, refuse

USER = "willows@example.com"
PASSWORD = "Sandbox!2345"
SSO = CloudSso("https://ic.example.com", css_url="https://css.example.com/a.css")
LOGGED_IN = good(RemoteAuthenticationToken=TOKEN, CustomerGuid=GUID)
WRONG = refuse("The username or the password is wrong.")


def run(flavour: Any, stub: Stub, story: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    """One body for both: the sync client returns the report, the async one is awaited."""
    if flavour.name == "sync":
        with RestClient(stub.url, API_KEY) as client:
            return story(client, *args, **kw)

    async def awaited() -> Any:
        async with AsyncRestClient(stub.url, API_KEY) as client:
            return await story(client, *args, **kw)

    return asyncio.run(awaited())


def user(number: str = "10000101", registered: bool = True, name: str = USER) -> dict[str, Any]:
    return {
        "Username": name if registered else "",
        "EmailAddress": USER,
        "CustomerGuid": GUID,
        "AccountNumber": number,
        "Registered": registered,
    }


def linked(*numbers: str) -> Any:
    texts = dict.fromkeys(("CustomerName", "EmailAddress", "Address1", "Address2", "City", "State", "Zip"), "")
    return good(Accounts=[{"AccountNumber": number, "CustomerGuid": GUID, **texts} for number in numbers])


def registration(**fates: bool) -> dict[str, Any]:
    return {
        "Accounts": [
            {
                "AccountNumber": n,
                "CustomerGuid": GUID if r else None,
                "Registered": r,
                "Message": "" if r else "unknown",
            }
            for n, r in fates.items()
        ]
    }


# --- User Access ------------------------------------------------------------------------------------------------------

ACCESS = {"username": USER, "password": PASSWORD, "account_numbers": ["10000101", "10000102"]}


def test_a_user_who_logs_in_gets_a_token_a_guid_and_the_accounts_to_sync(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[user()]),
        RemoteAuthentication=LOGGED_IN,
        RetrieveCustomerGuid=good(CustomerGuid=GUID),
        RetrieveUserAccounts=linked("10000101", "10000103"),
    )
    report = run(flavour, stub, sso.user_access, **ACCESS)
    names = ["RetrieveUsers", "RemoteAuthentication", "RetrieveCustomerGuid", "RetrieveUserAccounts"]
    assert stub.operations == list(report.operations) == names
    assert {step.outcome for step in report.steps} == {StepOutcome.DONE}
    assert (report.session.token, report.customer_guid, report.newly_registered) == (TOKEN, GUID, False)
    assert [account.account_number for account in report.accounts] == ["10000101", "10000103"]
    assert (report.only_at_invoice_cloud, report.only_at_portal) == (("10000103",), ("10000102",))
    assert stub.seen[2].members == {"AccountNumber": "10000101", "Username": USER}
    assert str(report).splitlines()[:2] == ["User Access", "1. RetrieveUsers: done: 10000101 registered"]
    assert TOKEN not in repr(report) + str(report)


def test_a_user_whose_log_in_fails_is_registered_and_logged_in(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[user()]),
        RemoteAuthentication=[WRONG, LOGGED_IN],
        RegisterAccounts=refuse("not all", **registration(**{"10000101": False, "10000102": True})),
        RetrieveCustomerGuid=good(CustomerGuid=GUID),
        RetrieveUserAccounts=linked("10000102"),
    )
    report = run(flavour, stub, sso.user_access, **ACCESS)
    assert list(report.operations) == [
        "RetrieveUsers",
        "RemoteAuthentication",
        "RegisterAccounts",
        "RemoteAuthentication",
        "RetrieveCustomerGuid",
        "RetrieveUserAccounts",
    ]
    assert [step.outcome for step in report.steps][:3] == [StepOutcome.DONE, StepOutcome.REFUSED, StepOutcome.DONE]
    assert report.newly_registered
    assert [row.registered for row in report.registrations] == [False, True]
    assert report.steps[2].said == "10000101 not registered, 10000102 registered"
    # The GUID asked for is that of an account which Invoice Cloud has.
    assert stub.seen[4].members["AccountNumber"] == "10000102"


def test_a_user_invoice_cloud_does_not_know_is_not_logged_in_in_vain(flavour: Any, invoice_cloud: Any) -> None:
    for users in ([], [user(registered=False)], [user(name="other@example.com")]):
        stub = invoice_cloud(
            RetrieveUsers=good(Users=users),
            RegisterAccounts=good(**registration(**{"10000101": True, "10000102": True})),
            RemoteAuthentication=LOGGED_IN,
            RetrieveCustomerGuid=good(CustomerGuid=GUID),
            RetrieveUserAccounts=linked("10000101", "10000102"),
        )
        report = run(flavour, stub, sso.user_access, **ACCESS)
        assert stub.operations[:3] == ["RetrieveUsers", "RegisterAccounts", "RemoteAuthentication"]
        assert report.newly_registered


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(raw(401, b"{}"), StepOutcome.REFUSED), (raw(500, b""), StepOutcome.FAILED), (LOST, StepOutcome.FAILED)],
)
def test_only_a_refused_log_in_leads_to_a_registration(
    flavour: Any, invoice_cloud: Any, answer: Any, outcome: StepOutcome
) -> None:
    stub = invoice_cloud(RetrieveUsers=good(Users=[user()]), RemoteAuthentication=answer)
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, sso.user_access, **ACCESS)
    assert stub.operations == ["RetrieveUsers", "RemoteAuthentication"]
    assert [step.outcome for step in caught.value.steps] == [StepOutcome.DONE, outcome]
    assert caught.value.__cause__ is caught.value.error


def test_a_story_that_stops_tells_what_was_done_and_what_is_in_doubt(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RetrieveUsers=good(Users=[]), RegisterAccounts=LOST)
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, sso.user_access, **ACCESS)
    error = caught.value
    assert isinstance(error.error, TransportError)
    assert [(step.operation, step.outcome) for step in error.steps] == [
        ("RetrieveUsers", StepOutcome.DONE),
        ("RegisterAccounts", StepOutcome.UNKNOWN),
    ]
    assert str(error).endswith("(done before: RetrieveUsers)")
    assert PASSWORD not in str(error)
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.steps, str(copy), str(copy.error)) == (error.steps, str(error), str(error.error))


@pytest.mark.parametrize("own", [{"account_numbers": []}, {"password": ""}, {"username": " "}])
def test_a_value_that_breaks_a_rule_stops_a_story_before_it_begins(flavour: Any, invoice_cloud: Any, own: Any) -> None:
    stub = invoice_cloud()
    with pytest.raises(RequestInvalid):
        run(flavour, stub, sso.user_access, **{**ACCESS, **own})
    assert stub.server.connections == 0


# --- User Registration ------------------------------------------------------------------------------------------------

REGISTRATION = {
    "customer": NewCustomer("20000001", "Ann Example", email_address="ann@example.com"),
    "username": "ann@example.com",
    "password": PASSWORD,
}


def test_an_unknown_account_is_created_registered_and_logged_in(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[]),
        CreateCustomerRecord=good(CustomerGuid=GUID, Created=True),
        RegisterAccounts=good(**registration(**{"20000001": True})),
        RemoteAuthentication=LOGGED_IN,
    )
    report = run(flavour, stub, sso.user_registration, **REGISTRATION, sso=SSO)
    assert stub.operations == ["RetrieveUsers", "CreateCustomerRecord", "RegisterAccounts", "RemoteAuthentication"]
    assert list(report.operations) == [*stub.operations, "CloudSSO"]
    assert (report.customer_created, report.newly_registered) == (True, True)
    assert report.jump.redirect is Redirect.RECENT_BILLS
    assert report.jump.form.fields["CSSUrl"] == SSO.css_url
    assert report.jump.form.fields["RemoteAuthenticationToken"] == TOKEN
    assert stub.seen[0].members == {"AccountNumber": "20000001"}
    assert stub.seen[2].members["EmailAddress"] == "ann@example.com"
    assert TOKEN not in repr(report)


def test_a_known_account_that_is_not_registered_is_registered_and_logged_in(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[user("20000001", registered=False)]),
        RegisterAccounts=good(**registration(**{"20000001": True})),
        RemoteAuthentication=LOGGED_IN,
    )
    report = run(flavour, stub, sso.user_registration, **REGISTRATION)
    assert stub.operations == ["RetrieveUsers", "RegisterAccounts", "RemoteAuthentication"]
    assert (report.customer_created, report.newly_registered) == (False, True)
    # Without a way of the portal's own, the pages are those at the services' origin.
    assert report.jump.form.action == f"{stub.url}/cloudsso/connect"


def test_a_registered_account_is_logged_in(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RetrieveUsers=good(Users=[user("20000001")]), RemoteAuthentication=LOGGED_IN)
    report = run(flavour, stub, sso.user_registration, **REGISTRATION)
    assert stub.operations == ["RetrieveUsers", "RemoteAuthentication"]
    assert (report.customer_created, report.newly_registered) == (False, False)


def test_a_registration_that_is_refused_leaves_word_of_the_customer_it_created(
    flavour: Any, invoice_cloud: Any
) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[]),
        CreateCustomerRecord=good(CustomerGuid=GUID, Created=True),
        RegisterAccounts=refuse("The password is too short."),
    )
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, sso.user_registration, **REGISTRATION)
    assert isinstance(caught.value.error, PartnerFault)
    assert [(step.outcome, step.said) for step in caught.value.steps][1:] == [
        (StepOutcome.DONE, "created"),
        (StepOutcome.REFUSED, "Success=false: The password is too short."),
    ]


# --- Update Email and Password ----------------------------------------------------------------------------------------

UPDATE = {
    "username": USER,
    "email_address": USER,
    "password": PASSWORD,
    "new_email_address": "new@example.com",
    "new_password": "Sandbox!6789",
}


def test_what_is_the_same_at_both_is_updated_at_once(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[user()]),
        RemoteAuthentication=LOGGED_IN,
        UpdatePassword=good(),
        UpdateEmailAddress=good(),
    )
    report = run(flavour, stub, sso.update_email_and_password, **{**UPDATE, "email_address": " WILLOWS@example.com"})
    names = ["RetrieveUsers", "RemoteAuthentication", "UpdatePassword", "UpdateEmailAddress"]
    assert list(report.operations) == stub.operations == names
    assert not report.verification_needed
    assert stub.seen[2].members == {"Username": USER, "NewPassword": "Sandbox!6789", "Password": PASSWORD}
    assert stub.seen[3].members == {"Username": USER, "NewEmailAddress": "new@example.com"}


@pytest.mark.parametrize(
    ("login", "portal_has", "differs"),
    [
        (LOGGED_IN, "old@example.com", ("e-mail address",)),
        (WRONG, USER, ("password",)),
        (WRONG, "old@example.com", ("e-mail address", "password")),
    ],
)
def test_what_differs_needs_the_user_s_word_and_changes_nothing_before(
    flavour: Any, invoice_cloud: Any, login: Any, portal_has: str, differs: tuple[str, ...]
) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[user()]),
        RemoteAuthentication=login,
        UpdatePassword=good(),
        UpdateEmailAddress=good(),
    )
    report = run(flavour, stub, sso.update_email_and_password, **{**UPDATE, "email_address": portal_has})
    assert stub.operations == ["RetrieveUsers", "RemoteAuthentication"]
    assert (report.verification_needed, report.differs, report.verify_at) == (True, differs, USER)
    assert report.operations[-1] == "verification"
    assert "Sandbox!6789" not in repr(report)
    # The user approves, maybe days later and in another process.
    pending = pickle.loads(pickle.dumps(report.pending))
    done = run(flavour, stub, sso.finish_email_and_password, pending)
    assert list(done.operations) == stub.operations[2:] == ["UpdatePassword", "UpdateEmailAddress"]
    assert stub.seen[2].members == {"Username": USER, "NewPassword": "Sandbox!6789"}


@pytest.mark.parametrize(
    ("own", "operation"),
    [({"new_password": ""}, "UpdateEmailAddress"), ({"new_email_address": ""}, "UpdatePassword")],
)
def test_only_what_is_new_is_updated(flavour: Any, invoice_cloud: Any, own: Any, operation: str) -> None:
    stub = invoice_cloud(
        **{"RetrieveUsers": good(Users=[user()]), "RemoteAuthentication": LOGGED_IN, operation: good()}
    )
    run(flavour, stub, sso.update_email_and_password, **{**UPDATE, **own})
    assert stub.operations[2:] == [operation]


def test_an_update_of_nothing_is_not_begun(flavour: Any, invoice_cloud: Any) -> None:
    own = {"new_email_address": "", "new_password": ""}
    with pytest.raises(RequestInvalid, match="a new e-mail address or a new password"):
        run(flavour, invoice_cloud(), sso.update_email_and_password, **{**UPDATE, **own})


def test_a_user_invoice_cloud_does_not_have_cannot_be_updated(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(RetrieveUsers=good(Users=[user(registered=False)]))
    with pytest.raises(FlowFailed, match=r"has no user willows@example\.com"):
        run(flavour, stub, sso.update_email_and_password, **UPDATE)


def test_an_update_that_stops_half_way_says_that_the_password_is_changed(flavour: Any, invoice_cloud: Any) -> None:
    stub = invoice_cloud(
        RetrieveUsers=good(Users=[user()]),
        RemoteAuthentication=LOGGED_IN,
        UpdatePassword=good(),
        UpdateEmailAddress=refuse("The address is another user's."),
    )
    with pytest.raises(FlowFailed) as caught:
        run(flavour, stub, sso.update_email_and_password, **UPDATE)
    assert [step.outcome for step in caught.value.steps][2:] == [StepOutcome.DONE, StepOutcome.REFUSED]


# --- the pages --------------------------------------------------------------------------------------------------------

PAGES = [
    (sso.registered_user_payment, 1),
    (sso.paperless_enrollment, 2),
    (sso.autopay_enrollment, 3),
    (sso.manage_payment_methods, 5),
    (sso.manage_scheduled_payments, 9),
    (sso.pay_by_text_enrollment, 11),
]


@pytest.mark.parametrize(("story", "redirect"), PAGES)
def test_a_page_is_for_the_browser_and_nothing_is_sent(story: Callable[..., Any], redirect: int) -> None:
    jump = story(SSO, TOKEN)
    assert jump.form.fields["RedirectID"] == str(redirect)
    assert jump.form.fields["ViewMode"] == "1"
    assert f"RedirectID={redirect}&" in jump.url
    (step,) = jump.steps
    assert step.said == f"page {redirect}, {Redirect(redirect).page}: for the browser, nothing was sent"
    assert TOKEN not in repr(jump) + str(jump)


def test_a_page_without_a_token_is_not_made() -> None:
    with pytest.raises(RequestInvalid, match="RemoteAuthenticationToken"):
        sso.registered_user_payment(SSO, "")


def test_the_ten_stories_are_here() -> None:
    stories = [
        sso.user_access,
        sso.user_registration,
        sso.unregistered_user_payment,
        sso.registered_user_payment,
        sso.manage_scheduled_payments,
        sso.paperless_enrollment,
        sso.autopay_enrollment,
        sso.pay_by_text_enrollment,
        sso.update_email_and_password,
        sso.manage_payment_methods,
    ]
    assert len(set(map(id, stories))) == 10
    for story in stories:
        assert story.__doc__
        assert "Source: stor" in story.__doc__, story
