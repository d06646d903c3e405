"""A partner that keeps what it is told: a small `iCloud.asmx` with a will that a test can bend."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OK, REFUSE, FAULT, BUSY, THROTTLE, LOSE, DROP, HTML = [
    "ok",
    "refuse",
    "fault",
    "busy",
    "throttle",
    "lose",
    "drop",
    "html",
]
"""What it may do with a request. `lose` posts and closes without an answer, `drop` closes without posting."""

FAULT_BODY = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>'
    "<faultcode>soap:Server</faultcode><faultstring>Server was unable to process request.</faultstring>"
    "</soap:Fault></soap:Body></soap:Envelope>"
)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived: operation and fields by name; `posted` says whether it was booked."""

    operation: str
    fields: dict[str, str]
    posted: bool

    @property
    def account(self) -> str:
        return self.fields.get("AccountNumber") or self.fields["Accountnumber"]


@dataclass
class Partner:
    """`will` decides what happens to a request; it is asked with operation and fields."""

    will: Callable[[str, dict[str, str]], str] = lambda operation, fields: OK
    delay_s: float = 0.0
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    server: ThreadingHTTPServer | None = None
    _kept: socket.socket | None = None

    def __enter__(self) -> Partner:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._let_go()

    def open(self) -> None:
        """Listen, on the port it had before where it had one."""
        partner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                partner.answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Silence."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A worker was killed in the middle of a call: that is the test."""

        self.server = Server(("127.0.0.1", self.port), Handler)
        self._let_go()
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop listening: the next connection is refused. The port stays its own until it opens again or is left."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
            self._kept = socket.socket()
            self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._kept.bind(("127.0.0.1", self.port))

    def _let_go(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/iCloud/iCloud.asmx"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        body = handler.rfile.read(length).decode()
        if len(body) < length:  # the sender was killed while it sent
            handler.close_connection = True
            return
        operation = handler.headers["SOAPAction"].strip('"').rpartition("/")[2]
        fields = {name: unescape(text) for name, text in re.findall(r"<(\w+)>([^<]*)</", body)}
        will = self.will(operation, fields)
        with self.lock:
            self.seen.append(Seen(operation, fields, posted=will in (OK, LOSE)))
        if self.delay_s:
            time.sleep(self.delay_s)
        match will:
            case "ok":
                extra = (
                    "<Balance>12.50</Balance><FutureBalance>20.00</FutureBalance>"
                    if operation == "BalanceCheck"
                    else ""
                )
                self._send(handler, 200, _result(operation, extra + "<Success>true</Success>"))
            case "refuse":
                words = "<Success>false</Success><ErrorMessage>Account is closed</ErrorMessage>"
                self._send(handler, 200, _result(operation, words))
            case "fault":
                self._send(handler, 500, FAULT_BODY)
            case "busy":
                self._send(handler, 503, "busy")
            case "throttle":
                self._send(handler, 429, "slow down")
            case "html":
                self._send(handler, 200, "<html><title>Maintenance</title></html>")
            case _:
                handler.close_connection = True
                handler.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, status: int, body: str) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", "text/xml; charset=utf-8")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body.encode())

    def posted(self) -> Counter[str]:
        """How often each payment reference was booked."""
        with self.lock:
            return Counter(
                s.fields["PaymentReference"] for s in self.seen if s.posted and "PaymentReference" in s.fields
            )

    def accounts(self) -> dict[str, list[Seen]]:
        """Requests by account, in the order they came."""
        found: dict[str, list[Seen]] = {}
        with self.lock:
            for seen in self.seen:
                found.setdefault(seen.account, []).append(seen)
        return found


def _result(operation: str, inner: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        f'<soap:Body><{operation}Response xmlns="http://tempuri.org/"><{operation}Result>{inner}</{operation}Result>'
        f"</{operation}Response></soap:Body></soap:Envelope>"
    )
