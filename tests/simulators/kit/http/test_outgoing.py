"""Answers of several connections go out at the end of a turn of the event loop: in order, and none is lost."""

from __future__ import annotations

import asyncio
from typing import cast

from partnerlab.simulators.kit.http.outgoing import MOST, MOST_BYTES, Outgoing


class Written:
    """In the place of a transport: what is written to it, with that of others, in order."""

    def __init__(self, to: list[tuple[str, bytes]], name: str = "a") -> None:
        self.to, self.name, self.closing = to, name, False

    def write(self, data: bytes) -> None:
        self.to.append((self.name, data))

    def is_closing(self) -> bool:
        return self.closing

    def __call__(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self)


def test_answers_go_out_once_the_turn_has_ended_in_the_order_they_were_made() -> None:
    async def turn() -> None:
        outgoing.put(one(), b"1")
        outgoing.put(other(), b"2")
        outgoing.put(one(), b"3")
        assert to == []
        await asyncio.sleep(0)

    to: list[tuple[str, bytes]] = []
    one, other, outgoing = Written(to, "one"), Written(to, "other"), Outgoing((1, 2))
    asyncio.run(turn())
    assert to == [("one", b"1"), ("other", b"2"), ("one", b"3")]


def test_that_of_one_connection_alone_and_those_before_a_long_one_go_out_at_once() -> None:
    async def turn() -> None:
        alone.put(one(), b"1")
        assert to == [("a", b"1")]
        many.put(one(), b"2")
        many.put(one(), bytes(MOST_BYTES + 1))
        assert [len(data) for _, data in to] == [1, 1, MOST_BYTES + 1]

    to: list[tuple[str, bytes]] = []
    one, alone, many = Written(to), Outgoing((1,)), Outgoing((1, 2))
    asyncio.run(turn())


def test_no_more_wait_than_the_first_of_them_may_wait_for() -> None:
    async def turn() -> None:
        for number in range(MOST + 1):
            outgoing.put(one(), b"%d" % number)
        assert len(to) == MOST
        await asyncio.sleep(0)
        assert to[-1] == ("a", b"%d" % MOST)

    to: list[tuple[str, bytes]] = []
    one, outgoing = Written(to), Outgoing((1, 2))
    asyncio.run(turn())


def test_nothing_is_written_to_a_connection_that_closes_and_the_others_have_theirs() -> None:
    async def turn() -> None:
        outgoing.put(gone(), b"1")
        outgoing.put(one(), b"2")
        gone.closing = True
        outgoing.flush()

    to: list[tuple[str, bytes]] = []
    one, gone, outgoing = Written(to), Written(to, "gone"), Outgoing((1, 2))
    asyncio.run(turn())
    assert to == [("a", b"2")]
