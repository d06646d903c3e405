"""
The operations of Invoice Cloud's REST services, each declared once.

Member names are as Invoice Cloud spells them (assumed [A-18] [A-20]). Called, an operation raises `RequestInvalid`;
what reading an answer raises is in `wire.json.read_json`.

Source: inHance Portal Technical Design, Single Sign On, Web Services column; public integrations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.invoice_cloud.account import RestAccount
from partnerlab.client.invoice_cloud.doors import RestDoor
from partnerlab.client.invoice_cloud.models import (
    AccountRegistration,
    BillerStatus,
    CustomerAccount,
    CustomerCreated,
    NewCustomer,
    PortalUser,
    RemoteSession,
    UserAccount,
)
from partnerlab.client.invoice_cloud.rules import ACCOUNTS, LOGIN_TYPE, TOKEN
from partnerlab.client.wire.fields import Fields
from partnerlab.client.wire.kinds import Email, Line, Members, Present, Secret
from partnerlab.client.wire.operation import model_reader, model_renderer, nothing, rows_reader

__all__ = [
    "OPERATIONS",
    "biller_status",
    "create_customer_record",
    "register_accounts",
    "remote_authentication",
    "retrieve_customer_account",
    "retrieve_customer_guid",
    "retrieve_user_accounts",
    "retrieve_users",
    "update_email_address",
    "update_password",
]

FOLDER: Final = "/api/v1/remoteauthentication/"
AUTHENTICATION = RestDoor(FOLDER)
CUSTOMER = RestDoor("/api/v1/customer/")

ACCOUNT_NUMBER = Line("AccountNumber", omitted=True)
EMAIL_ADDRESS = Email("EmailAddress", omitted=True)
USERNAME = Line("Username", omitted=True)
TOKEN_IF_ANY = replace(TOKEN, omitted=True)


@RestDoor(path="/api/v1/biller/status").operation("BillerStatus", model_reader(BillerStatus), lookup=True)
def biller_status(account: RestAccount) -> None:
    """Whose API key it is: a check of the set-up. Source: public integrations."""


@AUTHENTICATION.operation("RetrieveUsers", rows_reader("Users", PortalUser), lookup=True)
def retrieve_users(
    account: RestAccount,
    *,
    account_number: Annotated[str, ACCOUNT_NUMBER] = "",
    email_address: Annotated[str, Line("EmailAddress", omitted=True)] = "",
    username: Annotated[str, USERNAME] = "",
) -> None:
    """
    Who has registered an account, or which accounts a user has; at least one of the three must be given.

    Empty where Invoice Cloud knows nothing of it: that is an answer, not an error.
    """
    if not (account_number or email_address or username):
        raise RequestInvalid("AccountNumber", "", "one of AccountNumber, EmailAddress and Username must be given")


@RestDoor(FOLDER, show_body=False).operation("RemoteAuthentication", model_reader(RemoteSession), lookup=True)
def remote_authentication(
    account: RestAccount,
    username: Annotated[str, Line("Username")],
    password: Annotated[str, Secret("Password")],
    account_number: Annotated[str, ACCOUNT_NUMBER] = "",
) -> None:
    """Log a user in: the token that CloudSSO takes. A refusal is a `PartnerFault` with code `Success=false`."""


def _registrations(fields: Fields) -> tuple[AccountRegistration, ...]:
    """Each account's fate; refused only where none was registered."""
    success = fields.success()
    rows = rows_reader("Accounts", AccountRegistration)(fields) if success or fields.has("Accounts") else ()
    if not success and not any(row.registered for row in rows):
        raise fields.answer.refused(fields.message("ErrorMessage"))
    return rows


@RestDoor(FOLDER, outcome=True).operation("RegisterAccounts", _registrations, constants={"LoginTypeID": LOGIN_TYPE})
def register_accounts(
    account: RestAccount,
    username: Annotated[str, Line("Username")],
    password: Annotated[str, Secret("Password")],
    account_numbers: Annotated[Sequence[str], ACCOUNTS],
    email_address: Annotated[str, EMAIL_ADDRESS] = "",
) -> None:
    """
    Register a user with accounts.

    The answer tells each account's fate: look at `registered`. It may register some and not others, which is no error;
    a refusal is a `PartnerFault` only where none was registered. Without *email_address* Invoice Cloud takes the
    username where that is an address.
    """


@AUTHENTICATION.operation("RetrieveUserAccounts", rows_reader("Accounts", UserAccount), lookup=True)
def retrieve_user_accounts(
    account: RestAccount, *, username: Annotated[str, USERNAME] = "", token: Annotated[str, TOKEN_IF_ANY] = ""
) -> None:
    """A user's accounts in the order in which they were linked, by exactly one of username and token."""
    if bool(username) == bool(token):
        rule = "exactly one of Username and RemoteAuthenticationToken must be given"
        raise RequestInvalid("Username", username, rule)


@AUTHENTICATION.operation("UpdatePassword", nothing)
def update_password(
    account: RestAccount,
    username: Annotated[str, Line("Username")],
    new_password: Annotated[str, Secret("NewPassword")],
    password: Annotated[str, Secret("Password", omitted=True)] = "",
) -> None:
    """Set a user's password; where the old *password* is given, Invoice Cloud checks it first."""


@AUTHENTICATION.operation("UpdateEmailAddress", nothing)
def update_email_address(
    account: RestAccount,
    new_email_address: Annotated[str, Email("NewEmailAddress")],
    *,
    username: Annotated[str, USERNAME] = "",
    email_address: Annotated[str, Line("EmailAddress", omitted=True)] = "",
) -> None:
    """Change the address of the user who is named by exactly one of username and old address."""
    if bool(username) == bool(email_address):
        raise RequestInvalid("Username", username, "exactly one of Username and EmailAddress must be given")


@CUSTOMER.operation("RetrieveCustomerGuid", Present("CustomerGuid").read, lookup=True)
def retrieve_customer_guid(
    account: RestAccount,
    account_number: Annotated[str, Line("AccountNumber")],
    email_address: Annotated[str, Line("EmailAddress", omitted=True)] = "",
    username: Annotated[str, USERNAME] = "",
) -> None:
    """The GUID of an account's customer. Source: public integrations."""


@CUSTOMER.operation("CreateCustomerRecord", model_reader(CustomerCreated))
def create_customer_record(
    account: RestAccount, customer: Annotated[NewCustomer, Members("Customer", model_renderer(NewCustomer))]
) -> None:
    """Create a customer; one that stands already is left as it is, so the call may be made again."""


@RestDoor(path="/api/v1/cp/{CustomerGuid}/account").operation(
    "RetrieveCustomerAccount", model_reader(CustomerAccount), lookup=True
)
def retrieve_customer_account(account: RestAccount, customer_guid: Annotated[str, Line("CustomerGuid")]) -> None:
    """A customer's account with its balance. Source: public integrations."""


OPERATIONS = (
    biller_status,
    retrieve_users,
    remote_authentication,
    register_accounts,
    retrieve_user_accounts,
    update_password,
    update_email_address,
    retrieve_customer_guid,
    create_customer_record,
    retrieve_customer_account,
)
