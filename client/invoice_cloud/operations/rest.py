"""
The wire of Invoice Cloud's REST services, without any I/O: each function decides one call.

JSON in and out, HTTP Basic with the biller's API key, member names as Invoice Cloud spells them (assumed [A-18]
[A-20]). Every function raises `RequestInvalid`; what reading an answer raises is in `json_wire.read_json`.

Source: inHance Portal Technical Design, Single Sign On, Web Services column; public integrations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import HttpRequest, HttpResponse
from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.rest_models import (
    AccountRegistration,
    BillerStatus,
    CustomerAccount,
    CustomerCreated,
    NewCustomer,
    PortalUser,
    RemoteSession,
    UserAccount,
)
from partnerlab.client.wire.fields import Fields
from partnerlab.client.wire.json import Json, read_json, read_outcome, render_json
from partnerlab.client.wire.values import MAX_TEXT, render_text
from partnerlab.contracts.masking import MASK

__all__ = [
    "LOGIN_TYPE",
    "biller_status",
    "create_customer_record",
    "register_accounts",
    "remote_authentication",
    "render_email",
    "render_line",
    "render_secret",
    "render_token",
    "request",
    "retrieve_customer_account",
    "retrieve_customer_guid",
    "retrieve_user_accounts",
    "retrieve_users",
    "update_email_address",
    "update_password",
]

T = TypeVar("T")

LOGIN_TYPE: Final = 1
"""LoginTypeID of every registration. Source: inHance Portal Technical Design, User Registration, Requirement."""

MAX_TOKEN: Final = 4000
"""Characters in a RemoteAuthenticationToken: more than any that is seen, and few enough for an address."""

_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")

AUTHENTICATION: Final = "/api/v1/remoteauthentication/"
CUSTOMER: Final = "/api/v1/customer/"


def biller_status(account: RestAccount) -> Call[BillerStatus]:
    """Whose API key it is: a check of the set-up. Source: public integrations."""

    def read(answer: Fields) -> BillerStatus:
        return BillerStatus(answer.present("BillerGUID"), answer.text("BillerName"), answer.boolean("Active"))

    return _get(account, "BillerStatus", "/api/v1/biller/status", read)


def retrieve_users(
    account: RestAccount, *, account_number: str = "", email_address: str = "", username: str = ""
) -> Call[tuple[PortalUser, ...]]:
    """
    Who has registered an account, or which accounts a user has; at least one of the three must be given.

    Empty where Invoice Cloud knows nothing of it: that is an answer, not an error.
    """
    members = _given(AccountNumber=account_number, EmailAddress=email_address, Username=username)
    if not members:
        raise RequestInvalid("AccountNumber", "", "one of AccountNumber, EmailAddress and Username must be given")

    def read(answer: Fields) -> tuple[PortalUser, ...]:
        return tuple(
            PortalUser(
                username=row.text("Username"),
                email_address=row.text("EmailAddress"),
                customer_guid=row.present("CustomerGuid"),
                account_number=row.present("AccountNumber"),
                registered=row.boolean("Registered"),
            )
            for row in answer.objects("Users")
        )

    return _post(account, "RetrieveUsers", AUTHENTICATION, members, read, lookup=True)


def remote_authentication(
    account: RestAccount, username: str, password: str, account_number: str = ""
) -> Call[RemoteSession]:
    """Log a user in: the token that CloudSSO takes. A refusal is a `PartnerFault` with code `Success=false`."""
    members = {
        "Username": render_line("Username", username),
        "Password": render_secret("Password", password),
        **_given(AccountNumber=account_number),
    }

    def read(answer: Fields) -> RemoteSession:
        return RemoteSession(answer.present("RemoteAuthenticationToken"), answer.text("CustomerGuid"))

    return _post(
        account,
        "RemoteAuthentication",
        AUTHENTICATION,
        members,
        read,
        secrets=(password,),
        show_body=False,
        lookup=True,
    )


def register_accounts(
    account: RestAccount, username: str, password: str, account_numbers: Sequence[str], email_address: str = ""
) -> Call[tuple[AccountRegistration, ...]]:
    """
    Register a user with accounts. LoginTypeID is always 1.

    The answer tells each account's fate: look at `registered`. It may register some and not others, which is no error;
    a refusal is a `PartnerFault` only where none was registered. Without *email_address* Invoice Cloud takes the
    username where that is an address.
    """
    if isinstance(account_numbers, str) or not account_numbers:
        raise RequestInvalid("Accounts", account_numbers, "must be a list of at least one account number")
    if len(set(account_numbers)) != len(account_numbers):
        raise RequestInvalid("Accounts", ", ".join(account_numbers)[:100], "must not name an account twice")
    members: dict[str, Json] = {
        "LoginTypeID": LOGIN_TYPE,
        "Username": render_line("Username", username),
        "Password": render_secret("Password", password),
        **_email(email_address),
        "Accounts": [render_line("AccountNumber", number) for number in account_numbers],
    }

    sent = request(account, "RegisterAccounts", AUTHENTICATION + "RegisterAccounts", members, (password,))

    def read(response: HttpResponse) -> tuple[AccountRegistration, ...]:
        answer = read_outcome("RegisterAccounts", response, secrets=sent.secrets)
        success = answer.boolean("Success")
        rows = tuple(
            AccountRegistration(
                account_number=row.present("AccountNumber"),
                customer_guid=row.text("CustomerGuid"),
                registered=row.boolean("Registered"),
                message=row.text("Message"),
            )
            for row in (answer.objects("Accounts") if success or answer.has("Accounts") else ())
        )
        if not success and not any(row.registered for row in rows):
            raise answer.answer.refused(answer.message("ErrorMessage"))
        return rows

    return Call(sent, read)


def retrieve_user_accounts(
    account: RestAccount, *, username: str = "", token: str = ""
) -> Call[tuple[UserAccount, ...]]:
    """A user's accounts in the order in which they were linked, by exactly one of username and token."""
    if bool(username) == bool(token):
        raise RequestInvalid(
            "Username", username, "exactly one of Username and RemoteAuthenticationToken must be given"
        )
    members = _given(Username=username)
    if token:
        members["RemoteAuthenticationToken"] = render_token(token)

    def read(answer: Fields) -> tuple[UserAccount, ...]:
        return tuple(
            UserAccount(
                account_number=row.present("AccountNumber"),
                customer_guid=row.present("CustomerGuid"),
                customer_name=row.text("CustomerName"),
                email_address=row.text("EmailAddress"),
                address1=row.text("Address1"),
                address2=row.text("Address2"),
                city=row.text("City"),
                state=row.text("State"),
                zip=row.text("Zip"),
            )
            for row in answer.objects("Accounts")
        )

    secrets = (token,) if token else ()
    return _post(account, "RetrieveUserAccounts", AUTHENTICATION, members, read, secrets=secrets, lookup=True)


