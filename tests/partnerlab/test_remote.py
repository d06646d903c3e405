"""How a command waits for a sandbox, and what it makes of a refusal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click
import pytest

from partnerlab import remote as remote_module
from partnerlab.remote import Remote, RemoteRefused, RemoteUnreachable, connect


class Slow(BaseHTTPRequestHandler):
    """Answers a GET after a while; a POST not at all well."""

    def do_GET(self) -> None:
        time.sleep(0.5 if self.path == "/x" else 0.0)
        if self.path in ("/_sandbox/version", "/list", "/empty"):
            self._answer(200, {"/list": b"[1]", "/empty": b""}.get(self.path, b'{"version": "0.0.7"}'))
            return
        self._answer(200, b'{"lanes": [{"name": "default"}]}')

    def do_POST(self) -> None:
        status = int(self.path.rpartition("/")[2])
        self._answer(status, b'{"error": {"field": "amount", "message": "must be an amount"}}')

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with suppress(ConnectionError):  # who waits no longer is gone
            super().handle()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def slow() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


def test_what_takes_long_is_waited_for_longer_and_a_terminal_is_told(
    slow: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(remote_module, "TIMEOUT_S", 0.1)
    monkeypatch.setattr(remote_module, "SAID_AFTER_S", 0.05)
    remote = Remote(slow)
    with pytest.raises(RemoteUnreachable, match=r"did not answer within 0 s\. It may still do what was asked\."):
        remote.get("/x")
    assert remote.patient().get("/x")["lanes"]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert remote.patient().get("/x")["lanes"]
    assert capsys.readouterr().err.endswith("its answer is waited for 10 minutes. Ctrl-C ends the wait.\n")
    remote.close()


def test_what_an_answer_lacks_is_told_by_the_versions_of_both_sides(slow: str) -> None:
    """A newer command showed the traceback of a KeyError at an older sandbox."""
    for remote in (Remote(slow), Remote(f"{slow}/pump")):
        for ask in (
            lambda found: found["frozen"],
            lambda found: found["lanes"][0]["seed"],
        ):
            with pytest.raises(RemoteRefused) as refused:
                ask(remote.get("/_sandbox/lanes"))
            assert "a sandbox of version 0.0.7 runs there, and this is partnerlab" in refused.value.message
        assert remote.get("/_sandbox/lanes").get("frozen") is None
        remote.close()


@pytest.mark.parametrize("path", ["/list", "/empty"])
def test_what_is_no_answer_of_a_sandboxs_is_said(slow: str, path: str) -> None:
    remote = Remote(slow)
    with pytest.raises(RemoteRefused, match="is not a sandbox"):
        remote.get(path)
    remote.close()


@pytest.mark.parametrize(("status", "code"), [(400, 2), (404, 1), (409, 1), (500, 1)])
def test_what_cannot_be_is_a_misuse_and_any_other_refusal_a_failure(slow: str, status: int, code: int) -> None:
    remote = Remote(slow)
    with pytest.raises(RemoteRefused) as refused:
        remote.post(f"/{status}")
    assert (refused.value.exit_code, refused.value.message) == (code, "amount: must be an amount")
    remote.close()


@pytest.mark.parametrize(
    ("lane", "told"),
    [
        ("defalt", "there is no lane 'defalt'; did you mean default? `partnerlab lanes create defalt` makes it."),
        ("mine", "there is no lane 'mine'; there are default. `partnerlab lanes create mine` makes it."),
        ("my lane", "there is no lane 'my lane'; there are default"),
    ],
)
def test_a_lane_that_there_is_not_is_told_with_what_makes_it(slow: str, lane: str, told: str) -> None:
    with click.Context(click.Command("x")), pytest.raises(click.BadParameter) as refused:
        connect(slow, lane)
    assert refused.value.message == told
