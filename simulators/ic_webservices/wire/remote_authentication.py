"""
RemoteAuthenticationWS.asmx: a partner's portal logs its users in and keeps their accounts. Arguments are not wrapped.

Source: WaterSmart, Invoice Cloud Web Services; the arguments are assumed [A-18] [A-20].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, NotFound
from partnerlab.simulators.ic_webservices.services.authentication import Authentication
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger
from partnerlab.simulators.ic_webservices.services.user_accounts import UserAccounts
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.messages import remote_authentication as wire
from partnerlab.simulators.ic_webservices.wire.rest_operations import check_login_type
from partnerlab.simulators.kit.asmx.message import Message
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["RemoteAuthenticationOperations"]


class Keyed(Protocol):
    """What every request carries."""

    BillerGUID: str | None
    WebServiceKey: str | None


Result = TypeVar("Result", bound=Message)


class RemoteAuthenticationOperations:
    """The operations of RemoteAuthenticationWS."""

    def __init__(self, ledger: BillerLedger, authentication: Authentication, user_accounts: UserAccounts) -> None:
        self._ledger, self._authentication, self._user_accounts = ledger, authentication, user_accounts

    def RemoteAuthentication(
        self, request: Request, sent: wire.RemoteAuthenticationRequest
    ) -> wire.RemoteAuthenticationResult:
        """Log a user in. With setting 29 an account that is not known is created, and its user too."""

        def run(biller: Biller) -> wire.RemoteAuthenticationResult:
            token, _, customer = self._user_accounts.log_in(
                request.lane,
                biller.guid,
                sent.Username,
                sent.Password,
                account_number=sent.AccountNumber or "",
                create=True,
                customer_name=sent.CustomerName or "",
                email_address=sent.EmailAddress or "",
            )
            guid = None if customer is None else customer.customer_guid
            return wire.RemoteAuthenticationResult(Success=True, RemoteAuthenticationToken=token, CustomerGuid=guid)

        return self._answered(request, sent, wire.RemoteAuthenticationResult, run)

    def KeepRemoteSessionAlive(
        self, request: Request, sent: wire.KeepRemoteSessionAliveRequest
    ) -> wire.KeepRemoteSessionAliveResult:
        """Let a token last another twenty minutes."""

        def run(biller: Biller) -> wire.KeepRemoteSessionAliveResult:
            session = self._authentication.open(request.lane, sent.RemoteAuthenticationToken, biller.guid)
            local = session.expires_at.astimezone(time_zone(biller.time_zone))
            return wire.KeepRemoteSessionAliveResult(
                Success=True, ExpirationDate=local.replace(tzinfo=None, microsecond=0)
            )

        return self._answered(request, sent, wire.KeepRemoteSessionAliveResult, run)

    def RemoteRegistration(
        self, request: Request, sent: wire.RemoteRegistrationRequest
    ) -> wire.RemoteRegistrationResult:
        """Register a user for an account; the password of one who is registered is changed."""

        def run(biller: Biller) -> wire.RemoteRegistrationResult:
            check_login_type(sent.LoginTypeID)
            (registered,) = self._user_accounts.register(
                request.lane,
                biller.guid,
                sent.Username or "",
                sent.Password,
                [(sent.AccountNumber or "").strip()],
                email_address=sent.EmailAddress or "",
                change_password=True,
                create=True,
            )
            if registered.customer is None:
                raise NotFound("customer", registered.account_number)
            return wire.RemoteRegistrationResult(Success=True, CustomerGuid=registered.customer.customer_guid)

        return self._answered(request, sent, wire.RemoteRegistrationResult, run)

    def UnregisterAccounts(
        self, request: Request, sent: wire.UnregisterAccountsRequest
    ) -> wire.UnregisterAccountsResult:
        """Take accounts from a user."""

        def run(biller: Biller) -> wire.UnregisterAccountsResult:
            accounts = [one or "" for one in sent.Accounts or ()]
            self._user_accounts.unlink(request.lane, biller.guid, sent.Username or "", accounts)
            return wire.UnregisterAccountsResult(Success=True)

        return self._answered(request, sent, wire.UnregisterAccountsResult, run)

    def LinkCustomerAccount(
        self, request: Request, sent: wire.LinkCustomerAccountRequest
    ) -> wire.LinkCustomerAccountResult:
        """Link an account to a registered user."""

        def run(biller: Biller) -> wire.LinkCustomerAccountResult:
            self._user_accounts.link(request.lane, biller.guid, sent.Username or "", sent.AccountNumber or "")
            return wire.LinkCustomerAccountResult(Success=True)

        return self._answered(request, sent, wire.LinkCustomerAccountResult, run)

    def SetCustomerEmailAddress(
        self, request: Request, sent: wire.SetCustomerEmailAddressRequest
    ) -> wire.SetCustomerEmailAddressResult:
        """Change a customer's e-mail address, and the user's where one is named."""

        def run(biller: Biller) -> wire.SetCustomerEmailAddressResult:
            self._user_accounts.set_customer_email(
                request.lane,
                biller.guid,
                sent.AccountNumber or "",
                sent.NewEmailAddress or "",
                username=sent.Username or "",
            )
            return wire.SetCustomerEmailAddressResult(Success=True)

        return self._answered(request, sent, wire.SetCustomerEmailAddressResult, run)

    def _answered(self, request: Request, sent: Keyed, result: type[Result], run: Callable[[Biller], Result]) -> Result:
        """What *run* answers for the biller that calls, or the refusal."""
        try:
            return run(self._ledger.authenticate(request.lane, sent.BillerGUID, sent.WebServiceKey))
        except DomainError as error:
            return result(ErrorMessage=refusal(error))
