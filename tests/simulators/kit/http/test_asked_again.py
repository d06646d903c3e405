"""Requests that came before: which are kept, and what is done for them each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from partnerlab.simulators.kit.http import asked_again
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Door, Kit, make_kit

BODY = b"a=b"


class Reading(Door):
    """A door that is asked what a request's bytes ask for; counts how often it read one."""

    read = 0

    def __call__(self, request: Request) -> Response:
        self.read += 1
        return super().__call__(request)

    def ready(self, request: Request) -> Callable[[Request], Response] | None:
        return None if request.body == b"refused" else super().__call__


@pytest.fixture
def reading(kit: Kit) -> Reading:
    door = Reading(kit.store, name="reading")
    kit.site.mount("/reading", door)
    return door


def ask(kit: Kit, times: int, *headers: str, path: str = "/reading/Echo", body: bytes = BODY) -> list[str]:
    """The same request over and over on one connection; the ids of the answers."""
    with kit.connect() as wire:
        ids = []
        for _ in range(times):
            wire.send("POST", path, *headers, body=body)
            status, found, answer = wire.answer()
            assert (status, answer) == (200, b"<ok/>")
            ids.append(found["x-sandbox-request"])
        return ids


def test_a_request_is_read_until_it_came_twice_and_noted_each_time(kit: Kit, reading: Reading) -> None:
    ids = ask(kit, 6)
    assert reading.read == 4, "its head is learned, then its place, then it came, then it came again"
    assert reading.calls() == 6
    entries = kit.journal.find("default")
    assert [one.id for one in entries] == ids
    first = entries[0]
    for one in entries:
        assert (one.door, one.operation, one.path, one.request) == ("reading", "Echo", "/reading/Echo", "a=b")
        assert (one.method, one.status, one.answer, one.headers) == ("POST", 200, "<ok/>", first.headers)
    assert [asked.id for asked in reading.asked] == ids


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Authorization: Basic eA==",), BODY),
        (("X-Sandbox-World: ",), BODY),
        ((), b"x" * asked_again.MOST_BYTES),
        ((), b"refused"),
        ((), b""),
    ],
)
def test_with_a_credential_in_its_head_or_too_long_or_not_let_in_it_is_read_each_time(
    kit: Kit, reading: Reading, headers: tuple[str, ...], body: bytes
) -> None:
    ask(kit, 5, *headers, body=body)
    assert reading.read == (4 if body == b"" else 5)
    assert kit.site.again is not None
    assert len(kit.site.again._known) == (body == b"")


def test_a_door_that_does_not_tell_what_is_asked_reads_each(kit: Kit) -> None:
    ask(kit, 5, path="/door/Echo")
    assert len(kit.door.asked) == 5
    assert kit.site.again is not None
    assert not kit.site.again._known


def test_one_that_comes_in_pieces_or_with_another_is_read(kit: Kit, reading: Reading) -> None:
    ask(kit, 4)
    whole = b"POST /reading/Echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\na=b"
    assert kit.site.again is not None
    assert list(kit.site.again._known) == [whole]
    before = reading.read
    with kit.connect() as wire:
        for pieces in ((whole[:9], whole[9:]), (whole + whole,), (whole + whole[:9], whole[9:])):
            for piece in pieces:
                wire.write(piece)
            for _ in range(b"".join(pieces).count(whole)):
                assert wire.answer()[0] == 200
    assert reading.read > before


def test_a_fault_of_its_lane_strikes_it(kit: Kit, reading: Reading) -> None:
    ask(kit, 4)
    kit.faults.add("default", "slow", params={"delay_s": 0.01}, count=1)
    read = reading.read
    ask(kit, 2)
    assert reading.read == read + 1
    assert [one.faults for one in kit.journal.find("default")][-2:] == [("slow",), ()]


def test_a_door_that_fails_is_answered_and_noted(kit: Kit, reading: Reading) -> None:
    ask(kit, 4)
    reading.error = ValueError("broken")
    with kit.connect() as wire:
        wire.send("POST", "/reading/Echo", body=BODY)
        assert wire.answer()[0] == 500
    assert kit.journal.find("default")[-1].status == 500


def test_another_door_at_its_path_is_asked(kit: Kit, reading: Reading) -> None:
    ask(kit, 4)
    other = Reading(kit.store, name="other")
    kit.site.mount("/reading/Echo", other)
    ask(kit, 1)
    assert len(other.asked) == 1


def test_no_more_are_kept_than_may_be(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for most, value in (("KNOWN", 3), ("SEEN", 5)):
        monkeypatch.setattr(asked_again, most, value)
    kit = make_kit(memory)
    kit.site.mount("/reading", Reading(memory, name="reading"))
    again = kit.site.again
    assert again is not None
    kept, seen = set(), set()
    with kit.server:
        for n in range(12):
            ask(kit, 4, body=b"n=%d" % n)
            kept.add(len(again._known))
            seen.add(len(again._seen))
    assert kept == {1, 2, 3}
    assert max(seen) <= 5
    kit.journal.close()


def test_what_came_once_is_forgotten_for_more_than_may_be_seen(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_again, "SEEN", 3)
    kit = make_kit(memory)
    kit.site.mount("/reading", Reading(memory, name="reading"))
    again = kit.site.again
    assert again is not None
    with kit.server:
        ask(kit, 3, body=b"n=0")
        seen = [len(again._seen)]
        for n in (1, 2, 3, 4, 1, 2):
            ask(kit, 1, body=b"n=%d" % n)
            seen.append(len(again._seen))
    assert seen == [1, 2, 3, 1, 2, 3, 1]
    assert not again._known
    kit.journal.close()
