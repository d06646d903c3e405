"""What partners run on a timer, as data: `contracts/jobs.toml`, from which both sides make their schedules."""

from __future__ import annotations

from datetime import time
from functools import cache

from partnerlab.contracts.data import read_toml
from partnerlab.contracts.records import dataclass

__all__ = ["WEEKDAYS", "Job", "jobs", "partners"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Job:
    """
    A timed job of a partner.

    It runs every so many minutes, or at a time of day in the partner's zone: daily, or weekly on `weekday`. `polls`
    says that a run without anything to do changes nothing. `row` is the source's; `assumption` what it rests on.
    """

    partner: str
    name: str
    title: str
    text: str
    row: str
    every_minutes: int = 0
    at: str = ""
    weekday: str = ""
    polls: bool = False
    assumption: str = ""

    def __post_init__(self) -> None:
        by_time = bool(self.at) and time.fromisoformat(self.at) is not None
        if by_time == bool(self.every_minutes) or (self.weekday and self.weekday not in WEEKDAYS):
            raise ValueError(f"{self.partner} {self.name}: runs either every so many minutes or at a time of day")

    @property
    def when(self) -> str:
        """In words, as in `Sunday at 02:00`."""
        if self.every_minutes:
            hours, minutes = divmod(self.every_minutes, 60)
            return f"every {hours} h" if hours and not minutes else f"every {self.every_minutes} min"
        return f"{self.weekday or 'daily'} at {self.at}"


@cache
def jobs(partner: str) -> tuple[Job, ...]:
    """A partner's jobs, in the order in which those of one moment run; none for a partner that runs none."""
    return tuple(Job(**row) for row in read_toml("jobs.toml")["job"] if row["partner"] == partner)


@cache
def partners() -> tuple[str, ...]:
    """The partners that run jobs."""
    return tuple(dict.fromkeys(row["partner"] for row in read_toml("jobs.toml")["job"]))
