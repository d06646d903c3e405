"""The chart of a meter's usage on a bill's page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

from partnerlab.simulators.ic_webservices.services.usage import HEIGHT, MOST_BARS, WIDTH, Usage


def test_bars_stand_side_by_side_within_the_chart_and_the_highest_fills_it() -> None:
    used = [Decimal(12), Decimal(0), Decimal(48), *map(Decimal, range(1, MOST_BARS - 2))]
    bars = Usage(tuple((date(2026, 1, 1 + place), usage) for place, usage in enumerate(used))).bars
    assert len(bars) == MOST_BARS
    assert bars[0].x > 0
    assert all(one.x + one.width < other.x for one, other in pairwise(bars))
    assert bars[-1].x + bars[-1].width < WIDTH
    assert [(bar.y, bar.height) for bar in bars[:3]] == [(HEIGHT * 3 // 4, HEIGHT // 4), (HEIGHT, 1), (0, HEIGHT)]
    assert all(bar.x < bar.middle < bar.x + bar.width for bar in bars)


def test_a_meter_that_nothing_went_through_has_bars_too() -> None:
    bars = Usage(((date(2026, 1, 1), Decimal(0)), (date(2026, 2, 1), Decimal(0)))).bars
    assert [(bar.y, bar.height) for bar in bars] == [(HEIGHT, 1)] * 2
