"""A lane's clock, moved by hand: what falls due on the way is done, in order, at its own time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.locks import clock_lock
from partnerlab.simulators.kit.world.simulator import Simulator

__all__ = [
    "Clock",
    "ClockOutOfRange",
    "Done",
    "DueFailed",
    "DurationInvalid",
    "TooManySteps",
    "check_moment",
    "parse_duration",
]

_logger = logging.getLogger(__name__)

MAX_STEPS = 10_000
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_DURATION = pattern("".join(rf"(?:([0-9]{{1,8}}){unit})?" for unit in "wdhms"))


class DurationInvalid(ValueError):
    """A text that is no duration."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:80]!r} is not a duration such as 3d, 2h30m or 45s (w, d, h, m, s in this order)")


class ClockOutOfRange(ValueError):
    """A clock would leave the years it may show."""

    def __init__(self) -> None:
        super().__init__(f"a lane's clock stays between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}")


@dataclass(frozen=True, slots=True)
class Done:
    """A line of the timeline: what fell due when, and what happened."""

    at: datetime
    label: str
    outcome: str


class TooManySteps(RuntimeError):
    """More fell due than one advance may run; the clock stands where it stopped, and `timeline` is what was done."""

    def __init__(self, timeline: list[Done]) -> None:
        self.timeline = timeline
        super().__init__(
            f"stopped at {timeline[-1].at.isoformat()} after {MAX_STEPS} steps, the last {timeline[-1].label!r};"
            " advance by less at a time"
        )


class DueFailed(RuntimeError):
    """What fell due raised an error; the clock stands at its time, and `timeline` is what was done before."""

    def __init__(self, due: Due, timeline: list[Done]) -> None:
        self.due, self.timeline = due, timeline
        super().__init__(f"{due.label} at {due.at.isoformat()} failed; the server's log has the error")


def parse_duration(text: str) -> timedelta:
    """`3d`, `2h30m`, `45s`, `1w2d` -> timedelta. Raises `DurationInvalid`."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise DurationInvalid(text)
    weeks, days, hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


class Clock:
    """
    The clocks of the lanes.

    What is in `after_advance` is called as `hook(lane, by)` when a clock was moved forward: whoever waits for a time
    looks again. `sources` give what falls due besides the simulators' own; what is in `each_step` is called with the
    lane before each step, for work that has no time of its own.
    """

    def __init__(self, lanes: Lanes, simulators: Sequence[Simulator] = ()) -> None:
        self._lanes = lanes
        self.sources: list[Callable[[Lane, datetime], Iterable[Due]]] = [simulator.due for simulator in simulators]
        self.each_step: list[Callable[[str], None]] = []
        self.after_advance: list[Callable[[str, timedelta], None]] = []
        self._jobs = [jobs for simulator in simulators for jobs in simulator.jobs]

    def lane(self, name: str) -> Lane:
        """A lane with its clock as it stands."""
        return self._lanes.get(name)

    def now(self, lane: str) -> datetime:
        """A lane's time, aware, in UTC."""
        return self.lane(lane).now()

    def set(self, lane: str, at: datetime, *, frozen: bool | None = None) -> Lane:
        """
        Put a clock to a time, forward or back, without running what falls due between; put back, jobs run again at the
        times that then come.

        It goes on running or stays frozen as it was, unless *frozen* says otherwise. Raises `ClockOutOfRange`.
        """
        with self._lock(lane):
            before = self._lanes.get(lane)
            put = self._put(lane, at, frozen=before.frozen_at is not None if frozen is None else frozen)
            for jobs in self._jobs:
                jobs.bring_forward(put)
            return put

    def freeze(self, lane: str) -> Lane:
        """Stop a clock where it stands."""
        with self._lock(lane):
            return self._put(lane, self._lanes.get(lane).now(), frozen=True)

    def unfreeze(self, lane: str) -> Lane:
        """Let a clock run on from where it stands."""
        with self._lock(lane):
            return self._put(lane, self._lanes.get(lane).now(), frozen=False)

    def advance(self, lane: str, by: timedelta) -> list[Done]:
        """
        Move a clock forward and run what falls due on the way, each at its own time; the timeline.

        Raises `ValueError` for a negative *by*, `ClockOutOfRange`, `TooManySteps`, `DueFailed`.
        """
        if by < timedelta(0):
            raise ValueError("a clock is advanced forward; set it to go back")
        try:
            with self._lock(lane), self._lanes.advancing(lane):
                return self._advance(self._lanes.get(lane), by)
        finally:
            for hook in self.after_advance:
                hook(lane, by)

    def _advance(self, lane: Lane, by: timedelta) -> list[Done]:
        frozen = lane.frozen_at is not None
        at = lane.now()
        try:
            end = at + by
        except OverflowError:
            raise ClockOutOfRange from None
        check_moment(end)
        timeline: list[Done] = []
        try:
            while due := self._next(lane, end):
                if len(timeline) == MAX_STEPS:
                    raise TooManySteps(timeline)
                at = max(at, due.at)
                lane = self._put(lane.name, at, frozen=True)
                try:
                    outcome = due.run()
                except Exception as error:
                    _logger.exception("%s, due at %s in lane %s, failed", due.label, due.at, lane.name)
                    raise DueFailed(due, timeline) from error
                timeline.append(Done(at, due.label, outcome))
            at = end
        finally:
            self._put(lane.name, at, frozen=frozen)
        return timeline

    def _next(self, lane: Lane, end: datetime) -> Due | None:
        """What falls due first; of two at one time, the one of the source that was named first."""
        for hook in self.each_step:
            hook(lane.name)
        due = (item for source in self.sources for item in source(lane, end))
        return min(due, key=lambda item: item.at, default=None)

    def _put(self, lane: str, at: datetime, *, frozen: bool) -> Lane:
        check_moment(at)
        return self._lanes.set_clock(lane, offset=at - datetime.now(UTC), frozen_at=at if frozen else None)

    def _lock(self, lane: str) -> AbstractContextManager[None]:
        """A clock is moved by one caller at a time, whichever replica it asks."""
        return self._lanes.locks.hold(clock_lock(lane))


def check_moment(at: datetime) -> None:
    """Raises `ClockOutOfRange` for a moment that no clock may show."""
    if not EARLIEST <= at <= LATEST:
        raise ClockOutOfRange
