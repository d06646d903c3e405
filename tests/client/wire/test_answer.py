"""What every reader says of an answer in the same way: how long to wait, in which character set, what may be shown."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from partnerlab.client.errors import AnswerNotUnderstood, PartnerFault, ProtocolError, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.wire.answer import Answer, retry_after_s

KEY = "11111111-1111-4111-8111-111111111111"


def answer(status: int = 200, content: bytes = b"", secrets: tuple[str, ...] = (), **headers: str) -> Answer:
    return Answer("Pay", HttpResponse(status, {k.replace("_", "-"): v for k, v in headers.items()}, content), secrets)


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


NOW = datetime(2026, 6, 16, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("Tue, 16 Jun 2026 12:02:00 GMT", 120.0),
        ("Tuesday, 16-Jun-26 12:02:00 GMT", 120.0),
        ("Tue Jun 16 12:02:00 2026", 120.0),
        ("Tue, 16 Jun 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1e3", None),
        ("9" * 40_000, None),
        ("Tue, 99 Jun 2026 12:02:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_by_the_servers_own_clock(wish: str, seconds: float | None) -> None:
    assert retry_after_s({"retry-after": wish, "date": http_date(NOW)}) == seconds


def test_a_server_without_a_date_means_our_clock() -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=120)
    assert 100 <= (retry_after_s({"retry-after": http_date(until)}) or 0) <= 121


@pytest.mark.parametrize(
    ("status", "message", "kind", "sent_or_refused"),
    [
        (400, "no", PartnerFault, True),
        (407, "no", PartnerFault, True),
        (409, "no", PartnerFault, True),
        (428, "no", PartnerFault, True),
        (430, "no", PartnerFault, True),
        (499, "no", PartnerFault, True),
        (501, "broke", TransportError, True),
        (404, "", PartnerFault, True),
        (408, "no", TransportError, True),
        (429, "no", TransportError, False),
        (500, "", TransportError, True),
        (500, "broke", PartnerFault, False),
        (502, "broke", TransportError, True),
        (999, "", TransportError, True),
    ],
)
def test_what_a_status_leaves_of_a_payment(status: int, message: str, kind: type, sent_or_refused: bool) -> None:
    error = answer(status).failure(message)
    assert type(error) is kind
    assert getattr(error, "sent" if kind is TransportError else "refused") is sent_or_refused
    assert str(error).split(" (")[0].endswith(message or f"status {status}")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (100, ProtocolError),
        (199, ProtocolError),
        (201, AnswerNotUnderstood),
        (204, AnswerNotUnderstood),
        (299, AnswerNotUnderstood),
        (300, ProtocolError),
        (302, ProtocolError),
        (399, ProtocolError),
    ],
)
def test_somebody_said_yes_to_something_or_nothing(status: int, kind: type) -> None:
    error = answer(status).failure()
    assert type(error) is kind
    assert ("redirects are not followed" in str(error)) is (300 <= status < 400)


@pytest.mark.parametrize(
    ("content_type", "content", "codec"),
    [
        ("text/xml; charset=ISO-8859-1", "é".encode("latin-1"), "latin-1"),
        ('text/xml; charset="windows-1252"', b"\x80", "cp1252"),
        ("text/xml;charset='utf-8'", "é".encode(), "utf-8"),
        ("text/xml; charset=utf-8", "é".encode("latin-1"), None),  # it cannot be: the document decides
        ("text/xml; charset=iso-8859-1", b"\xef\xbb\xbf<a/>", None),  # a byte order mark counts before all
        ("text/xml; charset=idna", b"a", None),  # no character set of the web
        ("text/xml", b"a", None),
        ("", b"a", None),
    ],
)
def test_the_character_set_is_the_headers(content_type: str, content: bytes, codec: str | None) -> None:
    assert answer(content=content, content_type=content_type).charset() == codec


def test_words_that_are_not_ours_are_blotted_out_before_they_are_cut() -> None:
    assert answer(secrets=(KEY,)).quoted("x" * 90 + KEY, 100) == "x" * 90 + "•••"


@pytest.mark.parametrize("shift", range(0, 34, 3))
def test_a_secret_that_a_cut_leaves_half_of_is_not_shown(shift: int) -> None:
    """Blotting out shortens the text before it, so that the cut may come into sight."""
    key = "Q7-secret-of-34-characters-or-more"
    shown = answer(secrets=(key,)).quoted("x" * shift + key * 1000, 2000)
    assert "Q7" not in shown


def test_a_page_says_its_title_whatever_stands_in_it() -> None:
    page = b"<html><title lang='en'>Down &amp; out &#" + b"1" * 5000 + b";</title>"
    assert answer(503, page).title().startswith(": Down & out ")
    assert answer(503, b"Service\r\nbusy", content_type="text/plain").title() == ": Service"
    before = time.process_time()
    assert answer(503, b"<title" * 100_000).title() == ""
    assert time.process_time() - before < 1  # some hundredths
