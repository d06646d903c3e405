"""What WaterSmart needs of Invoice Cloud, each as a callable that whoever makes the simulator gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Batch", "Ports", "Told"]


@dataclass(frozen=True, slots=True)
class Batch:
    """What Invoice Cloud exported together: its WSReportID, and names and bytes of its files."""

    report_id: int
    files: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Told:
    """
    What became of calls to Invoice Cloud: a line for each that was made, and why it stopped, empty where all is done.

    `refused` says that Invoice Cloud said no, where it could as well have been out of reach. `token` is the session's
    of a sign-in, `url` the address of a page.
    """

    steps: tuple[str, ...]
    problem: str = ""
    token: str = ""
    url: str = ""
    refused: bool = False

    def __repr__(self) -> str:
        return f"Told(steps={self.steps!r}, problem={self.problem!r})"


@dataclass(frozen=True, slots=True)
class Ports:
    """
    The ways out. The first argument is the lane's name.

    `send(lane, file_name, content)` uploads a file and gives Invoice Cloud's words; raises where it is not certain that
    it arrived, and is then given the same bytes again. `fetch(lane, kind)` gives the batches of `payments`, `changes`
    or `rejects` that wait; `fetched(lane, report_id)` says that one is safe here. `call(lane, story, values)` makes the
    calls of one of the portal's moments; a refusal is no error, but told.
    """

    send: Callable[[str, str, bytes], str]
    fetch: Callable[[str, str], Iterable[Batch]]
    fetched: Callable[[str, int], None]
    call: Callable[[str, str, Mapping[str, Any]], Told]
