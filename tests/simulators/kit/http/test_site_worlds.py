"""A request that says of which world of its lane it is: once that is gone, it is refused and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, make_kit


@pytest.fixture
def kit(store: Store) -> Iterator[Kit]:
    made = make_kit(store)
    yield made
    made.journal.close()


def ask(kit: Kit, world: str, lane: str = "a") -> tuple[int, str]:
    """Status, and the code of the error, of a call that says this of its world."""
    headers = {"x-sandbox-lane": lane, **({"x-sandbox-world": world} if world else {})}
    response, _ = kit.site.accept("POST", b"/door/Echo", headers, b"", "http://127.0.0.1:8700").run()
    assert response is not None
    return response.status, json.loads(response.body)["error"]["code"] if response.status != 200 else ""


def reset(lanes: Lanes) -> None:
    lanes.reset("a")


def copy_onto(lanes: Lanes) -> None:
    lanes.fork("default", "a")


def load(lanes: Lanes) -> None:
    lanes.load("a", lanes.export("a"))


def drop(lanes: Lanes) -> None:
    lanes.drop("a")


CHANGES = pytest.mark.parametrize("change", [reset, copy_onto, load, drop])


@CHANGES
def test_a_request_of_a_world_that_is_gone_is_refused(kit: Kit, change: Callable[[Lanes], None]) -> None:
    world = kit.lanes.get("a").made_at
    assert ask(kit, world) == (200, "")
    change(kit.lanes)
    before = kit.door.calls("a")
    assert ask(kit, world) == ask(kit, "another") == (409, "lane_replaced")
    assert kit.door.calls("a") == before
    if change is drop:
        assert [lane.name for lane in kit.lanes.all()] == ["default"], "a lane was made for it"
    assert ask(kit, "") == ask(kit, kit.lanes.get("a").made_at) == (200, "")


@CHANGES
def test_a_request_whose_world_goes_while_it_is_handled_writes_nothing(
    kit: Kit, change: Callable[[Lanes], None]
) -> None:
    world = kit.lanes.get("a").made_at
    kit.door.wait = lambda: change(kit.lanes)
    assert ask(kit, world) == (409, "lane_replaced")
    assert kit.door.calls("a") == 0
    kit.door.wait = None
    kit.lanes.get("a")
    assert ask(kit, "") == (200, "")
    assert kit.door.calls("a") == 1


def test_what_says_of_which_world_it_is_is_not_in_the_journal(kit: Kit) -> None:
    ask(kit, kit.lanes.get("a").made_at)
    [entry] = kit.journal.find("a")
    assert "x-sandbox-world" not in str(entry).lower()
    assert "x-sandbox-world" not in kit.door.asked[-1].headers
