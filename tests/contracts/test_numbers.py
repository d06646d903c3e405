"""Numbers go as people read them."""

from __future__ import annotations

import random

from partnerlab.contracts.numbers import number_key

READ = ("", "0", "000", "07", "7", "9", "10", "99", "100", "9999", "010000", "10000", "INV-9", "INV-10", "INV-9999")


def test_a_longer_number_comes_later_and_zeros_at_the_head_do_not_count() -> None:
    shuffled = list(READ)
    random.Random(7).shuffle(shuffled)
    assert tuple(sorted(shuffled, key=number_key)) == READ


def test_no_two_numbers_are_equal() -> None:
    assert len({number_key(one) for one in READ}) == len(READ)
