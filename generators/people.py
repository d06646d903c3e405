"""
Made-up people: names, addresses, telephone numbers, e-mail addresses.

Nobody here is real. First and last names, street and city names are drawn from Faker's US word lists, once for each
seed, and combined at random; telephone numbers are 555-0100 to 555-0199, which are set aside for fiction; e-mail
addresses are at example.com, example.org and example.net, which are reserved (RFC 2606). A postal code is of its
state, the city in it is invented.

The same seed gives the same people with the same release of Faker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import NamedTuple

from partnerlab.generators.draws import draws

__all__ = ["People", "Person", "Place"]

POOL = 512  # a power of two: an index is 9 bits of a draw
PLACES = 16
DOMAINS = ("example.com", "example.org", "example.net", "example.com")
TRADES = ("Bakery", "Laundry", "Hardware", "Dental", "Market", "Cafe", "Auto Repair", "Books")
UNSAFE = re.compile(r"[^A-Za-z0-9 .,'&#-]")


class Place(NamedTuple):
    """A city of the service area, its state and postal code, and the area code of its telephones."""

    city: str
    state: str
    zip: str
    area_code: str


class Person(NamedTuple):
    """A customer: a person, or a business where `name` is one; `email` is empty where none is known."""

    name: str
    address1: str
    address2: str
    city: str
    state: str
    zip: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Pools:
    """The words of one seed."""

    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    places: tuple[Place, ...]


@lru_cache(maxsize=16)
def pools(seed: int) -> Pools:
    """The word pools of a seed: 512 first and last names and streets, as often as Faker draws them, and 16 places."""
    from faker import Faker  # an import of 0.3 s, wanted by generators only

    faker = Faker("en_US", use_weighting=True)
    faker.seed_instance(seed)

    def fill(word: Callable[[], str]) -> tuple[str, ...]:
        return tuple(UNSAFE.sub("", word()) for _ in range(POOL))

    rng = Random(f"places/{seed}")  # noqa: S311 - test data
    places = []
    home = faker.state_abbr(include_territories=False, include_freely_associated_states=False)
    for at in range(PLACES):
        # Three customers in four live in the utility's own state.
        away = faker.state_abbr(include_territories=False, include_freely_associated_states=False)
        state = away if at % 4 == 3 else home
        city = UNSAFE.sub("", faker.city())
        places.append(Place(city, state, faker.postcode_in_state(state), str(rng.randrange(201, 990))))
    return Pools(fill(faker.first_name), fill(faker.last_name), fill(faker.street_name), tuple(places))


class People:
    """An endless supply of people: `iter(People(seed))` gives the same ones each time."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __iter__(self) -> Iterator[Person]:
        return map(Person._make, self.plain())

    def plain(self) -> Iterator[tuple[str, ...]]:
        """The same people as plain tuples in the order of `Person`, for those who need millions."""
        words = pools(self.seed)
        firsts, lasts, streets, places = words.first_names, words.last_names, words.streets, words.places
        boxes = [re.sub(r"[^a-z]", "", name.lower()) for name in lasts]
        initials = [f"{name[0].lower()}." for name in firsts]
        domains = [f"@{domain}" for domain in DOMAINS]
        phones = [f"-555-01{line:02}" for line in range(100)]
        for a, b, c, d, e, f in draws(f"people/{self.seed}", 6):
            city, state, zip_code, area_code = places[a >> 12]
            first, last = a & 511, b & 511
            # One in sixteen is a business.
            name = f"{firsts[first]} {lasts[last]}" if b >> 12 else f"{lasts[last]} {TRADES[a & 7]}"
            address = f"{100 + c % 9_900} {streets[d & 511]}"
            unit = f"Apt {1 + e % 48}" if d > 57_000 else ""
            # One in eight has no e-mail address; the number keeps most of the others apart.
            email = f"{initials[first]}{boxes[last]}{e}{domains[f >> 14]}" if f & 7 else ""
            phone = area_code + phones[(f >> 3) % 100]
            yield name, address, unit, city, state, zip_code, phone, email
