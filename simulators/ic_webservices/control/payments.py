"""`/_sandbox/ic/payments` and `/events`: what was paid, how a payer pays, and what the data pump is told of it."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.control.views import entry_view, payment_view
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.payments import CARD_TENDERS, Order
from partnerlab.simulators.ic_webservices.services.support import refuse_void
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Payments"]


class Payments(Part):
    """Payments: list, show, pay, void; events: list, offer, dismiss."""

    def list_payments(
        self,
        request: Request,
        after: str,
        limit: int,
        biller_guid: str = "",
        account_number: str = "",
        invoice_number: str = "",
        state: str = "",
        donation: str = "",
        amount: int | None = None,
        text: str = "",
        *,
        newest: bool,
    ) -> Json:
        search: dict[str, str | int] = {} if amount is None else {"amount_cents": amount}
        search |= searched(
            biller_guid=biller_guid,
            account_number=account_number,
            invoice_number=invoice_number,
            state=state,
            donation=donation,
        )
        found = self._services.records.payments(
            request.lane, search, text=text, after=after, limit=limit, newest_first=newest
        )
        return {"payments": [payment_view(payment) for payment in found]}

    def get_payment(self, request: Request, payment_guid: str) -> Json:
        return payment_view(self._services.records.payment(request.lane, payment_guid))

    def void_payment(self, request: Request, payment_guid: str) -> Json:
        payment = self._services.records.payment(request.lane, payment_guid)
        refuse_void(self._services.ledger.biller(request.lane, payment.biller_guid))

    def pay(
        self,
        request: Request,
        account_number: str,
        amount: int,
        tender: str,
        service_fee: int,
        donation: str,
        invoice_number: str = "",
        card_number: str = "",
        bank_account: str = "",
        payer_name: str = "",
        biller_reference: str = "",
        payment_guid: str = "",
        biller_guid: str = "",
    ) -> tuple[Json, int]:
        order = Order(
            account_number=account_number,
            invoice_number=invoice_number,
            amount_cents=amount,
            tender=tender,
            number=_number(tender, card_number, bank_account),
            service_fee_cents=service_fee,
            donation=donation,
            payer_name=payer_name,
            biller_reference=biller_reference,
        )
        payment, new = self._services.cashier.pay(
            request.lane, self._guid(biller_guid), order, payment_guid=payment_guid, cause=request.id
        )
        return payment_view(payment), 201 if new else 200

    def list_events(
        self,
        request: Request,
        after: int,
        limit: int,
        state: str = "",
        biller_guid: str = "",
        account_number: str = "",
        payment_guid: str = "",
    ) -> Json:
        search = searched(state=state, biller_guid=biller_guid, account_number=account_number)
        entries = self._services.outbox.entries(
            request.lane, search, payment_guid=payment_guid, after=after, limit=limit
        )
        return {"events": [entry_view(entry) for entry in entries]}

    def offer_events(self) -> Json:
        return {"accounts_waiting": self._services.outbox.flush_all()}

    def offer_event(self, request: Request, seq: int) -> Json:
        return entry_view(self._services.outbox.offer_again(request.lane, seq))

    def dismiss_event(self, request: Request, seq: int, reason: str) -> Json:
        return entry_view(self._services.outbox.dismiss(request.lane, seq, reason))


def _number(tender: str, card_number: str, bank_account: str) -> str:
    """The number that goes with a tender; PayPal's may be either."""
    if tender == "paypal":
        return bank_account or card_number
    if tender in CARD_TENDERS:
        name, other, number = "bank_account", bank_account, card_number
    else:
        name, other, number = "card_number", card_number, bank_account
    if other:
        raise ValueRefused(name, "", f"does not go with tender {tender}")
    return number
