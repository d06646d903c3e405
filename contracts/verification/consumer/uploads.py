"""Bill files that were uploaded, read out of the journal and held to their tables, a check for each field."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from partnerlab.contracts.files import Problem, check, load_layout
from partnerlab.contracts.files.csv import CsvTable, check_csv, load_table, table_of
from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.definition import raise_for
from partnerlab.contracts.verification.consumer.record import TIMES, Record, problem
from partnerlab.contracts.verification.grading.checks import Check, Failed, NotExercised, NotHere, Suite
from partnerlab.contracts.verification.grading.model import Problem as Wrong

__all__ = [
    "UPLOAD",
    "Upload",
    "bill_problems",
    "check_bill_files",
    "check_csv_files",
    "check_taken",
    "doubled",
    "readable",
    "uploads",
]

UPLOAD = "UploadInvoiceFile"
COUNT, TOTAL, METERS = ("wrong-invoice-count",), ("wrong-total", "unreadable-total"), ("too-many-values",)
PROVIDED = {"BillerGuid": "guid", "InvoiceFormatGuid": "invoice_format_guid", "InvoiceTypeID": "invoice_type_id"}
"""What files have of a biller, and where the control API tells it."""


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


def check_taken(
    suite: Suite[Record], requirements: tuple[str, ...], problems: Callable[[Record, Upload], Collection[object]]
) -> None:
    """Declare that a file without *problems* is taken; that one which has some is refused, other checks are about."""

    def taken(record: Record) -> None:
        refused = [one for one in readable(record) if one.call.refused and one.call.reason != "wrong key"]
        sound = [one for one in refused if not problems(record, one)]
        expected = "a file that Invoice Cloud takes, under a name of its kind"
        raise_for([problem(one.call, one.name, expected, one.call.outcome) for one in sound[:TIMES]])

    sentence = "A file that is as its table has it is taken: its name says its kind."
    _add(suite, "file-taken", sentence, requirements, taken)


def check_bill_files(
    suite: Suite[Record],
    layout_name: str,
    prefix: str,
    structure: Mapping[str, tuple[str, ...]],
    also: Mapping[str, str],
) -> None:
    """
    Declare a check for each field of a bill file, and for the rules of the file as a whole.

    *structure* are the requirements of `taken`, `rows`, `count`, `total` and `meters`; *also* names a second
    requirement of a field, by `IH-8`.
    """
    layout, problems = load_layout(layout_name), partial(bill_problems, layout_name)
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
    check_taken(suite, structure["taken"], problems)
    for name, sentence in sentences.items():
        if name in structure:
            _add(suite, f"file-{name}", sentence, structure[name], _holding(name, target, problems))
    for record in layout.records:
        for field in record.named:
            key = f"{record.code}-{field.spec_id}"
            requirements = (f"{prefix}-{key}", *((also[key],) if key in also else ()))
            sentence = f"{field.name} of each {record.name} is as the table has it."
            _add(suite, f"file-{key.lower()}", sentence, requirements, _holding(key, target, problems))


def check_csv_files(suite: Suite[Record], tables: Mapping[str, str], rows: tuple[str, ...]) -> None:
    """
    Declare a check for each column of these CSV tables.

    *tables* maps the middle of the requirements' ids (`IN`) to a table; *rows* are the requirements of the file as a
    whole.
    """
    loaded = {part: load_table(name) for part, name in tables.items()}

    def problems(record: Record, upload: Upload) -> list[tuple[str, Problem]]:
        return list(_csv_problems(record, upload, loaded))

    def whole(record: Record) -> None:
        files = readable(record)
        raise_for([_said(one, found) for one in files for key, found in problems(record, one) if key == "rows"])

    def column(key: str) -> Callable[[Record], None]:
        part = key.partition("-")[0]

        def check_column(record: Record) -> None:
            files = [one for one in readable(record) if _table(one, loaded) is loaded[part]]
            if not files:
                raise NotExercised(f"no file of the {loaded[part].title} was uploaded")
            raise_for([_said(one, found) for one in files for name, found in problems(record, one) if name == key])

        return check_column

    check_taken(suite, rows, problems)
    _add(suite, "file-rows", "A file has the columns of its table; its rows can be read.", rows, whole)
    for part, table in loaded.items():
        for one in table.columns:
            if not one.ignored:
                key = f"{part}-{one.position}"
                sentence = f"{one.name} of each row of the {table.title} is as the table has it."
                _add(suite, f"file-{key.lower()}", sentence, (f"WS-{key}",), column(key))


def _holding(
    name: str, target: Callable[[Problem], str], problems: Callable[[Record, Upload], tuple[Problem, ...]]
) -> Callable[[Record], None]:
    def run(record: Record) -> None:
        files = readable(record)
        found = [_said(one, wrong) for one in files for wrong in problems(record, one) if target(wrong) == name]
        if found:
            raise Failed(found[:TIMES])

    return run


def readable(record: Record) -> list[Upload]:
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


def bill_problems(layout_name: str, record: Record, upload: Upload) -> tuple[Problem, ...]:
    """What is wrong with a bill file by its table, of which the lane's biller has the values that are provided."""
    return _problems_of(upload.content or b"", layout_name, tuple(_provided(record).items()))


@lru_cache(64)
def _problems_of(content: bytes, layout_name: str, provided: tuple[tuple[str, str], ...]) -> tuple[Problem, ...]:
    """What is wrong with a file, which a check for each field asks for."""
    return check(content, load_layout(layout_name).for_biller(**dict(provided))).problems


def _provided(record: Record) -> dict[str, str]:
    """The values that Invoice Cloud gives a biller for its files; none where the lane has no such biller."""
    return {name: record.biller[key] for name, key in PROVIDED.items() if key in record.biller}


def _table(upload: Upload, tables: Mapping[str, CsvTable]) -> CsvTable | None:
    return table_of(upload.content or b"", tables.values())


def _csv_problems(record: Record, upload: Upload, tables: Mapping[str, CsvTable]) -> Iterator[tuple[str, Problem]]:
    table = _table(upload, tables)
    if table is None:
        counts = " or ".join(f"{len(one.columns)} ({one.title})" for one in tables.values())
        yield "rows", Problem("columns", f"has the columns of no table: {counts}")
        return
    part = next(name for name, one in tables.items() if one is table)
    names = {column.name for column in table.columns if column.provided}
    own = {name: value for name, value in _provided(record).items() if name in names}
    report = check_csv(upload.content or b"", table.for_biller(**own))
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
