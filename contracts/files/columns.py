"""
Many rows of one type checked at once, column by column, without making their values.

Every rule of a row is checked, each by one call for a whole column or for all columns of its kind. Only good rows pass:
where one of them is not plain, all are left to `compiled.row_parser`, row by row. A differential test holds the two
together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from partnerlab.contracts.files.cells import NAMES
from partnerlab.contracts.files.compiled import KEPT, overflow
from partnerlab.contracts.files.fields import SEPARATOR, Field
from partnerlab.contracts.files.layout import Record
from partnerlab.contracts.first_use import pattern

__all__ = ["Cells", "check_numbers", "column_checks", "rows_checker"]

Cells = list[list[str]]
"""The cells of some columns, each column from the first row to the last."""
Check = Callable[[Sequence[str]], None]
"""Raises ValueError or KeyError where one of the cells is not plain."""

# Cells of a column, each with a line break behind it. Possessive, so that a long column keeps no place to go back to.
AMOUNTS = pattern(r"(?:-?[0-9]{1,15}+\.[0-9][0-9]\n)*+")
NUMBERS = pattern(r"(?:-?[0-9]{1,15}+(?:\.[0-9]{1,6}+)?+\n)*+")

LOOSE = ("amount", "number", "guid")
"""Kinds of one value that are rendered without a look at their form."""


@lru_cache(maxsize=KEPT)
def rows_checker(record: Record, names: tuple[str, ...]) -> Callable[[Sequence[str]], Cells | None]:
    """
    A function from lines to the cells of the fields *names*; None where one is no plain row of this record."""
    tail = overflow(record.fields)
    whole = _checker(record, record.fields, names)
    if not tail:
        return lambda lines: _checked(whole, "|\n".join(lines), len(lines))
    # Few customers have more than five meters: empty overflow columns are cut before the split.
    short = _checker(record, record.fields[:-tail], names)
    end = "|" * tail + "\n"

    def check(lines: Sequence[str]) -> Cells | None:
        text = "\n".join(lines)
        cut = f"{text}\n".replace(end, "|\n")
        if len(text) + 1 - len(cut) == (tail - 1) * len(lines):  # each line has ended so
            return _checked(short, cut[:-2], len(lines))
        return _checked(whole, text.replace("\n", "|\n"), len(lines))

    return check


def _checked(check: Callable[[str, int], Cells], text: str, count: int) -> Cells | None:
    try:
        return check(text, count)
    except (ValueError, KeyError):
        return None


def _checker(record: Record, fields: Sequence[Field], names: tuple[str, ...]) -> Callable[[str, int], Cells]:
    """For rows of these columns, each row but the last with `|` and a line break behind it."""
    width, code = len(fields), record.code
    checks = column_checks(fields)
    kept = [at for name in names for at, field in enumerate(fields) if field.name == name]

    def check_all(text: str, count: int) -> Cells:
        cells = text.split("|")
        # A line break begins every first cell but the first and stands in no other: so all rows have `width` columns.
        if len(cells) != count * width or cells[0] != code or cells[width::width].count(f"\n{code}") != count - 1:
            raise ValueError(code)
        cells[0::width] = [code] * count
        for check, places in checks:
            check(list(chain.from_iterable([cells[at::width] for at in places])))
        return [cells[at::width] for at in kept]

    return check_all


def column_checks(fields: Sequence[Field], *, rendered: bool = False) -> list[tuple[Check, list[int]]]:
    """
    What the cells of these columns must pass, each with the places of the columns it is about.

    Cells that were *rendered* (`rendered.py`) are of their kind already, but for those of `LOOSE`.
    """
    rules: dict[Any, tuple[Check, list[int]]] = {}
    for at, field in enumerate(fields):
        for key, check in _rules(field, rendered=rendered):
            rules.setdefault(key, (check, []))[1].append(at)
    return list(rules.values())


def _rules(field: Field, *, rendered: bool) -> list[tuple[Any, Check]]:
    """The checks of a field, each with a key; fields with the same key are checked together."""
    if field.kind == "filler":
        return []
    found: list[tuple[Any, Check]] = []
    if field.required and not field.constant:
        found.append(("filled", _filled))
        if field.kind == "text":
            found.append(("not blank", _not_blank))
    if field.constant:
        return [*found, (field, partial(_constant, field))]
    if field.pattern:
        found.append((field, partial(_shaped, re.compile(field.pattern).fullmatch)))
    if rendered and (field.many or field.kind not in LOOSE):
        return found
    if field.many:
        return [*found, ((field.kind, field.values), partial(_of_meters, field.kind, field.values))]
    if field.kind != "text":
        found.append((field.kind, CHECKS[field.kind]))
    return found


def _filled(texts: Sequence[str]) -> None:
    if "" in texts:
        raise ValueError("")


def _not_blank(texts: Sequence[str]) -> None:
    if any(map(str.isspace, texts)):
        raise ValueError("")


def _constant(field: Field, texts: Sequence[str]) -> None:
    constant, first = field.constant, texts[0]
    others = ({first} if texts.count(first) == len(texts) else {*texts}) - {constant}
    if not field.required:
        others.discard("")
    of_guid = field.provided and field.kind == "guid"
    if others and not (of_guid and all(text.lower() == constant.lower() for text in others)):
        raise ValueError(constant)


def _shaped(matches: Callable[[str], object], texts: Sequence[str]) -> None:
    if not all(map(matches, filter(None, texts))):
        raise ValueError("")


def _amounts(texts: Sequence[str]) -> None:
    """Raise ValueError unless all are amounts with two decimals or empty."""
    filled = list(filter(None, texts))
    filled.append("")
    if AMOUNTS.fullmatch("\n".join(filled)) is None:
        raise ValueError("")


def check_numbers(texts: Sequence[str]) -> None:
    """Raise ValueError unless all are numbers or empty."""
    filled = list(filter(None, texts))
    filled.append("")
    if NUMBERS.fullmatch("\n".join(filled)) is None:
        raise ValueError("")


def _of_meters(kind: str, most: int, texts: Sequence[str]) -> None:
    filled = list(filter(None, texts))
    if SEPARATOR in "".join(filled):
        parse = NAMES[f"many_{kind}s"]
        for text in filled:
            parse(text, most)
    elif kind != "text":
        CHECKS[kind](filled)


def _known(kind: str) -> Check:
    """A column with few different cells: each is looked up, as the compiled reader does."""
    known = NAMES[f"optional_{kind}s"]

    def check(texts: Sequence[str]) -> None:
        for text in {*texts}:
            known[text]

    return check


CHECKS: dict[str, Check] = {
    "amount": _amounts,
    "number": check_numbers,
    **{kind: _known(kind) for kind in ("date", "integer", "flag", "guid")},
}
