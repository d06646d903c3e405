"""`/_sandbox/ic/invoices` and `/uploads`: the invoices, how a payer opens one, and the bill files that brought them."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.control.views import invoice_view, problem_view, upload_view
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Bills"]


class Bills(Part):
    """Invoices: list, show, open; uploads: list, show, list the problems."""

    def list_invoices(
        self,
        request: Request,
        after: str,
        limit: int,
        biller_guid: str = "",
        account_number: str = "",
        status: str = "",
    ) -> Json:
        search = searched(biller_guid=self._guid(biller_guid), account_number=account_number, status=status)
        found = self._services.records.invoices(request.lane, search, after=after, limit=limit)
        return {"invoices": [invoice_view(invoice) for invoice in found]}

    def get_invoice(self, request: Request, invoice_number: str, biller_guid: str = "") -> Json:
        return invoice_view(self._services.ledger.invoice(request.lane, self._guid(biller_guid), invoice_number))

    def open_invoice(self, request: Request, invoice_number: str, biller_guid: str = "") -> Json:
        shown = self._services.presentment.open(request.lane, self._guid(biller_guid), invoice_number)
        return {
            "invoice": invoice_view(shown.invoice),
            "asked": shown.asked,
            "changed": list(shown.changed),
            "problem": shown.problem or None,
        }

    def list_uploads(self, request: Request, after: str, limit: int, biller_guid: str = "") -> Json:
        search = searched(biller_guid=biller_guid)
        found = self._services.records.uploads(request.lane, search, after=after, limit=limit)
        return {"uploads": [upload_view(upload) for upload in found]}

    def get_upload(self, request: Request, upload_id: str) -> Json:
        return upload_view(self._services.records.upload(request.lane, upload_id))

    def list_problems(self, request: Request, upload_id: str, after: int, limit: int) -> Json:
        found = self._services.records.problems(request.lane, upload_id, after=after, limit=limit)
        return {"problems": [problem_view(problem) for problem in found]}
