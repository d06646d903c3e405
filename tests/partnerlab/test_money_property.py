"""
Whatever is done in whatever order, and whoever is killed meanwhile, the money adds up.

What Invoice Cloud took is in the partner's books, or known to be uncertain, or was returned; nothing is posted twice;
no payer is asked for more than the partner says. In each lane, and in what was copied from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from partnerlab.client.datapump import delivery
from partnerlab.simulators.kit.world.store import Store
from tests.partnerlab.money_walk import Money, PolicyMoney
from tests.partnerlab.money_world import World
from tests.postgres import new_database

WALKS = [
    *(("sqlite", kind, seed) for kind in (Money, PolicyMoney) for seed in range(9)),
    *(pytest.param("postgres", Money, seed, marks=pytest.mark.postgres) for seed in range(9, 12)),
    pytest.param("postgres", PolicyMoney, 9, marks=pytest.mark.postgres),
]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Both processes over one store each, in the sandbox's way: two SQLite databases, or one of PostgreSQL."""
    if request.param == "postgres":
        pump_url = new_database(request.getfixturevalue("postgres_server"))
        store_url = pump_url.replace("postgresql://", "postgresql+psycopg://", 1)
    else:
        folder: Path = tmp_path_factory.mktemp("money")
        pump_url, store_url = f"sqlite:///{folder / 'pump.db'}", "sqlite://"
    store = Store(store_url)
    world = World(store, pump_url)
    with pytest.MonkeyPatch.context() as meanwhile:
        meanwhile.setattr(delivery, "PAUSE_S", 0.5)  # what a killed pump was sending nobody ends
        yield world
    world.close()
    store.close()


@pytest.mark.parametrize(("world", "kind", "seed"), WALKS, indirect=["world"])
def test_the_money_adds_up(world: World, kind: type[Money], seed: int) -> None:
    money = kind(world, seed)
    try:
        money.walk()
    except BaseException as error:
        error.add_note("; ".join(money.steps))
        raise


@pytest.mark.parametrize("world", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
@pytest.mark.parametrize("pruned", [False, True], ids=["there", "pruned"])
def test_a_payment_is_what_the_pump_took_though_its_account_was_conveyed_after_a_kill(
    world: World, *, pruned: bool
) -> None:
    """Who offered it died between the pump's commit and the outbox's [A-97], and the pump may have forgotten it."""
    money = Money(world, 97)
    money._new_world("pruned" if pruned else "conveyed")
    path = f"customers/{money.account}/convey"
    with world.offering("killed after"):
        try:
            world.ic.pay(account_number=money.account, biller_guid=money.biller, donation="standalone")
        finally:  # another replica conveys it, before anybody offers again what the dead one had claimed
            assert world.ic.control("POST", path, {"biller_guid": money.biller}).status == 200
    money._enter(money.lane)
    (taken,) = world.ic.get("payments")["payments"]
    if pruned:
        world.turn(money.lane)
        world.pump.prune(-timedelta(days=1))
        assert world.pump.deliveries(lane=money.lane) == []
    world.offer_all()
    (event,) = world.ic.get("events", payment_guid=taken["payment_guid"])["events"]
    assert (event["state"], event["event"]["account_number"], event["problem"]) == ("accepted", money.account, None)
    world.turn(money.lane)
    assert set(money.book.posted) == {taken["payment_guid"]}
    assert not world.in_doubt(money.lane)
