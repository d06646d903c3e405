"""How a journey is told: what is met, what is broken, and a part that cannot go on."""

from __future__ import annotations

import httpx
import pytest

from partnerlab.client.errors import RequestInvalid
from partnerlab.remote import RemoteRefused
from partnerlab.story import Story

ID = "INH2-PAY-1"


def told() -> tuple[Story, list[str]]:
    lines: list[str] = []
    return Story(echo=lines.append), lines


def test_a_step_that_is_right_counts_for_its_requirement() -> None:
    story, lines = told()
    story.expect(ID, "paid", found=1, expected=1)
    story.expect(ID, "paid again", found=2, expected=2)
    assert (story.met, story.broken) == ([ID, ID], [])
    assert story.conclude(1.23) == 0
    assert "2 steps as the contract says, 1 requirements shown, 1.2 s" in lines[-1]


def test_a_step_that_is_wrong_is_told_with_the_rule_and_fails_the_whole() -> None:
    story, lines = told()
    story.expect(ID, "paid", found="39.99", expected="40.00")
    assert [broken.requirement for broken in story.broken] == [ID]
    assert "expected '40.00', found '39.99'" in lines[1]
    assert story.conclude(1.0) == 1
    assert f"1 of 1 steps broken: {ID}" in lines[-1]


@pytest.mark.parametrize(
    "error",
    [
        RequestInvalid("PaymentAmount", "0", "must not be zero"),
        RemoteRefused("no"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("too slow"),
        TimeoutError("too slow"),
        LookupError("there is no button"),
    ],
)
def test_a_part_that_cannot_go_on_is_broken_and_the_journey_goes_on(error: Exception) -> None:
    story, lines = told()
    with story.chapter("The payer pays", ID):
        raise error
    assert [broken.requirement for broken in story.broken] == [ID]
    assert type(error).__name__ in str(lines)


def test_a_requirement_that_is_not_in_the_catalogue_is_a_mistake_of_the_journey() -> None:
    story, _ = told()
    with pytest.raises(KeyError):
        story.expect("INH2-NONE-1", "x", found=1, expected=1)
