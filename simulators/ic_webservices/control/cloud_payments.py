"""`/_sandbox/ic/…` for Cloud Payments: the pages that were asked for, the postbacks with their attempts, reminders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.control.requests import asked_filters, asked_limit, current_lane, one_of
from partnerlab.simulators.ic_webservices.domain.cloud_payments import OPEN, Checkout, PaymentPageRequest
from partnerlab.simulators.ic_webservices.domain.postbacks import STATES, WAITING, Attempt, Postback
from partnerlab.simulators.ic_webservices.services.cloud_payment_requests import stylesheet
from partnerlab.simulators.kit.control.body import Body

if TYPE_CHECKING:
    from partnerlab.simulators.ic_webservices.world import Services

__all__ = ["add_routes"]

T = TypeVar("T")


def add_routes(routes: Blueprint, services: Services) -> None:
    """Add the routes to the simulator's blueprint."""

    @routes.get("/_sandbox/ic/cloud-payments")
    def list_cloud_payments() -> ResponseReturnValue:
        found = _newest(services.records.newest_checkouts, "biller_guid")
        return jsonify(cloud_payments=[_checkout_view(services, checkout) for checkout in found])

    @routes.get("/_sandbox/ic/cloud-payments/<id>")
    def get_cloud_payment(id: str) -> ResponseReturnValue:
        return jsonify(_checkout_view(services, services.records.checkout(current_lane(), id)))

    @routes.get("/_sandbox/ic/postbacks")
    def list_postbacks() -> ResponseReturnValue:
        found = _newest(services.records.newest_postbacks, "biller_guid", "payment_guid", "state")
        return jsonify(
            postbacks=[_postback_view(*services.postbacks.get(current_lane(), one.postback_id)) for one in found]
        )

    @routes.get("/_sandbox/ic/postbacks/<postback_id>")
    def get_postback(postback_id: str) -> ResponseReturnValue:
        return jsonify(_postback_view(*services.postbacks.get(current_lane(), postback_id)))

    @routes.post("/_sandbox/ic/postbacks/<postback_id>/send")
    def send_postback(postback_id: str) -> ResponseReturnValue:
        Body()
        return jsonify(_postback_view(*services.postbacks.send_again(current_lane(), postback_id)))

    @routes.get("/_sandbox/ic/reminders")
    def list_reminders() -> ResponseReturnValue:
        found = _newest(services.records.newest_reminders, "biller_guid", "account_number", "invoice_number")
        return jsonify(reminders=[asdict(reminder) for reminder in found])


def _newest(records: Callable[..., list[T]], *names: str) -> list[T]:
    """The newest records with the values that the query gives for those columns."""
    search, limit = asked_filters(*names), asked_limit()
    if "state" in search:
        one_of("state", search["state"], tuple(STATES))
    return records(current_lane(), search, limit=limit)


def _is_expired(checkout: Checkout) -> bool:
    return checkout.state == OPEN and checkout.expires_at <= current_lane().now().isoformat(timespec="microseconds")


def _checkout_view(services: Services, checkout: Checkout) -> dict[str, Any]:
    """A page that was asked for. Its `id` opens nothing: it is the hash of the token."""
    biller = services.ledger.biller(current_lane(), checkout.biller_guid)
    asked = PaymentPageRequest.load(checkout.asked)
    linked = stylesheet(asked, biller)
    return {
        "id": checkout.token_hash,
        "biller_guid": checkout.biller_guid,
        "state": "expired" if _is_expired(checkout) else checkout.state,
        "created_at": checkout.created_at,
        "expires_at": checkout.expires_at,
        "username": checkout.username or None,
        "request": dict(checkout.asked),
        "choice": dict(checkout.choice) or None,
        "payment_guids": list(checkout.outcome.get("payment_guids", ())),
        "message": checkout.outcome.get("message"),
        "stylesheet": "none" if not asked.css_url else "linked" if linked else "left out: not on the allow-list",
    }


def _postback_view(postback: Postback, attempts: list[Attempt]) -> dict[str, Any]:
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
