"""The server speaks HTTP/1.1 as senders of the trade write it, and says no in HTTP's own words."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import psycopg
import pytest
import sqlalchemy as sa

from partnerlab.simulators.kit.http.messages import Response
from tests.locked import locked_error
from tests.simulators.kit.conftest import Kit


def test_an_answer_has_date_server_length_and_the_requests_id(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"hello")
        status, headers, body = wire.answer()
    assert (status, body) == (200, b"<ok/>")
    assert headers["content-type"] == "text/xml; charset=utf-8"
    assert headers["server"] == "partnerlab"
    assert headers["date"].endswith(" GMT")
    request = each.door.asked[0]
    assert headers["x-sandbox-request"] == request.id
    assert (request.method, request.path, request.query, request.body) == ("POST", "/door/Echo", "", b"hello")
    assert request.headers["content-length"] == "5"
    assert request.base_url == "http://127.0.0.1"
    assert request.remote == "127.0.0.1"


def test_a_connection_serves_many_requests(each: Kit) -> None:
    with each.connect() as wire:
        for n in range(20):
            wire.send("POST", f"/door/{n}", body=b"x" * n)
            assert wire.answer()[0] == 200
    assert [request.path for request in each.door.asked] == [f"/door/{n}" for n in range(20)]
    assert [len(request.body) for request in each.door.asked] == list(range(20))


def test_pipelined_requests_are_answered_in_order(kit: Kit) -> None:
    class Mixed:
        name, inline = "mixed", False

        def operation(self, request: object) -> str:
            return ""

        def __call__(self, request: object) -> Response:
            time.sleep(0.02)
            return Response(200, b"slow door")

    kit.site.mount("/mixed", Mixed())
    with kit.connect() as wire:
        wire.write(b"".join(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % path for path in [b"mixed", b"door"] * 20))
        assert [wire.answer()[2] for _ in range(40)] == [b"slow door", b"<ok/>"] * 20


def test_bytes_may_come_one_by_one(kit: Kit) -> None:
    with kit.connect() as wire:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"POST /door/Echo?q=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc":
            wire.write(bytes([byte]))
        assert wire.answer()[0] == 200
    assert (kit.door.asked[0].path, kit.door.asked[0].query, kit.door.asked[0].body) == ("/door/Echo", "q=1", b"abc")


def test_a_folded_header_is_one_header(kit: Kit) -> None:
    with kit.connect() as wire:
        wire.write(b"GET /door/Echo HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWJj\r\n ZGVm\r\n\tZ2hp\r\n\r\n")
        assert wire.answer()[0] == 200
    assert "".join(kit.door.asked[0].headers["authorization"].split()) == "BasicYWJjZGVmZ2hp"


def test_a_chunked_body_is_put_together_and_its_trailers_are_not_headers(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", "Transfer-Encoding: chunked")
        wire.write(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: 1\r\n\r\n")
        assert wire.answer()[0] == 200
        wire.send("POST", "/door/Echo", body=b"next")
        assert wire.answer()[0] == 200
    assert [request.body for request in each.door.asked] == [b"abcde", b"next"]
    assert "x-late" not in each.door.asked[0].headers


def test_expect_100_continue_is_answered_before_the_body(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", "Expect: 100-continue", "Content-Length: 3")
        assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.write(b"abc")
        assert wire.answer()[0] == 200


def test_100_continue_waits_for_the_answer_before_it(kit: Kit) -> None:
    release = threading.Event()
    kit.door.inline, kit.door.wait = False, release.wait
    with kit.connect() as wire:
        wire.send("POST", "/door/first", body=b"x")
        wire.send("POST", "/door/second", "Expect: 100-continue", "Content-Length: 3")
        time.sleep(0.05)
        release.set()
        assert wire.answer()[0] == 200
        assert wire.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.write(b"abc")
        assert wire.answer()[0] == 200


def test_another_expectation_is_refused(kit: Kit) -> None:
    assert b"417 Expectation Failed" in kit.ask("/door/Echo", "Expect: tea")
    assert kit.door.asked == []


def test_head_is_get_without_the_body(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("HEAD", "/door/Echo")
        head = wire.head()
        assert b"Content-Length: 5\r\n" in head
        wire.send("GET", "/door/Echo")
        assert wire.answer()[2] == b"<ok/>"
    assert [request.method for request in each.door.asked] == ["GET", "GET"]
    assert [entry.method for entry in each.journal.find("default")] == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_no_length(kit: Kit, status: int) -> None:
    kit.door.answer = Response(status, b"", "")
    head = kit.ask()
    assert b"Content-Length" not in head
    assert b"Content-Type" not in head


def test_http_10_closes_unless_it_asks_to_stay(kit: Kit) -> None:
    with kit.connect() as wire:
        wire.write(b"GET /door/Echo HTTP/1.0\r\n\r\n")
        answer = wire.rest()
        assert b"Connection: close\r\n" in answer
        assert answer.endswith(b"<ok/>")
    with kit.connect() as wire:
        for _ in range(2):
            wire.write(b"GET /door/Echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            status, headers, _ = wire.answer()
            assert (status, headers["connection"]) == (200, "keep-alive")


def test_connection_close_closes_after_the_answer(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("GET", "/door/Echo", "Connection: close")
        assert wire.answer()[1]["connection"] == "close"
        assert wire.closed()


def test_a_sender_may_close_its_side_and_still_read(each: Kit) -> None:
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.rest().endswith(b"<ok/>")


def test_beside_other_connections_answers_wait_for_the_turns_end_and_none_is_lost(each: Kit) -> None:
    """Whatever ends the connection meanwhile: its sender's end, an answer that closes, one that a fault lets out."""
    ask = b"POST /door/Echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n%s\r\nx"
    with each.connect(), each.connect() as wire:
        wire.write(ask % b"" + ask % b"")
        wire.sock.shutdown(socket.SHUT_WR)
        assert wire.rest().count(b"<ok/>") == 2
    with each.connect(), each.connect() as wire:
        wire.write(ask % b"" + ask % b"" + ask % b"Connection: close\r\n" + ask % b"")
        assert wire.rest().count(b"<ok/>") == 3
    with each.connect(), each.connect() as wire:
        wire.write(ask % b"" + b"none of HTTP\r\n\r\n")
        answer = wire.rest()
        assert answer.index(b"<ok/>") < answer.index(b"HTTP/1.1 400")


