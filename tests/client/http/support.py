"""A request to send, and what became of one that fails."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import AsyncTransport, HttpRequest, HttpResponse, Timeouts

PATIENT = Timeouts(connect_s=30, read_s=30, write_s=30, pool_s=30, total_s=60)
"""For calls that are answered, on a machine as busy as may be."""
QUICK = Timeouts(connect_s=5, read_s=1, write_s=1, pool_s=1, total_s=5)
"""For calls that wait until a limit is over."""


def request(url: str, content: bytes = b"<a/>", **headers: str) -> HttpRequest:
    return HttpRequest("BalanceCheck", url, {"Content-Type": "text/xml; charset=utf-8", **headers}, content)


def failure(flavour: Any, url: str, **options: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        flavour.send(request(url), **options)
    assert caught.value.operation == "BalanceCheck"
    assert caught.value.retryable
    return caught.value


class Waited(AsyncTransport):
    """An `AsyncTransport` that is waited for."""

    def __init__(self, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        super().__init__(**options)

    def send(self, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        return self.loop.run_until_complete(super().send(request))

    def __enter__(self) -> Waited:
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.run_until_complete(self.aclose())
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()
