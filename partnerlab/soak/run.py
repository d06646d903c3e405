"""The days of a soak, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from partnerlab.auditing import LaneBooks
from partnerlab.soak.checks import at_rest, in_trouble, under_way
from partnerlab.soak.in_process import InProcessWorld
from partnerlab.soak.payers import Payers
from partnerlab.soak.staff import Staff
from partnerlab.soak.town import Account, Town
from partnerlab.soak.trouble import Trouble
from partnerlab.soak.world import BEGINS, World

__all__ = ["Broken", "MakeWorld", "Options", "Outcome", "soak"]

CYCLE = 14
"""Days from an account's bill to its next."""
QUIET_DAYS = 20
DAY = timedelta(days=1)
EVENING = timedelta(hours=11)
NIGHT_JOBS_S = range(int(18.5 * 3600), 22 * 3600)
"""Seconds of a day, which begins at 06:00 at the partners, in which they exchange their files [A-106]."""
AT_NIGHT = 0.2
"""How much of what happens is put into that time, in which the order of things decides what is in which file."""
OFFICE = 0.4
"""How many of those who are billed come to the utility's office that day."""
MakeWorld = Callable[[int, Callable[[str], object]], World]
"""Makes the world of a seed, which tells its event log line by line."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a soak is asked for; `faults` whether there is trouble."""

    seed: int
    days: int = 30
    accounts: int = 2_000
    faults: bool = True


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that did not hold: when it was seen, what was done just before, and everything that is wrong."""

    when: str
    step: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a soak ended; `digest` is the SHA-256 of its event log."""

    options: Options
    digest: str
    payments: int
    broken: Broken | None


@dataclass(frozen=True, slots=True)
class _Act:
    """What somebody does at a moment of a day."""

    at: datetime
    name: str
    act: Callable[[], None]


class _Broke(Exception):
    def __init__(self, broken: Broken) -> None:
        self.broken = broken
        super().__init__(broken.step)


def soak(
    options: Options, echo: Callable[[str], object] = lambda _: None, worlds: MakeWorld = InProcessWorld
) -> Outcome:
    """
    Run one seed in one of *worlds*; *echo* is given the event log, line by line.

    What breaks is seen at the end of a day. Where the world can be repeated, the same seed is then run again and looked
    at after every step of that day: the outcome names the first step that broke.
    """
    world = worlds(options.seed, echo)
    outcome, day = _run(options, world, look_closely_on=-1)
    if outcome.broken is None or not world.repeatable:
        return outcome
    closer, _ = _run(options, worlds(options.seed, lambda _: None), look_closely_on=day)
    return Outcome(options, outcome.digest, outcome.payments, closer.broken or outcome.broken)


def _run(options: Options, world: World, *, look_closely_on: int) -> tuple[Outcome, int]:
    with world:
        days = _Days(world, options, look_closely_on)
        broken = None
        try:
            days.live()
        except _Broke as error:
            broken = error.broken
        except Exception as error:  # noqa: BLE001 - whatever the product raises, the seed and the step are told
            broken = days.raised(error)
        if broken is not None:
            world.log(f"BROKEN after {broken.step}: {'; '.join(broken.problems)}")
            if said := world.last_words():
                told = ("the sandboxes' log ends with", *(f"  {line}" for line in said))
                broken = replace(broken, problems=(*broken.problems, *told))
        return Outcome(options, world.digest, days.payments, broken), days.day


