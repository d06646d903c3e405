"""Whatever is asked of a sandbox in whatever order, no answer is a 5xx, and in the end the books of each lane agree."""

from __future__ import annotations

import os

import pytest

from partnerlab.soak.in_process import InProcessWorld
from tests.partnerlab.walking.walk import NOT_WALKED, OFTEN, Walk

WALKS = int(os.environ.get("PARTNERLAB_WALKS", "4"))
"""How many seeds; more where somebody wants to know: `PARTNERLAB_WALKS=300 PARTNERLAB_STEPS=300`."""
STEPS = int(os.environ.get("PARTNERLAB_STEPS", "120"))


@pytest.mark.parametrize("seed", range(5, 5 + WALKS))
def test_whatever_is_done_the_books_agree(seed: int) -> None:
    with InProcessWorld(seed, lambda _: None) as world:
        walk = Walk(world, seed)
        walk.go(STEPS)
        assert walk.codes[200] > walk.codes[400] > 0


def test_every_operation_that_is_named_is_there() -> None:
    with InProcessWorld(0, lambda _: None) as world:
        walk = Walk(world, 0)
        document = world.control.get("/_sandbox/openapi.json")
        there = {
            said["operationId"]
            for item in document["paths"].values()
            for said in item.values()
            if "operationId" in said
        }
    assert {*NOT_WALKED, *OFTEN} <= there
    assert {one.id for one in walk.operations} >= {*OFTEN}
