"""
Forms that differ from an accepted one in `contentInfo` alone are read without decoding the rest again.

Callers send the same credentials with each call, in the same spelling and nearly always before `contentInfo`. What
stands before its value is kept once a form that began so was let in; a later body that begins with the same bytes, and
has no `&` after them, is the same form with another text. Whatever differs by one byte goes the plain way, which also
words the refusal. What is not let in is never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.tccs_rest.wire.forms import Form, FormRefused, charset_of, decode, read_form

__all__ = ["KNOWN", "FormsBefore"]

NAME = b"contentInfo="
MOST_BYTES = 1_024
KNOWN = 64
"""Beginnings that are kept; all are forgotten for one more."""


class FormsBefore:
    """The contentInfo of forms that *check* lets in; it raises for others. *remember* off reads each form whole."""

    def __init__(self, check: Callable[[Form], None], *, remember: bool = True) -> None:
        self._check, self._remember = check, remember
        self._known: dict[tuple[str | None, bytes], str] = {}

    def content_info(self, request: Request) -> str:
        """The contentInfo of a request's form. Raises `FormRefused`, and what the check raises."""
        if not self._remember or len(request.body) > MOST_BYTES:
            return self._plain(request).content_info
        body, content_type = request.body, request.headers.get("content-type")
        begins = body.rfind(NAME) + len(NAME)
        beginning, text = body[:begins], body[begins:]
        charset = self._known.get((content_type, beginning))
        if charset is not None and b"&" not in text:
            return decode("contentInfo", text, charset)
        form = self._plain(request)
        if _is_of(beginning, request, form):
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[content_type, beginning] = charset_of(content_type or "")
        return form.content_info

    def _plain(self, request: Request) -> Form:
        form = read_form(request)
        self._check(form)
        return form


def _is_of(beginning: bytes, request: Request, form: Form) -> bool:
    """Whether a form consists of that beginning and its contentInfo: so does it with any other text."""
    text = "b" if form.content_info == "a" else "a"
    try:
        other = read_form(replace(request, body=beginning + text.encode()))
    except FormRefused:
        return False
    return other == form._replace(content_info=text)
