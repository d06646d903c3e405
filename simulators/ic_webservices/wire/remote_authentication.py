"""
RemoteAuthenticationWS.asmx: a partner's portal logs its users in and keeps their accounts. Arguments are not wrapped.

Source: WaterSmart, Invoice Cloud Web Services; the arguments are assumed [A-18] [A-20].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, NotFound
from partnerlab.simulators.ic_webservices.services.authentication import Authentication
from partnerlab.simulators.ic_webservices.services.ledger import Ledger
from partnerlab.simulators.ic_webservices.services.user_accounts import UserAccounts
from partnerlab.simulators.ic_webservices.wire.faults import refusal
from partnerlab.simulators.ic_webservices.wire.invoicing import UNSET
from partnerlab.simulators.ic_webservices.wire.remote_types import (
    AccountNumbers,
    KeepAliveResult,
    LinkCustomerAccountResult,
    LoginResult,
    RegistrationResult,
    SetCustomerEmailAddressResult,
    UnregisterAccountsResult,
)
from partnerlab.simulators.ic_webservices.wire.rest_operations import check_login_type
from partnerlab.simulators.ic_webservices.wire.types import Int, Text, never_nil
from partnerlab.simulators.kit.asmx.spyne_compat import ServiceBase, rpc
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["declare"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Every result; an operation's own has more."""

    Success: bool
    ErrorMessage: str | None = None
    RemoteAuthenticationToken: str | None = None
    CustomerGuid: str | None = None
    ExpirationDate: datetime = UNSET


def declare(ledger: Ledger, authentication: Authentication, user_accounts: UserAccounts) -> type[Any]:
    """The service as Spyne declares it, on that ledger and its users."""

    def answered(ctx: Any, guid: str | None, key: str | None, run: Callable[[Lane, Biller], Answer]) -> Answer:
        """The answer of an operation for the biller that calls, or the refusal."""
        lane: Lane = ctx.udc.lane
        try:
            return run(lane, ledger.authenticate(lane, guid, key))
        except DomainError as error:
            return Answer(Success=False, ErrorMessage=refusal(error))

    class RemoteAuthenticationWS(ServiceBase):
        @rpc(*[Text] * 7, _returns=never_nil(LoginResult))
        def RemoteAuthentication(
            ctx: Any,
            BillerGUID: str | None,
            WebServiceKey: str | None,
            Username: str | None,
            Password: str | None,
            AccountNumber: str | None,
            CustomerName: str | None,
            EmailAddress: str | None,
        ) -> Any:
            """Logs a user in. With setting 29 an account that is not known is created; CustomerName is needed then."""

            def run(lane: Lane, biller: Biller) -> Answer:
                token, _, customer = user_accounts.log_in(
                    lane,
                    biller.guid,
                    Username,
                    Password,
                    account_number=AccountNumber or "",
                    create=True,
                    customer_name=CustomerName or "",
                    email_address=EmailAddress or "",
                )
                guid = None if customer is None else customer.customer_guid
                return Answer(Success=True, RemoteAuthenticationToken=token, CustomerGuid=guid)

            return answered(ctx, BillerGUID, WebServiceKey, run)

        @rpc(Text, Text, Text, _returns=never_nil(KeepAliveResult))
        def KeepRemoteSessionAlive(
            ctx: Any, BillerGUID: str | None, WebServiceKey: str | None, RemoteAuthenticationToken: str | None
        ) -> Any:
            """Lets a token last another twenty minutes."""

            def run(lane: Lane, biller: Biller) -> Answer:
                session = authentication.open(lane, RemoteAuthenticationToken, biller.guid)
                local = session.expires_at.astimezone(time_zone(biller.time_zone))
                return Answer(Success=True, ExpirationDate=local.replace(tzinfo=None, microsecond=0))

            return answered(ctx, BillerGUID, WebServiceKey, run)

        @rpc(
            Text,
            Text,
            Int,
            *[Text] * 4,
            _args=[
                "BillerGUID",
                "WebServiceKey",
                "LoginTypeID",
                "AccountNumber",
                "Username",
                "EmailAddress",
                "Password",
            ],
            _returns=never_nil(RegistrationResult),
        )
        def RemoteRegistration(
            ctx: Any,
            BillerGUID: str | None,
            WebServiceKey: str | None,
            LoginTypeID: int,
            AccountNumber: str | None,
            Username: str | None,
            EmailAddress: str | None,
            Password: str | None,
        ) -> Any:
            """Registers a user for an account; the password of one who is registered is changed."""

            def run(lane: Lane, biller: Biller) -> Answer:
                check_login_type(LoginTypeID)
                (registered,) = user_accounts.register(
                    lane,
                    biller.guid,
                    Username or "",
                    Password,
                    [(AccountNumber or "").strip()],
                    email_address=EmailAddress or "",
                    change_password=True,
                )
                if registered.customer is None:
                    raise NotFound("customer", registered.account_number)
                return Answer(Success=True, CustomerGuid=registered.customer.customer_guid)

            return answered(ctx, BillerGUID, WebServiceKey, run)

        @rpc(Text, Text, Text, AccountNumbers, _returns=never_nil(UnregisterAccountsResult))
        def UnregisterAccounts(
            ctx: Any,
            BillerGUID: str | None,
            WebServiceKey: str | None,
            Username: str | None,
            Accounts: Sequence[str | None] | None,
        ) -> Any:
            """Takes accounts from a user. In a form POST Accounts holds them with commas."""

            def run(lane: Lane, biller: Biller) -> Answer:
                user_accounts.unlink(lane, biller.guid, Username or "", [one or "" for one in Accounts or ()])
                return Answer(Success=True)

            return answered(ctx, BillerGUID, WebServiceKey, run)

        @rpc(*[Text] * 4, _returns=never_nil(LinkCustomerAccountResult))
        def LinkCustomerAccount(
            ctx: Any,
            BillerGUID: str | None,
            WebServiceKey: str | None,
            Username: str | None,
            AccountNumber: str | None,
        ) -> Any:
            """Links an account to a registered user."""

            def run(lane: Lane, biller: Biller) -> Answer:
                user_accounts.link(lane, biller.guid, Username or "", AccountNumber or "")
                return Answer(Success=True)

            return answered(ctx, BillerGUID, WebServiceKey, run)

        @rpc(*[Text] * 5, _returns=never_nil(SetCustomerEmailAddressResult))
        def SetCustomerEmailAddress(
            ctx: Any,
            BillerGUID: str | None,
            WebServiceKey: str | None,
            AccountNumber: str | None,
            Username: str | None,
            NewEmailAddress: str | None,
        ) -> Any:
            """Changes a customer's e-mail address, and the user's where one is named."""

            def run(lane: Lane, biller: Biller) -> Answer:
                user_accounts.set_customer_email(
                    lane, biller.guid, AccountNumber or "", NewEmailAddress or "", username=Username or ""
                )
                return Answer(Success=True)

            return answered(ctx, BillerGUID, WebServiceKey, run)

    return RemoteAuthenticationWS
