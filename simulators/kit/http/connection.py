"""
One HTTP/1.1 connection: bytes in, requests in order, answers out in the same order, faults on the socket.

Runs in the server's event loop. httptools parses; this module adds what a parser does not do: limits, 100-continue,
pipelining, closing without losing the answer, and breaking the connection on purpose.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import httptools

from partnerlab.simulators.kit.faults.effects import Plan
from partnerlab.simulators.kit.http.answer import HeaderInvalid, reason
from partnerlab.simulators.kit.http.messages import Response

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.server import Server
    from partnerlab.simulators.kit.http.site import Exchange, Refusal

__all__ = ["Connection", "Limits"]

_logger = logging.getLogger(__name__)

MAX_WAITING = 32
DRIBBLE_STEPS = 2_000

_CLOSE = b"Connection: close\r\n"
_KEEP_ALIVE = b"Connection: keep-alive\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_ONCE = frozenset(("host", "content-type", "content-length", "transfer-encoding", "soapaction", "authorization"))
_UPGRADE = frozenset(("upgrade", "connection", "http2-settings"))
_LINGER_0 = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a connection may ask for.

    `header_s` is the time for a whole head, `body_s` and `write_s` the time without any progress, `idle_s` the time
    between requests, `linger_s` the time a refused sender gets to notice.
    """

    header_bytes: int = 32 * 1024
    headers: int = 100
    body_bytes: int = 32 * 1024 * 1024
    connections: int = 1_024
    header_s: float = 10.0
    body_s: float = 30.0
    write_s: float = 60.0
    idle_s: float = 60.0
    linger_s: float = 2.0


@dataclass(slots=True)
class _Message:
    """A request, or why there is none: *refusal* is an answer after which the connection closes."""

    method: str
    target: bytes
    headers: Mapping[str, str]
    body: bytes
    connection: bytes
    refusal: Response | None = None


