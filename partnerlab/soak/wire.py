"""
The wire of a soak: a call goes straight into the site, in the same thread, and fails as a socket would.

What the server does to a socket for a fault's plan, this does to the caller: nothing waits, so an answer that would
come too late is a time-out at once. A process dies where the soak says: before the call was handled, or after.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx

from partnerlab.simulators.kit.faults.effects import Plan
from partnerlab.simulators.kit.http.messages import Response
from partnerlab.soak.world import Refused

if TYPE_CHECKING:
    from partnerlab.simulators.kit.http.site import Site

__all__ = ["AFTER", "BEFORE", "NEVER", "Killed", "SiteControl", "Wire"]

ORIGIN = "http://127.0.0.1:8700"
NEVER, BEFORE, AFTER = "", "before the call", "after the call"


class Killed(BaseException):
    """The process that made a call is gone. Not an `Exception`, so that nothing tidies up after it."""


class Wire(httpx.BaseTransport):
    """
    Carries calls into *site*, which is given once there is one. `dies` is where the caller of the next call is killed.
    """

    def __init__(self) -> None:
        self.site: Site | None = None
        self.dies = NEVER
        self.calls = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises httpx's errors, `Killed`."""
        dies, self.dies = self.dies, NEVER
        if dies == BEFORE:
            raise Killed
        self.calls += 1
        answer, plan = _asked(self.site, request.method, request.url.raw_path, dict(request.headers), request.read())
        if dies == AFTER:
            raise Killed
        timeout = request.extensions.get("timeout", {}).get("read")
        if plan is not None:
            _fail(plan, timeout)
        if answer is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        body: Any = _cut(answer.body) if plan is not None and plan.cut else None
        return httpx.Response(
            answer.status,
            headers=[("Content-Type", answer.content_type), *answer.headers],
            content=answer.body if body is None else body,
        )


def _fail(plan: Plan, timeout_s: float | None) -> None:
    if timeout_s is not None and max(plan.delay_s, plan.dribble_s) > timeout_s:
        raise httpx.ReadTimeout("timed out")
    if plan.drop == "reset":
        raise httpx.ReadError("[Errno 104] Connection reset by peer")
    if plan.drop:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def _cut(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def _asked(
    site: Site | None, method: str, target: bytes, headers: dict[str, str], body: bytes
) -> tuple[Response | None, Plan | None]:
    assert site is not None
    headers = {name.lower(): value for name, value in headers.items()}
    headers["host"] = ORIGIN.partition("//")[2]
    answer, plan = site.accept(method, target, headers, body, ORIGIN, "127.0.0.1").run()
    if answer is not None and answer.file is not None:
        with answer.file as file:
            file.seek(0)
            answer = replace(answer, body=file.read(), file=None)
    return answer, plan


class SiteControl:
    """The control API of a lane without a socket; a `partnerlab.auditing.Control`."""

    def __init__(self, site: Callable[[], Site], lane: str) -> None:
        self._site, self._lane = site, lane

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at *path*. Raises `Refused`."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.ask("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, body: Any = None) -> Any:
        """POST JSON, as `get`."""
        return self.ask("POST", path, {} if body is None else body)

    def put(self, path: str, body: Any) -> Any:
        """PUT JSON, as `get`."""
        return self.ask("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH JSON, as `get`."""
        return self.ask("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """DELETE, as `get`."""
        return self.ask("DELETE", path)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON. Raises `Refused`."""
        headers = {"x-sandbox-lane": self._lane, "content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        target = path.replace(" ", "%20").encode()
        answer, _ = _asked(self._site(), method, target, headers, content)
        assert answer is not None
        value: Any = json.loads(answer.body) if answer.body else None
        if answer.status >= 400:
            raise Refused(answer.status, value["error"]["message"])
        return value
