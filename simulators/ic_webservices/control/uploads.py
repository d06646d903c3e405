"""`/_sandbox/ic/uploads`: files that partners sent, what was wrong in them, and those that wait for a person."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.control.common import Json, Part, searched
from partnerlab.simulators.ic_webservices.control.views import adjustment_view, problem_view, upload_view
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["Uploads"]


class Uploads(Part):
    """Uploads: take, list, show, accept, dismiss; the problems, the quarantine and the adjustments of one."""

    def take_upload(self, request: Request, file_name: str, body: bytes, biller_guid: str = "") -> tuple[Json, int]:
        taken = self._services.uploads.receive(request.lane, self._guid(biller_guid), file_name, body)
        return upload_view(taken.upload), 201

    def list_uploads(
        self, request: Request, after: str, limit: int, *, newest: bool, biller_guid: str = "", text: str = ""
    ) -> Json:
        search = searched(biller_guid=biller_guid)
        found = self._services.records.uploads(
            request.lane, search, text=text, after=after, limit=limit, newest_first=newest
        )
        return {"uploads": [upload_view(upload) for upload in found]}

    def get_upload(self, request: Request, upload_id: str) -> Json:
        return upload_view(self._services.records.upload(request.lane, upload_id))

    def list_problems(self, request: Request, upload_id: str, after: int, limit: int) -> Json:
        found = self._services.records.problems(request.lane, upload_id, after=after, limit=limit)
        return {"problems": [problem_view(problem) for problem in found]}

    def accept_upload(self, request: Request, upload_id: str) -> Json:
        return upload_view(self._services.uploads.accept(request.lane, upload_id).upload)

    def dismiss_upload(self, request: Request, upload_id: str) -> Json:
        return upload_view(self._services.uploads.dismiss(request.lane, upload_id))

    def get_quarantine(self, request: Request, upload_id: str, page: int) -> Json:
        content = self._services.uploads.quarantine(request.lane, upload_id, page)
        return {"content": content or "", "next": None if content is None else page + 1}

    def list_adjustments(self, request: Request, upload_id: str, after: int, limit: int) -> Json:
        found = self._services.uploads.adjustments(request.lane, upload_id, after=after, limit=limit)
        return {"adjustments": [adjustment_view(done) for done in found]}
