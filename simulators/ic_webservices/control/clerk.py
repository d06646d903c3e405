"""`/_sandbox/ic/clerk/…`: what a biller's clerk enters in the biller portal."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.control.common import Json, Part
from partnerlab.simulators.ic_webservices.control.views import customer_view, payment_view
from partnerlab.simulators.ic_webservices.domain.payments import Order
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Clerk"]


class Clerk(Part):
    """The clerk: enter a payment taken over the counter, block and allow ways to pay."""

    def enter_payment(
        self,
        request: Request,
        account_number: str,
        amount: int,
        tender: str,
        invoice_number: str = "",
        check_number: str = "",
        biller_reference: str = "",
        location_reference: str = "",
        payer_name: str = "",
        payment_guid: str = "",
        biller_guid: str = "",
    ) -> tuple[Json, int]:
        order = Order(
            account_number=account_number,
            invoice_number=invoice_number,
            amount_cents=amount,
            tender=tender,
            payer_name=payer_name,
            biller_reference=biller_reference,
            check_number=check_number,
            location_reference=location_reference,
        )
        payment, new = self._services.clerk.enter(
            request.lane, self._guid(biller_guid), order, payment_guid=payment_guid, cause=request.id
        )
        return payment_view(payment), 201 if new else 200

    def block_payments(
        self,
        request: Request,
        account_number: str,
        cards: bool | None = None,
        bank: bool | None = None,
        biller_guid: str = "",
    ) -> Json:
        guid = self._guid(biller_guid)
        return customer_view(self._services.clerk.block(request.lane, guid, account_number, cards=cards, bank=bank))
