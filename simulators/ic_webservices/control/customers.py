"""`/_sandbox/ic/customers` and `/changes`: the customers, and what a payer changes of a record."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.control.views import change_view, customer_view, recorded_change_view
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Customers"]


class Customers(Part):
    """Customers: list, show, switch paperless and AutoPay, change e-mail and phone, convey; changes: list."""

    def list_customers(
        self,
        request: Request,
        after: str,
        limit: int,
        biller_guid: str = "",
        text: str = "",
        *,
        conveyed: bool | None = None,
    ) -> Json:
        search: dict[str, str | int] = {"biller_guid": self._guid(biller_guid)}
        if conveyed is not None:
            search["conveyed"] = int(conveyed)
        found = self._services.records.customers(request.lane, search, text=text, after=after, limit=limit)
        return {"customers": [customer_view(customer) for customer in found]}

    def get_customer(self, request: Request, account_number: str, biller_guid: str = "") -> Json:
        return customer_view(self._services.ledger.customer(request.lane, self._guid(biller_guid), account_number))

    def switch_paperless(self, request: Request, account_number: str, enrolled: bool, biller_guid: str = "") -> Json:
        return self._enrol(request, "paperless", account_number, biller_guid, enrolled=enrolled)

    def switch_autopay(self, request: Request, account_number: str, enrolled: bool, biller_guid: str = "") -> Json:
        return self._enrol(request, "autopay", account_number, biller_guid, enrolled=enrolled)

    def change_email(self, request: Request, account_number: str, email_address: str, biller_guid: str = "") -> Json:
        guid = self._guid(biller_guid)
        return change_view(
            *self._services.ledger.change_email(request.lane, guid, account_number, email_address, cause=request.id)
        )

    def change_phone(self, request: Request, account_number: str, phone: str, biller_guid: str = "") -> Json:
        guid = self._guid(biller_guid)
        return customer_view(self._services.ledger.change_phone(request.lane, guid, account_number, phone))

    def convey_account(self, request: Request, account_number: str, biller_guid: str = "") -> Json:
        return customer_view(self._services.ledger.convey(request.lane, self._guid(biller_guid), account_number))

    def list_changes(
        self, request: Request, after: int, limit: int, biller_guid: str = "", account_number: str = ""
    ) -> Json:
        search = searched(biller_guid=biller_guid, account_number=account_number)
        found = self._services.records.changes(request.lane, search, after=after, limit=limit)
        return {"changes": [recorded_change_view(one) for one in found]}

    def _enrol(self, request: Request, kind: str, account_number: str, biller_guid: str, *, enrolled: bool) -> Json:
        guid = self._guid(biller_guid)
        return change_view(
            *self._services.ledger.enrol(request.lane, guid, account_number, kind, enrolled=enrolled, cause=request.id)
        )
