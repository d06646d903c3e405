"""`/_sandbox/ic/…` for Cloud Payments: the pages that were asked for, the postbacks with their attempts, reminders."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import parse_qsl

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.domain.cloud_payments import OPEN, Checkout, PaymentPageRequest
from partnerlab.simulators.ic_webservices.domain.postbacks import WAITING, Attempt, Postback
from partnerlab.simulators.ic_webservices.services.cloud_payment_requests import stylesheet
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["CloudPayments"]


class CloudPayments(Part):
    """Payment pages: list, show; postbacks: list, show, send; reminders: list."""

    def list_cloud_payments(self, request: Request, limit: int, offset: int, biller_guid: str = "") -> Json:
        search = searched(biller_guid=biller_guid)
        found = self._services.records.newest_checkouts(request.lane, search, limit=limit, offset=offset)
        return {"cloud_payments": [_checkout_view(self._services, request.lane, checkout) for checkout in found]}

    def get_cloud_payment(self, request: Request, id: str) -> Json:
        return _checkout_view(self._services, request.lane, self._services.records.checkout(request.lane, id))

    def list_postbacks(
        self, request: Request, limit: int, offset: int, biller_guid: str = "", payment_guid: str = "", state: str = ""
    ) -> Json:
        search = searched(biller_guid=biller_guid, payment_guid=payment_guid, state=state)
        found = self._services.records.newest_postbacks(request.lane, search, limit=limit, offset=offset)
        return {"postbacks": [self.get_postback(request, one.postback_id) for one in found]}

    def get_postback(self, request: Request, postback_id: str) -> Json:
        return _postback_view(*self._services.postbacks.get(request.lane, postback_id))

    def send_postback(self, request: Request, postback_id: str) -> Json:
        return _postback_view(*self._services.postbacks.send_again(request.lane, postback_id))

    def list_reminders(
        self, request: Request, limit: int, biller_guid: str = "", account_number: str = "", invoice_number: str = ""
    ) -> Json:
        search = searched(biller_guid=biller_guid, account_number=account_number, invoice_number=invoice_number)
        found = self._services.records.newest_reminders(request.lane, search, limit=limit)
        return {"reminders": [asdict(reminder) for reminder in found]}


def _is_expired(lane: Lane, checkout: Checkout) -> bool:
    return checkout.state == OPEN and checkout.expires_at <= lane.now().isoformat(timespec="microseconds")


def _checkout_view(services: Services, lane: Lane, checkout: Checkout) -> Json:
    """A page that was asked for. Its `id` opens nothing: it is the hash of the token."""
    biller = services.ledger.biller(lane, checkout.biller_guid)
    asked = PaymentPageRequest.load(checkout.asked)
    linked = stylesheet(asked, biller)
    return {
        "id": checkout.token_hash,
        "biller_guid": checkout.biller_guid,
        "state": "expired" if _is_expired(lane, checkout) else checkout.state,
        "created_at": checkout.created_at,
        "expires_at": checkout.expires_at,
        "username": checkout.username or None,
        "request": dict(checkout.asked),
        "choice": dict(checkout.choice) or None,
        "payment_guids": list(checkout.outcome.get("payment_guids", ())),
        "message": checkout.outcome.get("message"),
        "stylesheet": "none" if not asked.css_url else "linked" if linked else "left out: not on the allow-list",
    }


def _postback_view(postback: Postback, attempts: list[Attempt]) -> Json:
    """A postback, its fields by name, and every attempt."""
    return {
        "id": postback.postback_id,
        "payment_guid": postback.payment_guid,
        "biller_guid": postback.biller_guid,
        "url": mask_text(postback.url),
        "fields": dict(parse_qsl(postback.body, keep_blank_values=True)),
        "state": postback.state,
        "attempts": [
            {
                "number": attempt.number,
                "at": attempt.at,
                "status": attempt.status or None,
                "reason": attempt.reason or None,
                "took_ms": attempt.took_ms,
            }
            for attempt in attempts
        ],
        "created_at": postback.created_at,
        "next_at": postback.next_at if postback.state == WAITING else None,
        "delivered_at": postback.delivered_at or None,
    }