def test_an_offer_of_http_2_is_ignored_and_the_body_read(each: Kit) -> None:
    """As Java's client makes with its first request."""
    with each.connect() as wire:
        offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAA")
        wire.send("POST", "/door/Echo", *offer, body=b"abc")
        assert wire.answer()[0] == 200
        wire.send("POST", "/door/Echo", body=b"next")
        assert wire.answer()[0] == 200
    assert [request.body for request in each.door.asked] == [b"abc", b"next"]


def test_a_client_of_the_trade_is_served(each: Kit) -> None:
    with httpx.Client(base_url=each.server.url) as client:
        for n in range(3):
            answer = client.post("/door/Echo", content=iter([b"a", b"b" * n]))
            assert (answer.status_code, answer.text) == (200, "<ok/>")


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"\x16\x03\x01\x02\x00", 400, b"not HTTP/1.1: Invalid method"),
        (b"GET /door HTTP/1.1\r\n\r\n", 400, b"host: "),
        (b"GET /door HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, b"host: the header stands twice"),
        (b"GET /door HTTP/1.1\r\nHost: a<b\r\n\r\n", 400, b"Host header"),
        (b"GET /door HTTP/2.0\r\nHost: a\r\n\r\n", 505, b"version: HTTP/2.0"),
        (b"GET /door\r\n\r\n", 505, b"version: "),
        (b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, b"Content-Length"),
        (b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, b"Content-Length"),
        (
            b"POST /door HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            b"Transfer",
        ),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405, b"no proxy"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, b"not HTTP/1.1: "),
    ],
)
def test_what_is_not_http_gets_a_clear_line_and_a_close(kit: Kit, sent: bytes, status: int, words: bytes) -> None:
    with kit.connect() as wire:
        wire.write(sent)
        if status != 400 or b"Host header" not in words:
            head, _, body = wire.rest().partition(b"\r\n\r\n")
        else:  # well-formed, so the connection stays
            _, _, body = wire.answer()
            head = b"HTTP/1.1 400 "
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert words in body
    assert kit.door.asked == []


