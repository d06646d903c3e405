"""What comes of a POST, and how long it may take."""

from __future__ import annotations

from partnerlab.contracts.records import dataclass

__all__ = ["DEADLINE_S", "NoAnswer", "PostAnswer"]

DEADLINE_S = 8.0


class NoAnswer(Exception):
    """No answer came; the text says why."""


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """An answer's status, and how it begins."""

    status: int
    text: str
