"""Requests that are committed together: no answer before its commit, and what a failing one does to each of them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from partnerlab.simulators.kit.http.exchange import Answered, Exchange, Later
from partnerlab.simulators.kit.http.known_heads import Head
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.turn import MOST, Turn
from partnerlab.simulators.kit.world.store import Statement, Store
from tests.simulators.kit.conftest import VALUE, Door, Kit, make_kit

UP = Statement("UPDATE kit_test_world SET value = value + :by WHERE lane = :lane AND name = 'calls'")


class Refused(Exception):
    """What the store's block raises where the door refuses."""


class Shop(Door):
    """A door of shared commits: `/add` counts, `/refuse` takes it back, `/end` ends the loop after it, `/help`."""

    group_commit = True

    def ready(self, _: Request) -> Callable[[Request], Response]:
        return self

    def __call__(self, request: Request) -> Response:
        word = self.operation(request)
        if word == "help":
            return Response(200, b"help")
        if word == "end":
            with self.store.write() as tx:
                tx.run(UP, by=1, lane=request.lane.name)
            raise SystemExit
        try:
            with self.store.write() as tx:
                tx.run(UP, by=1, lane=request.lane.name)
                row = tx.one(VALUE, lane=request.lane.name)
                if word == "refuse":
                    raise Refused
        except Refused:
            return Response(200, b"refused")
        return Response(200, str(row[0] if row else None).encode())


class Loop:
    """Keeps what is to be called soon."""

    def __init__(self) -> None:
        self.soon: list[Callable[[], Any]] = []

    def call_soon(self, call: Callable[[], Any]) -> None:
        self.soon.append(call)


@dataclass
class Sender:
    """A connection: keeps what it was given to send."""

    got: list[tuple[int, bytes]] = field(default_factory=list)
    has_more: bool = False

    def answered(self, message: object, response: Response, plan: object, id: str) -> None:
        self.got.append((response.status, response.body))

    def go_on(self) -> None:
        pass


@dataclass
class Turns:
    kit: Kit
    connections: list[Any]
    turn: Turn
    loop: Loop
    knows: str
    """What is known before: `nothing`, or a `head` or the `whole` request, so that it is answered at once."""

    def ask(self, path: str = "/shop/add", *, lane: str = "default", **headers: str) -> tuple[Sender, bool]:
        """A request, and whether the turn took it."""
        named = {name.replace("_", "-"): value for name, value in headers.items()} | {"x-sandbox-lane": lane}
        head = Head("POST", path.encode(), named, True, False, 0)
        exchange = self.kit.site.accept("POST", path.encode(), named, b"", "http://x", head=head)
        sender = Sender()
        answered = self.at_once(head, named)
        if answered is None:
            return sender, self.turn.run(cast(Any, sender), cast(Any, None), exchange)
        if isinstance(answered, Later):
            self.turn.hold(cast(Any, sender), cast(Any, None), answered)
        else:
            sender.answered(None, answered[0], None, answered[1])
        return sender, "shop" in path

    def at_once(self, head: Head, headers: dict[str, str]) -> Answered | Later | None:
        site = self.kit.site
        if self.knows == "whole" and (place := site._places[head]).straight and (again := site.again) is not None:
            data = repr((head.target, headers)).encode()
            request = Request("POST", place.target.path, "", headers, b"", "", "", self.kit.lanes.get(place.lane))
            for _ in range(2):
                again.learn(data, place, head, request)
            return again.answer(data, "", self.turn)
        return None if self.knows == "nothing" else site.answer_at_once(head, headers, b"", "", turn=self.turn)

    def committed(self, lane: str = "default") -> int:
        """What another connection reads."""
        found: list[int] = []
        reader = threading.Thread(target=lambda: found.append(self.kit.door.calls(lane)))
        reader.start()
        reader.join()
        return found[0]

    def noted(self, lane: str = "default") -> list[tuple[str, int]]:
        """What the journal says of the shop."""
        return [(one.operation, one.status) for one in self.kit.journal.find(lane) if one.door == "shop"]


@pytest.fixture(params=["nothing", "head", "whole"])
def turns(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Turns]:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    kit = make_kit(store)
    kit.site.mount("/shop", Shop(store, name="shop"))
    group, loop = store.group(), Loop()
    assert group is not None
    connections = [cast(Any, Sender()), cast(Any, Sender())]
    yield Turns(kit, connections, Turn(cast(Any, loop), group, connections), loop, request.param)
    kit.journal.close()
    store.close()


