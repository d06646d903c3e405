"""
Rows found by a text in some of their columns: the same rows in both databases.

Case and accents do not count. No index helps with a text that may stand anywhere: a lane's rows are read in the order
of the list until enough are found.
"""

from __future__ import annotations

import re

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.searching import folded

__all__ = ["SQL_FUNCTION", "has_text", "in_postgresql", "literally", "text_pattern"]

SQL_FUNCTION = "folded"
"""What `folded` is called in SQL. SQLite has it from `Store`; PostgreSQL is given an expression for it."""

_CALL = pattern(rf"\b{SQL_FUNCTION}\((.+?)\) LIKE ", re.DOTALL)
_FOLDED = """lower(regexp_replace(normalize({}, NFKD) COLLATE "default", '[\\u0300-\\u036f]', '', 'g')) LIKE """
_SPECIAL = pattern("[%_!]")


def literally(text: str) -> str:
    """*text* as a pattern of `LIKE … ESCAPE '!'` that means nothing but itself."""
    return _SPECIAL.sub(lambda special: "!" + special[0], text)


def has_text(columns: tuple[str, ...]) -> str:
    """
    SQL that holds where one of *columns* has the text whose `text_pattern` is `:text`.

    They are folded at once, a line each: a call into Python for each column of each row is what a search costs.
    """
    lines = " || '\n' || ".join(f"coalesce({name}, '')" for name in columns)
    return f"{SQL_FUNCTION}({lines}) LIKE :text ESCAPE '!'"


def text_pattern(text: str) -> str:
    """The parameter of `has_text`."""
    return f"%{literally(folded(text))}%"


def in_postgresql(sql: str) -> str:
    """
    *sql* with PostgreSQL's own functions in place of `folded`.

    Columns are ordered by code points, by which only A to Z have a lower case; the database's own locale knows more,
    unless it is C.
    """
    return _CALL.sub(lambda call: _FOLDED.format(call[1]), sql)
