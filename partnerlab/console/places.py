"""Where the console stands, and what it is told of where the systems are reached."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass

__all__ = ["PREFIX", "STATIC", "Entrance"]

PREFIX = "/console"
STATIC = ("console.css", "console.js", "htmx.min.js", "icon.svg")


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where a system is reached: its name, the path, what a caller brings, and a word on it."""

    name: str
    path: str
    credential: str
    note: str = ""
