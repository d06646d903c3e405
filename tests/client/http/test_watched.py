"""Who hears of a call has no part in what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.client.errors import TransportError
from partnerlab.client.http import HttpRequest, HttpResponse, Transport
from partnerlab.client.http.watched import Watched
from tests.client.http.support import request

ANSWER = HttpResponse(200, {}, b"<ok/>")


@pytest.mark.parametrize("ends", [ANSWER, TransportError("BalanceCheck", "refused", sent=False)])
def test_a_call_ends_as_it_ended_where_who_hears_of_it_fails(
    ends: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A payment that was answered was unknown where the sandbox's journal had lost its database."""

    def send(*_: object) -> HttpResponse:
        if isinstance(ends, TransportError):
            raise ends
        return ANSWER

    def fails(_: HttpRequest, answer: HttpResponse | None, __: int) -> None:
        heard.append(answer)
        raise OSError("the connection is lost")

    heard: list[HttpResponse | None] = []
    monkeypatch.setattr(Transport, "send", send)
    with Transport() as shared:
        watched = Watched(shared, after=fails)
        if ends is ANSWER:
            assert watched.send(request("http://localhost/")) is ANSWER
        else:
            with pytest.raises(TransportError) as caught:
                watched.send(request("http://localhost/"))
            assert caught.value is ends
    assert heard == [ANSWER if ends is ANSWER else None]
    assert "BalanceCheck" in caplog.text
