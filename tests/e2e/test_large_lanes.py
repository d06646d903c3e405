"""Exports that are answered from a file, and imports that are kept in one, on the wire."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices

EXPORT = "/_sandbox/lanes/default/export"
TOKEN = "only-for-this-test"


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    settings = SandboxSettings(port=0, token=TOKEN)
    with Sandbox(settings, ic_webservices.Settings(max_upload_bytes=1), in_process=True) as running:
        yield running


@pytest.fixture(scope="module")
def http(shared: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shared.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def large(http: httpx.Client) -> bytes:
    """An export of ten megabytes, which the lane `large` holds."""
    tables = http.get(EXPORT).json()["tables"]
    account = {**tables["inhance_accounts"][0], "customer_name": "x" * 1_000}
    tables["inhance_accounts"] = [{**account, "account_number": f"{n:05}"} for n in range(8_000)]
    body = json.dumps({"tables": tables}).encode()
    http.post("/_sandbox/lanes/large/import", content=body, headers=JSON).raise_for_status()
    return body


JSON = {"Content-Type": "application/json"}


def head_of(method: str, path: str, *more: str) -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {TOKEN}", *more, "", "")
    return "\r\n".join(lines).encode()


def test_a_slow_reader_has_the_whole_of_a_large_export(shared: Sandbox, http: httpx.Client, large: bytes) -> None:
    wanted = http.get("/_sandbox/lanes/large/export")
    assert int(wanted.headers["content-length"]) == len(wanted.content) > 8_000_000
    with socket.create_connection(("127.0.0.1", shared.server.port)) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
        peer.sendall(head_of("GET", "/_sandbox/lanes/large/export"))
        time.sleep(0.5)  # what is not read stays with the sender
        assert http.get("/_sandbox/health").status_code == 200
        came = bytearray()
        while piece := peer.recv(1 << 20):
            came += piece
    head_, _, body = bytes(came).partition(b"\r\n\r\n")
    assert b"Connection: close" in head_
    assert body == wanted.content


def test_a_head_request_says_how_large_it_is(http: httpx.Client, large: bytes) -> None:
    answer = http.head("/_sandbox/lanes/large/export")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 8_000_000


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_taken_for_an_import_by_who_may_and_for_nothing_else(
    shared: Sandbox, http: httpx.Client, large: bytes, chunked: bool
) -> None:
    content: Any = iter([large[: 1 << 20], large[1 << 20 :]]) if chunked else large
    assert http.post("/_sandbox/lanes/again/import", content=content, headers=JSON).status_code == 200
    assert http.post("/_sandbox/lanes/again/fork", content=large, headers=JSON).status_code == 413
    nobody = httpx.post(f"{shared.url}/_sandbox/lanes/again/import", content=large, headers=JSON)
    assert nobody.status_code == 413
    assert b"body-bytes: the body is over" in nobody.content
    small = httpx.post(f"{shared.url}/_sandbox/lanes/again/import", content=b"{}", headers=JSON)
    assert small.status_code == 401
    form = http.post("/_sandbox/lanes/again/import", content=large, headers={"Content-Type": "text/plain"})
    assert (form.status_code, form.json()["error"]["field"]) == (400, "body")


def test_who_goes_away_in_the_middle_of_a_body_leaves_no_file_open(shared: Sandbox, large: bytes) -> None:
    """A file that is left open is a warning, and so a failure of this test."""
    head = head_of(
        *("POST", "/_sandbox/lanes/again/import", "Content-Type: application/json", f"Content-Length: {len(large)}")
    )
    with socket.create_connection(("127.0.0.1", shared.server.port)) as peer:
        peer.sendall(head + large[:3_000_000])
    with socket.create_connection(("127.0.0.1", shared.server.port)) as peer:
        peer.sendall(head_of("GET", "/_sandbox/lanes/large/export"))
        assert peer.recv(1_000).startswith(b"HTTP/1.1 200")
