"""
The operations of Invoice Cloud's `RemoteAuthenticationWS.asmx`, each declared once.

Shapes that no source gives are in the style of the services that are known (assumed [A-18] [A-20]).

Source: WaterSmart Technical Design, Invoice Cloud Web Services.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.doors import SoapDoor
from partnerlab.client.invoice_cloud.models import RemoteSession
from partnerlab.client.invoice_cloud.rules import ACCOUNTS, LOGIN_TYPE, TOKEN
from partnerlab.client.wire.kinds import Email, RequiredTime, Secret, Text
from partnerlab.client.wire.operation import model_reader, nothing

__all__ = [
    "OPERATIONS",
    "keep_remote_session_alive",
    "link_customer_account",
    "remote_authentication",
    "remote_registration",
    "set_customer_email_address",
    "unregister_accounts",
]

SERVICE = SoapDoor("remote_authentication")


@SERVICE.operation(
    "RemoteAuthentication", model_reader(RemoteSession), lookup=lambda values: not values["account_number"]
)
def remote_authentication(
    account: Account,
    username: Annotated[str, Text("Username")],
    password: Annotated[str, Secret("Password")],
    account_number: Annotated[str, Text("AccountNumber", omitted=True)] = "",
    customer_name: Annotated[str, Text("CustomerName", omitted=True)] = "",
    email_address: Annotated[str, Text("EmailAddress", omitted=True)] = "",
) -> None:
    """
    Log a user in. With setting 29 = 1 an unknown *account_number* is created, and an unknown user with it;
    *customer_name* is its name, else its number.

    A refusal is a `PartnerFault` with code `Success=false`.
    """


@SERVICE.operation("KeepRemoteSessionAlive", RequiredTime("ExpirationDate").read, lookup=True)
def keep_remote_session_alive(account: Account, token: Annotated[str, TOKEN]) -> None:
    """Keep a session alive; when it ends unless it is used again (naive where Invoice Cloud gives no offset)."""


@SERVICE.operation("RemoteRegistration", Text("CustomerGuid").read, constants={"LoginTypeID": LOGIN_TYPE})
def remote_registration(
    account: Account,
    account_number: Annotated[str, Text("AccountNumber")],
    username: Annotated[str, Text("Username")],
    email_address: Annotated[str, Email("EmailAddress")],
    password: Annotated[str, Secret("Password")],
) -> None:
    """
    Register a user with an account; for a registered user, set the password. The customer's GUID.

    Source: "Called … when the user changes their password".
    """


@SERVICE.operation("UnregisterAccounts", nothing)
def unregister_accounts(
    account: Account,
    username: Annotated[str, Text("Username")],
    account_numbers: Annotated[Sequence[str], ACCOUNTS],
) -> None:
    """Take accounts from a user."""


@SERVICE.operation("LinkCustomerAccount", nothing)
def link_customer_account(
    account: Account,
    username: Annotated[str, Text("Username")],
    account_number: Annotated[str, Text("AccountNumber")],
) -> None:
    """Add an account to a registered user."""


@SERVICE.operation("SetCustomerEmailAddress", nothing)
def set_customer_email_address(
    account: Account,
    account_number: Annotated[str, Text("AccountNumber")],
    username: Annotated[str, Text("Username")],
    new_email_address: Annotated[str, Email("NewEmailAddress")],
) -> None:
    """Change a customer's e-mail address."""


OPERATIONS = (
    remote_authentication,
    keep_remote_session_alive,
    remote_registration,
    unregister_accounts,
    link_customer_account,
    set_customer_email_address,
)
