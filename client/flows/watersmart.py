"""
What the WaterSmart portal does at Invoice Cloud, each occasion one call.

Most go to `RemoteAuthenticationWS.asmx` (`InvoiceCloudClient`); finding an account goes to the REST services
(`RestClient`).

Source: WaterSmart Technical Design, Invoice Cloud Web Services, the "Called when" of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial

from partnerlab.client.errors import PartnerFault
from partnerlab.client.flows.sso import Jump, jump
from partnerlab.client.flows.story import Flow, Report, Steps, refused, rest_story, soap_story
from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import Account, RestAccount
from partnerlab.client.invoice_cloud.models import CustomerAccount, RemoteSession
from partnerlab.client.invoice_cloud.operations import billing, rest
from partnerlab.client.invoice_cloud.operations import remote_authentication as soap
from partnerlab.client.invoice_cloud.sso import WATERSMART_PAGES, CloudSso, Redirect

__all__ = [
    "AccountFound",
    "Done",
    "KeptAlive",
    "Occasion",
    "SignedIn",
    "change_password",
    "find_account",
    "keep_alive",
    "link_account",
    "open_page",
    "register",
    "renew_demo_user",
    "set_email",
    "sign_in",
    "unregister",
]


class Occasion(StrEnum):
    """Who changes an account: the customer, or the utility's staff for the customer."""

    CUSTOMER = "account preferences page"
    STAFF = "utility dashboard, customer details page"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Report):
    """A user with a session. `newly_registered`: the log-in failed, and the user was registered."""

    session: RemoteSession
    newly_registered: bool
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAlive(Report):
    """A session that lives on; naive where Invoice Cloud gives no offset."""

    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFound(Report):
    """
    The account of an authentication. `same_customer` is false where the session belongs to another customer: link or
    register nothing then; `None` where no session was given.
    """

    account: CustomerAccount
    same_customer: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Report):
    """The report of a story that gives nothing back; the steps say what was done."""


@soap_story("Sign-in")
def sign_in(
    do: Steps,
    account: Account,
    *,
    username: str,
    password: str,
    account_number: str,
    email_address: str,
    customer_name: str = "",
    sync_links: Sequence[str] = (),
) -> Flow[SignedIn]:
    """
    A user signs into WaterSmart: log in at Invoice Cloud; where that fails, register, then log in.

    Args:
        customer_name: With setting 29 = 1, the name of a customer whom Invoice Cloud creates for an unknown account;
            without it the account's number.
        sync_links: The user's other accounts, for utilities that sync account linking upon login.

    Raises `FlowFailed`. Source: RemoteAuthentication "when user signs into WS"; RemoteRegistration "upon login when
    user is registered in WS but not authenticated successfully in IC"; LinkCustomerAccount, the flag to sync upon
    login.
    """
    login = soap.remote_authentication(account, username, password, account_number, customer_name, email_address)
    registration = soap.remote_registration(account, account_number, username, email_address, password)
    links = {number: soap.link_customer_account(account, username, number) for number in sync_links}
    session, newly_registered = yield from _enter(do, login, registration)
    for number, link in links.items():
        yield from do.take(link, partial(_linked, number))
    return SignedIn(
        story=do.story,
        steps=do.made,
        session=session,
        newly_registered=newly_registered,
        linked=tuple(links),
    )


@soap_story("Registration")
def register(
    do: Steps,
    account: Account,
    *,
    username: str,
    password: str,
    account_number: str,
    email_address: str,
    customer_name: str = "",
) -> Flow[SignedIn]:
    """
    A user registers at WaterSmart. Who has the same address and password at Invoice Cloud is logged in, and the
    account linked; anybody else is registered, then logged in.

    Raises `FlowFailed`. Source: RemoteAuthentication "also when user registers via the WS registration flow";
    RemoteRegistration the same; LinkCustomerAccount "when a user registers the same email/pw combination for a new
    account".
    """
    login = soap.remote_authentication(account, username, password, account_number, customer_name, email_address)
    registration = soap.remote_registration(account, account_number, username, email_address, password)
    link = soap.link_customer_account(account, username, account_number)
    session, newly_registered = yield from _enter(do, login, registration)
    if not newly_registered:
        yield from do.take(link, partial(_linked, account_number))
    return SignedIn(
        story=do.story,
        steps=do.made,
        session=session,
        newly_registered=newly_registered,
        linked=() if newly_registered else (account_number,),
    )


@soap_story("Keep alive")
def keep_alive(do: Steps, account: Account, token: str) -> Flow[KeptAlive]:
    """
    A user moves between pages of the billing panel. Raises `FlowFailed` where the session has ended: sign in again.

    Source: KeepRemoteSessionAlive "every time user navigates onto/between pages".
    """
    call = soap.keep_remote_session_alive(account, token)
    expires_at = yield from do.take(call, lambda moment: f"until {moment.isoformat()}")
    return KeptAlive(story=do.story, steps=do.made, expires_at=expires_at)


