"""A sandbox and a reader of its console: pages asked in process, links and forms followed as a browser would."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


@dataclass(frozen=True)
class Answer:
    """A page, with the address it came from in the end."""

    status: int
    path: str
    headers: dict[str, str]
    raw: str

    @property
    def text(self) -> str:
        """What a reader sees, spaces drawn together."""
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", self.raw)).split())

    def links(self, start: str) -> list[str]:
        """The addresses on the page that begin so."""
        return re.findall(rf'href="({re.escape(start)}[^"#]+)"', self.raw)


class Reader:
    """Asks for pages in process, by the way that a request over HTTP takes."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.site = sandbox.server.site

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, *, origin: str | None = None, **form: str) -> Answer:
        """Send a form, and follow the redirect."""
        headers = {"origin": origin or self.sandbox.url, "content-type": "application/x-www-form-urlencoded"}
        answer = self._ask("POST", path, urlencode(form).encode(), headers)
        return self.get(answer.headers["Location"]) if answer.status == 303 else answer

    def post_file(self, path: str, file_name: str, content: bytes, **fields: str) -> Answer:
        """Send a form with a file in its field `file`, and follow the redirect."""
        parts = [(f'name="{field}"', value.encode()) for field, value in fields.items()]
        parts += [(f'name="file"; filename="{file_name}"\r\nContent-Type: application/json', content)]
        body = b"".join(
            b"--edge\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (head.encode(), value)
            for head, value in parts
        )
        headers = {"origin": self.sandbox.url, "content-type": "multipart/form-data; boundary=edge"}
        answer = self._ask("POST", path, body + b"--edge--\r\n", headers)
        return self.get(answer.headers["Location"]) if answer.status == 303 else answer

    def moved(self, path: str) -> str:
        """Where a page sends its reader instead."""
        return self._ask("GET", path, b"", {}).headers["Location"]

    def sent_to(self, path: str, *, referer: str = "", **form: str) -> str:
        """Where a form sends its reader."""
        headers = {"origin": self.sandbox.url, "referer": referer}
        return self._ask("POST", path, urlencode(form).encode(), headers).headers["Location"]

    def call(self, path: str, body: bytes, **headers: str) -> str:
        """A call at a partner's door; the id of its exchange."""
        exchange = self.site.accept("POST", path.encode(), headers, body, self.sandbox.url)
        exchange.run()
        return exchange.id

    def signed_in(self, token: str) -> str:
        """The cookie that a browser gets for the token."""
        headers = {"origin": self.sandbox.url}
        answer = self._ask("POST", "/console/sign-in", urlencode({"token": token}).encode(), headers)
        return answer.headers["Set-Cookie"]

    def send(self, path: str, body: dict[str, str]) -> Any:
        """POST JSON to the control API; the answer's."""
        return json.loads(self._ask("POST", path, json.dumps(body).encode(), {"content-type": "application/json"}).raw)

    def put(self, path: str, body: dict[str, str]) -> None:
        """PUT JSON to the control API, which takes it."""
        answer = self._ask("PUT", path, json.dumps(body).encode(), {"content-type": "application/json"})
        assert answer.status < 300, answer

    def api(self, path: str) -> Any:
        """The JSON of the control API."""
        return json.loads(self._ask("GET", path, b"", {}).raw)

    def settle(self) -> None:
        assert self.sandbox.settle("default")

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        response, _ = self.site.accept(method, path.encode(), headers, body, self.sandbox.url).run()
        found = {**dict(response.headers), "Content-Type": response.content_type}
        return Answer(response.status, path, found, response.body.decode())


@pytest.fixture(scope="module")
def shown() -> Iterator[Reader]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        yield Reader(sandbox)


@pytest.fixture
def reader(shown: Reader) -> Reader:
    """Of a sandbox in which nothing has happened yet."""
    shown.send("/_sandbox/lanes/default/reset", {})
    return shown
