"""`/_sandbox/ic/invoices`: the invoices, and how a payer opens one."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.control.views import invoice_view, question_view
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Bills"]


class Bills(Part):
    """Invoices: list, show, open, keep the PDF."""

    def list_balance_questions(self, request: Request, after: str, limit: int, biller_guid: str = "") -> Json:
        found = self._services.asking.open(request.lane, self._guid(biller_guid), after=after, limit=limit)
        return {"questions": [question_view(one) for one in found]}

    def list_invoices(
        self,
        request: Request,
        after: str,
        limit: int,
        biller_guid: str = "",
        account_number: str = "",
        status: str = "",
        text: str = "",
    ) -> Json:
        search = searched(biller_guid=self._guid(biller_guid), account_number=account_number, status=status)
        found = self._services.records.invoices(request.lane, search, text=text, after=after, limit=limit)
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

    def keep_bill_image(self, request: Request, invoice_number: str, content: str, biller_guid: str = "") -> Json:
        kept = self._services.bill_images.keep(request.lane, self._guid(biller_guid), invoice_number, content)
        return {"size_bytes": kept}
