"""What is a request and what is not: strict, because whatever two readers read differently can be smuggled."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.simulators.kit.http.known_heads import KNOWN_HEADS, KnownHeads
from partnerlab.simulators.kit.http.limits import Budget, Limits
from partnerlab.simulators.kit.http.reader import Message, RequestReader, whole

LIMITS = Limits(header_bytes=4_000, body_bytes=10_000)
HEAD = b"POST /door HTTP/1.1\r\nHost: a\r\n"


def read(data: bytes, *, pieces: int = 1, limits: Limits = LIMITS) -> list[Message]:
    """
    Every request and refusal in *data*, which comes in that many pieces.

    The same whether heads are parsed each time, are learned, or are known already.
    """
    known: KnownHeads = {}
    found = _read(data, pieces, limits, None)
    assert _read(data, pieces, limits, known) == found
    assert _read(data, pieces, limits, known) == found
    return found


def _read(data: bytes, pieces: int, limits: Limits, known: KnownHeads | None) -> list[Message]:
    budget = Budget(limits.held_bytes)
    reader = RequestReader(limits, budget, known)
    found = []
    size = max(1, -(-len(data) // pieces))
    for at in range(0, len(data), size):
        if request := reader.at_once(data[at : at + size]):  # as a connection does where nothing waits
            found.append(whole(*request))
            continue
        reader.feed(data[at : at + size])
        while message := reader.next():
            found.append(message)
    reader.drop()
    assert budget.held == sum(message.held for message in found)
    return found


def refusal(data: bytes) -> str:
    (message,) = read(data)
    assert message.refusal is not None
    return f"{message.refusal.status} {message.refusal.body.decode()}"


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"X-Folded: a\r\n b\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n , identity\r\n\r\n",
        HEAD + b"Content-Length: 1\r\n 2\r\n\r\n",
        b"POST /door HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
        HEAD + b"X: a\x01b\r\n\r\n",
        HEAD + b"X: a\x00b\r\n\r\n",
        HEAD + b"X: a\x7fb\r\n\r\n",
        HEAD + b"X: a\rb\r\n\r\n",
        HEAD + b"X: a\nContent-Length: 3\r\n\r\n",
        HEAD + b"X : a\r\n\r\n",
        HEAD + b"X\x0b: a\r\n\r\n",
        HEAD + b": a\r\n\r\n",
        HEAD + b"Authorization: Basic YQ==\r\n \x01\r\n\r\n",
        HEAD + b"Authorization: Basic YQ==\r\n X-Smuggled: \x00\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n",
        HEAD + b"Transfer-Encoding:\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Content-Length: +3\r\n\r\nabc",
        HEAD + b"Content-Length: 3, 3\r\n\r\nabc",
        HEAD + b"Content-Length: 0x3\r\n\r\nabc",
        HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"POST /door HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /a\x01b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /door HTTP/1.1\nHost: a\n\n",
        b"get /door HTTP/1.1\r\nHost: a\r\n\r\n",
        b" GET /door HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    assert refusal(head).startswith("400 ")


@pytest.mark.parametrize(
    "chunks",
    [
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\nabc\n0\n\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"3 3\r\nabc\r\n0\r\n\r\n",
        b"\r\n3\r\nabc\r\n0\r\n\r\n",
        b"-1\r\n\r\n",
        b"3;a=\x01\r\nabc\r\n0\r\n\r\n",
        b"fffffffff\r\n",
        b"3;" + b"x" * 300 + b"\r\nabc\r\n0\r\n\r\n",
    ],
)
def test_chunks_are_read_strictly(chunks: bytes) -> None:
    assert refusal(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b" " * 300).startswith("400 ")


def test_a_credential_may_be_folded_and_is_one_line_then() -> None:
    (message,) = read(HEAD + b"AUTHORIZATION: Basic YWJj\r\n ZGVm \r\n\tZ2hp\r\nX: 1\r\n\r\n")
    assert message.headers == {"host": "a", "authorization": "Basic YWJj ZGVm Z2hp", "x": "1"}


def test_a_header_cannot_be_smuggled_in_a_fold() -> None:
    (message,) = read(HEAD + b"Authorization: Basic YWJj\r\n Content-Length: 5\r\n\r\n")
    assert message.body == b""
    assert "content-length" not in message.headers


def test_an_offer_of_another_protocol_changes_nothing_but_itself() -> None:
    offer = b"Upgrade: h2c\r\nHTTP2-Settings: AAEA\r\nConnection: Upgrade, close\r\nContent-Length: 3\r\n\r\nabc"
    (message,) = read(HEAD + offer)
    assert (message.body, message.headers["connection"]) == (b"abc", "close")


def test_blank_lines_before_a_request_are_skipped() -> None:
    for pieces in (1, 1_000):
        (message,) = read(b"\r\n\r\nGET /door HTTP/1.1\r\nHost: a\r\n\r\n", pieces=pieces)
        assert message.target == b"/door"


REQUESTS = (
    b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n",
    HEAD + b"Content-Length: 3\r\n\r\nabc",
    HEAD + b"Content-Length: 0\r\n\r\n",
    HEAD + b"Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Late: 1\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc",
    HEAD + b"Authorization: Basic YWJj\r\n ZGVm\r\nContent-Length: 2\r\n\r\n\r\n",
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=6), st.integers(1, 400))
def test_how_the_bytes_are_cut_makes_no_difference(requests: list[bytes], pieces: int) -> None:
    data = b"".join(requests)
    whole = read(data)
    assert len(whole) == len(requests)
    assert all(message.refusal is None for message in whole)
    assert read(data, pieces=pieces) == whole


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(REQUESTS), st.integers(0, 60), st.integers(1, 50))
def test_whatever_comes_is_read_or_refused(noise: bytes, request: bytes, at: int, pieces: int) -> None:
    found = read(request[:at] + noise + request[at:], pieces=pieces)
    assert all(message.refusal is None for message in found[:-1])


@pytest.mark.parametrize(
    "piece",
    [
        b"\r\n",
        b"\r",
        b"\n",
        b" ",
        b"A",
        b"A: \r\n ",
        b"Authorization: a\r\n b\r\n",
        b"X: y\r\n",
        b"1\r\nx\r\n",
        b"\x00",
        b"\xff",
    ],
)
def test_64_kb_of_anything_cost_little(piece: bytes) -> None:
    limits = Limits()
    for before in (b"", HEAD, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", HEAD + b"Authorization: a"):
        for pieces in (1, 64):
            started = time.process_time()
            read(before + (piece * 65_536)[:65_536], pieces=pieces, limits=limits)
            assert time.process_time() - started < 0.4  # hundredths; eight times that is for a busy machine


def test_heads_are_remembered_without_credentials_and_not_without_end() -> None:
    known: KnownHeads = {}
    for n in range(2 * KNOWN_HEADS):
        _read(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % n, 1, LIMITS, known)
    assert 0 < len(known) <= KNOWN_HEADS
    known.clear()
    for header in (
        b"Authorization: ",
        b"Authorization: Basic x y",
        b"Authorization:Basic x",
        b"Authorization: Basic x\r\n y",
        b"Cookie: a=b",
        b"Proxy-Authorization: Basic x",
        b"X-Api-Key: x",
        b"Expect: 100-continue",
        b"X: " + b"x" * 1_024,
        b"Host: b",
    ):
        _read(b"GET / HTTP/1.1\r\nHost: a\r\n" + header + b"\r\n\r\n", 1, LIMITS, known)
    assert known == {}


@pytest.mark.parametrize("name", [b"Authorization", b"authorization"])
def test_a_head_is_known_with_another_credential_and_none_is_kept(name: bytes) -> None:
    known: KnownHeads = {}
    for credential in (b"Basic c2VjcmV0", b"Basic other=", b"Bearer x", b"x"):
        data = HEAD + name + b": " + credential + b"\r\nContent-Length: 1\r\n\r\nx"
        (message,) = _read(data, 1, LIMITS, known)
        assert message.headers == {"host": "a", "authorization": credential.decode(), "content-length": "1"}
    assert len(known) == 1
    assert "c2VjcmV0" not in repr(known)


VALUES = [b"", b" ", b"Basic x", b"Basic  x", b"Basic x ", b"Basic\tx", b"x\r\n y", b"x\r\nAuthorization: y", b"x\0"]
VALUES += [b"x\r\nContent-Length: 2", b"x\r\nTransfer-Encoding: chunked", b"x\r\n\r\n", b"x\ny", b"\xe9", b"x\r", b"\0"]


@pytest.mark.parametrize("value", VALUES)
def test_a_known_head_lets_no_credential_in_that_the_parser_refuses(value: bytes) -> None:
    def data(value: bytes) -> bytes:
        return HEAD + b"Authorization: " + value + b"\r\nContent-Length: 1\r\n\r\nx"

    known: KnownHeads = {}
    _read(data(b"Basic x"), 1, LIMITS, known)
    assert len(known) == 1
    assert _read(data(value), 1, LIMITS, known) == _read(data(value), 1, LIMITS, None)


def test_a_known_head_may_not_be_longer_with_another_credential() -> None:
    known: KnownHeads = {}
    most = Limits(header_bytes=200)
    _read(HEAD + b"Authorization: x\r\n\r\n", 1, most, known)
    longer = HEAD + b"Authorization: " + b"x" * 200 + b"\r\n\r\n"
    assert RequestReader(most, Budget(1 << 20), known).at_once(longer) is None
    (refused,) = _read(longer, 1, most, known)
    assert refused.refusal is not None
    assert refused.refusal.status == 431


def test_a_whole_request_whose_head_is_known_is_read_at_once_and_no_other() -> None:
    known: KnownHeads = {}
    data = HEAD + b"Authorization: Basic x\r\nContent-Length: 3\r\n\r\nabc"
    last = HEAD + b"Connection: close\r\n\r\n"
    for one in (data, last):
        reader = RequestReader(LIMITS, Budget(1 << 20), known)
        assert reader.at_once(one) is None
        _read(one, 1, LIMITS, known)
    reader = RequestReader(LIMITS, Budget(1 << 20), known)
    other = data.replace(b"Basic x", b"Basic y").replace(b"abc", b"xyz")
    request = reader.at_once(other)
    assert request is not None
    assert whole(*request) == _read(other, 1, LIMITS, None)[0]
    for one in (last, data[:-1], data + b"x", data + data, b"\r\n" + data, data.replace(b"Host", b"host"), b"", b"x"):
        assert reader.at_once(one) is None
    assert RequestReader(LIMITS, Budget(1 << 20), None).at_once(data) is None
    reader.feed(data[:-1])
    assert reader.next() is None
    assert reader.at_once(data) is None, "it would come before the request that has begun"
    reader.feed(data[-1:] + data)
    assert reader.next() is not None
    assert reader.at_once(data) is None, "it would come before the request that waits"


def test_what_a_request_does_with_its_headers_is_its_own() -> None:
    known: KnownHeads = {}
    data = HEAD + b"Content-Length: 1\r\n\r\nx"
    for _ in range(3):
        (message,) = _read(data, 1, LIMITS, known)
        assert message.headers == {"host": "a", "content-length": "1"}
        dict.update(message.headers, {"host": "changed"})  # type: ignore[arg-type]
    assert len(known) == 1
