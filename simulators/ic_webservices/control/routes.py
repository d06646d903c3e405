"""
`/_sandbox/ic/…`: everything that Invoice Cloud's partners do not see, as `contracts/ic_webservices/control.yaml` says.

Money is text with two decimals, times are ISO 8601. What a payer does stands here until the payer's own pages exist:
opening a bill, paying, switching paperless and AutoPay, changing the e-mail address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.control import cloud_payments as control_cloud_payments
from partnerlab.simulators.ic_webservices.control import users as control_users
from partnerlab.simulators.ic_webservices.control import wallet as control_wallet
from partnerlab.simulators.ic_webservices.control.faults import error_body
from partnerlab.simulators.ic_webservices.control.requests import (
    asked_after,
    asked_biller,
    asked_filters,
    asked_limit,
    asked_page,
    current_lane,
    one_of,
    read_body,
    read_text,
)
from partnerlab.simulators.ic_webservices.control.views import (
    CHANGEABLE,
    biller_changes,
    biller_view,
    customer_view,
    entry_view,
    invoice_view,
    payment_view,
    problem_view,
    upload_view,
)
from partnerlab.simulators.ic_webservices.domain.errors import DomainError, ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import STATUSES as INVOICE_STATUSES
from partnerlab.simulators.ic_webservices.domain.money import parse_amount
from partnerlab.simulators.ic_webservices.domain.payments import CARD_TENDERS, DONATIONS, STATES, TENDERS, Order
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.control.body import Body
from partnerlab.simulators.kit.http.wsgi import current_request

__all__ = ["create_blueprint"]

ORDER = (
    "account_number",
    "invoice_number",
    "amount",
    "tender",
    "card_number",
    "bank_account",
    "service_fee",
    "donation",
    "payer_name",
    "biller_reference",
    "payment_guid",
)


def create_blueprint(services: Services) -> Blueprint:
    """The routes."""
    routes = Blueprint("ic", __name__)

    @routes.errorhandler(DomainError)
    def refused(error: DomainError) -> ResponseReturnValue:
        body, status = error_body(error)
        return jsonify(body), status

    # --- billers ---

    @routes.get("/_sandbox/ic/billers")
    def list_billers() -> ResponseReturnValue:
        found = services.records.billers(current_lane())
        return jsonify(billers=[biller_view(biller, _origin(services), current_lane()) for biller in found])

    @routes.get("/_sandbox/ic/billers/<guid>")
    def get_biller(guid: str) -> ResponseReturnValue:
        return jsonify(biller_view(services.ledger.biller(current_lane(), guid), _origin(services), current_lane()))

    @routes.patch("/_sandbox/ic/billers/<guid>")
    def change_biller(guid: str) -> ResponseReturnValue:
        changes = biller_changes(services.ledger.biller(current_lane(), guid), Body(*CHANGEABLE).values)
        biller = services.ledger.save_biller(current_lane(), guid, changes)
        return jsonify(biller_view(biller, _origin(services), current_lane()))

    # --- customers ---

    @routes.get("/_sandbox/ic/customers")
    def list_customers() -> ResponseReturnValue:
        found = asked_page(services.records.customers, {"biller_guid": asked_biller(services)})
        return jsonify(customers=[customer_view(customer) for customer in found])

    @routes.get("/_sandbox/ic/customers/<account_number>")
    def get_customer(account_number: str) -> ResponseReturnValue:
        return jsonify(customer_view(services.ledger.customer(current_lane(), asked_biller(services), account_number)))

    @routes.post("/_sandbox/ic/customers/<account_number>/paperless")
    def switch_paperless(account_number: str) -> ResponseReturnValue:
        return _enrol("paperless", account_number)

    @routes.post("/_sandbox/ic/customers/<account_number>/autopay")
    def switch_autopay(account_number: str) -> ResponseReturnValue:
        return _enrol("autopay", account_number)

    def _enrol(kind: str, account_number: str) -> ResponseReturnValue:
        body = read_body("enrolled")
        enrolled = body.get("enrolled")
        if not isinstance(enrolled, bool):
            raise ValueRefused("enrolled", enrolled, "must be true or false")
        customer, event = services.ledger.enrol(
            current_lane(),
            asked_biller(services, body),
            account_number,
            kind,
            enrolled=enrolled,
            cause=current_request().id,
        )
        return jsonify(customer=customer_view(customer), event_id=None if event is None else event.id)

    @routes.post("/_sandbox/ic/customers/<account_number>/email")
    def change_email(account_number: str) -> ResponseReturnValue:
        body = read_body("email_address")
        customer, event = services.ledger.change_email(
            current_lane(),
            asked_biller(services, body),
            account_number,
            body.get("email_address"),
            cause=current_request().id,
        )
        return jsonify(customer=customer_view(customer), event_id=None if event is None else event.id)

    @routes.post("/_sandbox/ic/customers/<account_number>/phone")
    def change_phone(account_number: str) -> ResponseReturnValue:
        body = read_body("phone")
        guid = asked_biller(services, body)
        return jsonify(
            customer_view(services.ledger.change_phone(current_lane(), guid, account_number, body.get("phone")))
        )

    @routes.get("/_sandbox/ic/changes")
    def list_changes() -> ResponseReturnValue:
        search = asked_filters("biller_guid", "account_number")
        after, limit = asked_after(numbered=True), asked_limit()
        found = services.records.changes(current_lane(), search, after=after, limit=limit)
        return jsonify(changes=[asdict(one) for one in found])

    @routes.post("/_sandbox/ic/customers/<account_number>/convey")
    def convey(account_number: str) -> ResponseReturnValue:
        body = read_body()
        return jsonify(
            customer_view(services.ledger.convey(current_lane(), asked_biller(services, body), account_number))
        )

    # --- invoices ---

    @routes.get("/_sandbox/ic/invoices")
    def list_invoices() -> ResponseReturnValue:
        search = {"biller_guid": asked_biller(services), **asked_filters("account_number")}
        if status := request.args.get("status", ""):
            search["status"] = one_of("status", status, tuple(INVOICE_STATUSES))
        found = asked_page(services.records.invoices, search)
        return jsonify(invoices=[invoice_view(invoice) for invoice in found])

    @routes.get("/_sandbox/ic/invoices/<path:invoice_number>")
    def get_invoice(invoice_number: str) -> ResponseReturnValue:
        return jsonify(invoice_view(services.ledger.invoice(current_lane(), asked_biller(services), invoice_number)))

    @routes.post("/_sandbox/ic/invoices/<path:invoice_number>/open")
    def open_invoice(invoice_number: str) -> ResponseReturnValue:
        body = read_body()
        shown = services.presentment.open(current_lane(), asked_biller(services, body), invoice_number)
        return jsonify(
            invoice=invoice_view(shown.invoice),
            asked=shown.asked,
            changed=list(shown.changed),
            problem=shown.problem or None,
        )

    # --- payments ---

    @routes.get("/_sandbox/ic/payments")
    def list_payments() -> ResponseReturnValue:
        search = asked_filters("biller_guid", "account_number", "invoice_number")
        for name, known in (("state", tuple(STATES)), ("donation", DONATIONS)):
            if value := request.args.get(name, ""):
                search[name] = one_of(name, value, known)
        found = asked_page(services.records.payments, search)
        return jsonify(payments=[payment_view(payment) for payment in found])

    @routes.get("/_sandbox/ic/payments/<payment_guid>")
    def get_payment(payment_guid: str) -> ResponseReturnValue:
        return jsonify(payment_view(services.records.payment(current_lane(), payment_guid)))

    @routes.post("/_sandbox/ic/payments")
    def pay() -> ResponseReturnValue:
        body = read_body(*ORDER)
        payment, new = services.cashier.pay(
            current_lane(),
            asked_biller(services, body),
            _order(body),
            payment_guid=read_text(body, "payment_guid"),
            cause=current_request().id,
        )
        return jsonify(payment_view(payment)), 201 if new else 200

    # --- uploads ---

    @routes.get("/_sandbox/ic/uploads")
    def list_uploads() -> ResponseReturnValue:
        found = asked_page(services.records.uploads, asked_filters("biller_guid"))
        return jsonify(uploads=[upload_view(upload) for upload in found])

    @routes.get("/_sandbox/ic/uploads/<upload_id>")
    def get_upload(upload_id: str) -> ResponseReturnValue:
        return jsonify(upload_view(services.records.upload(current_lane(), upload_id)))

    @routes.get("/_sandbox/ic/uploads/<upload_id>/problems")
    def list_problems(upload_id: str) -> ResponseReturnValue:
        after, limit = asked_after(numbered=True), asked_limit()
        found = services.records.problems(current_lane(), upload_id, after=after, limit=limit)
        return jsonify(problems=[problem_view(problem) for problem in found])

    # --- events ---

    @routes.get("/_sandbox/ic/events")
    def list_events() -> ResponseReturnValue:
        state = request.args.get("state", "")
        if state:
            one_of("state", state, ("waiting", "accepted"))
        after, limit = asked_after(numbered=True), asked_limit()
        entries = services.outbox.entries(
            current_lane(),
            state=state,
            account_number=asked_filters("account_number").get("account_number", ""),
            after=int(after or 0),
            limit=limit,
        )
        return jsonify(events=[entry_view(entry) for entry in entries])

    @routes.post("/_sandbox/ic/events/offer")
    def offer_events() -> ResponseReturnValue:
        return jsonify(accounts_waiting=services.outbox.flush_all())

    control_users.add_routes(routes, services)
    control_wallet.add_routes(routes, services)
    control_cloud_payments.add_routes(routes, services)
    return routes


def _origin(services: Services) -> str:
    if services.base_url is not None:
        return services.base_url().rstrip("/")
    # The address that the request came to, without its lane: `biller_view` puts the lane back where there is one.
    return current_request().base_url.partition("/lane/")[0].rstrip("/")


def _order(body: Mapping[str, Any]) -> Order:
    tender = one_of("tender", body.get("tender"), TENDERS)
    amount_cents = parse_amount(body.get("amount"), "amount")
    if amount_cents <= 0:
        raise ValueRefused("amount", body.get("amount"), "must be more than 0.00")
    fee_cents = parse_amount(body.get("service_fee", "0.00"), "service_fee")
    if fee_cents < 0:
        raise ValueRefused("service_fee", body.get("service_fee"), "must not be negative")
    taken, other = ("card_number", "bank_account") if tender in CARD_TENDERS else ("bank_account", "card_number")
    if body.get(other) and tender != "paypal":
        raise ValueRefused(other, "", f"does not go with tender {tender}")
    account_number = read_text(body, "account_number")
    if not account_number:
        raise ValueRefused("account_number", "", "must not be empty")
    return Order(
        account_number=account_number,
        invoice_number=read_text(body, "invoice_number"),
        amount_cents=amount_cents,
        tender=tender,
        number=_number(body, taken) or (_number(body, other) if tender == "paypal" else ""),
        service_fee_cents=fee_cents,
        donation=one_of("donation", body.get("donation", "none"), DONATIONS),
        payer_name=read_text(body, "payer_name"),
        biller_reference=read_text(body, "biller_reference"),
    )


def _number(body: Mapping[str, Any], name: str) -> str:
    number = body.get(name, "")
    if not isinstance(number, str):
        raise ValueRefused(name, "", "must be text: a number would lose its leading zeros")
    return number[:40]