def test_what_came_before_a_broken_request_is_answered_first(each: Kit) -> None:
    with each.connect() as wire:
        wire.write(b"GET /door/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /door/2 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
        assert [wire.answer()[0] for _ in range(3)] == [200, 200, 400]
        assert wire.closed()
    assert len(each.door.asked) == 2


# What apps do wrong.


def test_an_app_that_raises_is_answered_with_500_and_no_traceback(each: Kit, caplog: pytest.LogCaptureFixture) -> None:
    each.door.error = ValueError("secret detail")
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        status, headers, body = wire.answer()
    id = headers["x-sandbox-request"]
    assert (status, body) == (500, f"Internal error. The server's log has it under request {id}.\n".encode())
    assert id in caplog.text
    assert "secret detail" in caplog.text
    assert each.journal.find("default")[0].status == 500


def test_of_a_database_that_fails_is_told_what_it_says(each: Kit) -> None:
    each.door.error = sqlite3.OperationalError("database or disk is full")
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        status, _, body = wire.answer()
    assert status == 500
    assert body.startswith(b"Internal error. The database says: database or disk is full. The server's log has it")


def test_a_file_that_somebody_else_writes_is_no_error_of_ours(each: Kit, tmp_path: Path) -> None:
    each.door.error = locked_error(tmp_path / "x.db")
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        status, headers, body = wire.answer()
    assert (status, headers["retry-after"]) == (503, "5")
    assert body.startswith(b"Not done. The database says: database is locked: somebody else is writing in the file and")


@pytest.mark.parametrize("wrapped", [False, True], ids=["driver's", "SQLAlchemy's"])
def test_of_a_database_that_is_not_reached_nobody_is_told_where_it_is(each: Kit, *, wrapped: bool) -> None:
    with pytest.raises(psycopg.OperationalError) as failed:
        psycopg.connect("postgresql://app:secret@127.0.0.1:1/books")
    each.door.error = sa.exc.OperationalError("SELECT 1", {}, failed.value) if wrapped else failed.value
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        status, _, body = wire.answer()
    assert status == 500
    assert body.startswith(b"Internal error. There is no connection to the database. The server's log has it under")


def test_of_a_statement_that_fails_on_a_server_is_told_what_it_says(each: Kit) -> None:
    each.door.error = psycopg.errors.DiskFull("could not extend file")
    with each.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        _, _, body = wire.answer()
    assert body.startswith(b"Internal error. The database says: could not extend file. The server's log has it under")


@pytest.mark.parametrize("header", [("X-Bad", "a\r\nSet-Cookie: x=y"), ("X Bad", "a"), ("X-Bad", "\u20ac")])
def test_a_header_that_would_split_the_answer_is_not_sent(kit: Kit, header: tuple[str, str]) -> None:
    kit.door.answer = Response(200, b"x", headers=(header,))
    answer = kit.ask()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"Set-Cookie" not in answer


def test_32_connections_at_once(each: Kit) -> None:
    def ask() -> None:
        with each.connect() as wire:
            for _ in range(20):
                wire.send("POST", "/door/Echo", body=b"x")
                assert wire.answer()[0] == 200

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert each.door.calls() == 640


def test_every_page_says_what_it_may_load_and_who_may_frame_it(kit: Kit) -> None:
    kit.door.answer = Response(500, b"<html>", "text/html; charset=utf-8", (("X-Content-Type-Options", "nosniff"),))
    head = kit.ask().partition(b"\r\n\r\n")[0]
    assert b"frame-ancestors 'self'" in head
    assert head.count(b"X-Content-Type-Options: nosniff") == 1
    kit.door.answer = Response(200, b"<html>", "text/html", (("Content-Security-Policy", "default-src 'self'"),))
    head = kit.ask().partition(b"\r\n\r\n")[0]
    assert head.count(b"Content-Security-Policy: ") == 1
    kit.door.answer = Response(200, b"<a/>", "text/xml")
    head = kit.ask().partition(b"\r\n\r\n")[0]
    assert b"nosniff" in head
    assert b"Content-Security-Policy" not in head
