"""
The ten single sign-on stories of the inHance Portal, each one call.

User Access, User Registration and Update Email and Password speak to the REST services; Unregistered User Payment
asks for a Cloud Payments page; the other six hand the user's browser to a page of the Invoice Cloud portal, so
nothing is sent.

Source: inHance Portal Technical Design, Single Sign On, User Stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from partnerlab.client.errors import PartnerFault, RequestInvalid
from partnerlab.client.flows.cloud_payments import unregistered_user_payment
from partnerlab.client.flows.story import Flow, Report, Step, StepOutcome, Steps, refused, rest_story
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.models import (
    AccountRegistration,
    NewCustomer,
    PortalUser,
    RemoteSession,
    UserAccount,
)
from partnerlab.client.invoice_cloud.operations import rest as rest
from partnerlab.client.invoice_cloud.sso import INHANCE_PORTAL_PAGES, CloudSso, Redirect, SsoForm

__all__ = [
    "EmailAndPassword",
    "Jump",
    "PendingUpdate",
    "Registration",
    "UserLogin",
    "autopay_enrollment",
    "finish_email_and_password",
    "jump",
    "manage_payment_methods",
    "manage_scheduled_payments",
    "paperless_enrollment",
    "pay_by_text_enrollment",
    "registered_user_payment",
    "unregistered_user_payment",
    "update_email_and_password",
    "user_access",
    "user_registration",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump(Report):
    """
    A page for the user's browser: put `form.html()` where the page shall stand, or open `url`, which shows the token.

    `partnerlab.client.invoice_cloud.sso` says why the form is better.
    """

    redirect: Redirect
    form: SsoForm
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLogin(Report):
    """
    A user who is logged in.

    `accounts` are the user's accounts at Invoice Cloud, to be synced; of those `only_at_invoice_cloud` are not the
    portal's yet, and `only_at_portal` are the portal's that Invoice Cloud has not linked. `newly_registered`: the
    log-in failed, and the user was registered; `registrations` says what became of each account then, since some may be
    registered and others not.
    """

    session: RemoteSession
    customer_guid: str
    accounts: tuple[UserAccount, ...]
    only_at_invoice_cloud: tuple[str, ...]
    only_at_portal: tuple[str, ...]
    newly_registered: bool
    registrations: tuple[AccountRegistration, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(Report):
    """A user who registered at the portal: what was made for that at Invoice Cloud, and the session."""

    session: RemoteSession
    customer_created: bool
    newly_registered: bool
    jump: Jump


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """
    An update that waits for the user's word, by the verification mail. Call `finish_email_and_password` with it then.

    It holds the new password: keep it where you keep such a thing, and as short as the mail's link lives.
    """

    username: str
    new_email_address: str = ""
    new_password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailAndPassword(Report):
    """
    What came of an update: it is made, or, with `pending`, it needs the user's word first.

    `differs` names what is not the same at Invoice Cloud, `verify_at` is the address Invoice Cloud has of the user: the
    "stored account user email address" to which the portal's verification mail goes.
    """

    pending: PendingUpdate | None = None
    differs: tuple[str, ...] = ()
    verify_at: str = ""

    @property
    def verification_needed(self) -> bool:
        """Whether nothing was changed yet."""
        return self.pending is not None


@rest_story("User Access")
def user_access(
    do: Steps,
    account: RestAccount,
    *,
    username: str,
    password: str,
    account_numbers: Sequence[str],
    email_address: str = "",
) -> Flow[UserLogin]:
    """
    A user logs in at the portal: log in at Invoice Cloud; where that fails, register, then log in.

    Args:
        account_numbers: The user's accounts at the portal. The CustomerGUID is that of the first which Invoice Cloud
            has linked.
        email_address: For the registration; the username where not given.

    Only a refusal of the log-in itself leads to a registration: not a wrong API key, and not an answer that is lost.
    Raises `FlowFailed`. Source: story User Access.
    """
    known = rest.retrieve_users(account, username=username)
    login = rest.remote_authentication(account, username, password)
    register = rest.register_accounts(account, username, password, account_numbers, email_address)
    linked = rest.retrieve_user_accounts(account, username=username)

    users = yield from do.take(known, _users)
    session: RemoteSession | None = None
    if _registered(users, username):
        try:
            session = yield from do.take(login, _logged_in)
        except PartnerFault as error:
            if not refused(error):
                raise
    newly_registered = session is None
    registrations: tuple[AccountRegistration, ...] = ()
    known_numbers = {user.account_number for user in users}
    if session is None:
        registrations = yield from do.take(register, _registrations)
        known_numbers = {row.account_number for row in registrations if row.registered}
        session = yield from do.take(login, _logged_in)
    number = next((number for number in account_numbers if number in known_numbers), account_numbers[0])
    find = rest.retrieve_customer_guid(account, number, username=username)
    customer_guid = yield from do.take(find, lambda guid: f"CustomerGUID {guid}")
    accounts = yield from do.take(linked, lambda rows: ", ".join(row.account_number for row in rows) or "no accounts")
    at_invoice_cloud = [row.account_number for row in accounts]
    return UserLogin(
        story=do.story,
        steps=do.made,
        session=session,
        customer_guid=customer_guid,
        accounts=accounts,
        only_at_invoice_cloud=tuple(number for number in at_invoice_cloud if number not in account_numbers),
        only_at_portal=tuple(number for number in account_numbers if number not in at_invoice_cloud),
        newly_registered=newly_registered,
        registrations=registrations,
    )


@rest_story("User Registration")
def user_registration(
    do: Steps,
    account: RestAccount,
    *,
    customer: NewCustomer,
    username: str,
    password: str,
    sso: CloudSso | None = None,
) -> Flow[Registration]:
    """
    A user registers at the portal, which does not know whether Invoice Cloud has the account or its registration.

    An unknown account gets its customer's record, is registered and logged in; a known one without a registration is
    registered and logged in; a registered one is logged in. Then comes the Recent Bill Listing.

    Args:
        customer: The account and its owner; `email_address` is the registration's too.
        sso: The portal's own way into the pages; plain where not given.

    Raises `FlowFailed`. Source: story User Registration.
    """
    known = rest.retrieve_users(account, account_number=customer.account_number)
    create = rest.create_customer_record(account, customer)
    register = rest.register_accounts(account, username, password, [customer.account_number], customer.email_address)
    login = rest.remote_authentication(account, username, password, customer.account_number)

    users = yield from do.take(known, _users)
    created = False
    if not users:
        made = yield from do.take(create, lambda made: "created" if made.created else "stood already")
        created = made.created
    newly_registered = not any(user.registered for user in users)
    if newly_registered:
        yield from do.take(register, _registrations)
    session = yield from do.take(login, _logged_in)
    way = sso or _plain(account)
    page = jump("Registered User Payment", way, session.token, Redirect.RECENT_BILLS)
    do.note("CloudSSO", page.steps[0].said)
    return Registration(
        story=do.story,
        steps=do.made,
        session=session,
        customer_created=created,
        newly_registered=newly_registered,
        jump=page,
    )


@rest_story("Update Email and Password")
def update_email_and_password(
    do: Steps,
    account: RestAccount,
    *,
    username: str,
    email_address: str,
    password: str,
    new_email_address: str = "",
    new_password: str = "",
) -> Flow[EmailAndPassword]:
    """
    A user changes the address or password at the portal. Where Invoice Cloud has the portal's present ones, it is
    updated at once; where it has others, nothing is changed and the report says where the verification mail goes.

    Args:
        email_address: The portal's present one; compared without regard to case.
        password: The portal's present one; Invoice Cloud shows none, so it is compared by logging in with it
            (assumed [A-73]).
        new_email_address: Or empty, where it stays.
        new_password: Or empty, where it stays.

    Raises `FlowFailed`. Source: story Update Email and Password.
    """
    pending = PendingUpdate(username, new_email_address, new_password)
    update = _update(do, account, pending, password)
    known = rest.retrieve_users(account, username=username)
    login = rest.remote_authentication(account, username, password)

    users = [user for user in (yield from do.take(known, _users)) if _is(user, username)]
    if not users:
        raise PartnerFault("RetrieveUsers", code="unknown user", message=f"Invoice Cloud has no user {username}")
    stored = users[0].email_address
    differs = [] if stored.lower() == email_address.strip().lower() else ["e-mail address"]
    try:
        yield from do.take(login, lambda _: "the password is the same")
    except PartnerFault as error:
        if not refused(error):
            raise
        differs.append("password")
    if differs:
        do.note("verification", f"needed: {' and '.join(differs)} not the same as at Invoice Cloud")
        return EmailAndPassword(
            story=do.story, steps=do.made, pending=pending, differs=tuple(differs), verify_at=stored
        )
    yield from update
    return EmailAndPassword(story=do.story, steps=do.made)


@rest_story("Update Email and Password, approved")
def finish_email_and_password(do: Steps, account: RestAccount, pending: PendingUpdate) -> Flow[EmailAndPassword]:
    """
    Make an update that its user has approved. Invoice Cloud does not check an old password: it has another one.

    Raises `FlowFailed`. Source: story Update Email and Password, "Once it's approved".
    """
    yield from _update(do, account, pending, "")
    return EmailAndPassword(story=do.story, steps=do.made)


def registered_user_payment(sso: CloudSso, token: str) -> Jump:
    """A logged-in user pays. Source: story Registered User Payment; redirect 1."""
    return jump("Registered User Payment", sso, token, Redirect.RECENT_BILLS)


def manage_scheduled_payments(sso: CloudSso, token: str) -> Jump:
    """A user updates or cancels a scheduled payment. Source: story Managed Scheduled Payments; redirect 9."""
    return jump("Managed Scheduled Payments", sso, token, Redirect.SCHEDULED_PAYMENTS)


def paperless_enrollment(sso: CloudSso, token: str) -> Jump:
    """A user switches paperless on or off. Source: story Paperless Enrollment; redirect 2."""
    return jump("Paperless Enrollment", sso, token, Redirect.PAPERLESS)


def autopay_enrollment(sso: CloudSso, token: str) -> Jump:
    """A user switches AutoPay on or off. Source: story AutoPay Enrollment; redirect 3."""
    return jump("AutoPay Enrollment", sso, token, Redirect.AUTOPAY)


def pay_by_text_enrollment(sso: CloudSso, token: str) -> Jump:
    """A user switches Pay By Text on or off. Source: story Pay By Text Enrollment; redirect 11."""
    return jump("Pay By Text Enrollment", sso, token, Redirect.PAY_BY_TEXT)


def manage_payment_methods(sso: CloudSso, token: str) -> Jump:
    """A user stores, updates or removes payment methods. Source: story Manage Payment Methods; redirect 5."""
    return jump("Manage Payment Methods", sso, token, Redirect.PAYMENT_OPTIONS)


def jump(
    story: str, sso: CloudSso, token: str, redirect: Redirect, pages: frozenset[Redirect] = INHANCE_PORTAL_PAGES
) -> Jump:
    """A page for the browser. Raises `RequestInvalid` for one that is not among the partner's *pages*."""
    if redirect not in pages:
        raise RequestInvalid("RedirectID", int(redirect), "is not a page that this partner's document lists")
    said = f"page {int(redirect)}, {redirect.page}: for the browser, nothing was sent"
    return Jump(
        story=story,
        steps=(Step("CloudSSO", StepOutcome.DONE, said),),
        redirect=redirect,
        form=sso.form(token, redirect),
        url=sso.url(token, redirect),
    )


