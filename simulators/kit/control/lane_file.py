"""
The export of a lane as a file: written and read row by row, so that a large lane takes no more memory than a small one.

The file is the JSON of `exportLane`: `{"lane": "mine", "tables": {"journal": [{"number": 1, …}, …], …}}`. It is read
twice, once to check each row and to find where each table begins, and then table by table as they are loaded.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, overload

from partnerlab.simulators.kit.control.body import check_value, strict_decoder
from partnerlab.simulators.kit.control.refusals import Invalid, Refused

__all__ = ["LaneFile", "write_lane"]

Row = Mapping[str, Any]

PIECE = 256 * 1024
LARGEST_ROW = 64 * 1024 * 1024
_BLANK = " \t\r\n"


def write_lane(file: IO[bytes], lane: str, tables: Iterable[tuple[str, Iterable[Row]]]) -> None:
    """Write an export; a table may come in several parts, one after the other."""
    encoded = json.JSONEncoder(separators=(",", ":")).encode
    file.write(f'{{"lane":{encoded(lane)},"tables":{{'.encode())
    for number, (name, rows) in enumerate(tables):
        file.write(f"{',' if number else ''}{encoded(name)}:[".encode())
        for place, row in enumerate(rows):
            file.write((f",{encoded(row)}" if place else encoded(row)).encode())
        file.write(b"]")
    file.write(b"}}\n")


class _Rows(Sequence[Row]):
    """The rows of a table, read from the file each time that somebody goes through them."""

    def __init__(self, file: IO[bytes], begins: int, count: int) -> None:
        self._file, self._begins, self._count = file, begins, count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Row]:
        text = _Text(self._file, self._begins)
        for number in range(self._count):
            if number:
                text.take(",")
            yield text.value()

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        return [*self][place]


class LaneFile(dict[str, _Rows]):
    """
    The tables of an export in *file*, a mapping as `Lanes.load` takes it.

    Raises `Refused` where it is no JSON, `Invalid` with the place of what is no export's.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        text = _Text(file, 0)
        seen = set()
        for name in text.members("body"):
            if name in seen:
                raise Invalid(name, "stands twice in one object")
            seen.add(name)
            if name == "lane":
                if not isinstance(check_value("lane", text.value()), str):
                    raise Invalid("lane", "must be a string")
            elif name == "tables":
                self._read_tables(text)
            else:
                raise Invalid(check_value("body", name)[:80], "is not a member of this object; known: lane, tables")
        text.end()
        if "tables" not in seen:
            raise Invalid("tables", "is required")

    def _read_tables(self, text: _Text) -> None:
        for name in text.members("tables"):
            place = f"tables.{name[:80]}"
            if name in self:
                raise Invalid(place, "stands twice in one object")
            begins, count = text.begin("[", place, "an array"), 0
            while not text.ends("]", count):
                row = text.value()
                if not isinstance(row, dict):
                    raise Invalid(f"{place}.{count}", "must be an object")
                check_value(f"{place}.{count}", row)
                count += 1
            self[check_value("tables", name)] = _Rows(self._file, begins, count)


class _Text:
    """The text of a file from a byte on, of which a piece is held at a time."""

    def __init__(self, file: IO[bytes], begins: int) -> None:
        if not begins:
            file.seek(0)
            begins = len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
        self._file, self._at = file, begins  # where in the file the text that is held begins
        self._read = begins  # and how far it was read
        self._text, self._place, self._whole = "", 0, False
        self._bytes = codecs.getincrementaldecoder("utf-8")()
        self._decode = strict_decoder().raw_decode

    def value(self) -> Any:
        """The next value, an object or a string. Raises `Refused`."""
        self._skip()
        while True:
            try:
                found, self._place = self._decode(self._text, self._place)
            except RecursionError:
                raise Invalid("body", "is nested too deep") from None
            except json.JSONDecodeError as error:
                if self._whole or len(self._text) - self._place > LARGEST_ROW:
                    self._refuse(error.msg, error.pos)
                self._more(max(PIECE, len(self._text) - self._place))
            except ValueError as error:  # NaN, a number of thousands of digits
                self._refuse(str(error)[:200], self._place)
            else:
                return found

    def members(self, place: str) -> Iterator[str]:
        """The names of an object's members; after each its value is to be taken."""
        self.begin("{", place, "an object")
        count = 0
        while not self.ends("}", count):
            name = self.value()
            if not isinstance(name, str):
                self._refuse("Expecting property name enclosed in double quotes", self._place)
            self.take(":")
            yield name
            count += 1

    def begin(self, sign: str, place: str, what: str) -> int:
        """Take what opens an array or object; the byte after it."""
        if (found := self._next()) != sign:
            if not found or found not in '"{[-0123456789tfn':
                self._refuse("Expecting value", self._place)
            if place == "body":
                raise Refused(400, "not_json", "the body must be a JSON object", "body")
            raise Invalid(place, f"must be {what}")
        self._place += 1
        return self._at + len(self._text[: self._place].encode())

    def ends(self, sign: str, count: int) -> bool:
        """Take what closes an array or object, or the comma before what is next; whether it was the end."""
        found = self._next()
        if found == sign:
            self._place += 1
            return True
        if count:
            self.take(",")
        return False

    def take(self, sign: str) -> None:
        """Take that sign. Raises `Refused` where there is another."""
        if self._next() != sign:
            self._refuse(f"Expecting {sign!r} delimiter", self._place)
        self._place += 1

    def end(self) -> None:
        """Raises `Refused` where something follows."""
        if self._next():
            self._refuse("Extra data", self._place)

    def _next(self) -> str:
        self._skip()
        return self._text[self._place : self._place + 1]

    def _skip(self) -> None:
        while True:
            while self._place < len(self._text) and self._text[self._place] in _BLANK:
                self._place += 1
            if self._place < len(self._text) or self._whole:
                return
            self._more(PIECE)

    def _more(self, size: int) -> None:
        """Let go of what was taken, and read on."""
        self._at += len(self._text[: self._place].encode())
        self._file.seek(self._read)
        piece = self._file.read(size)
        self._read += len(piece)
        self._whole = len(piece) < size
        try:
            self._text = self._text[self._place :] + self._bytes.decode(piece, self._whole)
        except UnicodeDecodeError as error:
            raise Refused(400, "not_json", f"the body is not JSON: {error}"[:220], "body") from None
        self._place = 0

    def _refuse(self, message: str, place: int) -> None:
        at = self._at + len(self._text[:place].encode("utf-8", "surrogatepass"))
        raise Refused(400, "not_json", f"the body is not JSON: {message}: byte {at}", "body")
