"""What goes on in a test's lane: its clock, its faults, and what was said in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from partnerlab.contracts.doors import doors, not_asked, unknown
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.findings import Finding
from partnerlab.testing.sandboxes import LaneOfTest

__all__ = ["Clock", "Faults", "Journal"]

__tracebackhide__ = True  # to pytest: a test that fails here is shown by its own line and the error alone

Row = dict[str, Any]

MOST = 1_000
SHOWN = 20


class Clock:
    """The lane's clock. It runs, beside the real one, until it is frozen or moved."""

    def __init__(self, lane: LaneOfTest) -> None:
        self._lane = lane

    def now(self) -> datetime:
        """The lane's time, aware, in UTC."""
        return datetime.fromisoformat(self._lane.control.get("/_sandbox/clock")["now"])

    def advance(self, by: str | timedelta) -> list[Row]:
        """
        Move on by `3d`, `2h30m` or a timedelta, and do what falls due on the way, each at its own time; the timeline.

        When it returns, everything that is due is delivered.
        """
        text = by if isinstance(by, str) else f"{int(by.total_seconds())}s"
        timeline: list[Row] = self._lane.control.post("/_sandbox/clock/advance", {"duration": text})["timeline"]
        self._lane.settle()
        return timeline

    def set(self, at: datetime, *, frozen: bool | None = None) -> None:
        """Put the clock to an aware time, without doing what falls due between."""
        body: Row = {"now": at.isoformat()}
        if frozen is not None:
            body["frozen"] = frozen
        self._lane.control.put("/_sandbox/clock", body)

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the clock, where it stands or at an aware time."""
        self._lane.control.post("/_sandbox/clock/freeze", {} if at is None else {"at": at.isoformat()})

    def unfreeze(self) -> None:
        """Let it run on from where it stands."""
        self._lane.control.post("/_sandbox/clock/unfreeze")


class Faults:
    """The lane's faults."""

    def __init__(self, lane: LaneOfTest) -> None:
        self._lane = lane

    def add(self, name: str, *, operation: str = "", path: str = "", count: int | None = 1, **more: Any) -> Row:
        """
        A fault of the catalogue, for the next *count* calls (None: all) of an operation, or to paths with a prefix.

        *more* are `probability` and `params`, as in the control API.
        """
        body = {"name": name, "operation": operation, "path": path, "count": count, **more}
        added: Row = self._lane.control.post(
            "/_sandbox/faults", {key: value for key, value in body.items() if value not in ("", None)}
        )
        return added

    def all(self) -> list[Row]:
        """What the lane has; `fired` says how often each struck."""
        found: list[Row] = self._lane.control.get("/_sandbox/faults")["faults"]
        return found

    def clear(self) -> None:
        """Take all of them away."""
        self._lane.control.delete("/_sandbox/faults")


class Journal:
    """What was said in the lane, with the contract's verdict on it."""

    def __init__(self, lane: LaneOfTest) -> None:
        self._lane = lane

    def entries(self, *, operation: str = "", door: str = "", status: int | None = None) -> list[Row]:
        """
        The exchanges, oldest first, without headers and bodies.

        Raises `ValueError` for a door that there is none of, or an operation that no contract has: none would be found.
        """
        if door and door not in doors():
            raise ValueError(unknown("door", door, doors()))
        query = {"operation": operation or None, "door": door or None, "status": status}
        found: list[Row] = self._lane.control.get("/_sandbox/journal", limit=MOST, **query)["entries"]
        if not found and operation and (refused := not_asked(operation, door)):
            raise ValueError(refused)
        return found

    def entry(self, id: str) -> Row:
        """One exchange with its headers and bodies."""
        found: Row = self._lane.control.get(at("/_sandbox/journal/{}", id))
        return found

    def assert_valid(self, *, refusals: bool = False) -> None:
        """
        That every request met the contract and was accepted, and that there was one; *refusals* are fine where said.

        What a fault did to an exchange is not held against it. Raises `AssertionError` with a line for each problem.
        """
        entries = self.entries()
        if not entries:
            raise AssertionError(f"nothing was said in lane {self._lane.name}: there is nothing to be valid")
        problems = [text for entry in entries for text in _problems(entry, refusals=refusals)]
        if problems:
            more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
            raise AssertionError("\n".join(["not as the contract says:", *problems[:SHOWN], *more]))


def _problems(entry: Row, *, refusals: bool) -> list[str]:
    """What is wrong with an exchange, a line each."""
    what = f"  {entry['id']} {entry['method']} {entry['path']} {entry['operation']}"
    found = [
        f"{what}: {Finding(**finding)}"
        for finding in entry["findings"] or ()
        if finding["side"] == "request" or not entry["faults"]
    ]
    if not refusals and not entry["faults"] and entry["outcome"].startswith(("refused", "failed", "no answer")):
        found.append(f"{what}: {entry['outcome']}")
    return found
