"""What `contracts/tccs_rest/control.yaml` describes, an operation a method; values come as the contract has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from partnerlab.contracts.files import load_layout, read_bif
from partnerlab.simulators.kit.control.controls import loaded
from partnerlab.simulators.kit.control.refusals import Invalid
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.tccs_rest.control.files import policy_term
from partnerlab.simulators.tccs_rest.control.views import (
    payment_view,
    policy_detail,
    policy_summary,
    quote_detail,
    quote_summary,
    return_view,
)
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.policies import Charge, Insured, Policy
from partnerlab.simulators.tccs_rest.domain.quotes import DUE_AFTER, MONTH, Quote
from partnerlab.simulators.tccs_rest.world import World

__all__ = ["PolicyRoutes"]

Json = dict[str, Any]

INSURED = {
    "insured_name": "name",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "phone": "phone",
}


class PolicyRoutes:
    """
    Policy terms and quotes seen and opened, terms changed, given instalments and loaded; payments and returns listed.
    """

    def __init__(self, world: World) -> None:
        self._policies, self._world = world.policies, world

    def list_policies(self, request: Request, limit: int, after: str, text: str = "") -> Json:
        found = self._policies.policies(request.lane, text=text, after=after, limit=limit)
        last = found[-1][0].invoice_number if len(found) == limit else None
        return {"policies": [policy_summary(policy, balances) for policy, balances in found], "next": last}

    def list_unsent_policies(self, request: Request, limit: int) -> Json:
        return {"invoice_numbers": self._policies.unsent(request.lane, limit=limit)}

    def get_policy(self, request: Request, invoice_number: str) -> Json:
        return policy_detail(self._policies.policy(request.lane, invoice_number))

    def put_policy(
        self, request: Request, invoice_number: str, late_fee: int | None = None, **changes: Any
    ) -> tuple[Json, int]:
        insured = _insured(changes)
        if late_fee is not None:
            changes["late_fee_cents"] = late_fee

        def change(policy: Policy) -> Policy:
            return replace(policy, insured=replace(policy.insured, **insured), **changes)

        view, is_new = self._policies.put_policy(request.lane, self._cause(request), invoice_number, change)
        return policy_detail(view), 201 if is_new else 200

    def add_instalments(
        self,
        request: Request,
        invoice_number: str,
        amount: int,
        count: int,
        billed_on: date | None = None,
        due_on: date | None = None,
    ) -> Json:
        first = billed_on or self._world.days.of(request.lane.now())
        due_after = due_on - first if due_on else DUE_AFTER
        if due_after.days < 0:
            raise Invalid("due_on", "is before billed_on")
        days = [first + MONTH * index for index in range(count)]
        charges = [Charge(0, "instalment", day, day + due_after, amount) for day in days]  # numbers not given yet
        return policy_detail(
            self._policies.add_instalments(request.lane, self._cause(request), invoice_number, charges)
        )

    def load_policies(self, request: Request, strict: bool, body: bytes) -> Json:
        reading = read_bif(body, load_layout("tccs"), strict=strict)
        today = self._world.days.of(request.lane.now())
        count = self._policies.load(
            request.lane, self._cause(request), (policy_term(group, today) for group in reading)
        )
        return loaded(count, reading.report)

    def list_quotes(self, request: Request, limit: int, after: str) -> Json:
        found = self._policies.quotes(request.lane, after=after, limit=limit)
        last = found[-1].invoice_number if len(found) == limit else None
        return {"quotes": [quote_summary(one) for one in found], "next": last}

    def add_quote(
        self,
        request: Request,
        invoice_number: str,
        deposit: int,
        premium: int | None = None,
        instalments: int | None = None,
        late_fee: int = 0,
        **insured: Any,
    ) -> Json:
        premium = deposit if premium is None else premium
        quote = Quote(
            invoice_number,
            Insured(**_insured(insured)),
            deposit_cents=deposit,
            premium_cents=premium,
            instalments=int(premium > deposit) if instalments is None else instalments,
            late_fee_cents=late_fee,
        )
        return quote_detail(self._policies.add_quote(request.lane, self._cause(request), quote))

    def get_quote(self, request: Request, invoice_number: str) -> Json:
        return quote_detail(self._policies.quote(request.lane, invoice_number))

    def list_policy_payments(
        self,
        request: Request,
        limit: int,
        offset: int,
        invoice_number: str | None = None,
        payment_guid: str | None = None,
        amount: int | None = None,
    ) -> Json:
        columns = {"invoice_number": invoice_number, "payment_guid": payment_guid, "amount_cents": amount}
        search = {name: value for name, value in columns.items() if value is not None}
        found = self._policies.payments(request.lane, search, limit=limit, offset=offset)
        return {"payments": [payment_view(one) for one in found]}

    def list_policy_returns(self, request: Request, limit: int, offset: int) -> Json:
        return {
            "returns": [return_view(one) for one in self._policies.returns(request.lane, limit=limit, offset=offset)]
        }

    def _cause(self, request: Request) -> Cause:
        return self._world.cause(request.id, request.lane)


def _insured(values: dict[str, Any]) -> dict[str, str]:
    """What of *values* describes the insured, under the names of `Insured`; it is taken out of *values*."""
    return {inner: values.pop(name) for name, inner in INSURED.items() if name in values}
