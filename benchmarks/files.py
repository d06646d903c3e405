"""
Bill files beside what one would write without this project: reading, writing and generating, and the memory it takes.

Peers, in the same run on the same values:

    read      `csv.reader`, each cell converted by its column: Decimal, `datetime.strptime`, int; ours by the compiled
              module where it was built, and in pure Python
    write     `csv.writer`, each value formatted by its column: `strftime`, two decimals
    generate  one Faker, asked for every value of every row
    people    one Faker, asked for name, address, telephone and e-mail

Run as a program it prints a table: `python benchmarks/files.py [scale]`; 1 is 40,000 invoices, about 45 s.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import IO, Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from partnerlab.contracts.files import Layout, check, load_layout, read_bif, write_bif
from partnerlab.contracts.files.csv import load_table, read_csv, write_csv
from partnerlab.contracts.files.in_c import way
from partnerlab.contracts.files.layout import Record
from partnerlab.generators.bif import FORMAT_GUID, generate_bif
from partnerlab.generators.people import People
from partnerlab.generators.watersmart import generate_csv

INVOICES = 40_000
CSV = "csv.reader, typed"
ROUNDS = 3
AS_OF = date(2026, 3, 2)
FAKED = 800  # invoices the naive generator makes; it is measured for each


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """
    The figures, each with its peer of the same run.

    Keys: `work`, `peer`, `ours`, `theirs`, `unit`, `ratio` (how many times better ours is), `aim` (the least ratio),
    `note`. For memory `theirs` is the limit of 60 MB.
    """
    invoices = max(1_000, int(INVOICES * scale))
    layout = load_layout("inhance_v2")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bills.bif"
        with path.open("wb") as stream:
            rows = generate_bif(stream, invoices, as_of=AS_OF).rows
        return [
            *_reading(path, layout, rows),
            *_writing(path, layout, rows),
            *_generating(layout, invoices),
            *_csv_reading(Path(folder) / "invoices.csv", invoices),
            *_csv_writing(invoices),
            *_memory(path, invoices),
        ]


def _reading(path: Path, layout: Layout, rows: int) -> list[dict[str, Any]]:
    ours, pure, checked, checked_pure, theirs = _best(
        lambda: _read(path, layout),
        lambda: _purely(lambda: _read(path, layout)),
        lambda: check(path, layout, processes=1),
        lambda: _purely(lambda: check(path, layout, processes=1)),
        lambda: _read_with_csv(path, layout),
    )
    in_two, peer = _best(
        lambda: check(path, layout, processes=2), lambda: _read_with_csv(path, layout), clock=time.perf_counter
    )
    note = "same typed values; ours also checks every rule, the peer none"
    report = "every rule and a report; the peer converts and checks no rule"
    return [
        _speed("read a bill file, typed and validated", CSV, rows / ours, rows / theirs, 5.0, f"{note}; {way()}"),
        _speed("read a bill file in pure Python", CSV, rows / pure, rows / theirs, 2.0, note),
        _speed("check a bill file", CSV, rows / checked, rows / theirs, 5.0, f"{report}; {way()}"),
        _speed("check a bill file in pure Python", CSV, rows / checked_pure, rows / theirs, 4.0, report),
        _speed("check a bill file in two processes", CSV, rows / in_two, rows / peer, 5.0, f"{report}; by the clock"),
    ]


def _purely(work: Callable[[], object]) -> None:
    """With the compiled module switched off."""
    with patch.dict(os.environ, PARTNERLAB_PURE="1"):
        work()


def _read(path: Path, layout: Layout) -> None:
    for _ in read_bif(path, layout):
        pass


def _read_with_csv(path: Path, layout: Layout) -> None:
    converters = {
        record.code: [_converter(field.kind, field.many) for field in record.fields] for record in layout.records
    }
    with path.open(newline="", encoding="utf-8") as stream:
        for cells in csv.reader(stream, delimiter="|", quoting=csv.QUOTE_NONE):
            [convert(cell) if cell else None for convert, cell in zip(converters[cells[0]], cells, strict=True)]


def _converter(kind: str, many: bool) -> Callable[[str], Any]:
    one: Callable[[str], Any] = {
        "date": lambda text: datetime.strptime(text, "%m/%d/%Y").date(),  # noqa: DTZ007 - a date has no zone
        "amount": Decimal,
        "number": Decimal,
        "integer": int,
        "flag": lambda text: text == "1",
    }.get(kind, str)
    return (lambda text: [one(part) for part in text.split(";")]) if many else one


def _writing(path: Path, layout: Layout, rows: int) -> list[dict[str, Any]]:
    reading = read_bif(path, layout)
    groups = list(reading)
    header = reading.report.header
    assert header is not None

    def theirs(stream: IO[bytes]) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        writer = csv.writer(text, delimiter="|", lineterminator="\n", quoting=csv.QUOTE_NONE, escapechar="\\")
        formats = {record.code: _formats(record) for record in layout.records}
        writer.writerow([form(value) for form, value in zip(formats["FH"], header, strict=True)])
        for group in groups:
            for row in (group.invoice, group.customer, *group.details):
                writer.writerow([form(value) for form, value in zip(formats[row[0]], row, strict=True)])
        text.detach()

    def ours(stream: IO[bytes]) -> None:
        write_bif(stream, layout, header, groups)

    mine, other = _best(lambda: _to_file(ours), lambda: _to_file(theirs))
    note = "same typed values to a file; ours also refuses what the table does not allow and computes the header"
    return [_speed("write a bill file", "csv.writer", rows / mine, rows / other, 4.0, note)]


def _to_file(write: Callable[[IO[bytes]], None]) -> None:
    with tempfile.TemporaryFile() as stream:
        write(stream)


def _formats(record: Record) -> list[Callable[[Any], str]]:
    def form(kind: str, many: bool) -> Callable[[Any], str]:
        one: Callable[[Any], str] = {
            "date": lambda value: value.strftime("%m/%d/%Y"),
            "amount": lambda value: f"{value:.2f}",
            "flag": lambda value: "1" if value else "0",
        }.get(kind, str)

        def several(values: Any) -> str:
            return ";".join("" if value is None else one(value) for value in values)

        return several if many else lambda value: "" if value is None else one(value)

    return [form(field.kind, field.many) for field in record.fields]


def _generating(layout: Layout, invoices: int) -> list[dict[str, Any]]:
    naive = _naive_faker()
    next(naive)  # Faker's own start is not counted
    mine, other = _best(
        lambda: _to_file(lambda stream: generate_bif(stream, invoices, as_of=AS_OF, layout=layout)),
        lambda: list(islice(naive, FAKED)),
    )
    people = _naive_people()
    next(people)
    persons, faked = _best(lambda: list(islice(People(1), invoices)), lambda: list(islice(people, FAKED)))
    note = "an invoice with all its rows; Faker's figures do not even agree with one another"
    return [
        _speed("generate invoices", "Faker for every value", invoices / mine, FAKED / other, 100.0, note, "invoices/s"),
        _speed("generate people", "Faker for every value", invoices / persons, FAKED / faked, 100.0, "", "people/s"),
    ]


def _csv_reading(path: Path, invoices: int) -> list[dict[str, Any]]:
    table = load_table("watersmart_invoices").for_biller(InvoiceTypeID="1")
    with path.open("wb") as stream:
        generate_csv(stream, "invoices", invoices, as_of=AS_OF)

    def ours() -> None:
        for _ in read_csv(path, table):
            pass

    def theirs() -> None:
        converters = [_converter(column.kind, many=False) for column in table.columns]
        with path.open(newline="", encoding="utf-8") as stream:
            for cells in csv.reader(stream):
                [convert(cell) if cell else None for convert, cell in zip(converters, cells, strict=True)]

    mine, other = _best(ours, theirs)
    note = "same typed values; ours also checks every rule, the peer none"
    return [_speed("read an invoice CSV, typed", CSV, invoices / mine, invoices / other, 5.0, note)]


def _csv_writing(payments: int) -> list[dict[str, Any]]:
    """Payments as an export has them, one name in a hundred with a comma."""
    table = load_table("watersmart_payments")
    start = datetime(2026, 3, 2, tzinfo=ZoneInfo("America/New_York"))
    rows = [
        table.make(
            InvoiceNumber=str(500_000 + at),
            InvoiceGUID=f"6f6f9a0e-0000-4000-8000-{at:012}",
            AccountNumber=f"2{at:07}",
            CustomerName=f"Smith, Joseph {at}" if at % 100 == 0 else f"Joseph Smith {at}",
            PaymentGUID=f"7f6f9a0e-0000-4000-8000-{at:012}",
            PaymentDate=start + timedelta(seconds=at % 86_000),
            PaymentTypeID=1 + at % 2,
            PaymentTypeDesc=("Credit Card", "ACH")[at % 2],
            PaymentAmount=Decimal(at % 90_000).scaleb(-2),
            ConvenienceFee=Decimal(295 * (at % 2)).scaleb(-2),
            PaymentReference=f"IC{at:010}",
            PaymentMessage="Approved",
            Approved=True,
            BillerReference="",
            Offline=False,
            WSReportID=7,
        )
        for at in range(payments)
    ]

    def theirs(stream: IO[bytes]) -> None:
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        writer = csv.writer(text)
        kinds = {"moment": lambda value: value.strftime("%m%d%Y%H%M%S"), "amount": lambda value: f"{value:.2f}"}
        forms = [kinds.get(column.kind, str) for column in table.columns]
        for row in rows:
            writer.writerow(["" if value is None else form(value) for form, value in zip(forms, row, strict=True)])
        text.detach()

    mine, other = _best(lambda: _to_file(lambda stream: write_csv(stream, table, rows)), lambda: _to_file(theirs))
    note = "same values; ours also keeps lengths, removes commas and tells, makes formulas harmless"
    return [_speed("write a payment export", "csv.writer", payments / mine, payments / other, 4.0, note)]


def _naive_people() -> Iterator[tuple[str, ...]]:
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(1)
    while True:
        yield (
            fake.name(), fake.street_address(), fake.secondary_address(), fake.city(), fake.state_abbr(),
            fake.postcode(), fake.phone_number(), fake.email(),
        )  # fmt: skip


def _naive_faker() -> Iterator[str]:
    """A bill as one writes it with Faker alone: two lines, one of them metered, numbers that stand once."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(1)
    start, end = date(2026, 1, 1), date(2026, 3, 1)

    def day() -> str:
        return fake.date_between(start, end).strftime("%m/%d/%Y")

    def amount() -> str:
        return f"{fake.pydecimal(left_digits=3, right_digits=2, positive=True):.2f}"

    while True:
        phone, service_address, parcel = fake.phone_number(), fake.street_address(), fake.numerify("##-####-###")
        total, previous = amount(), amount()
        rows = [
            "|".join((
                "IH", "R", FORMAT_GUID, fake.unique.numerify("#######"), day(), day(), total, "1", amount(), "", "",
                amount(),
                fake.random_element(("0", "1")), amount(), "", fake.month_name(), total, "", "1", "1",
            )),
            "|".join((
                "CR", fake.unique.numerify("########"), fake.name(), fake.street_address(), fake.secondary_address(),
                fake.city(), fake.state_abbr(), fake.postcode(), phone, fake.email(), phone,
            )),
            "|".join((
                "ID", "Water", amount(), previous, service_address, "Residential Water", "WATER", parcel, amount(),
                day(), str(fake.random_int(0, 99_999)), day(), str(fake.random_int(0, 99_999)),
                str(fake.random_int(0, 999)), "0", "0", fake.numerify("########"), "|" * 19,
            )),
            "|".join((
                "ID", "Refuse", amount(), previous, service_address, "Solid Waste", "REFUSE", parcel, amount(),
                "|" * 27,
            )),
        ]  # fmt: skip
        yield "\n".join(rows)


