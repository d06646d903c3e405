"""The control API and the data pump's, asked in process by the way that a caller over HTTP takes."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.http.site import Site

__all__ = ["Api", "ApiRefused"]


class ApiRefused(Exception):
    """The API said no: its status, and its words with the field they are about."""

    def __init__(self, status: int, message: str, field: str = "") -> None:
        self.status, self.field = status, field
        super().__init__(message if not field or message.startswith(field) else f"{field}: {message}")


class Api:
    """One lane of a sandbox, on behalf of the request that a page answers."""

    def __init__(self, site: Site, request: Request) -> None:
        self._site, self._request = site, request
        self.lane = request.lane.name

    def get(self, path: str, **query: Any) -> Any:
        """The JSON there. Raises `ApiRefused`."""
        given = {name: value for name, value in query.items() if value not in (None, "")}
        return self._call("GET", f"{quote(path)}?{urlencode(given)}" if given else quote(path))

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
        return self._call(method, quote(path), json.dumps({} if body is None else body).encode())

    def delete(self, path: str) -> None:
        """Raises `ApiRefused`."""
        self._call("DELETE", quote(path))

    def _call(self, method: str, target: str, body: bytes = b"") -> Any:
        request = self._request
        headers = {"x-sandbox-lane": self.lane}
        if body:
            headers |= {"content-type": "application/json", "content-length": str(len(body))}
        for name in ("host", "authorization", "cookie"):
            if name in request.headers:
                headers[name] = request.headers[name]
        origin = "/".join(request.base_url.split("/", 3)[:3])
        response, _ = self._site.accept(method, target.encode(), headers, body, origin, request.remote).run()
        assert response is not None, "what is no partner's door has no faults"
        try:
            answer = json.loads(response.body) if response.body.strip() else None
        except ValueError:
            raise ApiRefused(response.status, response.body[:200].decode("utf-8", "replace").strip()) from None
        if response.status >= 400:
            error = answer.get("error", {}) if isinstance(answer, dict) else {}
            raise ApiRefused(response.status, error.get("message", f"status {response.status}"), error.get("field", ""))
        return answer
