"""
Bytes to requests: where a head ends, what may stand in it, and the body that belongs to it.

httptools parses heads, strictly. This module adds what a parser does not do: bounds that hold before anything is
parsed, one folded header (a credential that a sender's base64 encoder wrapped), offers of another protocol ignored,
and bodies counted while they come in. It knows no socket and no time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import IO

import httptools

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.http.answer import reason
from partnerlab.simulators.kit.http.chunks import ChunkInvalid, Chunks, TrailersTooLong
from partnerlab.simulators.kit.http.known_heads import Head, KnownHeads, find_head, keep_head
from partnerlab.simulators.kit.http.limits import FREE_BYTES, Budget, Limits
from partnerlab.simulators.kit.http.messages import InFile, Response
from partnerlab.simulators.kit.http.offers import without_offers

__all__ = ["CLOSE", "KEEP_ALIVE", "Message", "RequestReader", "whole"]

CLOSE = b"Connection: close\r\n"
KEEP_ALIVE = b"Connection: keep-alive\r\n"

_ONCE = frozenset(("host", "content-type", "content-length", "transfer-encoding", "soapaction", "authorization"))
_BEGINS = re.compile(rb"(?:\r\n)*+[A-Z]")
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
_FOLDED_CREDENTIAL = re.compile(
    rb"(?<=\r\n)(authorization[ \t]*:[^\r\n]*+)((?:\r\n[ \t]++[^\r\n]++)++)(?=\r\n)", re.IGNORECASE
)
_FOLD = re.compile(rb"[ \t]*\r\n[ \t]+")
_END = b"\r\n\r\n"


@dataclass(slots=True)
class Message:
    """
    A request, or why there is none: *refusal* is an answer after which the connection closes.

    *held* is what the budget counts for its body; *head* is the known one, where it was read by that.
    """

    method: str
    target: bytes
    headers: Mapping[str, str]
    body: bytes
    connection: bytes
    refusal: Response | None = None
    held: int = 0
    head: Head | None = field(default=None, compare=False)


class RequestReader:
    """
    The requests of one connection: `feed` what came, then take `next` until there is none.

    `in_head` and `in_body` say what has begun; `expects` that a sender waits for `100 Continue` before its body;
    `body_bytes` is what has come of the present body; `over` that nothing more will be read.

    *known* are heads by their bytes, shared by the connections of a server: senders repeat themselves, and what was
    parsed once and is in order need not be parsed again. None parses each. No header that is a credential is kept.
    """

    def __init__(self, limits: Limits, budget: Budget, known: KnownHeads | None = None) -> None:
        self._limits, self._budget, self._known = limits, budget, known
        self._data = b""
        self._searched = 0
        self._parser: httptools.HttpRequestParser | None = None
        self.in_head = self.in_body = self.expects = self.over = False
        self.body_bytes = 0
        self._held = 0
        self._length = 0
        self._chunks: Chunks | None = None
        self._body = bytearray()
        self._target = b""
        self._headers: dict[str, str] = {}
        self._method = ""
        self._version_10 = False
        self._keep_alive = True
        self._wrong: tuple[int, str] | None = None
        self._in_file = False
        self._head_known: Head | None = None
        self._file: IO[bytes] | None = None  # of a body that is not held

    @property
    def begun(self) -> bool:
        """Whether something came already of the next request."""
        return self.in_head or self.in_body or len(self._data) > 0

    def at_once(self, data: bytes) -> tuple[Head, dict[str, str], bytes] | None:
        """
        Head, headers and body of the request in *data*, where that is all there is and its head is known.

        None where it has to be read by `feed` and `next`; `whole` makes the message that they would give.
        """
        known = self._known
        if known is None or self.begun or self.over:
            return None
        end = data.find(_END) + len(_END)
        found = find_head(known, data[:end])
        if found is None or end - len(_END) > self._limits.header_bytes:  # a credential may be of any length
            return None
        head, headers = found
        if len(data) - end != head.length or head.length > FREE_BYTES or not head.keep_alive:
            return None
        return head, headers, data[end:]

    def feed(self, data: bytes) -> None:
        """Take what came."""
        if not self.over:
            self._data = self._data + data if self._data else data

    @property
    def unread(self) -> int:
        """How many bytes came that belong to no request yet."""
        return len(self._data)

    def drop(self) -> None:
        """Forget what is unfinished; nothing more is read."""
        self.over = True
        self._budget.give(self._held)
        self._held = 0
        self._data = b""
        self._body = bytearray()
        self._chunks = None
        if self._file is not None:
            self._file.close()
            self._file = None

    def next(self) -> Message | None:
        """The next whole request, or a refusal after which nothing is read; None where more has to come."""
        if self.over:
            return None
        if not self.in_body:
            head = self._head()
            if not isinstance(head, bytes):
                return head
            refusal = self._read_head(head)
            if refusal is not None:
                return refusal
        return self._read_body()

    def refuse(self, status: int, text: str) -> Message:
        """An answer that ends the reading."""
        self.drop()
        return Message("", b"", {}, b"", CLOSE, Response(status, f"{reason(status)}. {text}.\n".encode()))

    # The head.

    def _head(self) -> bytes | Message | None:
        data = self._data
        if not data:
            return None
        self.in_head = True
        if not 65 <= data[0] <= 90 and not self._searched and not _BEGINS.match(data):  # A to Z
            if data.strip(b"\r\n"):
                return self.refuse(400, "not HTTP/1.1: Invalid method encountered")
            if len(data) <= 4:
                return None
        end = data.find(b"\r\n\r\n", self._searched)
        if not self._searched and end >= 0 and data.startswith(b"\r\n"):  # a blank line before a request is no error
            data = data.lstrip(b"\r\n")
            end = data.find(b"\r\n\r\n")
        if (end if end >= 0 else len(data)) > self._limits.header_bytes:
            return self.refuse(431, f"header-bytes: a head is over {self._limits.header_bytes} bytes")
        if end < 0:
            if _BARE.search(data, max(0, self._searched - 1)):
                return self.refuse(400, "not HTTP/1.1: a line ends with CR LF")
            self._data, self._searched = data, max(0, len(data) - 3)
            return None
        self._data, self._searched = data[end + 4 :], 0
        return data[: end + 4]

    def _read_head(self, head: bytes) -> Message | None:
        """Parse a head, or know it. A refusal where it is one that may not be."""
        if self._known is not None and self._is_known(self._known, head):
            return None
        came = head
        if head.startswith(b"CONNECT "):
            return self.refuse(405, "method: this is no proxy")
        if head.startswith(b"PRI "):
            return self.refuse(400, "not HTTP/1.1: HTTP/2 is not spoken here")
        if b"\r\n " in head or b"\r\n\t" in head:
            head = _FOLDED_CREDENTIAL.sub(lambda found: found[1] + _FOLD.sub(b" ", found[2]), head)
        try:
            try:
                self._parse(head)
            except httptools.HttpParserUpgrade:
                self._parse(without_offers(head))
        except httptools.HttpParserUpgrade:
            return self.refuse(400, "not HTTP/1.1: no other protocol is spoken")
        except httptools.HttpParserError as error:
            return self.refuse(400, f"not HTTP/1.1: {error}")
        if self._wrong is not None:
            return self.refuse(*self._wrong)
        if self._in_file:
            from tempfile import TemporaryFile  # for the few that send one

            self._file = TemporaryFile()  # noqa: SIM115 - its body's to close
        elif self._known is not None:
            about = (self._method, self._target, dict(self._headers), self._keep_alive, self._version_10, self._length)
            keep_head(self._known, came, Head(*about))
        return None

    def _is_known(self, known: KnownHeads, bytes_of_head: bytes) -> bool:
        """Take over what is known of a head, if it is."""
        found = find_head(known, bytes_of_head)
        if found is None:
            return False
        head, self._headers = found
        self._method, self._target, self._length = head.method, head.target, head.length
        self._keep_alive, self._version_10 = head.keep_alive, head.version_10
        self._head_known = head
        self._wrong = self._chunks = None
        self._in_file = False
        self.in_head, self.in_body = False, True
        return True

    def _parse(self, head: bytes) -> None:
        self._target, self._headers, self._wrong = b"", {}, None
        self._length, self._chunks = 0, None
        self._parser = httptools.HttpRequestParser(
            self
        )  # a new parser is cheap, and cannot misread the end of the last body
        try:
            self._parser.feed_data(head)
        finally:
            self._parser = None

    # From httptools.

    def on_url(self, url: bytes) -> None:
        """A piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        key = name.decode("latin-1").lower()
        headers = self._headers
        if key not in headers:
            headers[key] = value.decode("latin-1")
        elif key in _ONCE:
            self._wrong = (400, f"{key}: the header stands twice")
        else:
            headers[key] += ("; " if key == "cookie" else ", ") + value.decode("latin-1")
        if len(headers) > self._limits.headers:
            self._wrong = (431, f"headers: there are over {self._limits.headers}")

    def on_headers_complete(self) -> None:
        """The head is whole."""
        assert self._parser is not None
        self.in_head, self.in_body = False, True
        self._keep_alive = self._parser.should_keep_alive()
        self._method = self._parser.get_method().decode("ascii")
        headers, version = self._headers, self._parser.get_http_version()
        self._version_10 = version == "1.0"
        length, coding = headers.get("content-length", ""), headers.get("transfer-encoding")
        expect = headers.get("expect", "").lower()
        limits = self._limits
        self._in_file = limits.in_file is not None and limits.in_file(self._method, self._target, headers)
        if version not in ("1.1", "1.0"):
            self._wrong = (505, f"version: HTTP/{version} is neither 1.1 nor 1.0")
        elif version == "1.1" and "host" not in headers:
            self._wrong = (400, "host: an HTTP/1.1 request needs the Host header")
        elif coding is not None and (coding.strip().lower() != "chunked" or self._version_10):
            self._wrong = (400, "transfer-encoding: the only coding known is chunked, and only in HTTP/1.1")
        elif length and int(length) > self._most:
            self._wrong = (413, f"body-bytes: the body is over {self._most} bytes")
        elif expect not in ("", "100-continue"):
            self._wrong = (417, "expect: the only expectation known is 100-continue")
        if self._wrong is None:
            self._length = int(length or 0)
            self._chunks = Chunks(self._limits.header_bytes) if coding is not None else None
            self.expects = bool(expect) and version == "1.1"

    # The body.

    def _read_body(self) -> Message | None:
        data, self._data = self._data, b""
        chunks = self._chunks
        if data:
            self.expects = False
        if chunks is None:
            missing = self._length - self.body_bytes
            if len(data) > missing:
                data, self._data = data[:missing], data[missing:]
        else:
            try:
                data = chunks.feed(data)
            except ChunkInvalid as error:
                return self.refuse(400, f"not HTTP/1.1: {error}")
            except TrailersTooLong:
                return self.refuse(431, f"header-bytes: the trailers are over {self._limits.header_bytes} bytes")
        self.body_bytes += len(data)
        if self.body_bytes > self._most:
            return self.refuse(413, f"body-bytes: the body is over {self._most} bytes")
        if self._file is not None:
            try:
                self._file.write(data)
            except OSError as error:
                return self.refuse(507, f"body-bytes: the body cannot be kept: {error.strerror}")
            data = b""
        more = 0 if self._file else max(0, self.body_bytes - FREE_BYTES) - self._held
        if more > 0:
            if not self._budget.take(more):
                return self.refuse(503, "held-bytes: the server holds as many bytes of bodies as it may; try again")
            self._held += more
        if chunks is None and self.body_bytes == len(data) == self._length and self._file is None:
            return self._whole(data)  # it came in one piece, as most do
        self._body += data
        if self.body_bytes < self._length or (chunks is not None and not chunks.done):
            return None
        if chunks is not None:
            self._data = chunks.rest
        return self._whole(bytes(self._body))

    @property
    def _most(self) -> int:
        return self._limits.file_bytes if self._in_file else self._limits.body_bytes

    def _whole(self, body: bytes) -> Message:
        if self._file is not None:
            body, self._file = InFile.of(self._file), None
        connection = CLOSE if not self._keep_alive else KEEP_ALIVE if self._version_10 else b""
        message = Message(
            self._method, self._target, self._headers, body, connection, held=self._held, head=self._head_known
        )
        self._body, self._chunks, self._held, self._head_known = bytearray(), None, 0, None
        self.in_body = self.expects = False
        self.body_bytes = 0
        if not self._keep_alive:
            self.drop()
        return message


def whole(head: Head, headers: dict[str, str], body: bytes) -> Message:
    """The request of a known head that keeps its connection."""
    return Message(head.method, head.target, headers, body, KEEP_ALIVE if head.version_10 else b"", None, 0, head)
