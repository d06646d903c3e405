"""
The server: an HTTP/1.1 server of our own, because faults on the socket, speed and embedding in a test need one.

Its event loop has a thread of its own; requests for doors that are `inline` are handled there, others on worker
threads.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from partnerlab.simulators.kit.http.answer import Heads
from partnerlab.simulators.kit.http.connection import Connection
from partnerlab.simulators.kit.http.limits import Budget, Limits
from partnerlab.simulators.kit.http.outgoing import Outgoing
from partnerlab.simulators.kit.http.turn import Turn

if TYPE_CHECKING:
    import ssl
    from types import FrameType

    from partnerlab.simulators.kit.http.known_heads import KnownHeads
    from partnerlab.simulators.kit.http.site import Site

__all__ = ["Limits", "Server"]

BACKLOG = 1_024
GRACE_S = 5.0
TLS_HANDSHAKE_S = 10.0
CONTROL_THREADS = 4
OTHER_FILES = 128
"""Open files that are no connections: databases, calls to partners, the program itself."""

_logger = logging.getLogger(__name__)


def _nothing() -> None:
    pass


class Server:
    """
    Serves a site on one address.

    `start` returns when it listens, and raises `OSError` where it cannot; `port` 0 takes a free one. `stop` lets
    requests in flight finish for at most *grace_s*. Use as a context manager, or `run` it until a signal comes.
    *group_commit* off commits each request alone (`Turn`).
    """

    def __init__(
        self,
        site: Site,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        ssl_context: ssl.SSLContext | None = None,
        threads: int = 16,
        limits: Limits | None = None,
        grace_s: float = GRACE_S,
        group_commit: bool = True,
    ) -> None:
        self.site = site
        self.host = host
        self.port = port
        self.limits = limits or Limits()
        self.budget = Budget(self.limits.held_bytes)
        self.most = _most_connections(self.limits)
        self.tls = ssl_context is not None
        self.heads = Heads()
        self.known_heads: KnownHeads | None = {}
        """Heads of requests that need not be parsed again; None parses each."""
        self.turn: Turn | None = None
        """Requests that are committed together; None where each is committed alone."""
        self.now = 0.0
        self.stopping = False
        self.origin = ""
        self.loop: asyncio.AbstractEventLoop
        self._ssl_context = ssl_context
        self._grace_s, self._group_commit = grace_s, group_commit
        self._workers = _Workers(threads)
        self._control_workers = _Workers(CONTROL_THREADS)
        self._connections: set[Connection] = set()
        self.outgoing = Outgoing(self._connections)
        self._stop: asyncio.Event
        self._empty: asyncio.Event
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is to be reached, without a slash at the end: `http://127.0.0.1:8700`."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104 - nothing listens here
        return f"{self.scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def scheme(self) -> str:
        """`https` where it has a certificate."""
        return "https" if self.tls else "http"

    def start(self) -> Server:
        """Listen and serve on a thread of its own."""
        listener = _listen(self.host, self.port)
        self.port = listener.getsockname()[1]
        self.origin = self.url
        self.stopping = False
        # Before the thread, so that `stop` finds them however far it has come.
        self.loop = _new_loop()
        self.loop.set_exception_handler(_log_quietly)
        self._stop, self._empty = asyncio.Event(), asyncio.Event()
        self._empty.set()
        listening = threading.Event()
        self._thread = threading.Thread(target=self._main, args=(listener, listening), name="server", daemon=True)
        self._thread.start()
        listening.wait()
        return self

    def stop(self) -> None:
        """Stop listening, finish what is in flight, close. Nothing happens where it does not run."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self.in_loop(self._stop.set)
            thread.join()
            self._workers.stop()
            self._control_workers.stop()

    def run(self, before_stop: Callable[[], None] = _nothing) -> None:
        """Serve until SIGTERM or SIGINT, then do what comes *before_stop*, and stop; for a program's main thread."""
        over = threading.Event()

        def end(_: int, __: FrameType | None) -> None:
            over.set()

        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            if self._thread is None:
                self.start()
            while not over.wait(0.5):  # on Windows a wait without end is deaf to Ctrl-C
                pass
            before_stop()
        finally:
            self.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def __enter__(self) -> Server:
        return self.start() if self._thread is None else self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # For connections.

    def admit(self, connection: Connection) -> Literal["one", "spare", "none"]:
        """
        Count a connection in. Where there are too many, the one that has been idle longest gives way.

        Where none is idle the new one is spare, for the control API alone, or is refused.
        """
        self._connections.add(connection)
        self._empty.clear()
        if len(self._connections) <= self.most:
            return "one"
        now = self.loop.time()
        idle = [(since, one) for one in self._connections if (since := one.idle_since(now)) is not None]
        longest = min((pair for pair in idle if pair[1] is not connection), key=lambda pair: pair[0], default=None)
        if longest is not None:
            longest[1].give_way()
            self._connections.discard(longest[1])
            return "one"
        return "spare" if len(self._connections) <= self.most + self.limits.spare_connections else "none"

    def forget(self, connection: Connection) -> None:
        """Count a connection out."""
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    def work(self, job: Callable[[], None], *, control: bool) -> None:
        """Do something on a worker thread; the control API has threads of its own, so that it always answers."""
        (self._control_workers if control else self._workers).submit(job)

    def in_loop(self, call: Callable[..., None], *args: Any) -> None:
        """Call something in the event loop, from another thread."""
        try:
            self.loop.call_soon_threadsafe(call, *args)
        except RuntimeError:  # the loop has closed meanwhile, and the connection with it
            _logger.debug("an answer came after the server had stopped")

    def _main(self, listener: socket.socket, listening: threading.Event) -> None:
        group = self.site.lanes.store.group() if self._group_commit else None
        self.turn = None if group is None else Turn(self.loop, group, self._connections)
        try:
            self.loop.run_until_complete(self._serve(listener, listening))
        finally:
            if self.turn is not None:
                self.turn.end()
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    async def _serve(self, listener: socket.socket, listening: threading.Event) -> None:
        self.now = self.loop.time()
        server = await self.loop.create_server(
            lambda: Connection(self),
            sock=listener,
            backlog=BACKLOG,
            ssl=self._ssl_context,
            ssl_handshake_timeout=TLS_HANDSHAKE_S if self.tls else None,
        )
        ticking = self.loop.create_task(self._tick())
        listening.set()
        await self._stop.wait()
        self.stopping = True
        server.close()
        for connection in list(self._connections):
            connection.shut_down()
        try:
            await asyncio.wait_for(self._empty.wait(), self._grace_s)
        except TimeoutError:
            _logger.warning("stopped with %d requests unanswered", len(self._connections))
            for connection in list(self._connections):
                connection.abort()
            await asyncio.sleep(0)
        ticking.cancel()

    async def _tick(self) -> None:
        """Once a second, or as often as the shortest limit needs: the date, and connections that have gone quiet."""
        limits = self.limits
        shortest = min(limits.header_s, limits.body_s, limits.write_s, limits.idle_s, limits.linger_s)
        while True:
            await asyncio.sleep(min(1.0, shortest / 4))
            self.now = self.loop.time()
            self.heads.tick()
            for connection in list(self._connections):
                connection.sweep(self.now)


