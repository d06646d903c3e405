"""A TCCS that keeps what it is told: it posts a PaymentGUID once, and a payment without one each time it comes."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from partnerlab.contracts.tccs_rest import ContentInfo, format_of, parse_content_info

GUID, KEY = "IC-SANDBOX", "5e4ec0de-feed-4bad-8bad-5e4ec0de5e4e"

OK, REFUSE, ERROR, BUSY, THROTTLE, LOSE, DROP, HTML = [
    "ok",
    "refuse",
    "error",
    "busy",
    "throttle",
    "lose",
    "drop",
    "html",
]
"""What it may do with a request. `lose` posts and closes without an answer, `drop` closes without posting."""


@dataclass(frozen=True)
class Told:
    """A request as it arrived; `content_info` as text and as the contract's parser reads it."""

    path: str
    content_info: str
    read: ContentInfo

    @property
    def operation(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class TccsPartner:
    """`will` decides what happens to a request; it is asked with what was told."""

    will: Callable[[Told], str] = lambda told: OK
    told: list[Told] = field(default_factory=list)
    postings: list[ContentInfo] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> TccsPartner:
        partner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                partner.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/invoicecloudapi"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        form = parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode(), strict_parsing=True)
        if (form["consumerGUID"], form["entryKey"]) != ([GUID], [KEY]):
            self._send(handler, 401, {"Message": "Authorization has been denied for this request."})
            return
        [content_info] = form["contentInfo"]
        told = Told(handler.path, content_info, parse_content_info(format_of(handler.path, content_info), content_info))
        will = self.will(told)
        with self.lock:
            self.told.append(told)
            if will in (OK, LOSE):
                self._post(told)
        match will:
            case "ok" if told.operation == "ARState_Output":
                self._send(handler, 200, {"Record bal": 96.00, "Total Balance": 316.00})
            case "ok":
                self._send(handler, 200, {"Success": True, "Message": None})
            case "refuse":
                self._send(handler, 200, {"Success": False, "Message": "Policy is cancelled."})
            case "error":
                self._send(handler, 500, {"Message": "An error has occurred."})
            case "busy":
                self._send(handler, 503, {"Message": "busy"})
            case "throttle":
                self._send(handler, 429, {"Message": "slow down"})
            case "html":
                self._send(handler, 200, "<html><title>Maintenance</title></html>")
            case _:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)

    def _post(self, told: Told) -> None:
        guid = told.read.payment_guid
        if told.read.amount is None or (guid and any(posted.payment_guid == guid for posted in self.postings)):
            return
        self.postings.append(told.read)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json; charset=utf-8")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def posted(self) -> Counter[str]:
        """How often each invoice was paid."""
        with self.lock:
            return Counter(posted.invoice_number for posted in self.postings)


def tccs_settings(url: str, **own: str) -> dict[str, str]:
    """Every setting the TCCS routes read."""
    doors = [("8", "9", "10"), ("11", "12", "13"), ("14", "15", "16"), ("17", "18", "19"), ("101", "102", "103")]
    return {id: value for door in doors for id, value in zip(door, (url, GUID, KEY), strict=True)} | own
