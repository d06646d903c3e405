"""
Whatever a sandbox keeps its world in, and whether it remembers or holds back anything, one walk has the same answers.

So what is warm is never seen: no answer is older or newer than what is written down, and no partner's money differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from partnerlab.simulators import ic_webservices, inhance_soap
from partnerlab.soak.in_process import CHEAP, InProcessWorld
from tests.partnerlab.walking.test_walk import STEPS, WALKS
from tests.partnerlab.walking.walk import Setting, Walk
from tests.postgres import drop_database, new_database

FIRST = 60_000
SEEDS = range(FIRST, FIRST + max(WALKS // 4, 1))
"""As many more as `PARTNERLAB_WALKS` says, a quarter of them."""
PLAIN = ic_webservices.Settings(password_cost=CHEAP.password_cost, warm=False), inhance_soap.Settings(warm=False)
WORLDS: Mapping[str, tuple[tuple[Any, ...], str | None]] = {
    "memory": ((), ""),
    "plain memory": (PLAIN, ""),
    "plain file": (PLAIN, None),
}
"""Settings and database; what is plain remembers nothing and writes everything at once."""
OF_A_RUN = re.compile(r'\b[0-9a-f]{15}-([0-9a-f]{6})\b|"duration_ms": "?[0-9.]+"?')
"""Numbers of requests begin with when the sandbox was started; how long one took is nobody's."""


OPENED = ("500001", "500002", "500003")
"""Bills of the seed about which inHance is asked after each call."""


class Asking(Walk):
    """A walk on which the same is asked again and again, as what is remembered is told then."""

    def call(self, operation: str, method: str, target: str, body: Any = None) -> None:
        """One operation of the contract, and what inHance says of a few accounts then."""
        super().call(operation, method, target, body)
        biller = self.world.billers["inhance_v2"]["guid"]
        for number in OPENED:
            super().call("openInvoice", "POST", f"/_sandbox/ic/invoices/{number}/open", {"biller_guid": biller})


def answers(seed: int, *systems: Any, database: str | None = None) -> list[str]:
    """Every answer of a walk without trouble, and at last each lane's books."""
    with InProcessWorld(seed, lambda _: None, *systems, database=database) as world:
        walk = Asking(world, seed, Setting(trouble=False))
        walk.go(STEPS // 2)
        said = [json.dumps(one) for one in walk.answers]
        for lane in walk.lanes:
            world.enter(lane)
            said.append(repr(world.books()))
    assert len(said) > STEPS / 4
    return [OF_A_RUN.sub(r"\1", one) for one in said]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_remembered_and_held_back_is_never_seen(seed: int) -> None:
    in_a_file = answers(seed)
    for name, (systems, database) in WORLDS.items():
        assert answers(seed, *systems, database=database) == in_a_file, name


@pytest.mark.postgres
@pytest.mark.parametrize("seed", SEEDS)
def test_postgresql_answers_as_a_file_does(seed: int, postgres_server: str) -> None:
    database = new_database(postgres_server)
    try:
        assert answers(seed, database=database) == answers(seed)
    finally:
        drop_database(postgres_server, database)
