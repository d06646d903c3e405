"""A row of a file as typed values: a named tuple whose fields are those of the record's table."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

__all__ = ["Row", "row_type"]


class Row(tuple[Any, ...]):
    """
    One typed row, read as `row.InvoiceNumber` or `row["InvoiceNumber"]`.

    Text is `str` (empty where the file has nothing); dates `date`, amounts and readings `Decimal`, counts and ids
    `int`, flags `bool`, each None where empty; a field of several meters is a tuple, `()` where empty.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        _fields: tuple[str, ...]

        def __getattr__(self, name: str) -> Any: ...

        @classmethod
        def _make(cls, values: Iterable[Any]) -> Row: ...

        def _asdict(self) -> dict[str, Any]: ...

        def _replace(self, **values: Any) -> Row: ...

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key not in self._fields:
                raise KeyError(key)
            return getattr(self, key)
        return tuple.__getitem__(self, key)


@cache
def row_type(code: str, names: tuple[str, ...]) -> type[Row]:
    """The class of a record's rows, one for all equal records: functions that make rows are kept for equal ones."""
    fields = namedtuple(code, names)  # type: ignore[misc]  # names come from the table
    return type(code, (fields, Row), {"__slots__": (), "__getitem__": Row.__getitem__})
