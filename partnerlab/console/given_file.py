"""A form with a file in it (`multipart/form-data`)."""

from __future__ import annotations

from io import BytesIO
from typing import NamedTuple

from partnerlab.simulators.kit.http.messages import Request

__all__ = ["GivenFile", "file_form"]

MOST_FIELDS = 20
MOST_FIELD_BYTES = 64 * 1024


class GivenFile(NamedTuple):
    """A file's name, empty where none was chosen, and its bytes."""

    name: str
    content: bytes


def file_form(request: Request, field: str) -> tuple[dict[str, str], GivenFile]:
    """The fields of a form, and the file in *field*. Both are empty where the request is no such form."""
    from werkzeug.exceptions import RequestEntityTooLarge  # at the first form: their import takes as long as a page
    from werkzeug.formparser import FormDataParser
    from werkzeug.http import parse_options_header

    kind, options = parse_options_header(request.headers.get("content-type", ""))
    parser = FormDataParser(
        stream_factory=_in_memory,
        max_form_memory_size=MOST_FIELD_BYTES,
        max_form_parts=MOST_FIELDS,
    )
    try:
        _, fields, files = parser.parse(BytesIO(request.body), kind, len(request.body), options)
    except RequestEntityTooLarge:
        return {}, GivenFile("", b"")
    given = files.get(field)
    found = GivenFile("", b"") if given is None else GivenFile(given.filename or "", given.stream.read())
    return {name: fields[name] for name in fields}, found


def _in_memory(*_: object, **__: object) -> BytesIO:
    """Never a file on the disk: an export has a lane's payers."""
    return BytesIO()