def _memory(path: Path, invoices: int) -> list[dict[str, Any]]:
    """Peak memory of a fresh process for each work and of one it starts, interpreters and imports included."""
    works = {
        "read": "from partnerlab.contracts.files import *\n"
        f"for _ in read_bif({str(path)!r}, load_layout('inhance_v2')): pass",
        "check": "from partnerlab.contracts.files import *\n"
        f"print(check({str(path)!r}, load_layout('inhance_v2'), processes=1).accepted)",
        "check in two processes": "from partnerlab.contracts.files import *\n"
        f"print(check({str(path)!r}, load_layout('inhance_v2'), processes=2).accepted)",
        "read in pure Python": "import os\nos.environ['PARTNERLAB_PURE'] = '1'\n"
        "from partnerlab.contracts.files import *\n"
        f"for _ in read_bif({str(path)!r}, load_layout('inhance_v2')): pass",
        "generate": "from datetime import date\nfrom partnerlab.generators.bif import generate_bif\n"
        f"generate_bif(open({str(path) + '.out'!r}, 'wb'), {invoices}, as_of=date(2026, 3, 2))",
        "write": "from datetime import date\nfrom partnerlab.contracts.files import *\n"
        "from partnerlab.generators.bif import *\n"
        "from partnerlab.generators.bif import BILLER_GUID\nlayout = load_layout('inhance_v2')\n"
        "header = layout.record('FH').make(BillerGuid=BILLER_GUID, FileCreationDate=date(2026, 3, 2))\n"
        f"write_bif(open({str(path) + '.out'!r}, 'wb'), layout, header, "
        f"generate_groups({invoices}, as_of=date(2026, 3, 2)))",
    }
    found = []
    works |= {
        "read a CSV": "from partnerlab.contracts.files.csv import *\n"
        f"print(check_csv({str(path.with_name('invoices.csv'))!r}, load_table('watersmart_invoices')).accepted)",
        "write a CSV": "from datetime import datetime, UTC\nfrom decimal import Decimal\n"
        "from partnerlab.contracts.files.csv import *\ntable = load_table('watersmart_payments')\n"
        f"write_csv(open({str(path) + '.csv'!r}, 'wb'), table, (table.make(AccountNumber=str(at), "
        "PaymentDate=datetime(2026, 3, 2, tzinfo=UTC), PaymentAmount=Decimal(at).scaleb(-2)) "
        f"for at in range({invoices})))",
    }
    for work, code in works.items():
        peak = _peak_mb(code)
        note = f"{invoices:,} invoices" + (", Faker's word lists included" if work in ("generate", "write") else "")
        found.append(
            {
                "work": f"memory to {work}",
                "peer": "limit",
                "ours": round(peak, 1),
                "theirs": 60.0,
                "unit": "MB",
                "ratio": round(60 / peak, 2),
                "aim": 1.0,
                "note": note,
            }
        )
    return found


