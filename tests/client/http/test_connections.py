"""Which connection a request goes over, and when one is closed."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest

from partnerlab.client.http import Transport, connections
from partnerlab.client.http.connections import Connections


class One(httpx.BaseTransport):
    """A connection that answers at once, or fails."""

    def __init__(self) -> None:
        self.used, self.closed, self.fails = 0, False, False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.used += 1
        if self.fails:
            raise httpx.ReadError("broken", request=request)
        return httpx.Response(200, stream=httpx.ByteStream(b"ok"))

    def close(self) -> None:
        self.closed = True


class Made:
    """Connections, and each one of them that was made."""

    def __init__(self) -> None:
        self.ones: list[One] = []
        self.all = Connections(self._make)

    def _make(self) -> One:
        self.ones.append(One())
        return self.ones[-1]

    def ask(self, url: str = "http://a.example/") -> httpx.Response:
        return self.all.handle_request(httpx.Request("POST", url))

    @property
    def used(self) -> list[int]:
        return [one.used for one in self.ones]


@pytest.fixture
def made() -> Made:
    return Made()


def test_requests_at_one_moment_have_a_connection_each_and_later_ones_take_the_last_used(made: Made) -> None:
    first, second = made.ask(), made.ask()
    assert made.used == [1, 1]
    second.close()
    first.close()
    for _ in range(3):
        made.ask().close()
    assert made.used == [4, 1], "the other one is not even asked"


def test_each_server_has_its_own(made: Made) -> None:
    for url in ("http://a.example/x", "https://a.example/x", "http://a.example:81/x", "http://b.example/x"):
        made.ask(url).close()
    made.ask("http://a.example/y").close()
    assert made.used == [2, 1, 1, 1]


def test_an_answer_that_is_closed_twice_gives_its_connection_back_once(made: Made) -> None:
    answer = made.ask()
    answer.close()
    answer.stream.close()  # type: ignore[union-attr]
    made.ask(), made.ask()
    assert made.used == [2, 1]


def test_one_that_failed_is_closed_and_not_used_again(made: Made) -> None:
    made.ask().close()
    made.ones[0].fails = True
    with pytest.raises(httpx.ReadError):
        made.ask()
    assert made.ones[0].closed
    made.ask().close()
    assert made.used == [2, 1]


def test_what_nobody_uses_any_more_is_closed_whatever_server_it_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(connections, "time", SimpleNamespace(monotonic=lambda: now[0]))
    made = Made()
    answers = [made.ask(), made.ask(), made.ask("http://b.example/")]
    for answer in answers:
        answer.close()
    for _ in range(4):
        now[0] += 1_200.0
        made.ask().close()
    assert [one.closed for one in made.ones] == [True, False, True]


def test_those_in_use_are_closed_by_who_uses_them_and_not_given_back(made: Made) -> None:
    under_way = [made.ask(), made.ask()]
    made.ask().close()
    made.all.close()
    assert [one.closed for one in made.ones] == [False, False, True]
    for answer in under_way:
        answer.close()
    assert all(one.closed for one in made.ones)
    made.ask()
    assert len(made.ones) == 4


def test_a_transport_has_them() -> None:
    with Transport() as transport:
        assert isinstance(transport.http, Connections)