def update_password(account: RestAccount, username: str, new_password: str, password: str = "") -> Call[None]:
    """Set a user's password; where the old *password* is given, Invoice Cloud checks it first."""
    members = {"Username": render_line("Username", username), "NewPassword": render_secret("NewPassword", new_password)}
    if password:
        members["Password"] = render_secret("Password", password)
    secrets = (new_password, password)
    return _post(account, "UpdatePassword", AUTHENTICATION, members, _nothing, secrets=secrets)


def update_email_address(
    account: RestAccount, new_email_address: str, *, username: str = "", email_address: str = ""
) -> Call[None]:
    """Change the address of the user who is named by exactly one of username and old address."""
    if bool(username) == bool(email_address):
        raise RequestInvalid("Username", username, "exactly one of Username and EmailAddress must be given")
    members = {
        **_given(Username=username, EmailAddress=email_address),
        "NewEmailAddress": render_email("NewEmailAddress", new_email_address),
    }
    return _post(account, "UpdateEmailAddress", AUTHENTICATION, members, _nothing)


def retrieve_customer_guid(
    account: RestAccount, account_number: str, email_address: str = "", username: str = ""
) -> Call[str]:
    """The GUID of an account's customer. Source: public integrations."""
    members = {
        "AccountNumber": render_line("AccountNumber", account_number),
        **_given(EmailAddress=email_address, Username=username),
    }
    return _post(
        account, "RetrieveCustomerGuid", CUSTOMER, members, lambda answer: answer.present("CustomerGuid"), lookup=True
    )


def create_customer_record(account: RestAccount, customer: NewCustomer) -> Call[CustomerCreated]:
    """Create a customer; one that stands already is left as it is, so the call may be made again."""
    members = {
        "AccountNumber": render_line("AccountNumber", customer.account_number),
        "CustomerName": render_line("CustomerName", customer.customer_name),
        **_given(
            CustomerName2=customer.customer_name2,
            Address1=customer.address1,
            Address2=customer.address2,
            City=customer.city,
            State=customer.state,
            Zip=customer.zip,
            Phone=customer.phone,
        ),
        **_email(customer.email_address),
    }

    def read(answer: Fields) -> CustomerCreated:
        return CustomerCreated(answer.present("CustomerGuid"), answer.boolean("Created"))

    return _post(account, "CreateCustomerRecord", CUSTOMER, members, read)


