"""A walk that was kept goes as it went, whatever is left out of it, and is made short."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.partnerlab.walking.kept import KeptWalk, outcome, read_walk, shortened, write_walk
from tests.partnerlab.walking.walk import Setting, Step, begun


def test_the_steps_of_a_walk_give_its_answers_again(tmp_path: Path) -> None:
    path, setting = tmp_path / "walk.jsonl", Setting({"watersmart": True})
    with begun(5, setting) as walk:
        walk.go(60)
        write_walk(path, KeptWalk(5, "Renée ≠ 李", walk.steps, setting))
    kept = read_walk(path)
    assert kept == KeptWalk(5, "Renée ≠ 李", walk.steps, setting)
    with begun(5, kept.setting) as again:
        again.replay(kept.steps)
    assert len(walk.answers) > 30
    assert [one[:2] for one in again.answers] == [one[:2] for one in walk.answers]
    assert again.codes[201] == walk.codes[201] > 0


def test_of_a_usual_world_a_file_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "walk.jsonl"
    write_walk(path, KeptWalk(5, "x", []))
    assert path.read_text("utf-8") == '{"seed": 5, "found": "x"}\n'
    assert read_walk(path) == KeptWalk(5, "x", [])


def test_a_step_makes_the_same_where_others_are_left_out() -> None:
    """Later calls name what a step made."""
    account = {"biller_guid": "22222222-2222-4222-8222-222222222222", "account_number": "10000101"}
    by_card = {"tender": "credit_card", "card_number": "4111111111111111"}
    paid: Step = {
        "step": 9,
        "lane": "walk-5-0",
        "do": "call",
        "operation": "pay",
        "method": "POST",
        "target": "/_sandbox/ic/payments",
        "body": {**account, **by_card, "amount": "1.00"},
    }
    made = []
    for steps in ([paid], [{**paid, "step": 8}, {"step": 8, "lane": "walk-5-0", "do": "go_on", "wait": "1h"}, paid]):
        with begun(5) as walk:
            walk.replay(steps)
            assert [status for _, status, _ in walk.answers] == [201] * len(walk.answers)
            made.append([answer["payment_guid"] for _, _, answer in walk.answers])
    assert made[0] == made[1][1:]
    assert made[1][0] != made[1][1]


def test_steps_in_a_lane_that_is_not_there_are_left_out() -> None:
    assert outcome(5, [{"step": 1, "lane": "walk-5-1", "do": "go_on", "wait": "1d"}]) is None


def test_what_is_not_needed_is_left_out() -> None:
    steps: Sequence[Step] = [{"step": number} for number in range(100)]
    tried = []

    def still(fewer: Sequence[Step]) -> bool:
        tried.append(len(fewer))
        return {3, 50, 51} <= {one["step"] for one in fewer}

    assert [one["step"] for one in shortened(steps, still)] == [3, 50, 51]
    assert len(tried) < 60
    assert shortened(steps, still, most_s=0) == steps
