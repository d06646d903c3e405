"""
The order of the numbers that bills are known by, as people read them [A-121].

A number is text, and a series of them grows: after `9999` comes `10000`, after `INV-9` `INV-10`. So a shorter one comes
first, zeros at its head not counted; of one length the text decides, by its characters' code points; last the zeros, so
that no two numbers are equal. Python, SQLite and PostgreSQL come to the same order.
"""

from __future__ import annotations

__all__ = ["number_key", "number_sql"]


def number_key(number: str) -> tuple[int, str, str]:
    """What to sort numbers by."""
    bare = number.lstrip("0")
    return len(bare), bare, number


def number_sql(column: str) -> tuple[str, str, str]:
    """`number_key` of a column, as SQL expressions for ORDER BY or the comparison of rows."""
    bare = f"ltrim({column}, '0')"
    return f"length({bare})", bare, column
