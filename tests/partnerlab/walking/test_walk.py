"""Whatever is asked of a sandbox in whatever order, no answer is a 5xx, and in the end the books of each lane agree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.partnerlab.walking.kept import KeptWalk, outcome, read_walk, shortened, write_walk
from tests.partnerlab.walking.walk import NOT_WALKED, OFTEN, USUAL, Setting, Step, Walk, Wrong, begun

WALKS = int(os.environ.get("PARTNERLAB_WALKS", "4"))
"""How many seeds; more where somebody wants to know: `PARTNERLAB_WALKS=300 PARTNERLAB_STEPS=300`."""
FIRST = int(os.environ.get("PARTNERLAB_FIRST_WALK", "5"))
FORWARD = 290_000
"""The first seed of walks with balance forward at WaterSmart, a quarter as many."""
CARRIED = Setting({"watersmart": True}, trouble=False)
STEPS = int(os.environ.get("PARTNERLAB_STEPS", "120"))
FOUND = sorted((Path(__file__).parent / "found").glob("*.jsonl"))
"""Walks that found something once: what they found is mended."""


@pytest.mark.parametrize("seed", range(FIRST, FIRST + WALKS))
def test_whatever_is_done_the_books_agree(seed: int, tmp_path: Path) -> None:
    codes = _walked(seed, USUAL, tmp_path).codes
    assert codes[200] > codes[400] > 0


@pytest.mark.parametrize("seed", range(FORWARD, FORWARD + max(WALKS // 4, 1)))
def test_where_watersmarts_bills_carry_the_balance_forward_they_agree_too(seed: int, tmp_path: Path) -> None:
    _walked(seed, CARRIED, tmp_path)


def _walked(seed: int, setting: Setting, folder: Path) -> Walk:
    """
    A walk of so many steps. One that finds something is left as a file, as short as it can be made, for `found/`.
    """
    with begun(seed, setting) as walk:
        try:
            walk.go(STEPS)
        except Wrong as wrong:
            kept = folder / f"walk-{seed}.jsonl"
            wrong.add_note(f"Its steps are in {kept}.")
            write_walk(kept, KeptWalk(seed, str(wrong), walk.steps, setting))
            kind = wrong.kind
            steps = shortened(walk.steps, lambda fewer: _kind(seed, fewer, setting) == kind)
            write_walk(kept, KeptWalk(seed, str(outcome(seed, steps, setting)), steps, setting))
            raise
    return walk


def _kind(seed: int, steps: Sequence[Step], setting: Setting) -> str:
    wrong = outcome(seed, steps, setting)
    return wrong.kind if wrong else ""


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_a_walk_that_once_found_something_finds_it_no_more(path: Path) -> None:
    kept = read_walk(path)
    with begun(kept.seed, kept.setting) as walk:
        walk.replay(kept.steps)
        assert walk.steps == kept.steps
        assert {status // 100 for _, status, _ in walk.answers} == {2}, "what it does is done"


def test_every_operation_that_is_named_is_there() -> None:
    with begun(0) as walk:
        document = walk.world.control.get("/_sandbox/openapi.json")
        there = {
            said["operationId"]
            for item in document["paths"].values()
            for said in item.values()
            if "operationId" in said
        }
    assert {*NOT_WALKED, *OFTEN} <= there
    assert {one.id for one in walk.operations} >= {*OFTEN}
