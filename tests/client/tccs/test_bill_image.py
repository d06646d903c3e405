"""A bill: all of it, or nothing. Over a real socket, to memory, to a file and to a stream, sync and async."""

from __future__ import annotations

import asyncio
import io
import os
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, ProtocolError, TransportError
from partnerlab.client.tccs import AsyncTccsClient, Endpoint
from partnerlab.client.tccs.bill_image import BillReader
from tests.client.tccs.conftest import GUID, KEY, Tccs, make_bill

INVOICE = "454100010-06/16/2020"
BILL = make_bill(20_000)
LARGE = make_bill(3 << 20)
PDF = "Content-Type: application/pdf"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n"


def base(server: Any) -> str:
    return f"http://127.0.0.1:{server.port}/invoicecloudapi"


def answering(serve: Callable[..., Any], body: bytes, status: int = 200, *headers: str) -> Any:
    def handle(connection: Any) -> None:
        while connection.request():
            connection.answer(body, status, *(headers or (PDF,)))

    return serve(handle)


def sending(serve: Callable[..., Any], raw: bytes) -> Any:
    """A server that sends those bytes and closes."""

    def handle(connection: Any) -> None:
        connection.request()
        connection.send(raw)

    return serve(handle)


def chunked(*pieces: bytes, end: bool = True) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + (b"0\r\n\r\n" if end else b"")


def test_a_bill_comes_as_bytes(tccs: Tccs, serve: Callable[..., Any]) -> None:
    server = answering(serve, BILL)
    assert tccs("bill_image", base(server), INVOICE) == BILL
    assert server.requests[0].startswith(b"POST /invoicecloudapi/Retrieve_Bill_Image HTTP/1.1")


def test_a_bill_of_3_mb_goes_to_disk(tccs: Tccs, serve: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "bill.pdf"
    assert tccs("save_bill_image", base(answering(serve, LARGE)), INVOICE, path) == len(LARGE)
    assert path.read_bytes() == LARGE
    assert os.listdir(tmp_path) == ["bill.pdf"]
    fresh = tmp_path / "fresh"
    fresh.touch()
    assert path.stat().st_mode == fresh.stat().st_mode, "a file like any other of the process"


def test_a_bill_on_its_way_to_disk_is_never_held_whole(tccs: Tccs, serve: Callable[..., Any], tmp_path: Path) -> None:
    def handle(connection: Any) -> None:
        connection.request()
        connection.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(LARGE))
        connection.send(LARGE)  # as it is: the server is in this process, and a copy of its own would be counted

    server = serve(handle)
    tccs("save_bill_image", base(server), INVOICE, tmp_path / "first.pdf")  # what is imported counts no more
    tracemalloc.start()
    try:
        tccs("save_bill_image", base(server), INVOICE, tmp_path / "bill.pdf")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(LARGE) / 2


def test_a_bill_goes_to_a_stream(tccs: Tccs, serve: Callable[..., Any]) -> None:
    stream = io.BytesIO()
    stream.write(b"before ")
    assert tccs("save_bill_image", base(answering(serve, LARGE)), INVOICE, stream) == len(LARGE)
    assert stream.getvalue() == b"before " + LARGE


def test_a_bill_in_chunks_is_read(tccs: Tccs, serve: Callable[..., Any]) -> None:
    server = sending(serve, chunked(BILL[:3], BILL[3:4], BILL[4:9000], BILL[9000:]))
    assert tccs("bill_image", base(server), INVOICE) == BILL


@pytest.mark.parametrize("type_", ["application/octet-stream", "Application/PDF; name=bill.pdf", "application/x-pdf"])
def test_a_pdf_by_another_label_is_one(tccs: Tccs, serve: Callable[..., Any], type_: str) -> None:
    assert tccs("bill_image", base(answering(serve, BILL, 200, f"Content-Type: {type_}")), INVOICE) == BILL


