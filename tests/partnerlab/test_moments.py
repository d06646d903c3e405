"""A moment as the commands tell it."""

from __future__ import annotations

import pytest

from partnerlab.moments import moment


@pytest.mark.parametrize(
    ("text", "timespec", "told"),
    [
        ("2026-11-28T17:58:24.999999+00:00", "seconds", "2026-11-28T17:58:24Z"),
        ("2026-11-28T17:58:24.045922+00:00", "milliseconds", "2026-11-28T17:58:24.045Z"),
        ("2026-11-28T17:58:24+00:00", "milliseconds", "2026-11-28T17:58:24.000Z"),
        ("2026-11-28T23:58:24-05:00", "minutes", "2026-11-29T04:58Z"),
        ("2026-11-28T17:58:24Z", "seconds", "2026-11-28T17:58:24Z"),
    ],
)
def test_a_moment_says_its_zone(text: str, timespec: str, told: str) -> None:
    assert moment(text, timespec) == told


def test_a_moment_of_no_zone_is_none() -> None:
    with pytest.raises(ValueError, match="has no offset from UTC"):
        moment("2026-11-28T17:58:24")
