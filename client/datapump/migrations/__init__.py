"""
The revisions of the pump's own tables, as Alembic's scripts in `versions/`.

Any change of `tables.py` comes with a revision here, whose number `HISTORY` names as the newest. A script says what the
tables were like: it imports nothing of ours.
"""

from __future__ import annotations

from pathlib import Path

from partnerlab.contracts.history import History

__all__ = ["HISTORY"]

HISTORY = History("pump_revision", newest="0005", oldest="0001", scripts=Path(__file__).parent)