class _Workers:
    """Threads for what may take its time. Daemons: an app that hangs must not keep the process from ending."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._idle = 0
        self._waiting = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Do a job on a thread that is idle, or a new one while there are fewer than the most."""
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._threads < self._most:
                self._threads += 1
                threading.Thread(target=self._run, name="worker", daemon=True).start()
            else:
                self._waiting += 1
        self._jobs.put(job)

    def stop(self) -> None:
        """Let the threads end when they have done what waits."""
        with self._lock:
            for _ in range(self._threads):
                self._jobs.put(None)
            self._threads = self._idle = self._waiting = 0

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            with self._lock:
                if self._waiting:
                    self._waiting -= 1  # and this thread takes it
                else:
                    self._idle += 1


def _most_connections(limits: Limits) -> int:
    """How many connections there may be: no more than the process may have files open."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return limits.connections
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return limits.connections
    return max(8, min(limits.connections, files - OTHER_FILES - limits.spare_connections))


def _listen(host: str, port: int) -> socket.socket:
    name = host.encode() if host.isascii() else host  # as bytes it needs no codec for international names
    found = socket.getaddrinfo(name or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.SelectorEventLoop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _log_quietly(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What asyncio reports: a client that breaks off or speaks no TLS is no error of ours."""
    error = context.get("exception")
    level = logging.DEBUG if isinstance(error, OSError) else logging.ERROR
    _logger.log(level, "%s", context.get("message"), exc_info=error)