class _Days:
    def __init__(self, world: World, options: Options, look_closely_on: int) -> None:
        self.world, self.options, self._closely = world, options, look_closely_on
        self.town = Town(world, options.accounts)
        self.payers = Payers(world, self.town, self._again)
        self.staff, self.trouble = Staff(world), Trouble(world)
        self.day, self.payments, self._doing = 0, 0, "the beginning"
        self._bills: defaultdict[int, list[Account]] = defaultdict(list)
        self._acts: defaultdict[int, list[Account]] = defaultdict(list)
        self._plan()

    def _plan(self) -> None:
        """Who is billed when, and when the payer acts on it."""
        dice, last = self.world.dice, self.options.days - 1
        for account in self.town.accounts:
            first = dice.randint(0, min(CYCLE - 1, max(0, last - 2)))
            for day in range(first, last, CYCLE):
                self._bills[day].append(account)
                for _ in range(dice.choice((1, 1, 2))):
                    self._acts[min(last, day + dice.randint(1, 6))].append(account)

    def _again(self, account: Account, days: int) -> None:
        """Have a payer act once more."""
        self._acts[self.day + days].append(account)

    def live(self) -> None:
        """Every day, and the quiet after the last."""
        for self.day in range(self.options.days):  # noqa: B020 - the day is seen from outside
            self._day()
            self._check(in_trouble, self._books(), f"day {self.day + 1}")
        self.trouble.end()
        self._come_to_rest()

    def _day(self) -> None:
        dice, begins = self.world.dice, BEGINS + self.day * DAY
        self.world.log(f"--- day {self.day + 1}")
        acts: list[_Act] = []

        def add(name: str, act: Callable[[], None]) -> None:
            second = dice.choice(NIGHT_JOBS_S) if dice.random() < AT_NIGHT else dice.randrange(int(DAY.total_seconds()))
            acts.append(_Act(begins + timedelta(seconds=second), name, act))

        for account in self._bills[self.day]:
            add(f"{account.number} is billed", partial(self.town.bill, account))
            if self.town.has_office(account) and dice.random() < OFFICE:
                add(f"{account.number} is at the utility's office", partial(self.town.enter, account))
        for account in self._acts[self.day]:
            add(f"{account.number} acts", partial(self.payers.act, account))
        if self.options.faults:
            for _ in range(dice.randint(0, 3 + len(self._acts[self.day]) // 20)):
                add("trouble", self.trouble.strike)
        acts.sort(key=lambda one: one.at)
        evening = begins + EVENING
        self._happen([one for one in acts if one.at < evening])
        self._doing = "what fell due in the evening"
        self.world.advance_to(evening)
        self._looked_at(self._doing)
        self.staff.evening(self._books())
        self._looked_at("the staff's evening")
        self._happen([one for one in acts if one.at >= evening])
        self.world.advance_to(begins + DAY)
        self._looked_at("the night")

    def _happen(self, acts: Sequence[_Act]) -> None:
        """One after another, or as many together as the world has do at once."""
        for first in range(0, len(acts), self.world.at_once):
            now = acts[first : first + self.world.at_once]
            name = ", ".join(one.name for one in now)
            self._doing = f"{name} (what fell due before it)"
            self.world.advance_to(now[0].at)
            self._looked_at(self._doing)
            self._doing = name
            self.world.together([partial(self._survive, one.name, one.act) for one in now])
            self._looked_at(name)

    def _survive(self, name: str, act: Callable[[], None]) -> None:
        with self.world.surviving(f"while {name}"):
            act()

    def _come_to_rest(self) -> None:
        """Nothing new happens until everything is delivered, settled or taken back; then payers look at their bills."""
        self._wait_for_quiet()
        self.world.advance_to(self.world.now + 8 * DAY)  # weekly jobs too
        self._wait_for_quiet()
        for account in self.town.by_partner("inhance_v2", "tccs"):
            for invoice in self.town.invoices(account):
                self.payers.look(account, invoice["invoice_number"])
        self._check(at_rest, self._books(), "the end")

    def _wait_for_quiet(self) -> None:
        """Day by day until nothing is under way and nobody has anything left to do."""
        for _ in range(QUIET_DAYS):
            self.world.settle()
            books = self._books()
            if not self.staff.evening(books) and not under_way(books):
                break
            self.world.advance_to(self.world.now + DAY)

    def raised(self, error: Exception) -> Broken:
        """What broke where the product raised an error that nobody took."""
        return Broken(f"{self.world.now:%Y-%m-%dT%H:%M:%S}", self._doing, (f"{type(error).__name__}: {error}",))

    # --- looking ---

    def _books(self) -> LaneBooks:
        books = self.world.books()
        self.payments = len(books.payments)
        return books

    def _looked_at(self, step: str) -> None:
        if self.day == self._closely:
            self._check(in_trouble, self._books(), step)

    def _check(self, holds: Callable[[LaneBooks], Iterable[str]], books: LaneBooks, step: str) -> None:
        if problems := (*self.world.told, *holds(books)):
            raise _Broke(Broken(f"{self.world.now:%Y-%m-%dT%H:%M:%S}", step, problems))