def _update(do: Steps, account: RestAccount, pending: PendingUpdate, password: str) -> Flow[None]:
    """
    The two calls of an update, checked at once, made when run. The password comes first, as the source lists them, and
    because a username that is the address changes with it (assumed [A-53]).
    """
    if not pending.new_password and not pending.new_email_address:
        raise RequestInvalid("NewEmailAddress", "", "a new e-mail address or a new password must be given")
    calls = []
    if pending.new_password:
        calls.append(rest.update_password(account, pending.username, pending.new_password, password))
    if pending.new_email_address:
        calls.append(rest.update_email_address(account, pending.new_email_address, username=pending.username))

    def made() -> Flow[None]:
        for call in calls:
            yield from do.take(call)

    return made()


def _plain(account: RestAccount) -> CloudSso:
    return CloudSso(account.base_url, allow_http=account.base_url.startswith("http://"))


def _is(user: PortalUser, username: str) -> bool:
    return user.registered and user.username.lower() == username.strip().lower()


def _registered(users: Sequence[PortalUser], username: str) -> bool:
    return any(_is(user, username) for user in users)


def _registrations(rows: Sequence[AccountRegistration]) -> str:
    return ", ".join(f"{row.account_number} {'registered' if row.registered else 'not registered'}" for row in rows)


def _users(users: Sequence[PortalUser]) -> str:
    if not users:
        return "not known"
    return ", ".join(f"{user.account_number} {'registered' if user.registered else 'not registered'}" for user in users)


def _logged_in(_: RemoteSession) -> str:
    return "logged in"
