"""A request to send, and what became of one that fails."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import HttpRequest, Timeouts

QUICK = Timeouts(connect_s=1, read_s=0.3, write_s=0.3, pool_s=0.3, total_s=1)


def request(url: str, content: bytes = b"<a/>", **headers: str) -> HttpRequest:
    return HttpRequest("BalanceCheck", url, {"Content-Type": "text/xml; charset=utf-8", **headers}, content)


def failure(flavour: Any, url: str, **options: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        flavour.send(request(url), **options)
    assert caught.value.operation == "BalanceCheck"
    assert caught.value.retryable
    return caught.value
