"""Bill files that were uploaded, read out of the journal and held to their tables, a check for each field."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from partnerlab.contracts.files import Layout, Problem, check, load_layout
from partnerlab.contracts.files.csv import CsvTable, check_csv, load_table, table_of
from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.definition import raise_for
from partnerlab.contracts.verification.consumer.record import TIMES, Record, problem
from partnerlab.contracts.verification.grading.checks import Check, Failed, NotExercised, NotHere, Suite
from partnerlab.contracts.verification.grading.model import Problem as Wrong

__all__ = ["UPLOAD", "Upload", "check_bill_files", "check_csv_files", "doubled", "uploads"]

UPLOAD = "UploadInvoiceFile"
COUNT, TOTAL, METERS = ("wrong-invoice-count",), ("wrong-total", "unreadable-total"), ("too-many-values",)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a call; `content` is None where the journal has only its beginning."""

    call: Call
    name: str
    content: bytes | None


def uploads(record: Record) -> list[Upload]:
    """The files in the order they came. Raises `NotExercised` where there is none."""
    return [_upload(call) for call in record.some([UPLOAD])]


def doubled(record: Record) -> None:
    """
    No file comes again that was answered. Raises `Failed`, `NotExercised`.

    A file whose answer was lost may come again; it must be the same file.
    """
    found: list[Wrong] = []
    settled: dict[bytes, Call] = {}
    lost: dict[str, Upload] = {}
    for one in uploads(record):
        if one.content is None:
            continue
        before = settled.get(one.content)
        if before is not None:
            received = f"the rows of {before.id}, which was answered"
            found.append(problem(one.call, one.name, "a file with something new in it", received))
        uncertain = lost.pop(one.name, None)
        if uncertain is not None and uncertain.content != one.content:
            expected = f"{one.name} byte for byte, as its answer was lost"
            found.append(problem(one.call, one.name, expected, "another content under the same name"))
        if one.call.unanswered:
            lost[one.name] = one
        elif one.call.done:
            settled[one.content] = one.call
    raise_for(found)


def check_bill_files(
    suite: Suite[Record],
    layout_name: str,
    prefix: str,
    structure: Mapping[str, tuple[str, ...]],
    also: Mapping[str, str],
) -> None:
    """
    Declare a check for each field of a bill file, and for the rules of the file as a whole.

    *structure* are the requirements of `rows`, `count`, `total` and `meters`; *also* names a second requirement of a
    field, by `IH-8`.
    """
    layout = load_layout(layout_name)
    whole = {"count": COUNT, "total": TOTAL, "meters": METERS}
    of_rules = {rule: name for name, rules in whole.items() if name in structure for rule in rules}
    fields = {f"{record.code}-{field.spec_id}" for record in layout.records for field in record.named}

    def target(found: Problem) -> str:
        if found.rule in of_rules:
            return of_rules[found.rule]
        field = f"{found.record}-{found.spec_id}"
        return field if field in fields else "rows"

    sentences = {
        "rows": "The file has the rows and columns of its table, in their order.",
        "count": "InvoiceCount is the number of the file's invoices.",
        "total": "TotalInvoiceAmount is the sum that the table says.",
        "meters": "A field of several meters holds at most its number of values.",
    }
    for name, requirements in structure.items():
        run = _holding(name, target, lambda upload: _bill_problems(upload, layout))
        _add(suite, f"file-{name}", sentences[name], requirements, run)
    for record in layout.records:
        for field in record.named:
            key = f"{record.code}-{field.spec_id}"
            requirements = (f"{prefix}-{key}", *((also[key],) if key in also else ()))
            sentence = f"{field.name} of each {record.name} is as the table has it."
            run = _holding(key, target, lambda upload: _bill_problems(upload, layout))
            _add(suite, f"file-{key.lower()}", sentence, requirements, run)


def check_csv_files(suite: Suite[Record], tables: Mapping[str, str], rows: tuple[str, ...]) -> None:
    """
    Declare a check for each column of these CSV tables.

    *tables* maps the middle of the requirements' ids (`IN`) to a table; *rows* are the requirements of the file as a
    whole.
    """
    loaded = {part: load_table(name) for part, name in tables.items()}

    def problems(upload: Upload) -> list[tuple[str, Problem]]:
        return list(_csv_problems(upload, loaded))

    def whole(record: Record) -> None:
        raise_for([_said(one, found) for one in _readable(record) for key, found in problems(one) if key == "rows"])

    def column(key: str) -> Callable[[Record], None]:
        part = key.partition("-")[0]

        def check_column(record: Record) -> None:
            files = [one for one in _readable(record) if _table(one, loaded) is loaded[part]]
            if not files:
                raise NotExercised(f"no file of the {loaded[part].title} was uploaded")
            raise_for([_said(one, found) for one in files for name, found in problems(one) if name == key])

        return check_column

    _add(suite, "file-rows", "A file has the columns of its table; its rows can be read.", rows, whole)
    for part, table in loaded.items():
        for one in table.columns:
            if not one.ignored:
                key = f"{part}-{one.position}"
                sentence = f"{one.name} of each row of the {table.title} is as the table has it."
                _add(suite, f"file-{key.lower()}", sentence, (f"WS-{key}",), column(key))


def _holding(
    name: str, target: Callable[[Problem], str], problems: Callable[[Upload], tuple[Problem, ...]]
) -> Callable[[Record], None]:
    def run(record: Record) -> None:
        found = [_said(one, wrong) for one in _readable(record) for wrong in problems(one) if target(wrong) == name]
        if found:
            raise Failed(found[:TIMES])

    return run


def _readable(record: Record) -> list[Upload]:
    """Files of which the journal has all. Raises `NotExercised`, `NotHere`."""
    found = uploads(record)
    if not any(one.content is not None for one in found):
        raise NotHere("the journal keeps only the beginning of so large a call: `partnerlab files check` grades a file")
    return [one for one in found if one.content is not None]


def _upload(call: Call) -> Upload:
    text = call.sent.get("FileContent")
    try:
        content = None if text is None else base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        content = None
    return Upload(call, call.sent.get("FileName") or "the file", content)


def _bill_problems(upload: Upload, layout: Layout) -> tuple[Problem, ...]:
    return _problems_of(upload.content or b"", layout)


@lru_cache(64)
def _problems_of(content: bytes, layout: Layout) -> tuple[Problem, ...]:
    """What is wrong with a file, which a check for each field asks for."""
    return check(content, layout).problems


def _table(upload: Upload, tables: Mapping[str, CsvTable]) -> CsvTable | None:
    return table_of(upload.content or b"", tables.values())


def _csv_problems(upload: Upload, tables: Mapping[str, CsvTable]) -> Iterator[tuple[str, Problem]]:
    table = _table(upload, tables)
    if table is None:
        counts = " or ".join(f"{len(one.columns)} ({one.title})" for one in tables.values())
        yield "rows", Problem("columns", f"has the columns of no table: {counts}")
        return
    part = next(name for name, one in tables.items() if one is table)
    report = check_csv(upload.content or b"", table)
    found = [] if report.rejection is None else [report.rejection]
    found += [one for row in report.quarantine for one in row.problems]
    for one in found:
        yield (f"{part}-{one.column}" if one.column else "rows"), one


def _said(upload: Upload, found: Problem) -> Wrong:
    return problem(upload.call, upload.name, "a file as its table has it", str(found))


def _add(
    suite: Suite[Record], name: str, sentence: str, requirements: tuple[str, ...], run: Callable[[Record], None]
) -> None:
    suite.add(Check(f"{suite.subject}/{name}", sentence, "file", requirements, False, (), run))
