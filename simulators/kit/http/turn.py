"""
One turn of the event loop, one commit: answers wait until what they tell is committed.

Where several senders are served at once, the loop finds requests of many connections ready in one turn. Those of doors
with `group_commit` share a transaction (`kit.world.grouping`): each is a savepoint in it, and at the end of the turn
one commit lets their answers go. Where it fails none of them goes out: each sender reads that there was an error.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from partnerlab.simulators.kit.http.exchange import Later, Refusal, failed
from partnerlab.simulators.kit.http.problems import internal_error

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from partnerlab.simulators.kit.http.exchange import Answered, Exchange, Mount
    from partnerlab.simulators.kit.http.messages import Request, Response
    from partnerlab.simulators.kit.http.reader import Message
    from partnerlab.simulators.kit.journal.journal import Journal
    from partnerlab.simulators.kit.journal.waiting import Operation
    from partnerlab.simulators.kit.world.grouping import Group

__all__ = ["Turn", "at_once"]

MOST = 64
"""Requests that share a commit: the first of them waits for the last."""

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class Sender(Protocol):
    """The connection of a request."""

    @property
    def has_more(self) -> bool:
        """Whether something came that waits behind the answer."""

    def answered(self, message: Message, response: Response, plan: None, id: str) -> None:
        """Let the answer go."""

    def go_on(self) -> None:
        """Handle what waits behind it."""


class _Held(NamedTuple):
    connection: Sender
    message: Message
    later: Later


class Turn:
    """The requests whose answers wait for a commit, in the order they came; of one connection alone none waits."""

    def __init__(self, loop: AbstractEventLoop, group: Group, connections: Collection[object]) -> None:
        self._loop, self._group, self._connections = loop, group, connections
        self._held: list[_Held] = []

    def run(self, connection: Sender, message: Message, exchange: Exchange | Refusal) -> bool:
        """
        Handle a request that joins: its *connection* is given the answer now, or at the end of the turn.

        False for another, which is not handled: the turn has ended, so that it finds everything committed.
        """
        if isinstance(exchange, Refusal) or not exchange.joins:
            self.end()
            return False
        later = self.call(exchange.answer)
        if self.waits:
            self.hold(connection, message, later)
        else:
            later.note(later.response)
            connection.answered(message, later.response, None, later.id)
        return True

    def call(self, call: Callable[..., T], *given: Request) -> T:
        """Call what is committed together with others; see then whether its answer `waits`. Raises what it raises."""
        try:
            with self._group:
                return call(*given)
        except Exception:
            raise
        except BaseException:  # the process is asked to end, say; nobody waits for a transaction that nobody ends
            self.end()
            raise

    def call_alone(self, call: Callable[[Request], Response], request: Request) -> Response:
        """Call what finds everything committed. Raises what it raises."""
        self.end()
        return call(request)

    @property
    def waits(self) -> bool:
        """Whether the answer to the request that was called last waits for a commit."""
        return self._group.open and self._group.touched

    def hold(self, connection: Sender, message: Message, later: Later) -> None:
        """Let an answer go at the end of the turn."""
        self._held.append(_Held(connection, message, later))
        if len(self._held) >= MOST or len(self._connections) == 1:
            self.end()
        elif len(self._held) == 1:
            self._loop.call_soon(self.end)

    def end(self) -> None:
        """Commit, and let the answers go."""
        held, self._held = self._held, []
        try:
            self._group.commit()
            failed = None
        except Exception as error:
            _logger.exception("not committed: requests %s", " ".join(one.later.id for one in held))
            failed = error
        for connection, message, later in held:
            response = internal_error(later.id, failed) if failed else later.response
            later.note(response)
            connection.answered(message, response, None, later.id)
            if connection.has_more:
                self._loop.call_soon(connection.go_on)


def at_once(
    journal: Journal,
    mount: Mount,
    call: Callable[[Request], Response],
    request: Request,
    method: str,
    operation: Operation,
    turn: Turn | None,
) -> Answered | Later:
    """
    What *call* answers in the place of a mount's app, which never fails, with the request's id, noted.

    In a *turn* `Later`, where the answer waits for the turn's commit: it is to be held there, and is not noted yet.
    """
    started_ns = time.perf_counter_ns()
    app, together = mount.app, turn is not None and mount.groups
    try:
        if turn is None:
            response = call(request)
        else:
            response = turn.call(call, request) if together else turn.call_alone(call, request)
    except Exception as error:  # noqa: BLE001 - answered and logged there
        response = failed(app, request, error)
    if together and turn is not None and turn.waits:
        return Later(journal, request, method, app.name, operation, response, started_ns)
    journal.append(request, method, app.name, operation, response, started_ns)
    return response, request.id
