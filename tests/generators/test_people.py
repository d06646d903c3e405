"""Made-up people are valid in form and never real."""

from __future__ import annotations

import re
from itertools import islice

from partnerlab.generators.people import People, pools

FORBIDDEN = re.compile(r"[|;\x00-\x1f\x7f]")


def test_people_are_valid_in_form() -> None:
    states = set()
    for person in islice(People(1), 3_000):
        assert re.fullmatch(r"[2-9]\d\d-555-01\d\d", person.phone)
        assert person.email == "" or re.fullmatch(r"[a-z]\.[a-z]+\d+@example\.(com|org|net)", person.email)
        assert re.fullmatch(r"[A-Z]{2}", person.state)
        assert re.fullmatch(r"\d{5}", person.zip)
        assert re.fullmatch(r"\d{3,4} \S.*", person.address1)
        assert person.name.strip() == person.name != ""
        assert len(person.name.split()) >= 2
        assert person.city
        assert not any(FORBIDDEN.search(text) for text in person)
        states.add(person.state)
    assert len(states) > 1


def test_there_is_variety() -> None:
    found = list(islice(People(1), 5_000))
    assert len({person.name for person in found}) > 4_000
    assert len({person.address1 for person in found}) > 4_900
    mails = [person.email for person in found if person.email]
    assert 0.8 < len(mails) / len(found) < 0.95
    assert len(set(mails)) > 0.99 * len(mails)
    assert any(person.address2 for person in found)
    assert not all(person.address2 for person in found)


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    first = list(islice(People(7), 50))
    assert list(islice(People(7), 50)) == first
    assert list(islice(People(8), 50)) != first
    supply = People(7)
    assert next(iter(supply)) == next(iter(supply)) == first[0]


def test_plain_people_are_the_same() -> None:
    assert list(islice(People(3).plain(), 100)) == list(islice(People(3), 100))


def test_faker_is_asked_once_for_a_seed_and_its_own_random_stream_is_left_alone() -> None:
    import random

    random.seed(5)
    before = random.getstate()
    pools.cache_clear()
    words = pools(4)
    assert pools(4) is words
    assert random.getstate() == before
    assert [len(pool) for pool in (words.first_names, words.last_names, words.streets, words.places)] == [
        512,
        512,
        512,
        16,
    ]
