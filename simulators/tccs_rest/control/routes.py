"""
`/_sandbox/tccs/…`: what the real partner does not have, as `contracts/tccs_rest/control.yaml` describes it.

Policy terms and quotes can be seen and opened, terms changed, given instalments and loaded from an invoice file;
payments and returns can be listed. An invoice number in a path keeps its slashes, encoded or not.
"""

from __future__ import annotations

import re

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from partnerlab.contracts.files import FileRejected, load_layout, read_bif
from partnerlab.simulators.kit.http.wsgi import current_request
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.tccs_rest.control.bodies import instalments, json_body, policy_change, quote
from partnerlab.simulators.tccs_rest.control.faults import STATUSES
from partnerlab.simulators.tccs_rest.control.files import policy_term
from partnerlab.simulators.tccs_rest.control.views import (
    payment_view,
    policy_detail,
    policy_summary,
    quote_detail,
    quote_summary,
    return_view,
)
from partnerlab.simulators.tccs_rest.domain.errors import DomainError, ValueInvalid
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.numbers import read_invoice_number
from partnerlab.simulators.tccs_rest.world import World

__all__ = ["create_blueprint"]

MOST = 1_000
NUMBER = re.compile(r"[A-Za-z0-9 ._/-]{1,61}")  # what an invoice number, or the beginning of one, is made of


def create_blueprint(world: World) -> Blueprint:
    """The routes."""
    policies = world.policies
    routes = Blueprint("tccs", __name__)

    @routes.errorhandler(DomainError)
    def refused(error: DomainError) -> ResponseReturnValue:
        field = {"field": error.field} if isinstance(error, ValueInvalid) else {}
        return jsonify(error={"code": error.code, "message": str(error)} | field), STATUSES[type(error)]

    @routes.errorhandler(FileRejected)
    def rejected(error: FileRejected) -> ResponseReturnValue:
        return jsonify(error={"code": "file_rejected", "message": str(error)}), 400

    @routes.get("/_sandbox/tccs/policies")
    def list_policies() -> ResponseReturnValue:
        limit = _number("limit", 100)
        found = policies.policies(_lane(), after=_after(), limit=limit)
        after = found[-1][0].invoice_number if len(found) == limit else None
        return jsonify(policies=[policy_summary(policy, balances) for policy, balances in found], next=after)

    @routes.get("/_sandbox/tccs/policies/<path:number>")
    def get_policy(number: str) -> ResponseReturnValue:
        return jsonify(policy_detail(policies.policy(_lane(), _invoice_number("invoice_number", number))))

    @routes.put("/_sandbox/tccs/policies/<path:number>")
    def put_policy(number: str) -> ResponseReturnValue:
        change = policy_change(json_body())
        number = read_invoice_number("invoice_number", number)
        view, is_new = policies.put_policy(_lane(), _cause(), number, change)
        return jsonify(policy_detail(view)), 201 if is_new else 200

    @routes.post("/_sandbox/tccs/instalments")
    def add_instalments() -> ResponseReturnValue:
        number, charges = instalments(json_body(), _lane().now().date())
        return jsonify(policy_detail(policies.add_instalments(_lane(), _cause(), number, charges))), 201

    @routes.post("/_sandbox/tccs/load")
    def load() -> ResponseReturnValue:
        reading = read_bif(request.get_data(), load_layout("tccs"), strict=_flag("strict"))
        today = _lane().now().date()
        count = policies.load(_lane(), _cause(), (policy_term(group, today) for group in reading))
        report = reading.report
        problems = [
            {
                "line": problem.line,
                "invoice_number": problem.invoice_number,
                "rule": problem.rule,
                "message": str(problem),
            }
            for problem in report.problems[:MOST]
        ]
        return jsonify(loaded=count, quarantined=report.quarantined, problems=problems)

    @routes.get("/_sandbox/tccs/quotes")
    def list_quotes() -> ResponseReturnValue:
        limit = _number("limit", 100)
        found = policies.quotes(_lane(), after=_after(), limit=limit)
        after = found[-1].invoice_number if len(found) == limit else None
        return jsonify(quotes=[quote_summary(one) for one in found], next=after)

    @routes.post("/_sandbox/tccs/quotes")
    def add_quote() -> ResponseReturnValue:
        return jsonify(quote_detail(policies.add_quote(_lane(), _cause(), quote(json_body())))), 201

    @routes.get("/_sandbox/tccs/quotes/<path:number>")
    def get_quote(number: str) -> ResponseReturnValue:
        return jsonify(quote_detail(policies.quote(_lane(), _invoice_number("invoice_number", number))))

    @routes.get("/_sandbox/tccs/payments")
    def list_payments() -> ResponseReturnValue:
        number = request.args.get("invoice_number")
        if number is not None:
            number = _invoice_number("invoice_number", number)
        found = policies.payments(_lane(), invoice_number=number, limit=_number("limit", MOST), offset=_offset())
        return jsonify(payments=[payment_view(one) for one in found])

    @routes.get("/_sandbox/tccs/returns")
    def list_returns() -> ResponseReturnValue:
        found = policies.returns(_lane(), limit=_number("limit", MOST), offset=_offset())
        return jsonify(returns=[return_view(one) for one in found])

    return routes


def _lane() -> Lane:
    return current_request().lane


def _cause() -> Cause:
    return Cause(current_request().id, _lane().now())


def _after() -> str:
    after = request.args.get("after", "")
    return after and _invoice_number("after", after)


def _invoice_number(name: str, value: str) -> str:
    if NUMBER.fullmatch(value) is None:
        raise ValueInvalid(name, value, "is not an invoice number")
    return value


def _flag(name: str) -> bool:
    text = request.args.get(name, "false")
    if text not in ("true", "false"):
        raise ValueInvalid(name, text, "is neither true nor false")
    return text == "true"


def _offset() -> int:
    return _number("offset", 0, least=0, most=10**9)


def _number(name: str, default: int, *, least: int = 1, most: int = MOST) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise ValueInvalid(name, text, f"is not a number from {least} to {most}")
    return int(text)
