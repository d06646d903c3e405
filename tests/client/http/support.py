"""A request to send, and what became of one that fails."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import AsyncTransport, HttpRequest, HttpResponse, Timeouts
from tests.client.conftest import PATIENT

__all__ = ["PATIENT", "QUICK", "Waited", "ends_in_time", "failure", "request"]

QUICK = Timeouts(connect_s=30, read_s=1, write_s=1, pool_s=1, total_s=60)
"""For calls that wait until a limit is over."""


def request(url: str, content: bytes = b"<a/>", **headers: str) -> HttpRequest:
    return HttpRequest("BalanceCheck", url, {"Content-Type": "text/xml; charset=utf-8", **headers}, content)


def failure(flavour: Any, url: str, **options: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        flavour.send(request(url), **options)
    assert caught.value.operation == "BalanceCheck"
    assert caught.value.retryable
    return caught.value


def ends_in_time(send: Callable[[Timeouts], object], *, sent: bool = True, total_s: float = 0.8) -> TransportError:
    """
    How a call failed whose waits may each be long, and which may not.

    A machine that pauses may use up the time before the request left, which shows nothing: then it gets more of it.
    """
    for limit_s in (total_s, 5.0, 15.0):
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            send(replace(PATIENT, total_s=limit_s))
        took_s = time.monotonic() - began
        if caught.value.sent is sent:
            break
    assert limit_s * 0.6 < took_s < limit_s + 12
    assert caught.value.sent is sent
    if sent:
        assert caught.value.reason == f"the answer was not complete after {limit_s:g} s"
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
