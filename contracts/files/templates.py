"""
Rows from templates: what is the same in every row of a file stands in one already, and only the rest is put in.

For writers that make their own texts, such as the generators: no rule is checked. `page()` is one of the compiled
module's where it was built (`_templates.c`), else the same in pure Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from partnerlab.contracts.files.in_c import module
from partnerlab.contracts.files.layout import Record

__all__ = ["Page", "Template", "page"]

MOST_HELD = 100_000
"""Cents up to which the texts of amounts are kept, at most 7 MB."""

KINDS = ("text", "integer", "cents")
"""What a value is: text that stands as it is, a whole number, or cents of zero or more, written as dollars."""

Template = Callable[..., None]
"""Puts a row on its page, made of the values of the cells that differ from row to row, in their order."""


class Page(Protocol):
    """Rows that are being made."""

    def template(
        self, record: Record, kinds: Mapping[str, str], fixed: Mapping[str, str] = MappingProxyType({})
    ) -> Template:
        """
        A row of this record. *kinds* has the kind of each cell that differs, in the order of the template's arguments.

        The cells of *fixed* and the constants stand in it already; the other columns are empty.

        Raises:
            KeyError: The record has no such field, or there is no such kind.
        """

    def take(self) -> tuple[bytes, int]:
        """The bytes of the rows so far, and how many they are; the page is empty then."""


def page() -> Page:
    """An empty page."""
    found = module("_templates")
    return _PurePage() if found is None else _CompiledPage(found.Page())


class _PurePage:
    def __init__(self) -> None:
        self._rows: list[str] = []
        self._dollars: list[str] = []  # of all amounts up to the largest: a look-up takes a third of making one

    def template(
        self, record: Record, kinds: Mapping[str, str], fixed: Mapping[str, str] = MappingProxyType({})
    ) -> Template:
        pieces, end = _pieces(record, kinds, fixed)
        amounts = [name for name, kind in kinds.items() if kind == "cents"]
        rows = {
            form: "".join(
                _literal(before) + (form if name in amounts else "{{{}}}").format(name) for before, name in pieces
            )
            + _literal(end)
            for form in ("{{dollars[{}]}}", "{{text({})}}")
        }
        known, any_amount = rows.values()
        lines = [f"def template({', '.join(kinds)}):", f"    put(f{known!r})"]
        if amounts:
            lines[1:] = [
                "    try:",
                f"        put(f{known!r})",
                "    except IndexError:",
                f"        reach(dollars, max({', '.join(amounts)}, 0))",
                f"        put(f{any_amount!r})",
            ]
        source = "\n".join(lines)
        scope: dict[str, Any] = {
            "put": self._rows.append,
            "dollars": self._dollars,
            "text": _dollars_of,
            "reach": _reach,
        }
        # The source is made of field names that the layout has checked to be identifiers; text enters by repr.
        exec(compile(source, "<row template>", "exec"), scope)  # noqa: S102
        made: Template = scope["template"]
        return made

    def take(self) -> tuple[bytes, int]:
        count = len(self._rows)
        data = "".join(self._rows).encode()
        self._rows.clear()
        return data, count


class _CompiledPage:
    def __init__(self, made: Any) -> None:
        self._made = made

    def template(
        self, record: Record, kinds: Mapping[str, str], fixed: Mapping[str, str] = MappingProxyType({})
    ) -> Template:
        pieces, end = _pieces(record, kinds, fixed)
        made: Template = self._made.template(
            tuple((before.encode(), KINDS.index(kinds[name]), [*kinds].index(name)) for before, name in pieces),
            end.encode(),
        )
        return made

    def take(self) -> tuple[bytes, int]:
        taken: tuple[bytes, int] = self._made.take()
        return taken


def _reach(dollars: list[str], cents: int) -> None:
    """Hold the texts of amounts up to this one too, where it is none of the few large ones."""
    if cents <= MOST_HELD:
        dollars += map(_dollars_of, range(len(dollars), cents + 1_000))


def _dollars_of(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def _pieces(record: Record, kinds: Mapping[str, str], fixed: Mapping[str, str]) -> tuple[list[tuple[str, str]], str]:
    """A row's text in front of each cell that differs, with the name of that cell's field, and the text at the end."""
    if unknown := {*kinds, *fixed} - {field.name for field in record.named}:
        raise KeyError(f"{record.code} has no field {sorted(unknown)[0]}")
    if unknown := {*kinds.values()} - {*KINDS}:
        raise KeyError(f"a cell is no {sorted(unknown)[0]}")
    pieces: list[tuple[str, str]] = []
    before = ""
    for at, field in enumerate(record.fields):
        before += "|" if at else ""
        if field.name in kinds and field.kind != "filler":
            pieces.append((before, field.name))
            before = ""
        else:
            before += fixed.get(field.name, field.constant)
    return pieces, f"{before}\n"


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
