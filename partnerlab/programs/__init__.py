"""
A recorded call as something to run again: a curl command, a Python program, a test.

The journal keeps no secret, so each stands as an environment variable that is to be set first; what is printed names
it, and ends with that name where it is not set.
"""

from __future__ import annotations

from partnerlab.programs.call import read_call
from partnerlab.programs.curl import render_curl
from partnerlab.programs.program import render_program, render_test
from partnerlab.simulators.kit.journal.as_program import Program
from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["LANGUAGES", "as_program"]

LANGUAGES = {"curl": render_curl, "python": render_program, "pytest": render_test}


def as_program(entry: Entry, lane: str, language: str) -> Program:
    """
    The call of an entry of that lane, as `curl`, `python` or `pytest`.

    Raises `NotWritable` where the journal holds only a part of what was sent.
    """
    call = read_call(entry, lane)
    return Program(language, LANGUAGES[language](entry, call), call.variables)
