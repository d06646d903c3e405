"""
RemoteAuthenticationWS.asmx: a partner's portal logs its users in and keeps their accounts. Arguments are not wrapped.

Source: WaterSmart, Invoice Cloud Web Services; the arguments are assumed [A-18] [A-20].
"""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.kit.asmx.declare import (
    Bool,
    ComplexModel,
    Int,
    Moment,
    ServiceBase,
    Text,
    array,
    operation,
)

__all__ = ["NAMESPACE", "RemoteAuthenticationWS"]

NAMESPACE = "https://www.invoicecloud.com/portal/webservices/RemoteAuthenticationWS/"

_OUTCOME = [("Success", Bool), ("ErrorMessage", Text)]
AccountNumbers = array(Text, "ArrayOfString", item_name="AccountNumber")


class RemoteAuthenticationResult(ComplexModel):
    """A token, and the customer that was asked for, else the user's first."""

    __namespace__ = NAMESPACE
    _type_info = [*_OUTCOME, ("RemoteAuthenticationToken", Text), ("CustomerGuid", Text)]


class KeepRemoteSessionAliveResult(ComplexModel):
    """Until when the token lasts if it is not used again."""

    __namespace__ = NAMESPACE
    _type_info = [*_OUTCOME, ("ExpirationDate", Moment)]


class RemoteRegistrationResult(ComplexModel):
    """The customer whose account was registered."""

    __namespace__ = NAMESPACE
    _type_info = [*_OUTCOME, ("CustomerGuid", Text)]


class UnregisterAccountsResult(ComplexModel):
    """Whether it was done."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class LinkCustomerAccountResult(ComplexModel):
    """Whether it was done."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class SetCustomerEmailAddressResult(ComplexModel):
    """Whether it was done."""

    __namespace__ = NAMESPACE
    _type_info = list(_OUTCOME)


class RemoteAuthenticationWS(ServiceBase):
    @operation
    def RemoteAuthentication(
        ctx: Any,
        BillerGUID: Text,
        WebServiceKey: Text,
        Username: Text,
        Password: Text,
        AccountNumber: Text,
        CustomerName: Text,
        EmailAddress: Text,
    ) -> RemoteAuthenticationResult:
        """Logs a user in. With setting 29 an account that is not known is created, and its user too."""

    @operation
    def KeepRemoteSessionAlive(
        ctx: Any, BillerGUID: Text, WebServiceKey: Text, RemoteAuthenticationToken: Text
    ) -> KeepRemoteSessionAliveResult:
        """Lets a token last another twenty minutes."""

    @operation
    def RemoteRegistration(
        ctx: Any,
        BillerGUID: Text,
        WebServiceKey: Text,
        LoginTypeID: Int,
        AccountNumber: Text,
        Username: Text,
        EmailAddress: Text,
        Password: Text,
    ) -> RemoteRegistrationResult:
        """Registers a user for an account; the password of one who is registered is changed."""

    @operation
    def UnregisterAccounts(
        ctx: Any, BillerGUID: Text, WebServiceKey: Text, Username: Text, Accounts: AccountNumbers
    ) -> UnregisterAccountsResult:
        """Takes accounts from a user. In a form POST Accounts holds them with commas."""

    @operation
    def LinkCustomerAccount(
        ctx: Any, BillerGUID: Text, WebServiceKey: Text, Username: Text, AccountNumber: Text
    ) -> LinkCustomerAccountResult:
        """Links an account to a registered user."""

    @operation
    def SetCustomerEmailAddress(
        ctx: Any,
        BillerGUID: Text,
        WebServiceKey: Text,
        AccountNumber: Text,
        Username: Text,
        NewEmailAddress: Text,
    ) -> SetCustomerEmailAddressResult:
        """Changes a customer's e-mail address, and the user's where one is named."""
