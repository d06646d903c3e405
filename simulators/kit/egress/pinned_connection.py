"""The connection of a pinned POST, and what may go wrong on it."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Sequence

from partnerlab.simulators.kit.egress.allow_list import Target
from partnerlab.simulators.kit.egress.answers import DEADLINE_S, NoAnswer, PostAnswer

__all__ = ["post"]

CONNECT_S = 3.0
MOST_ANSWER_BYTES = 64 * 1024
USER_AGENT = "partnerlab"


def post(targets: Sequence[Target], body: str, deadline_s: float) -> PostAnswer:
    """As `post_form`."""
    problem: Exception | None = None
    for target in targets:
        connection = _Pinned(target)
        try:
            connection.connect()
        except (OSError, ssl.SSLError) as error:
            connection.close()
            problem = error
            continue
        return _exchange(connection, target, body.encode("ascii"), deadline_s)
    raise NoAnswer(f"no connection: {_told(problem)}" if problem else "the host has no address")


def _exchange(connection: _Pinned, target: Target, body: bytes, deadline_s: float) -> PostAnswer:
    late = threading.Event()
    watch = threading.Timer(deadline_s, _cut, (connection.socket, late))
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            "POST",
            target.path,
            body,
            {
                "Host": target.authority,
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": USER_AGENT,
                "Connection": "close",
            },
        )
        response = connection.getresponse()
        answer = PostAnswer(response.status, response.read(MOST_ANSWER_BYTES).decode("utf-8", "replace"))
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = f"no answer: {_told(error)}"
    else:
        if not late.is_set():  # else what was read by then may look like a whole answer
            return answer
        reason = ""
    finally:
        watch.cancel()
        connection.close()
    raise NoAnswer(f"no whole answer within {deadline_s:g} s" if late.is_set() else reason)


class _Pinned(http.client.HTTPConnection):
    """A connection to the target's address, with the target's host in TLS."""

    def __init__(self, target: Target) -> None:
        super().__init__(target.host, target.port, timeout=DEADLINE_S)
        self._target = target

    @property
    def socket(self) -> socket.socket:
        """The connected socket."""
        return self.sock

    def connect(self) -> None:
        """Connect to the address that was checked; the host's name is not resolved again."""
        plain = socket.create_connection((self._target.address, self._target.port), CONNECT_S)
        self.sock = plain
        if self._target.scheme == "https":
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._target.host)
        self.sock.settimeout(DEADLINE_S)


def _cut(connected: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it was closed already


def _told(error: Exception | None) -> str:
    return f"{type(error).__name__}: {error}"[:200]