CUT = {
    "shorter than it says": HEAD + b"Content-Length: 20000\r\n\r\n" + BILL[:9000],
    "chunks without an end": chunked(BILL[:9000], end=False),
    "closed without a length": HEAD + b"Connection: close\r\n\r\n" + BILL[:9000],
    "a length that hides it": HEAD + b"Content-Length: 9000\r\n\r\n" + BILL[:9000],
    "nothing at all": HEAD + b"Content-Length: 0\r\n\r\n",
    "four bytes": HEAD + b"Content-Length: 4\r\n\r\n%PDF",
}


@pytest.mark.parametrize("raw", CUT.values(), ids=CUT)
def test_a_bill_cut_short_raises_and_leaves_nothing(
    tccs: Tccs, serve: Callable[..., Any], tmp_path: Path, raw: bytes
) -> None:
    there = tmp_path / "there.pdf"
    there.write_bytes(b"yesterday's")
    stream = io.BytesIO()
    for target in (tmp_path / "bill.pdf", there, stream):
        with pytest.raises((ProtocolError, TransportError)):
            tccs("save_bill_image", base(sending(serve, raw)), INVOICE, target)
    with pytest.raises((ProtocolError, TransportError)):
        tccs("bill_image", base(sending(serve, raw)), INVOICE)
    assert os.listdir(tmp_path) == ["there.pdf"]
    assert there.read_bytes() == b"yesterday's"
    assert stream.getvalue() == b""


@pytest.mark.parametrize(
    ("body", "status", "type_", "error", "words"),
    [
        (b'{"Message": "No invoice 1 was found."}', 404, "application/json", PartnerFault, "No invoice 1"),
        (b'{"Message": "Authorization has been denied."}', 401, "application/json", PartnerFault, "denied"),
        (b'{"Success": false, "Message": "Not billed yet."}', 200, "application/json", PartnerFault, "Not billed"),
        (b'{"Success": false, "Message": "Not billed yet."}', 200, "application/pdf", PartnerFault, "Not billed"),
        (b'{"Success": true}', 200, "application/json", ProtocolError, "is not a PDF, and says 'application/json'"),
        (BILL, 200, "text/html", ProtocolError, "is not a PDF, and says 'text/html'"),
        (b"<html><title>Log in</title></html>", 200, "text/html", ProtocolError, "is not a PDF"),
        (b"PK\x03\x04 a word document", 200, "application/pdf", ProtocolError, "is not a PDF"),
        (b" %PDF-1.7 %%EOF", 200, "application/pdf", ProtocolError, "is not a PDF"),
        (BILL, 500, "application/pdf", TransportError, "status 500"),
        (b"", 503, "text/plain", TransportError, "status 503"),
        (BILL, 206, "application/pdf", ProtocolError, "must have status 200"),
        (b"", 302, "text/html", ProtocolError, "redirects"),
    ],
)
def test_what_is_no_bill_says_what_it_is_and_leaves_nothing(
    tccs: Tccs,
    serve: Callable[..., Any],
    tmp_path: Path,
    body: bytes,
    status: int,
    type_: str,
    error: type[Exception],
    words: str,
) -> None:
    server = answering(serve, body, status, f"Content-Type: {type_}")
    with pytest.raises(error, match=words) as caught:
        tccs("save_bill_image", base(server), INVOICE, tmp_path / "bill.pdf")
    assert caught.value.operation == "Retrieve_Bill_Image"  # type: ignore[attr-defined]
    assert os.listdir(tmp_path) == []


def test_an_encoding_nobody_asked_for_is_refused(tccs: Tccs, serve: Callable[..., Any]) -> None:
    server = answering(serve, BILL, 200, PDF, "Content-Encoding: gzip")
    with pytest.raises(ProtocolError, match="Content-Encoding 'gzip' was not asked for"):
        tccs("bill_image", base(server), INVOICE)


