"""The request and answer that pass between server, site and simulators, and what a simulator is to the site."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import IO, TYPE_CHECKING, Protocol

from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["App", "InFile", "Ready", "Request", "Response", "Stream"]

Stream = Callable[[Callable[[bytes], None]], Callable[[], None]]
"""
The rest of an answer without an end. It is called with a function that sends bytes (from any thread, and never waits),
and returns one that is called once when nobody reads any more.
"""


class InFile(bytes):
    """A body that is not held: no bytes, and a `file` that has it, which goes with this."""

    file: IO[bytes]

    @classmethod
    def of(cls, file: IO[bytes]) -> InFile:
        """The body in *file*."""
        body = cls()
        body.file = file
        return body

    def __del__(self) -> None:
        self.file.close()


@dataclass(slots=True)
class Request:
    """
    One HTTP request, read whole.

    `method` is GET for HEAD too: the server leaves the body out. `path` is decoded and without the lane prefix;
    `headers` have lower-case names; `base_url` is the origin and lane prefix the caller used
    (`http://127.0.0.1:8700/lane/x`), for addresses in answers; `id` names the request in the journal and in the
    events it causes; `remote` is the caller's IP address, empty where it has none. `raw_path` is the path as it came
    where a segment of it has a slash (`%2F`), else empty.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    id: str
    lane: Lane
    remote: str = ""
    raw_path: str = ""


@dataclass(slots=True)
class Response:
    """
    An HTTP answer. `headers` are added to Content-Type and Content-Length, which the server writes.

    With a `stream` the answer goes on after its body for as long as the caller reads; with a `file`, which the server
    closes, its body is what that file has from its beginning.
    """

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = field(default=())
    stream: Stream | None = None
    file: IO[bytes] | None = None


Ready = Callable[[Request], Response]
"""
Answers a later request of the same bytes as the app would, whatever its id, lane, caller and time. What they ask for is
known; what the answer tells is found out each time.
"""


class App(Protocol):
    """
    What the site mounts: one simulated door.

    `inline` says that a call is short enough for the event loop; other apps are called on a worker thread.
    An app may have `group_commit`, which says that all a call does is in the site's store: nothing outside is told of
    it, before its transaction ends or after, and it waits for nobody. Such calls may be committed together.
    An app may have `ready(request)`: a `Ready` for a request that it read and let in, else None.
    An app may have `lane_missing(name)`, which answers in place of a lane that there is not; else the lane is made.
    """

    name: str
    inline: bool

    def operation(self, request: Request) -> str:
        """The operation a request asks for, in the partner's word, or its path; for faults and the journal."""

    def __call__(self, request: Request) -> Response:
        """Handle a request. Never raises for anything a caller sent."""