class Connection(asyncio.Protocol):
    """The protocol object asyncio drives; see the module."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._limits = server.limits
        self._transport = cast(asyncio.Transport, None)
        self._remote = ""
        self._parser = _parser(self)
        self._waiting: deque[_Message] = deque()
        self._busy = False  # a request is being handled, or its answer is on its way
        self._reading = True  # false once nothing that still comes will be handled
        self._lingering = False
        self._full = False  # so many requests wait that no more are read
        self._paused = False  # so much is written that the client has to read first
        self._held = False  # an answer that a fault will never let out
        self._timer: asyncio.TimerHandle | None = None
        self._since = server.now  # when the present phase began or last made progress
        # The request being parsed.
        self._in_head = False
        self._in_body = False
        self._silent = 0
        self._target = b""
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._keep_alive = True
        self._expects = False
        self._upgrade = False
        self._wrong: tuple[int, str] | None = None

    # From asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if peer else ""
        if not self._server.admit(self):
            self._refuse(503, f"connections: the server has {self._limits.connections} already")
            self._pump()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reading = False
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._server.forget(self)

    def eof_received(self) -> bool:
        """A sender may close its side and still wait for answers."""
        self._reading = False
        return not self._server.tls and (self._busy or bool(self._waiting))

    def pause_writing(self) -> None:
        self._paused = True
        self._since = self._server.now

    def resume_writing(self) -> None:
        self._paused = False
        self._pump()

    def data_received(self, data: bytes) -> None:
        if not self._reading:
            return
        self._silent += len(data)
        if self._in_body:
            self._since = self._server.now
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._upgrade:
                self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if self._reading:
                self._refuse(400, f"not HTTP/1.1: {error}")
        else:
            if self._silent > self._limits.header_bytes and (self._in_head or self._in_body) and self._reading:
                self._refuse(431, f"header-bytes: a head is over {self._limits.header_bytes} bytes")
        self._pump()
        if len(self._waiting) > MAX_WAITING and not self._full:
            self._full = True
            self._transport.pause_reading()

    # From httptools.

    def on_message_begin(self) -> None:
        self._in_head = True
        self._silent = 0
        self._since = self._server.now
        self._target = b""
        self._headers = {}
        self._head_bytes = 0
        self._body = []
        self._body_bytes = 0
        self._wrong = None

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_head:
            return  # trailers say nothing that anybody here reads
        key = name.decode("latin-1").lower()
        self._head_bytes += len(name) + len(value) + 4
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
        self._in_head = False
        self._in_body = True
        self._silent = 0
        self._keep_alive = self._parser.should_keep_alive()
        self._upgrade = self._parser.should_upgrade()
        headers, version = self._headers, self._parser.get_http_version()
        length = headers.get("content-length", "")
        expect = headers.get("expect", "").lower()
        if self._head_bytes + len(self._target) > self._limits.header_bytes:
            self._wrong = (431, f"header-bytes: a head is over {self._limits.header_bytes} bytes")
        elif version not in ("1.1", "1.0"):
            self._wrong = (505, f"version: HTTP/{version} is neither 1.1 nor 1.0")
        elif version == "1.1" and "host" not in headers:
            self._wrong = (400, "host: an HTTP/1.1 request needs the Host header")
        elif length and int(length) > self._limits.body_bytes:
            self._wrong = (413, f"body-bytes: the body is over {self._limits.body_bytes} bytes")
        elif expect not in ("", "100-continue"):
            self._wrong = (417, "expect: the only expectation known is 100-continue")
        if self._wrong is not None:
            self._refuse(*self._wrong)
            return
        self._expects = bool(expect) and version == "1.1"
        if self._expects and not self._busy and not self._waiting:
            self._expects = False
            self._transport.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        self._silent = 0
        self._expects = False
        self._body_bytes += len(data)
        if self._body_bytes <= self._limits.body_bytes:
            self._body.append(data)
        elif self._reading:
            self._body = []
            self._refuse(413, f"body-bytes: the body is over {self._limits.body_bytes} bytes")

    def on_message_complete(self) -> None:
        self._in_body = False
        self._silent = 0
        self._expects = False
        if not self._reading:
            return
        method = self._parser.get_method().decode("ascii")
        if self._upgrade and method != "CONNECT":
            return  # the parser stops before the body of a request that offers another protocol
        version_10 = self._parser.get_http_version() == "1.0"
        connection = _CLOSE if not self._keep_alive else _KEEP_ALIVE if version_10 else b""
        if method == "CONNECT":
            self._refuse(405, "method: this is no proxy")
            return
        if not self._keep_alive:
            self._reading = False
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._waiting.append(_Message(method, self._target, self._headers, body, connection))

    # Requests, in order.

    def _refuse(self, status: int, text: str) -> None:
        """Answer with an error when its turn comes, then close; what still comes in is not read."""
        self._reading = False
        answer = Response(status, f"{reason(status)}. {text}.\n".encode())
        self._waiting.append(_Message("", b"", {}, b"", _CLOSE, answer))

    def _ignore_upgrade(self, rest: bytes) -> None:
        """
        Parse a request again without its offer to switch protocols, which HTTP allows to ignore.

        Java's client offers h2c with its first request, and the parser would leave the body of that unread.
        """
        method = self._parser.get_method()
        lines = [f"{k}: {v}\r\n".encode("latin-1") for k, v in self._headers.items() if k not in _UPGRADE]
        self._parser = _parser(self)
        self.data_received(method + b" " + self._target + b" HTTP/1.1\r\n" + b"".join(lines) + b"\r\n" + rest)

    def _pump(self) -> None:
        """Handle what waits, one request at a time."""
        while self._waiting and not self._busy and not self._paused:
            message = self._waiting.popleft()
            self._busy = True
            if message.refusal is not None:
                self._send(message, message.refusal, "-")
                continue
            exchange = self._server.site.accept(
                message.method, message.target, message.headers, message.body, self._server.origin, self._remote
            )
            if exchange.inline:
                self._deliver(message, *exchange.run(), exchange.id)
            else:
                self._server.work(partial(self._work, message, exchange))
        if not self._busy and not self._waiting:
            if self._expects:  # its turn has come only now
                self._expects = False
                self._transport.write(_CONTINUE)
            if not self._reading and not self._lingering:
                self._transport.close()
        if self._full and len(self._waiting) < MAX_WAITING // 2:
            self._full = False
            self._transport.resume_reading()

    def _work(self, message: _Message, exchange: Exchange | Refusal) -> None:
        """On a worker thread."""
        response, plan = exchange.run()
        self._server.in_loop(self._finish, message, response, plan, exchange.id)

    def _finish(self, message: _Message, response: Response | None, plan: Plan | None, id: str) -> None:
        if not self._transport.is_closing():
            self._deliver(message, response, plan, id)
            self._pump()

    # Answers.

    def _deliver(self, message: _Message, response: Response | None, plan: Plan | None, id: str) -> None:
        if plan is None:
            assert response is not None
            self._send(message, response, id)
        elif plan.delay_s:
            self._held = bool(plan.drop)
            self._timer = self._server.loop.call_later(plan.delay_s, self._act, message, response, plan, id)
        else:
            self._act(message, response, plan, id)

    def _send(self, message: _Message, response: Response, id: str) -> None:
        head, body, last = self._render(message, response, id)
        self._transport.write(head + body)
        self._sent(last)

    def _render(self, message: _Message, response: Response, id: str) -> tuple[bytes, bytes, bool]:
        """Head and body as they go out, and whether the connection closes after them."""
        connection = _CLOSE if self._server.stopping else message.connection
        try:
            head = self._server.heads.render(response, id, connection)
        except HeaderInvalid as error:
            _logger.error("request %s: %s", id, error)
            response = Response(500, f"Internal error. The server's log has it under request {id}.\n".encode())
            head = self._server.heads.render(response, id, connection)
        return head, b"" if message.method == "HEAD" else response.body, connection is _CLOSE

    def _sent(self, last: bool) -> None:
        self._busy = False
        self._since = self._server.now
        if last:
            self._reading = False
            self._waiting.clear()
            self._close()

    def _close(self) -> None:
        """
        Close after what is written has gone out.

        With unread bytes in the socket a plain close is a reset, which would take the answer away from a sender that
        is still sending: so close our side first and linger.
        """
        if self._transport.can_write_eof() and (self._in_head or self._in_body):
            self._lingering = True
            self._transport.write_eof()
        else:
            self._transport.close()

    # Faults.

    def _act(self, message: _Message, response: Response | None, plan: Plan, id: str) -> None:
        self._timer = None
        if self._transport.is_closing():
            return
        if response is None:
            if plan.drop == "reset":
                self._reset()
            else:
                self._transport.close()
            return
        head, body, last = self._render(message, response, id)
        data = head + body
        if plan.cut:
            # A body of no more than a byte has no middle: then the head is cut.
            data = data[: len(head) + len(body) // 2] if len(body) > 1 else head[: len(head) // 2]
        if plan.dribble_s:
            self._dribble(data, plan, last, self._server.loop.time(), 0)
        else:
            self._transport.write(data)
            self._sent(last or plan.cut)
            self._pump()

    def _dribble(self, data: bytes, plan: Plan, last: bool, started: float, step: int) -> None:
        """Write the next piece: a byte, or more where there are over 2,000."""
        steps = min(len(data), DRIBBLE_STEPS)
        self._transport.write(data[step * len(data) // steps : (step + 1) * len(data) // steps])
        step += 1
        if step < steps:
            due = started + plan.dribble_s * step / steps
            self._timer = self._server.loop.call_at(due, self._dribble, data, plan, last, started, step)
        else:
            self._timer = None
            self._sent(last or plan.cut)
            self._pump()

    def _reset(self) -> None:
        """End the connection with RST, so that the peer reads `connection reset`."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            with socket.socket(fileno=os.dup(raw.fileno())) as same:  # uvloop's own has no setsockopt
                same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self._transport.abort()

    # Time, and the end.

    def sweep(self, now: float) -> None:
        """Close where nothing has happened for too long; called about once a second."""
        limits, still = self._limits, now - self._since
        if self._lingering:
            if still > limits.linger_s:
                self._transport.abort()
        elif self._paused:
            if still > limits.write_s:
                self._transport.abort()
        elif self._busy or self._waiting:
            return
        elif self._in_head or self._in_body:
            limit = limits.header_s if self._in_head else limits.body_s
            if still > limit and self._reading:
                self._refuse(408, f"{'header' if self._in_head else 'body'}-time: nothing for {limit:g} seconds")
                self._pump()
        elif still > limits.idle_s:
            self._transport.close()

    def shut_down(self) -> None:
        """Close now where no request is being read, handled or answered, else after its answer."""
        if self._held or not (self._busy or self._waiting or self._in_head or self._in_body):
            self._transport.close()

    def abort(self) -> None:
        """End the connection as it is."""
        self._transport.abort()


def _parser(connection: Connection) -> httptools.HttpRequestParser:
    """A parser that takes folded header lines: some senders' base64 wraps a long credential over several."""
    parser = httptools.HttpRequestParser(connection)
    parser.set_dangerous_leniencies(lenient_headers=True)
    return parser
