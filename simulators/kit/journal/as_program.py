"""The port that writes a journal entry as a program. Who fills it knows the production client; the kit must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["NotWritable", "Program", "ProgramPort", "no_program"]


class NotWritable(Exception):
    """The journal does not hold what would be sent; the text says why."""


class Program(NamedTuple):
    """What is run, in which language, and the environment variables to set before."""

    language: str
    text: str
    variables: tuple[str, ...]


ProgramPort = Callable[[Entry, str, str], Program]
"""The call of an entry of a lane in a language, `curl`, `python` or `pytest`. Raises `NotWritable`."""


def no_program(_entry: Entry, _lane: str, language: str) -> Program:
    """Where nothing is joined to the port."""
    raise NotWritable(f"nothing here writes {language}")
