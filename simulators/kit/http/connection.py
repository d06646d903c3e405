"""
One HTTP/1.1 connection: requests in order, answers out in the same order, faults on the socket.

Runs in the server's event loop. The reader makes requests of bytes; this module adds the queue, the times, closing
without losing the answer, and breaking the connection on purpose.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, cast

from partnerlab.simulators.kit.faults.effects import Plan
from partnerlab.simulators.kit.http.answer import HeaderInvalid
from partnerlab.simulators.kit.http.breaking import Dribble, cut, reset
from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.kit.http.reader import CLOSE, Message, RequestReader, whole
from partnerlab.simulators.kit.http.serving import Serving
from partnerlab.simulators.kit.http.streaming import EventStream, FileStream, stream_of

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.exchange import Answered, Exchange, Later, Refusal

__all__ = ["Connection"]

_logger = logging.getLogger(__name__)

SLOW_S = 2.0
TURNS = 16
"""Requests of one connection that are handled before the event loop looks at the others."""
INLINE_BYTES = 64 * 1024
"""A larger body is for a worker thread: the event loop serves everybody."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection(asyncio.Protocol):
    """The protocol object asyncio drives; see the module."""

    def __init__(self, server: Serving) -> None:
        self._server, self._limits = server, server.limits
        self._transport = cast(asyncio.Transport, None)
        self._remote = ""
        self._reader = RequestReader(server.limits, server.budget, server.known_heads)
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = self._unread = 0  # unread: of answers that the budget counts while the client reads none
        self._spare = False  # beyond the limit of connections: only the control API answers it
        self._pumping = self._lingering = False
        self._busy = False  # a request is being handled, or its answer is on its way
        self._full = False  # too many requests wait: stop parsing
        self._stopped = False  # reading from the socket is paused
        self._paused = False  # writing is paused until the client has read
        self._held = False  # an answer that a fault will never let out
        self._timer: asyncio.TimerHandle | Dribble | None = None
        self._stream: EventStream | FileStream | None = None  # the last answer: there will be no other
        self._since = self._body_since = server.now  # when the present phase began or last made progress

    # From asyncio.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if peer else ""
        self._since = self._server.loop.time()
        place = self._server.admit(self)
        self._spare = place == "spare"
        if place == "none":
            self._refuse_connection()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reader.drop()
        self._forget_waiting()
        self._release_unread()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._stream is not None:
            self._stream.end()
        self._server.forget(self)

    def eof_received(self) -> bool:
        """A sender may close its side and still wait for answers, but not for a stream's end."""
        self._reader.drop()
        self._server.outgoing.flush()
        return not self._server.tls and self._stream is None and (self._busy or bool(self._waiting))

    def pause_writing(self) -> None:
        self._paused = True
        if self._stream is not None:
            self._stream.paused()
        self._since, size = self._server.now, self._transport.get_write_buffer_size()
        if self._server.budget.take(size):
            self._unread += size
        else:
            _logger.warning("a connection was ended: clients have left too many answers unread")
            self._transport.abort()

    def resume_writing(self) -> None:
        self._paused = False
        self._release_unread()
        if self._stream is not None:
            self._stream.resumed()
        self._pump()

    def data_received(self, data: bytes) -> None:
        reader, server = self._reader, self._server
        if reader.over:
            return
        at_rest, site = not (self._busy or self._waiting or self._paused or self._spare or reader.begun), server.site
        if at_rest and site.again and (known := site.again.answer(data, self._remote, server.turn)):
            self._answered(known)
        elif at_rest and (request := reader.at_once(data)) is not None:
            if answered := site.answer_at_once(*request, self._remote, data, server.turn):
                self._answered(answered)
            else:
                self._handle(whole(*request))
        else:
            reader.feed(data)
            self._pump()

    # Requests, in order.

    def _read(self) -> None:
        """Take requests from what came, as many as may wait."""
        reader, limits = self._reader, self._limits
        began = not (reader.in_head or reader.in_body)
        while not self._full and not reader.over:
            in_body, had = reader.in_body, reader.body_bytes
            message = reader.next()
            if message is None:
                now, more = self._server.now, reader.in_body and (not in_body or reader.body_bytes > had)
                if more or (began and (reader.in_head or reader.in_body)):
                    self._since = now
                if reader.in_body and not in_body:
                    self._body_since = now
                return
            began = True
            self._waiting.append(message)
            self._waiting_bytes += len(message.body)
            self._full = len(self._waiting) >= limits.waiting or self._waiting_bytes > limits.waiting_bytes
            if not reader.unread:
                return

    def _pump(self) -> None:
        """Handle what waits, one request at a time."""
        if self._pumping:
            return  # the answer was ready at once: the loop below goes on
        self._pumping = True
        turns = 0
        try:
            self._read()
            while self._waiting and not self._busy and not self._paused:
                if turns == TURNS:  # it is the other connections' turn
                    self._server.loop.call_soon(self._pump)
                    return
                turns += 1
                message = self._waiting.popleft()
                self._waiting_bytes -= len(message.body)
                self._handle(message)
                if self._full and len(self._waiting) <= self._limits.waiting // 2 and not self._waiting_bytes:
                    self._full = False
                if self._reader.unread and not self._full:
                    self._read()
        finally:
            self._pumping = False
        if self._transport.is_closing():
            return
        if not self._busy and not self._waiting:
            if self._reader.expects:  # its turn has come only now
                self._reader.expects = False
                self._server.outgoing.put(self._transport, _CONTINUE)
            if self._reader.over and not self._lingering:
                self._server.outgoing.flush()
                self._transport.close()
        self._read_on(going=not self._full)

    def _handle(self, message: Message) -> None:
        self._busy = True
        if message.refusal is not None:
            self._send("", message.connection, message.refusal, "-")
            return
        server = self._server
        exchange = server.site.accept(
            message.method, message.target, message.headers, message.body, server.origin, self._remote, message.head
        )
        if self._spare and not exchange.control:
            server.budget.give(message.held)
            self._refuse_connection()
        elif exchange.inline and len(message.body) <= INLINE_BYTES:
            if (turn := server.turn) is None or not turn.run(self, message, exchange):
                self.answered(message, *exchange.run(), exchange.id)
        else:
            server.work(partial(self._work, message, exchange), control=exchange.control)

    def _read_on(self, *, going: bool) -> None:
        """Read from the socket, or leave what comes in it while so much waits that no more can be taken."""
        if self._stopped is not going or self._reader.over:
            return
        self._stopped = not going
        if going:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _refuse_connection(self) -> None:
        """Answer that there are too many connections, and close."""
        refusal = self._reader.refuse(503, f"connections: the server has {self._server.most} already")
        self._busy, self._waiting, self._waiting_bytes = False, deque((refusal,)), 0
        self._pump()

    def _work(self, message: Message, exchange: Exchange | Refusal) -> None:
        """On a worker thread."""
        response, plan = exchange.run()
        self._server.in_loop(self._finish, message, response, plan, exchange.id)

    def _answered(self, answer: Answered | Later) -> None:
        """Let an answer go that was made at once, or hold it until the turn ends."""
        if isinstance(answer, tuple):
            self._send("", b"", *answer)
        elif self._server.turn is not None:
            self._busy = True
            self._server.turn.hold(self, Message("", b"", {}, b"", b""), answer)

    def _finish(self, message: Message, response: Response | None, plan: Plan | None, id: str) -> None:
        self.answered(message, response, plan, id)
        self.go_on()

    def answered(self, message: Message, response: Response | None, plan: Plan | None, id: str) -> None:
        """Let an answer go, now that it is known."""
        self._server.budget.give(message.held)
        if self._transport.is_closing():
            return
        if plan is None:
            assert response is not None
            self._send(message.method, message.connection, response, id)
        elif plan.delay_s:
            self._held = bool(plan.drop)
            self._timer = self._server.loop.call_later(plan.delay_s, self._act, message, response, plan, id)
        else:
            self._act(message, response, plan, id)

    @property
    def has_more(self) -> bool:
        """Whether something came that waits behind an answer."""
        return bool(self._waiting or (it := self._reader).unread or it.expects or it.over or self._stopped)

    def go_on(self) -> None:
        """Handle what waits behind an answer."""
        if not self._transport.is_closing():
            self._pump()

    def _release_unread(self) -> None:
        self._server.budget.give(self._unread)
        self._unread = 0

    # Answers.

    def _send(self, method: str, connection: bytes, response: Response, id: str) -> None:
        head, body, last = self._render(method, connection, response, id)
        self._server.outgoing.put(self._transport, head + body)
        if last:  # what follows is its end, or a stream
            self._server.outgoing.flush()
        going = method != "HEAD" and not self._server.stopping
        if (stream := stream_of(self._server, self._transport, response, going=going)) is not None:
            self._take_no_more()
            self._stream = stream
        else:
            self._sent(last)

    def _render(self, method: str, connection: bytes, response: Response, id: str) -> tuple[bytes, bytes, bool]:
        """Head and body as they go out, and whether the connection closes after them."""
        if self._server.stopping or (response.stream or response.file) is not None:
            connection = CLOSE
        try:
            head = self._server.heads.render(response, id, connection)
        except HeaderInvalid as error:
            _logger.error("request %s: %s", id, error)
            response = Response(500, f"Internal error. The server's log has it under request {id}.\n".encode())
            head = self._server.heads.render(response, id, connection)
        return head, b"" if method == "HEAD" else response.body, connection is CLOSE

    def _sent(self, last: bool) -> None:
        self._busy = False
        self._since = self._server.loop.time()
        if last:
            middle = self._reader.in_head or self._reader.in_body
            self._take_no_more()
            self._close(sender_goes_on=middle)

    def _take_no_more(self) -> None:
        """Let go of what waits and of what is still to come. The socket is read on, so that its end is noticed."""
        self._read_on(going=True)
        self._reader.drop()
        self._forget_waiting()

    def _forget_waiting(self) -> None:
        for message in self._waiting:
            self._server.budget.give(message.held)
        self._waiting.clear()

    def _close(self, *, sender_goes_on: bool) -> None:
        """
        Close after what is written has gone out.

        With unread bytes in the socket a plain close is a reset, which would take the answer away from a sender that
        is still sending: so close our side first and linger.
        """
        if self._transport.can_write_eof() and sender_goes_on:
            self._lingering = True
            self._transport.write_eof()
        else:
            self._transport.close()

    # Faults.

    def _act(self, message: Message, response: Response | None, plan: Plan, id: str) -> None:
        self._timer = None
        self._server.outgoing.flush()
        if self._transport.is_closing():
            return
        if response is None:
            reset(self._transport) if plan.drop == "reset" else self._transport.close()
            return
        head, body, last = self._render(message.method, message.connection, response, id)
        data = cut(head, body) if plan.cut else head + body
        then = partial(self._broken, last=last or plan.cut)
        if plan.dribble_s:
            self._timer = Dribble(self._server.loop, self._transport, data, plan.dribble_s, then)
        else:
            self._transport.write(data)
            then()

    def _broken(self, *, last: bool) -> None:
        self._timer = None
        self._sent(last)
        self._pump()

    # Time, and the end.

    def sweep(self, now: float) -> None:
        """Close where nothing has happened for too long; called about once a second."""
        limits, still, reader = self._limits, now - self._since, self._reader
        if self._stream is not None:
            self._stream.sweep(now)
        if self._lingering:
            if still > limits.linger_s:
                self._transport.abort()
        elif self._paused:
            if still > limits.write_s:
                self._transport.abort()
        elif self._busy or self._waiting:
            return
        elif reader.in_body:
            drips = now - self._body_since - limits.body_s > reader.body_bytes / limits.body_rate
            if still > limits.body_s or drips:
                self._give_up("body", limits.body_s, f"under {limits.body_rate} bytes a second" if drips else "")
        elif reader.in_head:
            if still > limits.header_s:
                self._give_up("header", limits.header_s)
        elif still > limits.idle_s:
            self._transport.close()

    def _give_up(self, part: str, seconds: float, why: str = "") -> None:
        self._waiting.append(self._reader.refuse(408, f"{part}-time: {why or f'nothing for {seconds:g} seconds'}"))
        self._pump()

    def idle_since(self, now: float) -> float | None:
        """Since when this connection has been idle; None where it is not."""
        if self._busy or self._waiting or self._paused or self._lingering:
            return None
        return self._since if self._quiet or now - self._since > SLOW_S else None

    def give_way(self) -> None:
        """Close for the sake of another connection."""
        self._server.outgoing.flush()
        self._reader.drop()
        self._transport.abort()

    @property
    def _quiet(self) -> bool:
        return not (self._reader.in_head or self._reader.in_body)

    def shut_down(self) -> None:
        """Close now where no request is being read, handled or answered, else after its answer; a stream at once."""
        self._server.outgoing.flush()
        if self._stream is not None and self._paused:
            self._transport.abort()
        elif self._stream is not None or self._held or not (self._busy or self._waiting or not self._quiet):
            self._transport.close()

    def abort(self) -> None:
        """End the connection as it is."""
        self._transport.abort()
