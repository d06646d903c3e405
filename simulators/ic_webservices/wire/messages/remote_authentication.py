"""The messages of RemoteAuthenticationWS. Made from its declaration by `make reference`; do not edit."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from partnerlab.simulators.kit.asmx import xs
from partnerlab.simulators.kit.asmx.message import Array, Complex, Message, Operation, Service, Simple
from partnerlab.simulators.kit.http.messages import Request

__all__ = [
    "SERVICE",
    "KeepRemoteSessionAliveRequest",
    "KeepRemoteSessionAliveResult",
    "LinkCustomerAccountRequest",
    "LinkCustomerAccountResult",
    "RemoteAuthenticationRequest",
    "RemoteAuthenticationResult",
    "RemoteAuthenticationWS",
    "RemoteRegistrationRequest",
    "RemoteRegistrationResult",
    "SetCustomerEmailAddressRequest",
    "SetCustomerEmailAddressResult",
    "UnregisterAccountsRequest",
    "UnregisterAccountsResult",
]


class RemoteAuthenticationRequest(Message):
    """What RemoteAuthentication is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    Username: xs.String = None
    Password: xs.String = None
    AccountNumber: xs.String = None
    CustomerName: xs.String = None
    EmailAddress: xs.String = None


class RemoteAuthenticationResult(Message):
    """A token, and the customer that was asked for, else the user's first."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    RemoteAuthenticationToken: xs.String = None
    CustomerGuid: xs.String = None


class KeepRemoteSessionAliveRequest(Message):
    """What KeepRemoteSessionAlive is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    RemoteAuthenticationToken: xs.String = None


class KeepRemoteSessionAliveResult(Message):
    """Until when the token lasts if it is not used again."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    ExpirationDate: xs.DateTime = xs.MIN_VALUE


class RemoteRegistrationRequest(Message):
    """What RemoteRegistration is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    LoginTypeID: xs.Int = 0
    AccountNumber: xs.String = None
    Username: xs.String = None
    EmailAddress: xs.String = None
    Password: xs.String = None


class RemoteRegistrationResult(Message):
    """The customer whose account was registered."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None
    CustomerGuid: xs.String = None


class UnregisterAccountsRequest(Message):
    """What UnregisterAccounts is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    Username: xs.String = None
    Accounts: Annotated[
        Sequence[str | None] | None,
        Array("ArrayOfString", "AccountNumber", Simple("string", least=0, nillable=True)),
    ] = None


class UnregisterAccountsResult(Message):
    """Whether it was done."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class LinkCustomerAccountRequest(Message):
    """What LinkCustomerAccount is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    Username: xs.String = None
    AccountNumber: xs.String = None


class LinkCustomerAccountResult(Message):
    """Whether it was done."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class SetCustomerEmailAddressRequest(Message):
    """What SetCustomerEmailAddress is sent."""

    BillerGUID: xs.String = None
    WebServiceKey: xs.String = None
    AccountNumber: xs.String = None
    Username: xs.String = None
    NewEmailAddress: xs.String = None


class SetCustomerEmailAddressResult(Message):
    """Whether it was done."""

    Success: xs.Boolean = False
    ErrorMessage: xs.String = None


class RemoteAuthenticationWS(Protocol):
    """What answers the operations."""

    def RemoteAuthentication(
        self, request: Request, sent: RemoteAuthenticationRequest, /
    ) -> RemoteAuthenticationResult | None: ...
    def KeepRemoteSessionAlive(
        self, request: Request, sent: KeepRemoteSessionAliveRequest, /
    ) -> KeepRemoteSessionAliveResult | None: ...
    def RemoteRegistration(
        self, request: Request, sent: RemoteRegistrationRequest, /
    ) -> RemoteRegistrationResult | None: ...
    def UnregisterAccounts(
        self, request: Request, sent: UnregisterAccountsRequest, /
    ) -> UnregisterAccountsResult | None: ...
    def LinkCustomerAccount(
        self, request: Request, sent: LinkCustomerAccountRequest, /
    ) -> LinkCustomerAccountResult | None: ...
    def SetCustomerEmailAddress(
        self, request: Request, sent: SetCustomerEmailAddressRequest, /
    ) -> SetCustomerEmailAddressResult | None: ...


SERVICE: Service[RemoteAuthenticationWS] = Service(
    "RemoteAuthenticationWS",
    "https://www.invoicecloud.com/portal/webservices/RemoteAuthenticationWS/",
    Operation(
        "RemoteAuthentication",
        RemoteAuthenticationRequest,
        Complex(RemoteAuthenticationResult),
        "Logs a user in. With setting 29 an account that is not known is created, and its user too.",
    ),
    Operation(
        "KeepRemoteSessionAlive",
        KeepRemoteSessionAliveRequest,
        Complex(KeepRemoteSessionAliveResult),
        "Lets a token last another twenty minutes.",
    ),
    Operation(
        "RemoteRegistration",
        RemoteRegistrationRequest,
        Complex(RemoteRegistrationResult),
        "Registers a user for an account; the password of one who is registered is changed.",
    ),
    Operation(
        "UnregisterAccounts",
        UnregisterAccountsRequest,
        Complex(UnregisterAccountsResult),
        "Takes accounts from a user. In a form POST Accounts holds them with commas.",
    ),
    Operation(
        "LinkCustomerAccount",
        LinkCustomerAccountRequest,
        Complex(LinkCustomerAccountResult),
        "Links an account to a registered user.",
    ),
    Operation(
        "SetCustomerEmailAddress",
        SetCustomerEmailAddressRequest,
        Complex(SetCustomerEmailAddressResult),
        "Changes a customer's e-mail address, and the user's where one is named.",
    ),
)
