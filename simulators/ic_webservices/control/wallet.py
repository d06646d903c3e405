"""`/_sandbox/ic/…`: payment methods, scheduled payments and AutoPay, for tests that need no page."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.control.views import change_view
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.methods import BANK_ACCOUNT, CARD, Method
from partnerlab.simulators.ic_webservices.domain.money import amount as dollars
from partnerlab.simulators.ic_webservices.domain.schedules import Schedule
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Wallet"]


class Wallet(Part):
    """Methods of a user: list, add; schedules: list, add; AutoPay: enrol."""

    def list_methods(self, request: Request, username: str, biller_guid: str = "") -> Json:
        guid = self._guid(biller_guid)
        found = self._services.wallet.methods(request.lane, guid, self._known(request, guid, username))
        return {"methods": [_method(method) for method in found]}

    def add_method(
        self,
        request: Request,
        username: str,
        holder: str,
        card_number: str | None = None,
        bank_account: str | None = None,
        expires_on: date | None = None,
        biller_guid: str = "",
    ) -> Json:
        guid = self._guid(biller_guid)
        if (card_number is None) == (bank_account is None):
            raise ValueRefused("card_number", "", "either this or bank_account must be given")
        if card_number is None:
            kind, number, expires_on = BANK_ACCOUNT, bank_account or "", None
        else:
            kind, number = CARD, card_number
            if expires_on is None:
                raise ValueRefused("expires_on", "", "must be given with card_number")
        method = self._services.wallet.add(
            request.lane,
            guid,
            self._known(request, guid, username),
            NewMethod(kind=kind, number=number, holder=holder, expires_on=expires_on),
        )
        return _method(method)

    def list_schedules(
        self,
        request: Request,
        after: str,
        limit: int,
        biller_guid: str = "",
        username: str = "",
        account_number: str = "",
        invoice_number: str = "",
        state: str = "",
    ) -> Json:
        search = searched(
            biller_guid=biller_guid,
            account_number=account_number,
            invoice_number=invoice_number,
            username=username,
            state=state,
        )
        found = self._services.records.schedules(request.lane, search, after=after, limit=limit)
        return {"schedules": [_schedule(schedule) for schedule in found]}

    def add_schedule(
        self,
        request: Request,
        username: str,
        invoice_number: str,
        amount: int,
        method_id: str,
        day: date,
        biller_guid: str = "",
    ) -> Json:
        guid = self._guid(biller_guid)
        schedule = self._services.schedules.schedule(
            request.lane,
            guid,
            self._known(request, guid, username),
            invoice_number=invoice_number,
            amount_cents=amount,
            method_id=method_id,
            day=day,
        )
        return _schedule(schedule)

    def enrol_autopay(
        self, request: Request, username: str, account_number: str, method_id: str, biller_guid: str = ""
    ) -> Json:
        guid = self._guid(biller_guid)
        name = self._known(request, guid, username)
        return change_view(
            *self._services.schedules.enrol(request.lane, guid, name, account_number, method_id, cause=request.id)
        )

    def _known(self, request: Request, guid: str, username: str) -> str:
        return self._services.records.user(request.lane, guid, username).username


def _method(method: Method) -> Json:
    return {**asdict(method), "expires_on": method.expires_on.isoformat() if method.expires_on else None}


def _schedule(schedule: Schedule) -> Json:
    view = asdict(schedule)
    cents = view.pop("amount_cents")
    return {
        **view,
        "amount": str(dollars(cents)) if cents else None,
        "runs_on": schedule.runs_on.isoformat(),
        "payment_guid": schedule.payment_guid or None,
    }
