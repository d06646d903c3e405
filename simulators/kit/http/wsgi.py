"""A WSGI application, such as Flask's, as an `App` of the site."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from partnerlab.simulators.kit.http.messages import Request, Response

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

__all__ = ["WsgiApp", "current_request"]

_request: ContextVar[Request] = ContextVar("kit_request")
# One at a time: what they import goes in circles, in which two threads would find half of a module.
_loading = threading.RLock()


def current_request() -> Request:
    """The kit's request behind the WSGI request being handled: its lane and id. Raises `LookupError` outside one."""
    return _request.get()


class WsgiApp:
    """
    Bridge of a WSGI application.

    *load* makes the application, at the first request or when `warm` is called, so that what it imports costs
    nothing at start. `operation` names a request by method and path. What the application raises, the server
    answers with 500.
    """

    inline = False

    def __init__(self, name: str, load: Callable[[], WSGIApplication]) -> None:
        self.name = name
        self._load = load
        self._app: WSGIApplication | None = None

    def operation(self, request: Request) -> str:
        """`GET /_sandbox/health`."""
        return f"{request.method} {request.path}"

    def warm(self) -> WSGIApplication:
        """Make the application now."""
        with _loading:
            if self._app is None:
                import werkzeug.test  # noqa: F401 - as the application's own, before another thread asks for it

                self._app = self._load()
            return self._app

    def __call__(self, request: Request) -> Response:
        """Run the application on the request."""
        app = self._app or self.warm()
        from werkzeug.test import run_wsgi_app

        token = _request.set(request)
        try:
            chunks, status, headers = run_wsgi_app(app, _environ(request), buffered=True)
            body = b"".join(chunks)
        finally:
            _request.reset(token)
        content_type = headers.pop("Content-Type", "")
        headers.pop("Content-Length", None)
        return Response(int(status.split(" ", 1)[0]), body, content_type, tuple(headers.items()))


def _environ(request: Request) -> dict[str, Any]:
    """A request as PEP 3333 wants it: text is bytes read as Latin-1; the lane prefix is where the app is mounted."""
    origin = urlsplit(request.base_url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": origin.path,
        "PATH_INFO": request.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": origin.hostname or "",
        "SERVER_PORT": str(origin.port or (443 if origin.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": request.remote,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": origin.scheme,
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if name not in ("content-type", "content-length", "transfer-encoding"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ["CONTENT_TYPE"] = request.headers.get("content-type", "")
    environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ
