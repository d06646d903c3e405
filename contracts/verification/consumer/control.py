"""The sandbox's control API, as far as verification asks it: one lane's journal, faults, billers and payments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from partnerlab.contracts.doors import unknown
from partnerlab.contracts.masking import mask_excerpt, printable
from partnerlab.contracts.verification.provider.configuration import Misconfigured, reaching
from partnerlab.contracts.verification.provider.exchange import Asked, Send

__all__ = ["Control", "Refused"]

TIMEOUT_S = 30.0


class Refused(Exception):
    """The control API said no, in these words."""


class Control:
    """
    One lane of the sandbox at *url*; *send* is the network, *token* what a sandbox asks for that others reach.

    Every call raises `Misconfigured` where no sandbox answers, `Refused` where it says no.
    """

    def __init__(self, send: Send, url: str, lane: str, token: str = "") -> None:
        self.url, self.lane = url.rstrip("/"), lane
        self._send = send
        self._headers = {"x-sandbox-lane": lane, **({"authorization": f"Bearer {token}"} if token else {})}

    def preflight(self) -> None:
        """
        Check that a sandbox answers and has the lane. Raises `Misconfigured`.

        The lanes are asked for in the lane `default`, so that a mistyped one does not come to be.
        """
        asked = {**self._headers, "x-sandbox-lane": "default"}
        try:
            found = self._call("GET", "/_sandbox/lanes", None, asked)
            names = [row["name"] for row in found["lanes"]]
        except Misconfigured as error:
            if error.name == "connection-refused":
                raise Misconfigured("no-sandbox", str(error)) from None
            raise
        except (Refused, TypeError, KeyError) as error:
            raise Misconfigured("not-a-sandbox", f"{self.url} is no sandbox: {error}") from None
        if self.lane not in names:
            raise Misconfigured("no-lane", unknown("lane", self.lane, names))

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at a path."""
        named = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(named)}" if named else path, None, self._headers)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST JSON; the answer's."""
        return self._call("POST", path, body, self._headers)

    def delete(self, path: str) -> None:
        """DELETE."""
        self._call("DELETE", path, None, self._headers)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        typed = {**headers, "content-type": "application/json"} if sent else headers
        with reaching():
            answer = self._send(Asked(path, method, self.url + path, typed, sent), TIMEOUT_S)
        try:
            found = json.loads(answer.body) if answer.body else None
        except ValueError:
            text = f"{self.url} answers {method} {path} with status {answer.status}, and not with JSON"
            raise Misconfigured("not-a-sandbox", text) from None
        if answer.status >= 400:
            error = found.get("error") if isinstance(found, dict) else None
            message = error.get("message") if isinstance(error, dict) else None
            if answer.status in (401, 403):
                raise Misconfigured("sandbox-token", f"{self.url}: {message or f'status {answer.status}'}")
            raise Refused(printable(mask_excerpt(str(message or f"status {answer.status}"), 300)))
        return found