def test_no_answer_goes_out_before_its_commit(turns: Turns) -> None:
    (one, _), (two, _) = turns.ask(), turns.ask()
    assert one.got == two.got == []
    assert turns.committed() == 0
    assert len(turns.loop.soon) == 1, "the end of the turn is asked for once"
    turns.loop.soon[0]()
    assert (one.got, two.got) == ([(200, b"1")], [(200, b"2")])
    assert turns.committed() == 2
    assert turns.noted() == [("add", 200), ("add", 200)]


def test_one_that_is_of_a_world_is_alone(turns: Turns) -> None:
    """The transaction of a turn is of no lane."""
    turns.ask()
    sender, taken = turns.ask(x_sandbox_world=turns.kit.lanes.get("default").made_at)
    assert (sender.got, taken) == ([], False)
    assert turns.committed() == 1, "the turn has ended"


def test_one_refused_of_many_waits_like_the_others_and_undoes_only_itself(turns: Turns) -> None:
    senders = [turns.ask(path)[0] for path in ("/shop/add", "/shop/refuse", "/shop/add")]
    assert all(sender.got == [] for sender in senders), "what it was refused for may not be committed yet"
    turns.turn.end()
    assert [sender.got for sender in senders] == [[(200, b"1")], [(200, b"refused")], [(200, b"2")]]
    assert turns.committed() == 2


