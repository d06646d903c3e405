"""What the journal may keep of a body."""

from __future__ import annotations

import gzip
import time

import pytest

from partnerlab.simulators.kit.journal.recording import EXCERPT_BYTES, record_body, record_headers, record_line

KEY = "11111111-1111-4111-8111-111111111111"


def test_text_is_kept_and_faithful() -> None:
    recorded = record_body("<a>é</a>".encode(), "text/xml; charset=utf-8")
    assert (recorded.text, recorded.length, recorded.cut, recorded.faithful) == ("<a>é</a>", 9, False, True)
    assert record_body(b"", "").faithful


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"<k><WebServiceKey>{KEY}</WebServiceKey></k>".encode(), "text/xml"),
        (f"<k><WebServiceKey>{KEY}</WebServiceKey></k>".encode("utf-16"), "text/xml"),
        (f"<k><WebServiceKey>{KEY}</WebServiceKey>é</k>".encode("latin-1"), "text/xml; charset=iso-8859-1"),
        (f"<?xml version='1.0' encoding='cp1252'?><k><WebServiceKey>{KEY}</WebServiceKey>é</k>".encode("cp1252"), ""),
        (f"AccountNumber=1&WebServiceKey={KEY}".encode(), "application/x-www-form-urlencoded"),
        (f'{{"ApiKey": "{KEY}"}}'.encode(), "application/json"),
        (b"<k><CardNumber>4111111111111111</CardNumber></k>", "text/xml"),
        (b"paid with 4111 1111 1111 1111 today", "text/plain"),
    ],
)
def test_secrets_are_masked_in_every_encoding(body: bytes, content_type: str) -> None:
    recorded = record_body(body, content_type)
    assert "1111-4111" not in recorded.text
    assert "11111111" not in recorded.text
    assert "•••1111" in recorded.text


@pytest.mark.parametrize(
    "body",
    [
        "<WebServiceKey><![CDATA[hunter2]]></WebServiceKey>",
        "<Password>hun<!-- -->hunter2</Password>",
        "<a-b.c:Password x='1'>hunter2</a-b.c:Password>",
        '{"Password": "hunter2"}',
        '{"pin":  112233}',
        '{"CVV": 112233.0}',
    ],
)
def test_secrets_are_masked_however_they_are_written(body: str) -> None:
    text = record_body(body.encode(), "").text
    assert "hunter2" not in text
    assert "112233" not in text
    assert "•••" in text


@pytest.mark.parametrize(
    "piece", ["<Password>", "<Password><![CDATA[", "<!-->", "<Password><!---->", '"PIN":"\\', "1 ", "authorization:"]
)
def test_no_body_makes_masking_slow(piece: str) -> None:
    body = ("<Password>" + piece * EXCERPT_BYTES).encode()[:EXCERPT_BYTES]
    started = time.process_time()
    record_body(body, "")
    assert time.process_time() - started < 2  # some hundredths


def test_a_long_body_is_cut_and_says_how_long_it_was() -> None:
    recorded = record_body(b"<a>" + b"word, " * 20_000 + b"</a>", "text/xml")
    assert recorded.length == 120_007
    assert recorded.cut
    assert not recorded.faithful
    assert EXCERPT_BYTES - 10 < len(recorded.text) <= EXCERPT_BYTES


@pytest.mark.parametrize("tail", [f"<WebServiceKey>{KEY}", f'{{"Password": "{KEY}', f"&WebServiceKey={KEY}"])
def test_a_secret_at_the_cut_is_not_kept_in_clear(tail: str) -> None:
    for cut in range(len(tail)):
        body = b"x" * (EXCERPT_BYTES - cut - 1) + b" " + tail.encode() + b"z" * 100
        assert "1111" not in record_body(body, "").text[-len(tail) :].replace("•••1111", "")


def test_a_character_at_the_cut_is_left_out() -> None:
    recorded = record_body(b"x" * (EXCERPT_BYTES - 2) + "€".encode() * 10, "")
    assert "\ufffd" not in recorded.text


@pytest.mark.parametrize("body", [b"%PDF-1.4\x00\x01", gzip.compress(b"<a/>" * 100, mtime=0)], ids=["pdf", "gzip"])
def test_what_is_no_text_is_only_described(body: bytes) -> None:
    recorded = record_body(body, "application/pdf")
    assert recorded.text == f"({len(body)} bytes that are not text)"
    assert not recorded.faithful


@pytest.mark.parametrize(
    ("content_type", "declared", "faithful"),
    [
        ("text/xml; charset=utf-8", "", True),
        ("TEXT/XML; charset=UTF-8", "", True),
        ("application/soap+xml", "", True),
        ("application/soap+xml", "utf-8", True),
        ("application/json", "", True),
        ("text/xml", "", False),
        ("text/xml; charset=us-ascii", "", False),
        ("application/soap+xml", "us-ascii", False),
        ("application/soap+xml", "windows-1252", False),
    ],
)
def test_a_mask_is_faithful_only_where_readers_expect_utf_8(content_type: str, declared: str, faithful: bool) -> None:
    """A mask is not ASCII: a check of the masked text would find fault with a body that is right."""
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    recorded = record_body(f"{head}<WebServiceKey>{KEY}</WebServiceKey>".encode(), content_type)
    assert "•••1111" in recorded.text
    assert recorded.faithful is faithful
    assert record_body(f"{head}<AccountNumber>1</AccountNumber>".encode(), content_type).faithful


def test_headers_worth_keeping_are_kept_and_masked() -> None:
    kept = record_headers(
        {"soapaction": '"x"', "authorization": "Basic dXNlcjpwYXNzd29yZDEyMw==", "cookie": "a=b", "host": "h"}
    )
    assert list(kept) == ["authorization", "host", "soapaction"]
    assert "dXNlcjp" not in kept["authorization"]
    assert kept["soapaction"] == '"x"'


def test_a_line_is_masked_short_and_storable() -> None:
    assert KEY not in record_line(f"op=x&WebServiceKey={KEY}")
    assert record_line("a\x00b") == "a\ufffdb"
    assert len(record_line("x" * 5_000)) == 2_000
