"""`/_sandbox/watersmart/customers…`: see, change, bill; what the utility enters itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, Literal, cast

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.watersmart.control.views import (
    books_view,
    cause_of,
    customer_detail,
    customer_summary,
    told_view,
)
from partnerlab.simulators.watersmart.domain.customers import Customer, Who
from partnerlab.simulators.watersmart.world import World

__all__ = ["CustomerRoutes"]

Json = dict[str, Any]


class CustomerRoutes:
    """Customers, their bills and entries, the books in sums."""

    def __init__(self, world: World) -> None:
        self._ledger, self._portal = world.ledger, world.portal

    def list_water_customers(self, request: Request, limit: int, after: str, text: str) -> Json:
        found = self._ledger.customers(request.lane, text=text, after=after, limit=limit)
        last = found[-1].account_number if len(found) == limit else None
        return {"customers": [customer_summary(one) for one in found], "next": last}

    def get_water_customer(self, request: Request, account_number: str) -> Json:
        return customer_detail(self._ledger.view(request.lane, account_number))

    def put_water_customer(self, request: Request, account_number: str, **changes: Any) -> tuple[Json, int]:
        def change(customer: Customer) -> Customer:
            return replace(customer, **changes)

        view, new = self._ledger.put(request.lane, cause_of(request), account_number, change)
        return customer_detail(view), 201 if new else 200

    def bill_water_customer(
        self,
        request: Request,
        account_number: str,
        amount: int,
        invoice_number: str,
        invoiced_on: date | None = None,
        due_on: date | None = None,
    ) -> Json:
        view = self._ledger.bill(
            request.lane,
            cause_of(request),
            account_number,
            amount,
            invoiced_on=invoiced_on,
            due_on=due_on,
            invoice_number=invoice_number,
        )
        return customer_detail(view)

    def enter_for_water_customer(
        self, request: Request, account_number: str, kind: str, amount: int, note: str
    ) -> Json:
        entered = cast(Literal["counter_payment", "adjusted"], kind)
        view = self._ledger.enter(request.lane, cause_of(request), account_number, entered, amount, note)
        return customer_detail(view)

    def change_water_email(self, request: Request, account_number: str, email: str, by: str) -> Json:
        who = cast(Who, by)
        return told_view(self._portal.change_email(request.lane, cause_of(request), account_number, email, who))

    def renew_water_customer(self, request: Request, account_number: str) -> Json:
        return told_view(self._portal.renew(request.lane, cause_of(request), account_number))

    def get_water_books(self, request: Request) -> Json:
        return books_view(self._ledger.books(request.lane))