def test_a_commit_that_fails_sends_none_of_its_answers(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    (one, _), (two, _) = turns.ask(), turns.ask("/shop/refuse")
    monkeypatch.setattr(turns.turn._group, "_lost", True)  # as when the disk is full
    turns.turn.end()
    for sender in (one, two):
        (status, body), *more = sender.got
        assert (status, more) == (500, [])
        assert body.startswith(b"Internal error.")
    assert turns.committed() == 0
    assert turns.noted() == [("add", 500), ("refuse", 500)], "the journal says what went out"
    (after, _) = turns.ask()
    turns.turn.end()
    assert after.got == [(200, b"1")]


@pytest.mark.parametrize("before", [0, 2])
def test_one_that_ends_the_loop_leaves_no_transaction_open(turns: Turns, before: int) -> None:
    waiting = [turns.ask()[0] for _ in range(before)]
    with pytest.raises(SystemExit):
        turns.ask("/shop/end")
    assert [sender.got for sender in waiting] == [[(200, b"%d" % (n + 1))] for n in range(before)]
    assert turns.committed() == before + 1, "what it had written before stays, as alone it would"

    def write() -> None:
        with turns.kit.door.store.write():
            pass

    other = threading.Thread(target=write, daemon=True)
    other.start()
    other.join(30)
    assert not other.is_alive(), "who else writes waits for nobody"


def test_one_that_cannot_be_noted_keeps_no_answer_back(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    (one, _), (two, _) = turns.ask(), turns.ask()
    append, ids = turns.kit.journal.append, []

    def fail_once(request: Request, *rest: Any, **more: Any) -> None:
        ids.append(request.id)
        if len(ids) == 1:
            raise RuntimeError("can't start new thread")
        append(request, *rest, **more)

    monkeypatch.setattr(turns.kit.journal, "append", fail_once)
    turns.turn.end()
    assert (one.got, two.got) == ([(200, b"1")], [(200, b"2")])
    assert turns.committed() == 2
    assert turns.noted() == [("add", 200)]


def test_what_needs_no_commit_does_not_wait(turns: Turns) -> None:
    turns.ask()
    (help_, taken) = turns.ask("/shop/help")
    assert taken
    assert help_.got == [(200, b"help")]
    turns.turn.end()


def test_a_door_that_does_more_than_write_finds_everything_committed(turns: Turns) -> None:
    seen: list[int] = []

    class Looking(Door):
        def ready(self, _: Request) -> Callable[[Request], Response]:
            return self

        def __call__(self, request: Request) -> Response:
            seen.append(turns.committed())
            return Response(200, b"")

    turns.kit.site.mount("/looking", Looking(turns.kit.store))
    (one, _) = turns.ask()
    (_, taken) = turns.ask("/looking")
    assert not taken
    assert one.got == [(200, b"1")]
    assert turns.committed() == 1
    assert seen == ([] if turns.knows == "nothing" else [1])


def test_a_call_with_a_fault_is_alone(turns: Turns) -> None:
    (one, _) = turns.ask()
    (_, taken) = turns.ask(x_sandbox_fault="http_500")
    assert not taken
    assert one.got == [(200, b"1")]


def test_lanes_share_a_commit_and_nothing_else(turns: Turns) -> None:
    turns.kit.lanes.get("other")
    (one, _), (two, _), (three, _) = turns.ask(), turns.ask(lane="other"), turns.ask("/shop/refuse", lane="other")
    turns.turn.end()
    assert (one.got, two.got, three.got) == ([(200, b"1")], [(200, b"1")], [(200, b"refused")])
    assert (turns.committed(), turns.committed("other")) == (1, 1)
    assert turns.noted("other") == [("add", 200), ("refuse", 200)]


def test_the_first_never_waits_for_more_than_so_many(turns: Turns) -> None:
    senders = [turns.ask()[0] for _ in range(MOST + 1)]
    assert senders[0].got == [(200, b"1")]
    assert senders[-1].got == []
    turns.turn.end()


def test_many_senders_and_other_writers_at_once(tmp_path: Path) -> None:
    """A real server: what was answered is in the books, whatever the order in which threads take the store's lock."""
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    kit = make_kit(store)
    kit.site.mount("/shop", Shop(store, name="shop"))
    lanes = ("default", "other")
    kit.lanes.get("other")

    def send(number: int) -> int:
        with kit.connect() as wire:
            for n in range(25):
                path = "/shop/refuse" if n % 5 == 4 else "/shop/add"
                wire.send("POST", path, f"X-Sandbox-Lane: {lanes[number % 2]}", body=b"x")
                assert wire.answer()[0] == 200
        return 20

    def write() -> None:
        for n in range(40):
            with store.write() as tx:
                tx.run(UP, by=1000, lane=lanes[n % 2])

    with kit.server, ThreadPoolExecutor(10) as pool:
        assert kit.server.turn is not None
        writers = [pool.submit(write) for _ in range(2)]
        added = sum(pool.map(send, range(8)))
        for writer in writers:
            writer.result()
    counted = [kit.door.calls(lane) for lane in lanes]
    assert sum(count % 1000 for count in counted) == added == 160
    assert [count // 1000 for count in counted] == [40, 40]
    kit.journal.close()
    assert sum(one.door == "shop" for lane in lanes for one in kit.journal.find(lane)) == 200
    store.close()


def test_of_one_connection_alone_no_answer_waits(turns: Turns) -> None:
    turns.connections.pop()
    (one, _) = turns.ask()
    assert one.got == [(200, b"1")]
    assert turns.loop.soon == []
    assert turns.committed() == 1


def test_what_came_behind_an_answer_that_waited_is_handled_after_it(turns: Turns) -> None:
    (one, _), (two, _) = turns.ask(), turns.ask()
    one.has_more = True
    turns.turn.end()
    assert turns.loop.soon[1:] == [one.go_on]
    assert two.got


def test_a_server_may_commit_each_alone(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    kit = make_kit(store, group_commit=False)
    kit.site.mount("/shop", Shop(store, name="shop"))
    with kit.server:
        assert kit.server.turn is None
        assert kit.ask("/shop/add").endswith(b"\r\n\r\n1")
    kit.journal.close()
    store.close()


def test_a_refusal_is_no_part_of_a_turn(turns: Turns) -> None:
    exchange = turns.kit.site.accept("POST", b"/shop/add", {"host": "not a host"}, b"", "http://x")
    assert not isinstance(exchange, Exchange)
    assert not turns.turn.run(cast(Any, Sender()), cast(Any, None), exchange)


def test_sqlite_reports_a_failing_commit_itself(turns: Turns) -> None:
    """The failure above is set by hand; this one is SQLite's, found when it commits."""
    with turns.kit.store.write() as tx:
        tx.run(Statement("CREATE UNIQUE INDEX kit_key ON kit_test_log (text)"))
        tx.run(Statement("CREATE TABLE strict (name TEXT REFERENCES kit_test_log(text) DEFERRABLE INITIALLY DEFERRED)"))
    turns.kit.store._connection().execute("PRAGMA foreign_keys = ON")
    (one, _) = turns.ask()
    with turns.turn._group, turns.kit.store.write() as tx:
        tx.run(Statement("INSERT INTO strict (name) VALUES ('nobody')"))
    turns.turn.end()
    assert one.got[0][0] == 500
    assert turns.committed() == 0
    with pytest.raises(sqlite3.IntegrityError), turns.kit.store.write() as tx:
        tx.run(Statement("INSERT INTO strict (name) VALUES ('nobody')"))
