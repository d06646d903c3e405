"""Whatever is asked of a sandbox in whatever order, no answer is a 5xx, and in the end the books of each lane agree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from partnerlab.simulators import watersmart
from partnerlab.soak.in_process import InProcessWorld
from tests.partnerlab.walking.kept import KeptWalk, outcome, read_walk, shortened, write_walk
from tests.partnerlab.walking.walk import NOT_WALKED, OFTEN, Step, Walk, Wrong

WALKS = int(os.environ.get("PARTNERLAB_WALKS", "4"))
"""How many seeds; more where somebody wants to know: `PARTNERLAB_WALKS=300 PARTNERLAB_STEPS=300`."""
FIRST = int(os.environ.get("PARTNERLAB_FIRST_WALK", "5"))
FORWARD = 290_000
"""The first seed of walks with balance forward at WaterSmart, a quarter as many."""
STEPS = int(os.environ.get("PARTNERLAB_STEPS", "120"))
FOUND = sorted((Path(__file__).parent / "found").glob("*.jsonl"))
"""Walks that found something once: what they found is mended."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_whatever_is_done_the_books_agree(seed: int, tmp_path: Path) -> None:
    """A walk that finds something is left as a file, as short as it can be made, for `found/`."""
    with InProcessWorld(seed, lambda _: None) as world:
        walk = Walk(world, seed)
        try:
            walk.go(STEPS)
        except Wrong as wrong:
            kept = tmp_path / f"walk-{seed}.jsonl"
            wrong.add_note(f"Its steps are in {kept}.")
            write_walk(kept, KeptWalk(seed, str(wrong), walk.steps))
            kind = wrong.kind
            steps = shortened(walk.steps, lambda fewer: _kind(seed, fewer) == kind)
            write_walk(kept, KeptWalk(seed, str(outcome(seed, steps)), steps))
            raise
        assert walk.codes[200] > walk.codes[400] > 0


class Forward(Walk):
    """A walk in lanes in which WaterSmart's bills carry the balance forward, so that the last of an account has all."""

    def _make(self, lane: str, moment: str) -> None:
        super()._make(lane, moment)
        answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
        self._must("PATCH", f"/_sandbox/ic/billers/{self.world.billers['watersmart']['guid']}", answers)


@pytest.mark.parametrize("seed", range(FORWARD, FORWARD + max(WALKS // 4, 1)))
def test_where_watersmarts_bills_carry_the_balance_forward_they_agree_too(seed: int) -> None:
    with InProcessWorld(seed, lambda _: None, watersmart.Settings(balance_forward=True)) as world:
        Forward(world, seed, trouble=False).go(STEPS)


def _kind(seed: int, steps: Sequence[Step]) -> str:
    wrong = outcome(seed, steps)
    return wrong.kind if wrong else ""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_a_walk_that_once_found_something_finds_it_no_more(path: Path) -> None:
    kept = read_walk(path)
    with InProcessWorld(kept.seed, lambda _: None) as world:
        walk = Walk(world, kept.seed)
        walk.replay(kept.steps)
        assert walk.steps == kept.steps
        assert {status // 100 for _, status, _ in walk.answers} == {2}, "what it does is done"


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
