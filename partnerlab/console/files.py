"""Files: those that came in and what became of their rows, and the batches that go out."""

from __future__ import annotations

from typing import Any

from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["decide", "export", "index", "upload"]

MOST = 200


def index(page: Page) -> Response:
    """The newest of both ways, or those with `find` in a file's name; of what goes out, in a row too."""
    find = page.query.get("find", "").strip()
    billers = {row["guid"]: row for row in page.api.get("/_sandbox/ic/billers")["billers"]}
    uploads: list[dict[str, Any]] = []
    exports: list[dict[str, Any]] = []
    for guid in billers:
        given = {"biller_guid": guid, "limit": MOST, "newest": "true", "text": find[:250]}
        uploads += page.api.get("/_sandbox/ic/uploads", **given)["uploads"]
        exports += page.api.get("/_sandbox/ic/exports", **given)["exports"]
    values: dict[str, Any] = {
        "billers": billers,
        "uploads": sorted(uploads, key=lambda row: row["received_at"], reverse=True)[:MOST],
        "exports": sorted(exports, key=lambda row: row["created_at"], reverse=True)[:MOST],
        "find": find,
        "most": MOST,
    }
    return page.render("files.html", "files", "Files", **values)


def upload(page: Page) -> Response:
    """A file that came in, with its first problems."""
    id = page.places["id"]
    found = page.api.get(at("/_sandbox/ic/uploads/{}", id))
    problems = page.api.get(at("/_sandbox/ic/uploads/{}/problems", id), limit=MOST)["problems"]
    return page.render("upload.html", "files", found["file_name"], upload=found, problems=problems, most=MOST)


def decide(page: Page) -> Response:
    """Load or let go a file that waits for a person."""
    id, decision = page.places["id"], page.places["decision"]
    page.api.post(at("/_sandbox/ic/uploads/{}/{}", id, decision))
    return page.see(f"files/in/{id}", done="It was loaded." if decision == "accept" else "It was let go.")


def export(page: Page) -> Response:
    """A batch that goes out, with its files."""
    found = page.api.get(at("/_sandbox/ic/exports/{}", page.places["id"]))
    texts = []
    for file in found["files"]:
        part = page.api.get(at("/_sandbox/ic/exports/{}/files/{}", found["report_id"], file["name"]))
        text = part if isinstance(part, str) else part.get("text") or part.get("content") or ""
        texts.append((file, text, bool(isinstance(part, dict) and part.get("next"))))
    return page.render("export.html", "files", f"Batch {found['report_id']}", export=found, texts=texts)
