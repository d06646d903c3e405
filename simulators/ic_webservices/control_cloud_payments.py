"""`/_sandbox/ic/…` for Cloud Payments: the pages that were asked for, the postbacks with their attempts, reminders."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.ic_webservices.cloud_payment_requests import stylesheet
from partnerlab.simulators.ic_webservices.control_requests import asked_filters, asked_limit, current_lane, one_of
from partnerlab.simulators.ic_webservices.domain.cloud_payments import OPEN, Asked, Checkout
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.postbacks import STATES, WAITING, Attempt, Postback
from partnerlab.simulators.ic_webservices.ledger import biller_of
from partnerlab.simulators.ic_webservices.store import CHECKOUTS, POSTBACKS, REMINDERS, Rows
from partnerlab.simulators.kit.control.body import Body

if TYPE_CHECKING:
    from partnerlab.simulators.ic_webservices.app import World

__all__ = ["add_routes"]


def add_routes(routes: Blueprint, world: World) -> None:
    """Add the routes to the simulator's blueprint."""

    @routes.get("/_sandbox/ic/cloud-payments")
    def list_cloud_payments() -> ResponseReturnValue:
        found = _newest(world, CHECKOUTS, "created_at", "biller_guid")
        return jsonify(cloud_payments=[_checkout_view(world, checkout) for checkout in found])

    @routes.get("/_sandbox/ic/cloud-payments/<id>")
    def get_cloud_payment(id: str) -> ResponseReturnValue:
        with world.store.read() as tx:
            checkout = CHECKOUTS.get(tx, current_lane().name, id)
        if checkout is None:
            raise NotFound("cloud payment", id[:80])
        return jsonify(_checkout_view(world, checkout))

    @routes.get("/_sandbox/ic/postbacks")
    def list_postbacks() -> ResponseReturnValue:
        found = _newest(world, POSTBACKS, "created_at", "biller_guid", "payment_guid", "state")
        return jsonify(
            postbacks=[_postback_view(*world.postbacks.get(current_lane(), one.postback_id)) for one in found]
        )

    @routes.get("/_sandbox/ic/postbacks/<postback_id>")
    def get_postback(postback_id: str) -> ResponseReturnValue:
        return jsonify(_postback_view(*world.postbacks.get(current_lane(), postback_id)))

    @routes.post("/_sandbox/ic/postbacks/<postback_id>/send")
    def send_postback(postback_id: str) -> ResponseReturnValue:
        Body()
        return jsonify(_postback_view(*world.postbacks.send_again(current_lane(), postback_id)))

    @routes.get("/_sandbox/ic/reminders")
    def list_reminders() -> ResponseReturnValue:
        found = _newest(world, REMINDERS, "requested_at", "biller_guid", "account_number", "invoice_number")
        return jsonify(reminders=[asdict(reminder) for reminder in found])


def _newest(world: World, rows: Rows[Any], order: str, *names: str) -> list[Any]:
    """The newest rows with the columns that the query names."""
    search, limit = asked_filters(*names), asked_limit()
    if "state" in search:
        one_of("state", search["state"], tuple(STATES))
    with world.store.read() as tx:
        return rows.find(tx, current_lane().name, search, order=order, last_first=True, limit=limit)


def _is_expired(checkout: Checkout) -> bool:
    return checkout.state == OPEN and checkout.expires_at <= current_lane().now().isoformat(timespec="microseconds")


def _checkout_view(world: World, checkout: Checkout) -> dict[str, Any]:
    """A page that was asked for. Its `id` opens nothing: it is the hash of the token."""
    with world.store.read() as tx:
        biller = biller_of(tx, current_lane(), checkout.biller_guid)
    asked = Asked.load(checkout.asked)
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
