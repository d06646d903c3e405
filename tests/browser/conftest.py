"""
A real browser on the pages of a running sandbox.

One Chromium for a module, a context of its own for each test, and an outer page on another origin: the sandbox is
127.0.0.1, the page around the iFrame localhost. A machine without a browser skips, which PARTNERLAB_REQUIRE_ALL turns
into a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.browser.portal import PASSWORD, USER, UTILITY, Connect

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE = {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = str(Path(__file__).parent) + os.sep
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, or a skip. It is gone after the module: playwright's event loop would be in the way of other tests."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("needs Chromium")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, headless=True, args=[*ARGUMENTS])
        yield running
        running.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page in a context of its own. No test may leave a page error or run a script of the sandbox's pages."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.set_default_timeout(60_000)
    opened = context.new_page()
    problems: list[str] = []

    def opened_dialog(dialog: Any) -> None:
        problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("dialog", opened_dialog)
    yield opened
    context.close()
    assert problems == []


@pytest.fixture
def phone(page: Any) -> Any:
    """The page, as wide as a small phone."""
    page.set_viewport_size(PHONE)
    return page


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One for the tests of a module, and then gone: see `tests/e2e/conftest.py`."""
    with Sandbox(SandboxSettings(port=0)) as running:
        yield running


@pytest.fixture
def lane(request: pytest.FixtureRequest) -> str:
    """A lane of the test's own."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", request.node.name)[:64]


class Partner:
    """The partner's site on another origin: a page around an iFrame, a place to return to, and a stylesheet."""

    def __init__(self) -> None:
        partner = self
        self.bodies: dict[str, tuple[str, str]] = {}
        self.onward: dict[str, str] = {}
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                partner.asked.append(self.path)
                if to := partner.onward.get(self.path.partition("?")[0]):
                    self.send_response(302)
                    self.send_header("Location", to)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                kind, body = partner.bodies.get(self.path.partition("?")[0], ("text/html", "<h1>Partner</h1>"))
                data = body.encode()
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://localhost:{self._server.server_port}"

    def frame(self, src: str, *, attributes: str = "") -> str:
        """The address of a page of the partner that shows *src* in an iFrame named `ic`."""
        path = f"/frame-{len(self.bodies)}"
        escaped = src.replace("&", "&amp;").replace('"', "&quot;")
        body = (
            '<!doctype html><html lang="en"><title>Partner portal</title>'
            "<style>body{margin:0;font-family:sans-serif}iframe{border:0;width:100%;height:92vh}</style>"
            f'<h1>My utility</h1><iframe name="ic" title="Bills" {attributes} src="{escaped}"></iframe>'
        )
        self.bodies[path] = ("text/html", body)
        return self.url + path

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def partner() -> Iterator[Partner]:
    """The partner's site."""
    site = Partner()
    yield site
    site.close()


@pytest.fixture
def connect(sandbox: Sandbox, lane: str) -> Connect:
    """The address of CloudSSO connect in the test's lane, with a new token."""

    def made(redirect_id: str = "1", **more: str) -> str:
        authentication = sandbox.ic.world.services.authentication
        token, _ = authentication.authenticate(sandbox.lanes.get(lane), UTILITY, USER, PASSWORD)
        given = {"RemoteAuthenticationToken": token, "ViewMode": "1", "RedirectID": redirect_id, **more}
        return f"{sandbox.url}/lane/{lane}/cloudsso/connect?{urlencode(given)}"

    return made


@pytest.fixture
def framed(page: Any, partner: Any, connect: Connect) -> Callable[..., Any]:
    """Open a page of the portal in the partner's iFrame: the frame."""

    def opened(redirect_id: str = "1", **more: str) -> Any:
        page.goto(partner.frame(connect(redirect_id, **more)))
        frame = page.frame_locator("iframe[name=ic]")
        frame.get_by_role("heading", level=1).first.wait_for()
        return frame

    return opened
