"""`/_sandbox/watersmart/files` and `/payments`: what went to Invoice Cloud and what came from it."""

from __future__ import annotations

from typing import Any

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.watersmart.control.views import cause_of, file_view, payment_view, reject_view
from partnerlab.simulators.watersmart.world import World

__all__ = ["FileRoutes"]

Json = dict[str, Any]


class FileRoutes:
    """Files sent and taken, payments and rejects received."""

    def __init__(self, world: World) -> None:
        self._outgoing, self._incoming, self._ledger = world.outgoing, world.incoming, world.ledger

    def list_water_files(self, request: Request, limit: int, after: int) -> Json:
        return {"files": [file_view(one) for one in self._outgoing.files(request.lane, after=after, limit=limit)]}

    def list_water_payments(self, request: Request, limit: int, after: str, payment_guid: str | None = None) -> Json:
        found = self._ledger.payments(request.lane, payment_guid=payment_guid, after=after, limit=limit)
        last = found[-1].reference if len(found) == limit else None
        return {"payments": [payment_view(one) for one in found], "next": last}

    def assign_water_payment(self, request: Request, payment_guid: str, account_number: str) -> Json:
        return payment_view(self._incoming.assign(request.lane, cause_of(request), payment_guid, account_number))

    def list_water_rejects(self, request: Request, limit: int, after: str, reference: str | None = None) -> Json:
        found = self._ledger.rejects(request.lane, reference=reference, after=after, limit=limit)
        last = found[-1].reference if len(found) == limit else None
        return {"rejects": [reject_view(one) for one in found], "next": last}