@soap_story("Password change")
def change_password(
    do: Steps, account: Account, *, username: str, account_number: str, email_address: str, new_password: str
) -> Flow[Done]:
    """
    A user changed the password at WaterSmart: a registration again, which sets it at Invoice Cloud. Raises
    `FlowFailed`.

    Source: RemoteRegistration "when the user changes their password".
    """
    call = soap.remote_registration(account, account_number, username, email_address, new_password)
    yield from do.take(call, lambda _: "the password is set")
    return Done(story=do.story, steps=do.made)


@soap_story("Unregister")
def unregister(
    do: Steps, account: Account, *, username: str, account_numbers: Sequence[str], occasion: Occasion
) -> Flow[Done]:
    """
    Accounts are taken from a user. Raises `FlowFailed`.

    Source: UnregisterAccounts "when account is removed in account preferences page or when account is reset by
    utility staff".
    """
    call = soap.unregister_accounts(account, username, account_numbers)
    yield from do.take(call, lambda _: f"{', '.join(account_numbers)} ({occasion})")
    return Done(story=do.story, steps=do.made)


@soap_story("Link account")
def link_account(do: Steps, account: Account, *, username: str, account_number: str) -> Flow[Done]:
    """
    An account is added to a user. Raises `FlowFailed`.

    Source: LinkCustomerAccount "when account is added in account preferences page".
    """
    call = soap.link_customer_account(account, username, account_number)
    yield from do.take(call, partial(_linked, account_number))
    return Done(story=do.story, steps=do.made)


@soap_story("E-mail address")
def set_email(
    do: Steps, account: Account, *, account_number: str, username: str, new_email_address: str, occasion: Occasion
) -> Flow[Done]:
    """
    A customer's e-mail address changed. A username that was the old address is the new one from then on
    (assumed [A-53]).

    Raises `FlowFailed`.

    Source: SetCustomerEmailAddress "when user changes their email in the account preferences page or when the email is
    changed by utility staff".
    """
    call = soap.set_customer_email_address(account, account_number, username, new_email_address)
    yield from do.take(call, lambda _: f"{account_number} ({occasion})")
    return Done(story=do.story, steps=do.made)


@soap_story("Renew user")
def renew_demo_user(
    do: Steps,
    account: Account,
    *,
    invoice_number: str,
    balance_due: Decimal,
    total_amount_due: Decimal | None = None,
) -> Flow[Done]:
    """
    A demo's invoice gets its balance back. Never for a real biller: it says what somebody owes. Raises `FlowFailed`.

    Source: SetInvoiceBalance "when the 'Renew User' button is clicked, only in IC demo".
    """
    call = billing.set_invoice_balance(account, invoice_number, balance_due, total_amount_due)
    yield from do.take(call, lambda _: f"{invoice_number} has a balance of {balance_due}")
    return Done(story=do.story, steps=do.made)


@rest_story("Find account")
def find_account(
    do: Steps,
    account: RestAccount,
    *,
    account_number: str,
    email_address: str = "",
    username: str = "",
    session: RemoteSession | None = None,
) -> Flow[AccountFound]:
    """
    The account of a successful authentication, so that the right one is linked or registered. Raises `FlowFailed`.

    With *session* the customer found is compared with the one who logged in.

    Source: REST API Retrieve CustomerGUID and Retrieve Customer Account "in the WS authentication process".
    """
    find = rest.retrieve_customer_guid(account, account_number, email_address, username)
    guid = yield from do.take(find, lambda guid: f"CustomerGUID {guid}")
    look = rest.retrieve_customer_account(account, guid)
    found = yield from do.take(look, lambda found: f"account {found.account_number}")
    same = None if session is None else found.customer_guid.lower() == session.customer_guid.lower()
    return AccountFound(story=do.story, steps=do.made, account=found, same_customer=same)


def open_page(sso: CloudSso, token: str, redirect: Redirect) -> Jump:
    """
    One of the screens that WaterSmart embeds: 2, 3, 5, 8, 9 or 11. Raises `RequestInvalid` for another.

    Source: Customer Portal Redirects; Payer Experience.
    """
    return jump("Customer Portal Redirect", sso, token, redirect, WATERSMART_PAGES)


def _enter(do: Steps, login: Call[RemoteSession], registration: Call[str]) -> Flow[tuple[RemoteSession, bool]]:
    """
    Log in, or register and log in; whether it took a registration.

    Only a refusal of the log-in itself leads to one: not a wrong key, and not an answer that is lost.
    """
    try:
        return (yield from do.take(login, lambda _: "logged in")), False
    except PartnerFault as error:
        if not refused(error):
            raise
    yield from do.take(registration, lambda _: "registered")
    return (yield from do.take(login, lambda _: "logged in")), True


def _linked(account_number: str, _: None) -> str:
    return f"{account_number} is linked"
