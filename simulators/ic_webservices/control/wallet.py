"""`/_sandbox/ic/…`: payment methods, scheduled payments and AutoPay, for tests that need no page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.control.requests import (
    asked_biller,
    asked_filters,
    asked_page,
    current_lane,
    one_of,
    read_body,
    read_text,
)
from partnerlab.simulators.ic_webservices.control.views import customer_view
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.methods import BANK_ACCOUNT, CARD, Method
from partnerlab.simulators.ic_webservices.domain.money import amount, parse_amount
from partnerlab.simulators.ic_webservices.domain.schedules import STATES, Schedule
from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.http.wsgi import current_request

__all__ = ["add_routes"]


def add_routes(routes: Blueprint, services: Services) -> None:
    """Add the routes."""

    def known(guid: str, username: str) -> str:
        return services.records.user(current_lane(), guid, username).username

    @routes.get("/_sandbox/ic/users/<username>/methods")
    def list_methods(username: str) -> ResponseReturnValue:
        guid = asked_biller(services)
        found = services.wallet.methods(current_lane(), guid, known(guid, username))
        return jsonify(methods=[_method(method) for method in found])

    @routes.post("/_sandbox/ic/users/<username>/methods")
    def add_method(username: str) -> ResponseReturnValue:
        body = read_body("card_number", "bank_account", "holder", "expires_on")
        guid = asked_biller(services, body)
        kind, number = _number(body)
        method = services.wallet.add(
            current_lane(),
            guid,
            known(guid, username),
            NewMethod(
                kind=kind,
                number=number,
                holder=read_text(body, "holder"),
                expires_on=_day(body, "expires_on") if kind == CARD else None,
            ),
        )
        return jsonify(_method(method)), 201

    @routes.get("/_sandbox/ic/schedules")
    def list_schedules() -> ResponseReturnValue:
        search = asked_filters("biller_guid", "account_number", "invoice_number", "username")
        if state := request.args.get("state", ""):
            search["state"] = one_of("state", state, tuple(STATES))
        found = asked_page(services.records.schedules, search)
        return jsonify(schedules=[_schedule(schedule) for schedule in found])

    @routes.post("/_sandbox/ic/users/<username>/schedules")
    def add_schedule(username: str) -> ResponseReturnValue:
        body = read_body("invoice_number", "amount", "method_id", "day")
        guid = asked_biller(services, body)
        amount_cents = parse_amount(body.get("amount"), "amount")
        if amount_cents <= 0:
            raise ValueRefused("amount", body.get("amount"), "must be more than 0.00")
        schedule = services.schedules.schedule(
            current_lane(),
            guid,
            known(guid, username),
            invoice_number=read_text(body, "invoice_number"),
            amount_cents=amount_cents,
            method_id=read_text(body, "method_id"),
            day=_day(body, "day"),
        )
        return jsonify(_schedule(schedule)), 201

    @routes.post("/_sandbox/ic/users/<username>/autopay")
    def enrol_autopay(username: str) -> ResponseReturnValue:
        body = read_body("account_number", "method_id")
        guid = asked_biller(services, body)
        customer, event = services.schedules.enrol(
            current_lane(),
            guid,
            known(guid, username),
            read_text(body, "account_number"),
            read_text(body, "method_id"),
            cause=current_request().id,
        )
        return jsonify(customer=customer_view(customer), event_id=None if event is None else event.id)


def _method(method: Method) -> dict[str, Any]:
    return {**asdict(method), "expires_on": method.expires_on.isoformat() if method.expires_on else None}


def _schedule(schedule: Schedule) -> dict[str, Any]:
    view = asdict(schedule)
    cents = view.pop("amount_cents")
    return {
        **view,
        "amount": str(amount(cents)) if cents else None,
        "runs_on": schedule.runs_on.isoformat(),
        "payment_guid": schedule.payment_guid or None,
    }


def _number(body: Mapping[str, Any]) -> tuple[str, str]:
    """Kind and number: just one of the two members says both."""
    names = {CARD: "card_number", BANK_ACCOUNT: "bank_account"}
    given = [(kind, body[name]) for kind, name in names.items() if name in body]
    if len(given) != 1 or not isinstance(given[0][1], str):
        raise ValueRefused("card_number", "", "either this or bank_account must be given, as text")
    return given[0][0], given[0][1][:40]


def _day(body: Mapping[str, Any], name: str) -> date:
    text = read_text(body, name)
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueRefused(name, text[:40], "must be a date, as in 2026-06-30")
