"""What the commands use to talk to a running sandbox or data pump: its HTTP API and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["Remote", "RemoteRefused", "lane_options", "print_json"]

DEFAULT_URL = "http://127.0.0.1:8700"
TIMEOUT_S = 60.0

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class RemoteRefused(click.ClickException):
    """The server said no: its message, with the field it names."""


class Remote:
    """One lane of a sandbox, or a data pump, at *url*."""

    def __init__(self, url: str, lane: str = "default", *, token: str | None = None) -> None:
        headers = {"X-Sandbox-Lane": lane}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        import httpx  # takes longer to import than all the rest of a command

        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT_S)
        # A command's connections end with the command.
        if context := click.get_current_context(silent=True):
            context.call_on_close(self.close)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at *path*. Raises `RemoteRefused`."""
        return self._call("GET", path, params={k: v for k, v in query.items() if v is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """POST *body* as JSON and return the answer's JSON. Raises `RemoteRefused`."""
        return self._call("POST", path, json={} if body is None else body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH, as `post`."""
        return self._call("PATCH", path, json=body)

    def put(self, path: str, body: Any) -> Any:
        """PUT, as `post`."""
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        """DELETE, as `post`."""
        return self._call("DELETE", path)

    def send(self, path: str, content: bytes, content_type: str) -> Any:
        """POST bytes of another type than JSON. Raises `RemoteRefused`."""
        return self._call("POST", path, content=content, headers={"Content-Type": content_type})

    def biller(self, name: str) -> dict[str, Any]:
        """The lane's biller of that partner or BillerGUID. Raises `click.BadParameter`."""
        billers = self.get("/_sandbox/ic/billers")["billers"]
        found: list[dict[str, Any]] = [row for row in billers if name.lower() in (row["guid"], row["partner"])]
        if not found:
            partners = ", ".join(row["partner"] for row in billers)
            raise click.BadParameter(f"there is no biller {name}; there are those of {partners}", param_hint="--biller")
        return found[0]

    def _call(self, method: str, path: str, **options: Any) -> Any:
        import httpx

        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise RemoteRefused(
                f"{self.url}: {error}. Is the server running? `partnerlab sandbox` starts one."
            ) from error
        try:
            body = answer.json() if answer.content else None
        except json.JSONDecodeError:
            raise RemoteRefused(
                f"{method} {path}: status {answer.status_code}, not JSON: {answer.text[:200]}"
            ) from None
        if answer.is_error:
            problem = body.get("error", {}) if isinstance(body, dict) else {}
            field = f"{problem['field']}: " if problem.get("field") else ""
            raise RemoteRefused(f"{field}{problem.get('message') or f'status {answer.status_code}'}")
        return body


def lane_options(function: Decorated) -> Decorated:
    """The options `--url` and `--lane` of every command that talks to a sandbox."""
    for option in (
        click.option("--lane", default="default", show_default=True, envvar="PARTNERLAB_LANE", help="The lane."),
        click.option("--url", default=DEFAULT_URL, show_default=True, envvar="PARTNERLAB_URL", help="The sandbox."),
    ):
        function = option(function)
    return function


def print_json(value: Any) -> None:
    """JSON on stdout, readable and stable."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