def _peak_mb(code: str) -> float:
    # Linux counts the parent's pages into a child's ru_maxrss; its own peak is VmHWM.
    ending = """
import pathlib, re, resource
status = pathlib.Path("/proc/self/status")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
peak = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) if status.exists() else peak
print(peak + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
    result = subprocess.run([sys.executable, "-c", code + ending], capture_output=True, text=True, check=True)
    return int(result.stdout.split()[-1]) / 1024


def _best(*works: Callable[[], object], clock: Callable[[], float] = time.process_time) -> list[float]:
    """
    The least seconds of each work, their rounds in turn so that a slow spell meets all.

    CPU seconds, because a work is one thread that waits for nothing, and a busy machine then changes less; by another
    *clock* where it is two processes.
    """
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for at, work in enumerate(works):
            began = clock()
            work()
            best[at] = min(best[at], clock() - began)
    return best


def _speed(
    work: str, peer: str, ours: float, theirs: float, aim: float, note: str, unit: str = "rows/s"
) -> dict[str, Any]:
    return {
        "work": work,
        "peer": peer,
        "ours": round(ours),
        "theirs": round(theirs),
        "unit": unit,
        "ratio": round(ours / theirs, 2),
        "aim": aim,
        "note": note,
    }


if __name__ == "__main__":
    for figure in run(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0):
        print(
            f"{figure['work']:40} {figure['ours']:>12,} {figure['unit']:10} |"
            f" {figure['peer']:24} {figure['theirs']:>12,} |"
            f" {figure['ratio']:>8} x (aim {figure['aim']}) {figure['note']}"
        )
