"""The bridge to WSGI."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.http.wsgi import WsgiApp, current_request
from partnerlab.simulators.kit.world.lanes import Lane

Start = Callable[[str, list[tuple[str, str]]], Callable[[bytes], object]]


def request(**values: Any) -> Request:
    plain = {"method": "POST", "path": "/a/€", "query": "q=1", "headers": {}, "body": b"hello", "id": "r-1"}
    return Request(**(plain | {"base_url": "http://localhost:8700/lane/x", "lane": Lane("x")} | values))


def test_an_app_sees_the_request_as_pep_3333_says() -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read(), request=current_request())
        start("201 Created", [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2"), ("Content-Length", "4")])
        return [b"do", b"ne"]

    headers = {"content-type": "application/json", "transfer-encoding": "chunked", "x-sandbox-lane": "x", "host": "h"}
    sent = request(headers=headers)
    answer = WsgiApp("control", lambda: app)(sent)
    assert (answer.status, answer.body, answer.content_type) == (201, b"done", "text/plain")
    assert answer.headers == (("X-A", "1"), ("X-A", "2"))
    assert seen["REQUEST_METHOD"] == "POST"
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/lane/x", "/a/\xe2\x82\xac")
    assert (seen["QUERY_STRING"], seen["body"]) == ("q=1", b"hello")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"], seen["wsgi.url_scheme"]) == ("localhost", "8700", "http")
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"], seen["HTTP_X_SANDBOX_LANE"]) == ("application/json", "5", "x")
    assert "HTTP_TRANSFER_ENCODING" not in seen
    assert seen["request"] is sent


def test_there_is_no_current_request_outside_one() -> None:
    with pytest.raises(LookupError):
        current_request()


def test_the_app_is_made_once_and_late() -> None:
    made: list[int] = []

    def load() -> Any:
        made.append(1)
        return lambda environ, start: (start("204 No Content", []), [])[1]

    app = WsgiApp("control", load)
    assert made == []
    threads = [threading.Thread(target=app, args=(request(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert app(request()).status == 204
    assert app.operation(request()) == "POST /a/€"


def test_what_the_app_raises_goes_to_the_server() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        WsgiApp("control", lambda: app)(request())
