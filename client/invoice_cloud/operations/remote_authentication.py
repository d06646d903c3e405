"""
The wire of Invoice Cloud's `RemoteAuthenticationWS.asmx`, without any I/O: each function decides one call.

Arguments are not wrapped. Shapes that no source gives are in the style of the services that are known
(assumed [A-18] [A-20]). Every function raises `RequestInvalid`; what reading raises is in `wire.soap_answer`.

Source: WaterSmart Technical Design, Invoice Cloud Web Services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from partnerlab.client.errors import ProtocolError, RequestInvalid
from partnerlab.client.http import HttpResponse
from partnerlab.client.http.call import Call
from partnerlab.client.invoice_cloud.account import Account
from partnerlab.client.invoice_cloud.operations.rest import LOGIN_TYPE, render_email, render_secret, render_token
from partnerlab.client.invoice_cloud.rest_models import RemoteSession
from partnerlab.client.wire.soap import Operation, build
from partnerlab.client.wire.soap_answer import read
from partnerlab.client.wire.values import render_integer, render_text

__all__ = [
    "REMOTE_AUTHENTICATION_OPERATIONS",
    "keep_remote_session_alive",
    "link_customer_account",
    "remote_authentication",
    "remote_registration",
    "set_customer_email_address",
    "unregister_accounts",
]

_ACCESS: Final = ("BillerGUID", "WebServiceKey")
REMOTE_AUTHENTICATION = Operation(
    "RemoteAuthentication", (*_ACCESS, "Username", "Password", "AccountNumber", "CustomerName", "EmailAddress")
)
KEEP_REMOTE_SESSION_ALIVE = Operation("KeepRemoteSessionAlive", (*_ACCESS, "RemoteAuthenticationToken"))
REMOTE_REGISTRATION = Operation(
    "RemoteRegistration", (*_ACCESS, "LoginTypeID", "AccountNumber", "Username", "EmailAddress", "Password")
)
UNREGISTER_ACCOUNTS = Operation("UnregisterAccounts", (*_ACCESS, "Username", "Accounts"))
LINK_CUSTOMER_ACCOUNT = Operation("LinkCustomerAccount", (*_ACCESS, "Username", "AccountNumber"))
SET_CUSTOMER_EMAIL_ADDRESS = Operation(
    "SetCustomerEmailAddress", (*_ACCESS, "AccountNumber", "Username", "NewEmailAddress")
)
REMOTE_AUTHENTICATION_OPERATIONS = (
    REMOTE_AUTHENTICATION,
    KEEP_REMOTE_SESSION_ALIVE,
    REMOTE_REGISTRATION,
    UNREGISTER_ACCOUNTS,
    LINK_CUSTOMER_ACCOUNT,
    SET_CUSTOMER_EMAIL_ADDRESS,
)


def remote_authentication(
    account: Account,
    username: str,
    password: str,
    account_number: str = "",
    customer_name: str = "",
    email_address: str = "",
) -> Call[RemoteSession]:
    """
    Log a user in. With setting 29 = 1 an unknown *account_number* is created, for which *customer_name* is needed.

    A refusal is a `PartnerFault` with code `Success=false`.
    """
    sent = build(
        account.remote_authentication,
        REMOTE_AUTHENTICATION,
        (
            *_access(account),
            render_text("Username", username),
            render_secret("Password", password),
            _optional("AccountNumber", account_number),
            _optional("CustomerName", customer_name),
            _optional("EmailAddress", email_address),
        ),
        secrets=(*account.secrets, password),
    )

    def read_answer(response: HttpResponse) -> RemoteSession:
        result = read(account.remote_authentication, REMOTE_AUTHENTICATION, response, secrets=sent.secrets)
        session = RemoteSession(result.text("RemoteAuthenticationToken"), result.text("CustomerGuid"))
        if not session.token.strip():
            rule = "RemoteAuthenticationToken is missing or blank"
            raise ProtocolError(REMOTE_AUTHENTICATION.name, status=response.status, rule=rule)
        return session

    return Call(sent, read_answer, lookup=not account_number)


def keep_remote_session_alive(account: Account, token: str) -> Call[datetime]:
    """Keep a session alive; when it ends unless it is used again (naive where Invoice Cloud gives no offset)."""
    sent = build(
        account.remote_authentication,
        KEEP_REMOTE_SESSION_ALIVE,
        (*_access(account), render_token(token)),
        secrets=(*account.secrets, token),
    )

    def read_answer(response: HttpResponse) -> datetime:
        result = read(account.remote_authentication, KEEP_REMOTE_SESSION_ALIVE, response, secrets=sent.secrets)
        expires_at = result.date_time("ExpirationDate")
        if expires_at is None:
            rule = "ExpirationDate is missing"
            raise ProtocolError(KEEP_REMOTE_SESSION_ALIVE.name, status=response.status, rule=rule)
        return expires_at

    return Call(sent, read_answer, lookup=True)


def remote_registration(
    account: Account,
    account_number: str,
    username: str,
    email_address: str,
    password: str,
    login_type_id: int = LOGIN_TYPE,
) -> Call[str]:
    """
    Register a user with an account; for a registered user, set the password. The customer's GUID.

    Source: "Called … when the user changes their password".
    """
    sent = build(
        account.remote_authentication,
        REMOTE_REGISTRATION,
        (
            *_access(account),
            render_integer("LoginTypeID", login_type_id),
            render_text("AccountNumber", account_number),
            render_text("Username", username),
            render_email("EmailAddress", email_address),
            render_secret("Password", password),
        ),
        secrets=(*account.secrets, password),
    )

    def read_answer(response: HttpResponse) -> str:
        result = read(account.remote_authentication, REMOTE_REGISTRATION, response, secrets=sent.secrets)
        return result.text("CustomerGuid")

    return Call(sent, read_answer)


def unregister_accounts(account: Account, username: str, account_numbers: Sequence[str]) -> Call[None]:
    """Take accounts from a user."""
    if isinstance(account_numbers, str) or not account_numbers:
        raise RequestInvalid("Accounts", account_numbers, "must be a list of at least one account number")
    values = (*_access(account), render_text("Username", username))
    sent = build(account.remote_authentication, UNREGISTER_ACCOUNTS, (*values, None), secrets=account.secrets)
    # `build` knows texts only. The array is the last parameter: it goes before the operation's closing tag, which
    # stands in the document once, because every value in it is escaped.
    elements = b"".join(_number(account, number) for number in account_numbers)
    closing = f"</{UNREGISTER_ACCOUNTS.name}>".encode()
    content = sent.content.replace(closing, b"<Accounts>" + elements + b"</Accounts>" + closing)
    return Call(replace(sent, content=content), lambda response: _done(account, UNREGISTER_ACCOUNTS, response))


def link_customer_account(account: Account, username: str, account_number: str) -> Call[None]:
    """Add an account to a registered user."""
    values = (*_access(account), render_text("Username", username), render_text("AccountNumber", account_number))
    sent = build(account.remote_authentication, LINK_CUSTOMER_ACCOUNT, values, secrets=account.secrets)
    return Call(sent, lambda response: _done(account, LINK_CUSTOMER_ACCOUNT, response))


def set_customer_email_address(
    account: Account, account_number: str, username: str, new_email_address: str
) -> Call[None]:
    """Change a customer's e-mail address."""
    values = (
        *_access(account),
        render_text("AccountNumber", account_number),
        render_text("Username", username),
        render_email("NewEmailAddress", new_email_address),
    )
    sent = build(account.remote_authentication, SET_CUSTOMER_EMAIL_ADDRESS, values, secrets=account.secrets)
    return Call(sent, lambda response: _done(account, SET_CUSTOMER_EMAIL_ADDRESS, response))


_ONE_NUMBER = Operation("UnregisterAccounts", ("AccountNumber",))


def _number(account: Account, number: str) -> bytes:
    """An account number as an element, escaped and checked as `build` does it."""
    content = build(account.remote_authentication, _ONE_NUMBER, (render_text("AccountNumber", number),)).content
    return content[content.index(b"<AccountNumber>") : content.index(b"</UnregisterAccounts>")]


def _access(account: Account) -> tuple[str, str]:
    return account.biller_guid, account.web_service_key


def _optional(field: str, value: str) -> str | None:
    return render_text(field, value) if value else None


def _done(account: Account, operation: Operation, response: HttpResponse) -> None:
    read(account.remote_authentication, operation, response, secrets=account.secrets)
