"""`/_sandbox/ic/exports`: files for a partner in batches, made, listed and fetched."""

from __future__ import annotations

import json

from partnerlab.simulators.ic_webservices.control.common import Json, Part
from partnerlab.simulators.ic_webservices.domain.exports import Batch, BatchFile
from partnerlab.simulators.kit.control.refusals import Refused
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Exports"]


class Exports(Part):
    """Exports: make, list, show, fetch a page of a file, note as delivered."""

    def create_export(self, request: Request, kind: str, split: bool, biller_guid: str = "") -> tuple[Json, int]:
        batches = self._services.export_batches
        batch = batches.create(request.lane, self._guid(biller_guid), kind, split=split)
        if batch is None:
            return {"export": None}, 200
        return {"export": _view(request.lane, *batches.get(request.lane, batch.report_id))}, 201

    def list_exports(
        self,
        request: Request,
        after: int,
        limit: int,
        waiting: bool,
        newest: bool,
        biller_guid: str = "",
        kind: str = "",
        text: str = "",
    ) -> Json:
        batches = self._services.export_batches
        found = batches.find(
            request.lane,
            self._guid(biller_guid),
            kind=kind,
            waiting=waiting,
            text=text,
            after=after,
            limit=limit,
            newest_first=newest,
        )
        return {"exports": [_view(request.lane, *batches.get(request.lane, batch.report_id)) for batch in found]}

    def get_export(self, request: Request, report_id: int) -> Json:
        return _view(request.lane, *self._services.export_batches.get(request.lane, report_id))

    def get_export_file(self, request: Request, report_id: int, name: str, page: int) -> Json:
        content = self._services.export_batches.page(request.lane, report_id, name, page)
        return {"content": content or "", "next": None if content is None else page + 1}

    def deliver_export(self, request: Request, report_id: int, biller_guid: str, world: str) -> Json:
        if world != request.lane.made_at:
            raise Refused(409, "lane_replaced", "the lane was reset, copied onto or imported since that world", "world")
        batches = self._services.export_batches
        batches.delivered(request.lane, biller_guid, report_id)
        return _view(request.lane, *batches.get(request.lane, report_id))


def _view(lane: Lane, batch: Batch, files: list[BatchFile]) -> Json:
    return {
        "report_id": batch.report_id,
        "biller_guid": batch.biller_guid,
        "world": lane.made_at,
        "kind": batch.kind,
        "created_at": batch.created_at,
        "delivered_at": batch.delivered_at,
        "rows": batch.row_count,
        "files": [{"name": file.name, "part": file.part, "rows": file.row_count} for file in files],
        "warnings": json.loads(batch.warnings),
    }
