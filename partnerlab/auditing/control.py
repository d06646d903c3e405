"""What `contracts/auditing/control.yaml` describes: both judgements of a lane, for commands, console and CI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from partnerlab.auditing.comparing import reconcile
from partnerlab.auditing.judging import Audit, audit
from partnerlab.auditing.one_payment import PaymentUnknown, read_payment
from partnerlab.auditing.pages import Asking
from partnerlab.auditing.reading import read_attempts, read_lane, read_standing
from partnerlab.auditing.records import LaneBooks
from partnerlab.auditing.report import audit_json, payment_json, reconciliation_json
from partnerlab.simulators.kit.control.controls import Controls, refuser
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["CONTRACT", "create_controls"]

CONTRACT = "auditing/control.yaml"
REFUSALS: Mapping[type[Exception], tuple[int, str, str]] = {PaymentUnknown: (404, "not_found", "payment_guid")}


def create_controls(control: Callable[[Request], Asking]) -> Controls:
    """The operations; *control* asks the control API in the lane of a request."""
    return Controls([Auditing(control)], refuser(REFUSALS))


class Auditing:
    """Audit and reconciliation of a request's lane."""

    def __init__(self, control: Callable[[Request], Asking]) -> None:
        self._control = control

    def audit_payments(self, request: Request) -> dict[str, Any]:
        """
        With the attempts of what is a finding in its story.

        No verdict on a payment goes by what an account owes, so that is not read.
        """
        control, lane = self._control(request), request.lane.name
        books = read_standing(
            lambda: read_lane(control, lane, with_balances=False), lambda books: bool(audit(books).findings)
        )
        return audit_json(_with_attempts(control, books))

    def audit_payment(self, request: Request, payment_guid: str) -> dict[str, Any]:
        """Of the records that concern it, which say the same of it as all of them."""
        control, lane = self._control(request), request.lane.name
        books = read_standing(
            lambda: read_payment(control, lane, payment_guid),
            lambda books: any(one.finding for one in audit(books).of(payment_guid)),
        )
        own = {one.event_id for one in books.events if one.payment_guid == payment_guid}
        return payment_json(audit(books), payment_guid, [one for one in books.deliveries if one.event_id in own])

    def reconcile_books(self, request: Request) -> dict[str, Any]:
        """Explained differences too."""
        control, lane = self._control(request), request.lane.name
        books = read_standing(lambda: read_lane(control, lane), lambda books: bool(reconcile(books).findings))
        return reconciliation_json(reconcile(books))

    def audit_books(self, request: Request) -> dict[str, Any]:
        """As `audit_payments` and `reconcile_books`."""
        control, lane = self._control(request), request.lane.name
        books = read_standing(
            lambda: read_lane(control, lane),
            lambda books: bool(audit(books).findings or reconcile(books).findings),
        )
        reconciled = reconciliation_json(reconcile(books))
        return {"audit": audit_json(_with_attempts(control, books)), "reconciliation": reconciled}


def _with_attempts(control: Asking, books: LaneBooks) -> Audit:
    """The audit of books, with the attempts of each payment that is a finding."""
    known = {one.event_id for one in books.deliveries}
    found = {one.payment.guid for one in audit(books).findings}
    wanted = sorted({one.event_id for one in books.events if one.payment_guid in found and one.event_id in known})
    return audit(books.with_attempts({event_id: read_attempts(control, books.lane, event_id) for event_id in wanted}))
