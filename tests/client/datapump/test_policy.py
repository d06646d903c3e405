"""When a delivery is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.datapump.policy import RetryPolicy


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(attempts=6, first_s=1, factor=2, longest_s=5, jitter=0)
    assert [policy.wait_s(made, 0.9) for made in range(1, 6)] == [1, 2, 4, 5, 5]


def test_the_last_attempt_has_no_next() -> None:
    assert RetryPolicy(attempts=3).wait_s(3, 0.0) is None
    assert RetryPolicy(attempts=3).wait_s(4, 0.0) is None
    assert RetryPolicy(attempts=1).wait_s(1, 0.0) is None


def test_the_defaults_try_twenty_times_from_two_seconds_doubling_to_a_quarter_of_an_hour() -> None:
    """[A-28]; half of a wait is chance."""
    policy = RetryPolicy()
    waits = [policy.wait_s(made, 0.0) for made in range(21)]
    assert waits == [2, 2, 4, 8, 16, 32, 64, 128, 256, 512, *[900] * 10, None], (
        "an attempt that was not made counts none"
    )
    assert policy.wait_s(11, 0.5) == 675


def test_the_defaults_try_for_two_to_three_hours() -> None:
    policy = RetryPolicy()
    longest = sum(policy.wait_s(made, 0.0) or 0 for made in range(1, policy.attempts))
    assert 2 * 3600 < longest < 3 * 3600


@given(made=st.integers(1, 10_000), r=st.floats(0, 1, exclude_max=True))
def test_a_wait_stays_within_its_bounds(made: int, r: float) -> None:
    policy = RetryPolicy(attempts=20_000)
    full = policy.wait_s(made, 0.0)
    wait = policy.wait_s(made, r)
    assert full is not None
    assert wait is not None
    assert full / 2 <= wait <= full <= policy.longest_s


@pytest.mark.parametrize("made", [1, 2, 5])
def test_jitter_spreads(made: int) -> None:
    policy = RetryPolicy()
    assert policy.wait_s(made, 0.1) != policy.wait_s(made, 0.7)
