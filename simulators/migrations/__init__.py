"""
The revisions of the simulators' tables, as Alembic's scripts in `versions/`.

A change of a table that is declared somewhere comes with a revision here, whose number `HISTORY` names as the newest;
a table that is new needs none, for what is missing is made. A script says what the tables were like: it imports nothing
of ours.
"""

from __future__ import annotations

from pathlib import Path

from partnerlab.contracts.history import History

__all__ = ["HISTORY"]

HISTORY = History("world_revision", newest="0006", oldest="0001", scripts=Path(__file__).parent)
