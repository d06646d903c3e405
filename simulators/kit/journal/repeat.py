"""The port by which an entry becomes something to run again: who writes it knows the production client, the kit not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["NotRepeatable", "Repeat", "RepeatPort", "no_repeat"]


class NotRepeatable(Exception):
    """The journal does not hold what would be sent; the text says why."""


class Repeat(NamedTuple):
    """What is run, in which language, and the environment variables to set before."""

    language: str
    text: str
    variables: tuple[str, ...]


RepeatPort = Callable[[Entry, str, str], Repeat]
"""The call of an entry of a lane in a language, `curl`, `python` or `pytest`. Raises `NotRepeatable`."""


def no_repeat(_entry: Entry, _lane: str, language: str) -> Repeat:
    """Where nothing is joined to the port."""
    raise NotRepeatable(f"nothing here writes {language}")
