"""The types of RemoteAuthenticationWS in the wire's spelling; `ic_webservices/RemoteAuthenticationWS.wsdl`."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.wire.types import Bool, Moment, Text
from partnerlab.simulators.kit.asmx.spyne_compat import Array, ComplexModel, Unicode

__all__ = [
    "REMOTE",
    "AccountNumbers",
    "KeepAliveResult",
    "LinkCustomerAccountResult",
    "LoginResult",
    "RegistrationResult",
    "SetCustomerEmailAddressResult",
    "UnregisterAccountsResult",
]

REMOTE = "https://www.invoicecloud.com/portal/webservices/RemoteAuthenticationWS/"

_OUTCOME = [("Success", Bool), ("ErrorMessage", Text)]

AccountNumbers = Array(
    Unicode.customize(nillable=True), member_name="AccountNumber", type_name="ArrayOfString"
).customize(nillable=False)
"""A list of account numbers."""


class LoginResult(ComplexModel):
    """A token, and the customer that was asked for, else the user's first."""

    __namespace__ = REMOTE
    __type_name__ = "RemoteAuthenticationResult"
    _type_info = [*_OUTCOME, ("RemoteAuthenticationToken", Text), ("CustomerGuid", Text)]


class KeepAliveResult(ComplexModel):
    """Until when the token lasts if it is not used again."""

    __namespace__ = REMOTE
    __type_name__ = "KeepRemoteSessionAliveResult"
    _type_info = [*_OUTCOME, ("ExpirationDate", Moment)]


class RegistrationResult(ComplexModel):
    """The customer whose account was registered."""

    __namespace__ = REMOTE
    __type_name__ = "RemoteRegistrationResult"
    _type_info = [*_OUTCOME, ("CustomerGuid", Text)]


class UnregisterAccountsResult(ComplexModel):
    """Whether it was done."""

    __namespace__ = REMOTE
    _type_info = list(_OUTCOME)


class LinkCustomerAccountResult(ComplexModel):
    """Whether it was done."""

    __namespace__ = REMOTE
    _type_info = list(_OUTCOME)


class SetCustomerEmailAddressResult(ComplexModel):
    """Whether it was done."""

    __namespace__ = REMOTE
    _type_info = list(_OUTCOME)
