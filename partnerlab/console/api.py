"""The control API and the data pump's, asked in process by the way that a caller over HTTP takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.site import Site

__all__ = ["Api", "ApiRefused"]


class ApiRefused(Exception):
    """The API said no: its status, and its words with the field they are about."""

    def __init__(self, status: int, message: str, field: str = "") -> None:
        self.status, self.field = status, field
        super().__init__(message if not field or message.startswith(field) else f"{field}: {message}")


class Api:
    """
    One lane of a sandbox, on behalf of the request that a page answers. What is asked of a *world* of the lane, its
    `made_at`, is refused once the lane is another: its numbers mean something else then.
    """

    def __init__(self, site: Site, request: Request, world: str = "") -> None:
        self._site, self._request, self._world = site, request, world
        self.lane = request.lane.name

    def get(self, path: str, **query: Any) -> Any:
        """The JSON there. Raises `ApiRefused`."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return self._call("GET", f"{path}?{urlencode(given)}" if given else path)

    def maybe(self, path: str, **query: Any) -> Any:
        """As `get`; None where there is no such thing."""
        try:
            return self.get(path, **query)
        except ApiRefused as error:
            if error.status == 404:
                return None
            raise

    def post(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        """The answer's JSON. Raises `ApiRefused`."""
        return self._call(method, path, json.dumps({} if body is None else body).encode())

    def send(self, path: str, content: bytes) -> Any:
        """The answer's JSON to JSON that somebody else wrote. Raises `ApiRefused`."""
        return self._call("POST", path, content)

    def delete(self, path: str) -> None:
        """Raises `ApiRefused`."""
        self._call("DELETE", path)

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """The answer to a request of the page's reader, as it comes."""
        request = self._request
        sent = {**headers, "content-length": str(len(body))} if body else dict(headers)
        for name in ("host", "authorization", "cookie"):
            if name in request.headers:
                sent[name] = request.headers[name]
        origin = "/".join(request.base_url.split("/", 3)[:3])
        response, _ = self._site.accept(method, target.encode(), sent, body, origin, request.remote).run()
        assert response is not None, "what is no partner's door has no faults"
        return response

    def _call(self, method: str, target: str, body: bytes = b"") -> Any:
        headers = {"x-sandbox-lane": self.lane} | ({"content-type": "application/json"} if body else {})
        if self._world:
            headers["x-sandbox-world"] = self._world
        response = self.ask(method, target, headers, body)
        try:
            answer = json.loads(response.body) if response.body.strip() else None
        except ValueError:
            raise ApiRefused(response.status, response.body[:200].decode("utf-8", "replace").strip()) from None
        if response.status >= 400:
            error = answer.get("error", {}) if isinstance(answer, dict) else {}
            raise ApiRefused(response.status, error.get("message", f"status {response.status}"), error.get("field", ""))
        return answer
