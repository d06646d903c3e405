"""The utility on v1: pending payments, the Open Transactions report, what its integration does not do."""

from __future__ import annotations

from datetime import date
from typing import Any

from partnerlab.contracts import capabilities
from partnerlab.simulators.inhance_soap.control.views import download_view, downloads_view
from partnerlab.simulators.inhance_soap.domain.errors import NotSupported, ValueInvalid
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.world import World
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["V1Routes"]

Json = dict[str, Any]
INTEGRATION = "inhance_v1"


class V1Routes:
    """An operation of the contract a method; values come as the contract has them."""

    def __init__(self, world: World) -> None:
        self._downloads, self._world = world.downloads, world

    def get_utility_v1(self, request: Request) -> Json:
        lane = request.lane
        return {
            "payments": self._downloads.route(lane),
            "payments_since": self._downloads.mark(lane) or None,
            "pending": downloads_view(self._downloads.pending(lane, limit=None))["total"],
        }

    def change_utility_v1(self, request: Request, payments: str) -> Json:
        self._downloads.choose(request.lane, payments)
        return self.get_utility_v1(request)

    def ask_utility_v1(self, feature: str) -> Json:
        known = {row.name: row for row in capabilities.capabilities(INTEGRATION).features}
        if feature not in known:
            raise ValueInvalid("feature", feature, f"is none of {', '.join(known)}")
        try:
            capabilities.check_supported(INTEGRATION, feature)
        except capabilities.NotSupported as error:
            raise NotSupported(feature, str(error)) from None
        return {"feature": feature, "text": known[feature].text, "row": known[feature].row}

    def list_downloads(self, request: Request, limit: int, after: str, payment_guid: str | None = None) -> Json:
        found = self._downloads.all(request.lane, payment_guid=payment_guid, after=after, limit=limit)
        last = found[-1].payment_guid if len(found) == limit else None
        return {"payments": [download_view(payment) for payment in found], "next": last}

    def list_pending_payments(self, request: Request, limit: int) -> Json:
        return downloads_view(self._downloads.pending(request.lane, limit=limit))

    def post_pending_payment(self, request: Request, payment_guid: str, clerk: str) -> Json:
        return download_view(self._downloads.post(request.lane, self._cause(request), payment_guid, clerk))

    def delete_pending_payment(self, request: Request, payment_guid: str, reason: str, clerk: str) -> Json:
        return download_view(self._downloads.delete(request.lane, self._cause(request), payment_guid, clerk, reason))

    def get_open_transactions(self, request: Request, clerk: str, day: date | None = None) -> Json:
        shown, payments = self._downloads.open_transactions(request.lane, clerk, day)
        return {"clerk": clerk, "day": shown.isoformat(), **downloads_view(payments)}

    def _cause(self, request: Request) -> Cause:
        return self._world.cause(request.id, request.lane)
