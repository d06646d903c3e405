"""What the commands use to talk to a running sandbox or data pump: its HTTP API and nothing else."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

import click

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.masking import printable
from partnerlab.contracts.paths import at

if TYPE_CHECKING:
    import httpx

__all__ = [
    "DEFAULT_URL",
    "Remote",
    "RemoteMissing",
    "RemoteMisused",
    "RemoteRefused",
    "RemoteUnreachable",
    "address_option",
    "biller_option",
    "connect",
    "json_option",
    "lane_options",
    "print_json",
    "url_option",
]

__tracebackhide__ = True  # to pytest: a test that fails here is shown by its own line and the error alone

DEFAULT_URL = "http://127.0.0.1:8700"
HERE = ("127.0.0.1", "::1", "localhost")
TIMEOUT_S = 60.0
LONG_TIMEOUT_S = 600.0
SAID_AFTER_S = 5.0

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class RemoteRefused(click.ClickException):
    """The server said no: its message, with the field it names."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class RemoteMisused(RemoteRefused):
    """What was given cannot be (status 400)."""

    exit_code = 2


class RemoteMissing(RemoteRefused):
    """There is nothing of that name (status 404)."""


class RemoteUnreachable(RemoteRefused):
    """Nobody answered at the address."""


class _Address(click.ParamType[str]):
    """The address of a server, with its scheme; a slash at the end is dropped."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parts = urlsplit(value)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good:
            self.fail(f"{value!r} is not an address such as {DEFAULT_URL}", param, ctx)
        return value.rstrip("/")


ADDRESS = _Address()


class _Answer(dict[str, Any]):
    """An object of an answer. Raises `RemoteRefused` for a member that it lacks: the server is of another version."""

    lacks: Callable[[str], RemoteRefused]

    def __missing__(self, name: str) -> Any:
        raise self.lacks(name)


class Remote:
    """
    One lane of a sandbox, or a data pump, at *url*.

    Without *token* the environment's `PARTNERLAB_TOKEN` is sent, which a sandbox asks for that others reach.
    *started_by* is the command that a person is told of where nothing answers.
    """

    def __init__(
        self, url: str, lane: str = "default", *, token: str | None = None, started_by: str = "partnerlab sandbox"
    ) -> None:
        headers = {"X-Sandbox-Lane": lane}
        if token is None:
            token = os.environ.get("PARTNERLAB_TOKEN", "")
        if token:
            headers["Authorization"] = f"Bearer {token}"
        import httpx  # takes longer to import than all the rest of a command

        self.url, self.lane, self._headers = url.rstrip("/"), lane, headers
        self._started_by, self._wait_s = started_by, TIMEOUT_S
        # Who needs no certificates does not read them all, which takes 25 ms.
        verify = self.url.startswith("https:")
        # No proxy reaches what runs here; for other addresses those of the environment count.
        transport = httpx.HTTPTransport(verify=verify) if urlsplit(self.url).hostname in HERE else None
        try:
            self._http = httpx.Client(base_url=self.url, timeout=TIMEOUT_S, verify=verify, transport=transport)
        except (ImportError, ValueError) as error:
            raise RemoteMisused(f"the proxy that the environment names cannot be used: {error}") from error
        self._object = type("_AnswerOfThis", (_Answer,), {"lacks": self._lacks})
        # A command's connections end with the command.
        if context := click.get_current_context(silent=True):
            context.call_on_close(self.close)

    def in_lane(self, lane: str) -> Self:
        """Another lane of the same sandbox, by the same connections, which are this one's to close."""
        other = copy(self)
        other.lane = lane
        other._headers = {**self._headers, "X-Sandbox-Lane": lane}
        return other

    def in_this_world(self) -> Self:
        """
        The lane as it is now: once it is reset, dropped, copied onto or imported, each call raises `RemoteRefused`.

        By the same connections, which are this one's to close.
        """
        other = copy(self)
        other._headers = {**self._headers, "X-Sandbox-World": self.get(at("/_sandbox/lanes/{}", self.lane))["made_at"]}
        return other

    def patient(self) -> Self:
        """
        This client for what reads or writes a whole lane: it waits for each answer for ten minutes, in place of one.

        By the same connections, which are this one's to close.
        """
        other = copy(self)
        other._wait_s = LONG_TIMEOUT_S
        return other

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at *path*. Raises `RemoteRefused`, `RemoteUnreachable`."""
        return self._call("GET", path, params={k: v for k, v in query.items() if v is not None})

    def listen(self, path: str, **query: Any) -> Iterator[None]:
        """
        Server-sent events at *path*: once when somebody listens, and then each time that some came, without end.

        Raises `RemoteRefused`, and `RemoteUnreachable` when the server ends.
        """
        import httpx

        try:
            with self._http.stream("GET", path, headers=self._headers, params=query) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refused(answer.json(), answer.status_code)
                for number, chunk in enumerate(answer.iter_bytes()):
                    if not number or b"event:" in chunk:
                        yield
        except httpx.HTTPError as error:
            raise RemoteUnreachable(f"{self.url}: {str(error).rstrip('.')}.") from error
        raise RemoteUnreachable(f"{self.url} has ended.")

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

    def send(self, path: str, content: bytes | Iterator[bytes], content_type: str) -> Any:
        """POST bytes of another type than JSON, or a body piece by piece. Raises `RemoteRefused`."""
        return self._call("POST", path, content_type, content=content)

    def fetch(self, path: str, into: Callable[[bytes, int], object]) -> None:
        """GET what is large, piece by piece, each with the size of the whole. Raises `RemoteRefused`."""
        with self._reaching(), self._http.stream("GET", path, headers=self._headers, timeout=self._timeout) as answer:
            if answer.is_error:
                answer.read()
                self._read("GET", path, answer)
            size = int(answer.headers.get("content-length", 0))
            for piece in answer.iter_bytes():
                into(piece, size)

    def biller(self, name: str) -> dict[str, Any]:
        """The lane's biller of that partner or BillerGUID. Raises `click.BadParameter`."""
        billers = self.get("/_sandbox/ic/billers")["billers"]
        wanted = {name.lower(), name.lower().replace("-", "_")}
        found: list[dict[str, Any]] = [row for row in billers if wanted & {row["guid"], row["partner"]}]
        if not found:
            partners = ", ".join(row["partner"] for row in billers)
            raise click.BadParameter(f"there is no biller {name}; there are those of {partners}", param_hint="--biller")
        return found[0]

    def _call(self, method: str, path: str, content_type: str = "", **options: Any) -> Any:
        headers = {**self._headers, "Content-Type": content_type} if content_type else self._headers
        with self._reaching(), self._waiting():
            answer = self._http.request(method, path, headers=headers, timeout=self._timeout, **options)
        return self._read(method, path, answer)

    @property
    def _timeout(self) -> httpx.Timeout:
        import httpx

        return httpx.Timeout(TIMEOUT_S, read=self._wait_s)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """What goes wrong on the way, in words. Raises `RemoteUnreachable`, `RemoteMisused`."""
        import httpx

        try:
            yield
        except httpx.ReadTimeout as error:
            raise RemoteUnreachable(
                f"{self.url} did not answer within {self._wait_s:.0f} s. It may still do what was asked."
            ) from error
        except httpx.TimeoutException as error:
            raise RemoteUnreachable(f"{self.url} did not answer within {TIMEOUT_S:.0f} s.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(".")
            raise RemoteUnreachable(
                f"{self.url}: {reason}. Is the server running? `{self._started_by}` starts one."
            ) from error
        except UnicodeEncodeError as error:  # bytes of the command line that are no UTF-8
            raise RemoteMisused(f"what was given is no text: {error}") from None

    def _read(self, method: str, path: str, answer: httpx.Response) -> Any:
        """The JSON of an answer, an object where it is not empty. Raises `RemoteRefused`."""
        try:
            body = answer.json(object_hook=self._object) if answer.content else None
        except json.JSONDecodeError:
            if answer.status_code == 413:
                limit = answer.text.strip().rpartition(": ")[2].rstrip(".")
                setting = "max_import_bytes of [sandbox]" if path.endswith("/import") else "max_upload_bytes of [ic]"
                raise RemoteRefused(f"{limit}; {setting} says what a sandbox takes") from None
            raise RemoteRefused(
                f"{method} {path}: status {answer.status_code}, not JSON: {answer.text[:200]}"
            ) from None
        if answer.is_error:
            raise _refused(body, answer.status_code)
        if not isinstance(body, dict) and (body is not None or method == "GET"):
            raise RemoteRefused(f"{method} {path}: {self.url} is not {self._kind}: {answer.text[:200]}")
        return body

    @property
    def _kind(self) -> str:
        return "a data pump" if self._started_by.endswith("pump") else "a sandbox"

    def _lacks(self, name: str) -> RemoteRefused:
        """What to say of an answer that lacks a member: mostly it is an older server's, or a newer one's."""
        from importlib.metadata import version

        import httpx

        parts = urlsplit(self.url)
        try:
            answer = self._http.get(f"{parts.scheme}://{parts.netloc}/_sandbox/version", headers=self._headers)
            theirs = str(answer.json()["version"])
        except (httpx.HTTPError, ValueError, LookupError, TypeError):
            theirs = "that it does not tell"
        return RemoteRefused(
            f"{self.url}: an answer has no {name!r}: {self._kind} of version {theirs} runs there, and this is"
            f" partnerlab {version('partnerlab')}. Use the same version on both sides."
        )

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Tell a person at a terminal, once, that an answer takes long."""
        if self._wait_s == TIMEOUT_S or not sys.stderr.isatty():
            yield
            return
        text = f"{self.url} is at work; its answer is waited for {self._wait_s / 60:.0f} minutes. Ctrl-C ends the wait."
        told = threading.Timer(SAID_AFTER_S, click.echo, (text,), {"err": True})
        told.daemon = True
        told.start()
        try:
            yield
        finally:
            told.cancel()


def _refused(body: Any, status: int) -> RemoteRefused:
    """What the server said, with the field it names, each once."""
    problem = body.get("error", {}) if isinstance(body, dict) else {}
    field, message = problem.get("field") or "", problem.get("message") or f"status {status}"
    told = message if not field or message.startswith(field) else f"{field}: {message}"
    return {400: RemoteMisused, 404: RemoteMissing}.get(status, RemoteRefused)(told)


def connect(url: str, lane: str) -> Remote:
    """
    That lane of that sandbox.

    Raises `click.BadParameter` where there is no such lane: a request would make a mistyped one.
    """
    remote = Remote(url, lane)
    lanes = [row["name"] for row in Remote(url).get("/_sandbox/lanes")["lanes"]]
    if lane not in lanes:
        with importing:
            from partnerlab.contracts.doors import unknown  # for who spells a lane rightly it is a slow import

        told = unknown("lane", lane, lanes)
        if re.fullmatch(r"[A-Za-z0-9._-]+", lane):  # else no lane can have that name
            told += f"{'' if told.endswith('?') else '.'} `partnerlab lanes create {lane}` makes it."
        raise click.BadParameter(told, param_hint="--lane")
    return remote


def address_option(name: str, text: str, **more: Any) -> Callable[[Decorated], Decorated]:
    """An option that takes the address of a server."""
    return click.option(name, type=ADDRESS, help=text, **more)


json_option = click.option("--json", "as_json", is_flag=True, help="JSON in place of text.")
url_option = address_option("--url", "The sandbox.", default=DEFAULT_URL, show_default=True, envvar="PARTNERLAB_URL")


def lane_options(function: Decorated) -> Decorated:
    """The options `--url` and `--lane` of every command that talks to a sandbox."""
    for option in (
        click.option("--lane", default="default", show_default=True, envvar="PARTNERLAB_LANE", help="The lane."),
        url_option,
    ):
        function = option(function)
    return function


def biller_option(default: str = "inhance_v2") -> Callable[[Decorated], Decorated]:
    """The option `--biller` of a command that does something for one biller."""
    return click.option("--biller", default=default, show_default=True, help="The biller: its partner or BillerGUID.")


def print_json(value: Any) -> None:
    """JSON on stdout, readable and stable."""
    click.echo(printable(json.dumps(value, indent=2, ensure_ascii=False), lines=True))
