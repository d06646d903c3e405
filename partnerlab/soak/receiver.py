"""Whoever takes postbacks, in a soak of real processes: a small server that sometimes does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

__all__ = ["Receiver"]


class Receiver:
    """
    Answers every POST with 200; a context manager. `url` is where it listens, and *told* of each body and its type.
    """

    def __init__(self, told: Callable[[bytes, str], None] = lambda *_: None) -> None:
        self._refuses, self._lock = 0, threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                told(body, self.headers.get("Content-Type", ""))
                if receiver._takes():
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="receiver", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}/postback"

    def refuse(self, times: int) -> None:
        """Do not answer so many of the next; 0 answers all from now on."""
        with self._lock:
            self._refuses = self._refuses + times if times else 0

    def _takes(self) -> bool:
        with self._lock:
            if self._refuses:
                self._refuses -= 1
                return False
            return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