def retrieve_customer_account(account: RestAccount, customer_guid: str) -> Call[CustomerAccount]:
    """A customer's account with its balance. Source: public integrations."""

    def read(answer: Fields) -> CustomerAccount:
        return CustomerAccount(
            account_number=answer.present("AccountNumber"),
            customer_guid=answer.present("CustomerGuid"),
            customer_id=answer.text("CustomerID"),
            customer_name=answer.text("CustomerName"),
            address1=answer.text("Address1"),
            address2=answer.text("Address2"),
            city=answer.text("City"),
            state=answer.text("State"),
            zip=answer.text("Zip"),
            phone=answer.text("Phone"),
            email_address=answer.text("EmailAddress"),
            autopay=answer.boolean("AutoPay"),
            paper_invoices=answer.boolean("PaperInvoices"),
            registered=answer.boolean("Registered"),
            balance_due=answer.cents("BalanceDue"),
        )

    guid = quote(render_line("CustomerGuid", customer_guid), safe="")
    return _get(account, "RetrieveCustomerAccount", f"/api/v1/cp/{guid}/account", read)


def request(
    account: RestAccount, operation: str, path: str, members: Mapping[str, Json] | None, secrets: tuple[str, ...] = ()
) -> HttpRequest:
    """A request of the REST services: POST with *members* as JSON, GET where they are `None`."""
    headers = {"Authorization": account.authorization, "Accept": "application/json"}
    if members is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    return HttpRequest(
        operation,
        account.url(path),
        headers,
        b"" if members is None else render_json(members),
        method="GET" if members is None else "POST",
        secrets=(*account.secrets, *secrets),
    )


def render_line(field: str, value: str, *, required: bool = True, max_length: int = MAX_TEXT) -> str:
    """One line of text. Raises `RequestInvalid` as `render_text` does, and for control characters."""
    value = render_text(field, value, required=required, max_length=max_length)
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value):
        raise RequestInvalid(field, ascii(value)[:100], "must not hold control characters")
    return value


def render_email(field: str, value: str) -> str:
    """An e-mail address: one, and nothing around it. Raises `RequestInvalid`."""
    if not _EMAIL.fullmatch(render_line(field, value)):
        raise RequestInvalid(field, value, "must be an e-mail address")
    return value


def render_token(value: str) -> str:
    """A RemoteAuthenticationToken. The error for one that cannot be sent does not show it."""
    return render_secret("RemoteAuthenticationToken", value, MAX_TOKEN)


def render_secret(field: str, value: str, max_length: int = MAX_TEXT) -> str:
    """A secret as it is. The error for one that cannot be sent does not show it."""
    if not isinstance(value, str) or not value.strip() or len(value) > max_length:
        raise RequestInvalid(field, MASK, f"must be text of 1 to {max_length} characters, not blank")
    if any(c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value):
        raise RequestInvalid(field, MASK, "must not hold control characters")
    return value


def _get(account: RestAccount, operation: str, path: str, read: Callable[[Fields], T]) -> Call[T]:
    sent = request(account, operation, path, None)
    return Call(sent, lambda response: read(read_json(operation, response, secrets=sent.secrets)), lookup=True)


def _post(
    account: RestAccount,
    operation: str,
    folder: str,
    members: Mapping[str, Json],
    read: Callable[[Fields], T],
    *,
    secrets: tuple[str, ...] = (),
    show_body: bool = True,
    lookup: bool = False,
) -> Call[T]:
    sent = request(account, operation, folder + operation, members, secrets)

    def read_answer(response: HttpResponse) -> T:
        return read(read_json(operation, response, secrets=sent.secrets, show_body=show_body))

    return Call(sent, read_answer, lookup)


def _given(**members: str) -> dict[str, Json]:
    """The members that are not empty, checked."""
    return {name: render_line(name, value) for name, value in members.items() if value}


def _email(value: str) -> dict[str, Json]:
    """EmailAddress, where there is one."""
    return {"EmailAddress": render_email("EmailAddress", value)} if value else {}


def _nothing(_: Fields) -> None:
    return None
