"""The operations below `/api/v1`: remote authentication, customers, customer portal; `ic_webservices/openapi.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from partnerlab.simulators.ic_webservices.domain.billers import is_on
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.services.authentication import Authentication
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger
from partnerlab.simulators.ic_webservices.services.user_accounts import Found, Registered, UserAccounts
from partnerlab.simulators.ic_webservices.wire.json_body import Many, Member, Schema
from partnerlab.simulators.ic_webservices.wire.rest import RestContext, RestOperation

__all__ = ["LOGIN_TYPE", "operations"]

LOGIN_TYPE = 1
"""The only LoginTypeID. Source: inHance Portal, User Registration, Requirement."""

REMOTE, CUSTOMER = "/api/v1/remoteauthentication", "/api/v1/customer"
_ACCOUNT = Schema((Member("AccountNumber", required=True),), bare="AccountNumber")
_DETAILS = ("CustomerName2", "Address1", "Address2", "City", "State", "Zip", "Phone", "EmailAddress")
_FIELDS: Mapping[str, str] = {
    "CustomerName": "customer_name",
    "CustomerName2": "customer_name2",
    "Address1": "address1",
    "Address2": "address2",
    "City": "city",
    "State": "state",
    "Zip": "zip",
    "Phone": "phone",
    "EmailAddress": "email_address",
}


class _Operations:
    """What each operation does, on a ledger and its users."""

    def __init__(self, ledger: BillerLedger, authentication: Authentication, user_accounts: UserAccounts) -> None:
        self._ledger, self._authentication, self._user_accounts = ledger, authentication, user_accounts

    def biller_status(self, call: RestContext) -> Mapping[str, Any]:
        return {"BillerGUID": call.biller.guid, "BillerName": call.biller.name, "Active": True}

    def retrieve_users(self, call: RestContext) -> Mapping[str, Any]:
        found = self._user_accounts.find(
            call.lane,
            call.biller.guid,
            account_number=call.text("AccountNumber"),
            email_address=call.text("EmailAddress"),
            username=call.text("Username"),
        )
        return {"Users": [_user(one) for one in found]}

    def remote_authentication(self, call: RestContext) -> Mapping[str, Any]:
        token, _, customer = self._user_accounts.log_in(
            call.lane,
            call.biller.guid,
            call.values["Username"],
            call.values["Password"],
            account_number=call.text("AccountNumber"),
        )
        return {
            "RemoteAuthenticationToken": token,
            "CustomerGuid": None if customer is None else customer.customer_guid,
        }

    def register_accounts(self, call: RestContext) -> Mapping[str, Any]:
        check_login_type(call.values["LoginTypeID"])
        registered = self._user_accounts.register(
            call.lane,
            call.biller.guid,
            call.values["Username"],
            call.values["Password"],
            [account["AccountNumber"] for account in call.values["Accounts"]],
            email_address=call.text("EmailAddress"),
            change_password=not is_on(call.biller, "Registration", "RequirePassword", default=False),
        )
        members = {"Accounts": [_registered(one) for one in registered]}
        left_out = [one.message for one in registered if one.customer is None]
        return {"Success": False, "ErrorMessage": " ".join(left_out), **members} if left_out else members

    def retrieve_user_accounts(self, call: RestContext) -> Mapping[str, Any]:
        username = call.text("Username")
        if token := call.text("RemoteAuthenticationToken"):
            session = self._authentication.open(call.lane, token, call.biller.guid)
            if username.strip() and username.strip().lower() != session.user.username:
                raise ValueRefused("Username", username, "is not the user of the RemoteAuthenticationToken")
            username = session.user.username
        if not username.strip():
            raise ValueRefused("Username", "", "give Username or RemoteAuthenticationToken")
        found = self._user_accounts.accounts(call.lane, call.biller.guid, username)
        return {"Accounts": [_account(customer) for customer in found]}

    def update_password(self, call: RestContext) -> Mapping[str, Any]:
        self._user_accounts.set_password(
            call.lane,
            call.biller.guid,
            call.text("Username"),
            call.values["NewPassword"],
            password=call.values["Password"] or None,
        )
        return {}

    def update_email_address(self, call: RestContext) -> Mapping[str, Any]:
        self._user_accounts.set_user_email(
            call.lane,
            call.biller.guid,
            call.text("NewEmailAddress"),
            username=call.text("Username"),
            email=call.text("EmailAddress"),
        )
        return {}

    def retrieve_customer_guid(self, call: RestContext) -> Mapping[str, Any]:
        # EmailAddress and Username are sent by integrations and narrow nothing: the account may not be linked yet.
        customer = self._ledger.customer(call.lane, call.biller.guid, call.text("AccountNumber").strip())
        return {"CustomerGuid": customer.customer_guid}

    def create_customer_record(self, call: RestContext) -> Mapping[str, Any]:
        values = {field: call.values[name] for name, field in _FIELDS.items()}
        customer, new = self._ledger.create_customer(call.lane, call.biller.guid, call.text("AccountNumber"), values)
        return {"CustomerGuid": customer.customer_guid, "Created": new}

    def retrieve_customer_account(self, call: RestContext) -> Mapping[str, Any]:
        customer, due_cents = self._ledger.customer_account(call.lane, call.biller.guid, call.places["CustomerGuid"])
        return {
            "AccountNumber": customer.account_number,
            "CustomerGuid": customer.customer_guid,
            "CustomerID": customer.customer_id,
            "CustomerName": customer.customer_name,
            "Address1": customer.address1,
            "Address2": customer.address2,
            "City": customer.city,
            "State": customer.state,
            "Zip": customer.zip,
            "Phone": customer.phone,
            "EmailAddress": customer.email_address,
            "AutoPay": customer.autopay,
            "PaperInvoices": customer.paper_invoices,
            "Registered": customer.registered,
            "BalanceDue": amount(due_cents),
        }


def operations(
    ledger: BillerLedger, authentication: Authentication, user_accounts: UserAccounts
) -> tuple[RestOperation, ...]:
    """The operations by name, method and path, with what their bodies hold."""
    does = _Operations(ledger, authentication, user_accounts)
    return (
        RestOperation("BillerStatus", "GET", "/api/v1/biller/status", does.biller_status),
        RestOperation(
            "RetrieveUsers",
            "POST",
            f"{REMOTE}/RetrieveUsers",
            does.retrieve_users,
            _texts("AccountNumber", "EmailAddress", "Username"),
            {"Users": []},
        ),
        RestOperation(
            "RemoteAuthentication",
            "POST",
            f"{REMOTE}/RemoteAuthentication",
            does.remote_authentication,
            _texts("AccountNumber", required=("Username", "Password")),
            {"RemoteAuthenticationToken": None, "CustomerGuid": None},
        ),
        RestOperation(
            "RegisterAccounts",
            "POST",
            f"{REMOTE}/RegisterAccounts",
            does.register_accounts,
            Schema(
                (
                    Member("LoginTypeID", "whole", required=True),
                    Member("Accounts", Many(_ACCOUNT, least=1), required=True),
                    *_texts("EmailAddress", required=("Username", "Password")).members,
                )
            ),
            {"Accounts": []},
        ),
        RestOperation(
            "RetrieveUserAccounts",
            "POST",
            f"{REMOTE}/RetrieveUserAccounts",
            does.retrieve_user_accounts,
            _texts("Username", "RemoteAuthenticationToken"),
            {"Accounts": []},
        ),
        RestOperation(
            "UpdatePassword",
            "POST",
            f"{REMOTE}/UpdatePassword",
            does.update_password,
            _texts("Password", required=("Username", "NewPassword")),
        ),
        RestOperation(
            "UpdateEmailAddress",
            "POST",
            f"{REMOTE}/UpdateEmailAddress",
            does.update_email_address,
            _texts("Username", "EmailAddress", required=("NewEmailAddress",)),
        ),
        RestOperation(
            "RetrieveCustomerGuid",
            "POST",
            f"{CUSTOMER}/RetrieveCustomerGuid",
            does.retrieve_customer_guid,
            _texts("EmailAddress", "Username", required=("AccountNumber",)),
            {"CustomerGuid": None},
        ),
        RestOperation(
            "CreateCustomerRecord",
            "POST",
            f"{CUSTOMER}/CreateCustomerRecord",
            does.create_customer_record,
            _texts(*_DETAILS, required=("AccountNumber", "CustomerName")),
            {"CustomerGuid": None, "Created": False},
        ),
        RestOperation(
            "RetrieveCustomerAccount", "GET", "/api/v1/cp/{CustomerGuid}/account", does.retrieve_customer_account
        ),
    )


def check_login_type(login_type: int | None) -> None:
    """Refuse every LoginTypeID but 1. Raises `ValueRefused`. Source: inHance Portal, User Registration."""
    if login_type != LOGIN_TYPE:
        raise ValueRefused("LoginTypeID", login_type, f"must be {LOGIN_TYPE}")


def _texts(*optional: str, required: tuple[str, ...] = ()) -> Schema:
    return Schema((*(Member(name, required=True) for name in required), *(Member(name) for name in optional)))


def _user(found: Found) -> Mapping[str, Any]:
    customer, user = found.customer, found.user
    return {
        "Username": "" if user is None else user.username,
        "EmailAddress": customer.email_address if user is None else user.email_address,
        "CustomerGuid": customer.customer_guid,
        "AccountNumber": customer.account_number,
        "Registered": user is not None,
    }


def _registered(one: Registered) -> Mapping[str, Any]:
    return {
        "AccountNumber": one.account_number,
        "CustomerGuid": None if one.customer is None else one.customer.customer_guid,
        "Registered": one.customer is not None,
        "Message": one.message,
    }


def _account(customer: Customer) -> Mapping[str, Any]:
    return {
        "AccountNumber": customer.account_number,
        "CustomerGuid": customer.customer_guid,
        "CustomerName": customer.customer_name,
        "EmailAddress": customer.email_address,
        "Address1": customer.address1,
        "Address2": customer.address2,
        "City": customer.city,
        "State": customer.state,
        "Zip": customer.zip,
    }