def test_a_bill_larger_than_allowed_is_given_up_early(tccs: Tccs, serve: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(ProtocolError, match="at most"):
        tccs("save_bill_image", base(answering(serve, LARGE)), INVOICE, tmp_path / "bill.pdf", max_bytes=1 << 20)
    assert os.listdir(tmp_path) == []
    assert tccs("bill_image", base(answering(serve, BILL)), INVOICE, max_bytes=len(BILL)) == BILL
    with pytest.raises(ProtocolError, match="at most"):
        tccs("bill_image", base(answering(serve, BILL)), INVOICE, max_bytes=len(BILL) - 1)


def test_an_answer_that_is_no_bill_may_not_go_on_and_on(tccs: Tccs, serve: Callable[..., Any]) -> None:
    with pytest.raises(ProtocolError, match="no PDF may have"):
        tccs("bill_image", base(answering(serve, b"x" * (3 << 20))), INVOICE)


def test_a_server_that_trickles_is_given_up(tccs: Tccs, serve: Callable[..., Any], tmp_path: Path) -> None:
    """A server that stops in the middle is not waited for longer than the read time-out."""
    tccs.timeouts = replace(tccs.timeouts, read_s=1)
    raw = HEAD + b"Content-Length: 20000\r\n\r\n" + BILL[:9000]

    def handle(connection: Any) -> None:
        connection.request()
        connection.send(raw)
        connection.request()  # until the client has gone

    with pytest.raises(TransportError) as caught:
        tccs("save_bill_image", base(serve(handle)), INVOICE, tmp_path / "bill.pdf")
    assert caught.value.sent
    assert os.listdir(tmp_path) == []


def test_a_place_where_no_file_can_be_is_found_before_anything_is_sent(
    tccs: Tccs, serve: Callable[..., Any], tmp_path: Path
) -> None:
    server = answering(serve, BILL)
    for place in (tmp_path / "none" / "bill.pdf", tmp_path):
        with pytest.raises(OSError, match=r"none|folder"):
            tccs("save_bill_image", base(server), INVOICE, str(place))
    assert server.connections == 0


class Full(io.BytesIO):
    """A stream whose disk is full."""

    def write(self, piece: Any, /) -> int:
        raise OSError("no space left on device")


def test_an_error_of_the_caller_s_stream_is_not_taken_for_the_network_s(tccs: Tccs, serve: Callable[..., Any]) -> None:
    with pytest.raises(OSError, match="no space left"):
        tccs("save_bill_image", base(answering(serve, BILL)), INVOICE, Full())


def test_an_error_of_the_disk_is_not_taken_for_the_network_s(
    tccs: Tccs, serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partnerlab.client.tccs.targets import FileTarget

    def fail(self: FileTarget, piece: bytes) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(FileTarget, "write", fail)
    with pytest.raises(OSError, match="no space left"):
        tccs("save_bill_image", base(answering(serve, BILL)), INVOICE, tmp_path / "bill.pdf")
    assert os.listdir(tmp_path) == []


def test_the_connection_serves_the_next_call(tccs: Tccs, serve: Callable[..., Any]) -> None:
    server = answering(serve, BILL)
    assert tccs.twice_over_one_transport("bill_image", base(server), INVOICE) == [BILL, BILL]
    assert server.connections == 1


@pytest.mark.parametrize("step", [1, 2, 5, 1023, 1024, 1025, 20_000])
def test_the_pieces_do_not_matter(step: int) -> None:
    reader = BillReader(Endpoint("https://x.example.com", GUID, KEY), 200, {"content-type": "application/pdf"})
    written = b"".join(reader.take(BILL[start : start + step]) for start in range(0, len(BILL), step))
    assert written == BILL
    assert reader.end() == len(BILL)
    assert reader.size == len(BILL)


def test_a_download_that_is_cancelled_leaves_nothing(serve: Callable[..., Any], tmp_path: Path) -> None:
    gone = threading.Event()

    def handle(connection: Any) -> None:
        connection.request()
        connection.send(HEAD + b"Content-Length: 20000\r\n\r\n" + BILL[:9000])
        if not connection.request():  # the client closed its end
            gone.set()

    async def run() -> None:
        async with AsyncTccsClient(base(serve(handle)), GUID, KEY) as client:
            task = asyncio.create_task(client.save_bill_image(INVOICE, tmp_path / "bill.pdf"))
            while not os.listdir(tmp_path):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(gone.wait, 60), "the connection is closed at once, not when the client is"

    asyncio.run(asyncio.wait_for(run(), 120))
    assert os.listdir(tmp_path) == []
