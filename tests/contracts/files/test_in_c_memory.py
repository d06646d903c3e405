"""What the compiled module does to memory: nothing is left behind, no byte outside is read; and which one is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from partnerlab.contracts.files import in_c

ROOT = Path(__file__).resolve().parents[3]


def _run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=280, check=False, cwd=ROOT,
        env={**os.environ, **environment},
    )  # fmt: skip


USE = """
import gc, importlib.util, re, resource, sys
from pathlib import Path
from random import Random
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from partnerlab.contracts.files import ValueRefused, check, in_c, lines_in_c, load_layout, read_bif, write_bif
from partnerlab.contracts.files.csv import check_csv, in_c as csv_in_c, load_table, write_csv
from partnerlab.generators.bif import generate_bif, generate_groups
from partnerlab.generators.watersmart import generate_csv
from tests.contracts.files.broken import broken_files, good_file
made = {}
for path in Path(sys.argv[1]).glob("_*.so"):
    name = path.name.partition(".")[0]
    spec = importlib.util.spec_from_file_location(f"partnerlab.contracts.files.{name}", path)
    made[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made[name])
in_c._built = made.__getitem__
"""


def _use(folder: Path, program: str, **environment: str) -> str:
    done = _run(USE.replace("sys.argv[1]", repr(str(folder))) + program, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-3000:]
    return done.stdout


LEAKS = """
layout, data = load_layout("inhance_v2"), good_file("inhance_v2")
broken = list(broken_files("inhance_v2", Random(1), 20))
at, end = data.index(b"IH|"), data.index(b"\\nCR|")
refused = [data[:end] + b"x" + data[end:], data[:end].replace(b"/2026|", b"/202x|") + data[end:], data[: end + 9]]
header = layout.record("FH").make(BillerGuid="22222222-2222-4222-8222-222222222222", FileCreationDate=date(2026, 3, 2))
groups = [*generate_groups(10, as_of=date(2026, 3, 2), meters=3)]
refused_groups = [[one.__class__(one.invoice._replace(**{name: value}), one.customer, one.details)]
    for one in groups[:1] for name, value in (("InvoiceNumber", "1|2"), ("TotalAmountDue", Decimal("NaN")),
    ("TotalAmountDue", 1), ("InvoiceDate", ""), ("Custom5", "x"), ("Custom7", "Zo\\xeb"), ("Custom7", "\\ud800"))]
table, table_in = load_table("watersmart_payments"), load_table("watersmart_invoices").for_biller(InvoiceTypeID="1")
at_noon = datetime(2026, 3, 2, tzinfo=UTC)
payments = [[table.make(CustomerName=name, PaymentAmount=amount, PaymentDate=at_noon, WSReportID=7, Approved=True)]
    for name in ("Ann", "a, b", "Zo\\xeb", 1) for amount in (Decimal("1.00"), None, 1)]
csv = io.BytesIO()
generate_csv(csv, "invoices", 30, as_of=date(2026, 3, 2))
invoices = csv.getvalue()
lines = invoices.decode().splitlines()[1:]
def use(times):
    for _ in range(times):
        assert check(data, layout).good == 30
        for one in broken[:2]:
            check(one, layout)
        read = in_c.invoice_reader(layout)
        for _ in range(50):
            assert [read(one, at) for one in refused] == [None] * 3
        in_c._made.cache_clear()
        write_all()
        lines_in_c._made.cache_clear()
        csv_in_c._writer.cache_clear()
        csv_in_c._reader.cache_clear()
def write_all():
    stream = io.BytesIO()
    generate_bif(stream, 20, as_of=date(2026, 3, 2))
    rows = made["_templates"].Page()
    put = rows.template(((b"<", 0, 0), (b"|", 2, 1)), b">")
    for values in (("Ann", 1), ("Zo\\xeb" * 99, 2), ("\\ud800", 1), ("Ann", "x"), (1, 1), ("Ann", 2**70), ("Ann", -1)):
        try:
            put(*values)
        except (TypeError, ValueError, OverflowError):
            pass
    rows.take()
    for wrong in (((b"", 0, 9),), ((b"", 7, 0),), (1,), ((b"", 0, 0), ("", 0, 0))):
        try:
            rows.template(wrong, b"")
        except (TypeError, ValueError):
            pass
    write_bif(stream, layout, header, groups)
    for one in refused_groups:
        try:
            write_bif(stream, layout, header, one)
        except (ValueRefused, TypeError):
            pass
    for one in payments:
        try:
            write_csv(stream, table, one)
        except ValueRefused:
            pass
    assert check_csv(invoices, table_in).good == 30
    check_csv(invoices.replace(b"3,2", b'3,"2'), table_in)
    read = csv_in_c.block_reader(table_in)
    for one in ([1], [""], ["\\ud800"], lines[:9] + ["x"], lines[:9] + [lines[9].replace("/", "-")], lines):
        read(one)
def peak_kb():
    return int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
use(50)
gc.collect()
objects, before = len(gc.get_objects()), peak_kb()
use(TIMES)
gc.collect()
print(len(gc.get_objects()) - objects, peak_kb() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the memory of a process")
def test_fifty_thousand_rows_leave_nothing_behind(module: Any) -> None:
    objects, kb = map(int, _use(Path(module.__file__).parent, LEAKS.replace("TIMES", "400")).split())
    assert objects < 50
    assert kb < 1_500  # one lost value of each row would be ten times that


SANITIZED = """
at_noon = datetime(2026, 3, 2, tzinfo=UTC)
table = load_table("watersmart_invoices").for_biller(InvoiceTypeID="1")
stream = io.BytesIO()
generate_csv(stream, "invoices", 8, as_of=date(2026, 3, 2))
lines = stream.getvalue().decode().splitlines()[1:]
generate_bif(io.BytesIO(), 300, as_of=date(2026, 3, 2), meters=(1, 9))
read = csv_in_c.block_reader(table)
assert read(lines)
rng = Random(1)
for line in lines[:3]:
    for at in range(len(line)):
        wrong = rng.choice('",\\n\\0 \\t\\xeb;-')
        read([line[:at] + wrong + line[at + 1 :], line])
        read([line[:at], line[at:]])
        read([line[:at] + '"' + line[at:]])
layout = load_layout("inhance_v2")
write = lines_in_c.groups_writer(layout)
groups = [*generate_groups(30, as_of=date(2026, 3, 2), meters=3)]
of = lambda name: tuple(getattr(one, name) for one in groups)
assert write(of("invoice"), of("customer"), of("details"))
odd = (None, "", "x" * 5_000, "|", "Zo\\xeb" * 300, "\\ud800", (), (1,), ("a", "b"), ("a;b",), 1, -1, 10**30, 1.5,
    Decimal("NaN"), Decimal("1E+9"), Decimal("9" * 400), date(1, 1, 1), datetime(2026, 3, 2), at_noon, True)
for row in (groups[0].invoice, groups[0].customer, groups[0].details[0]):
    for place in range(len(row)):
        for value in odd:
            changed = row._make((*row[:place], value, *row[place + 1 :]))
            write((changed,), (changed,), ((changed,),))
            write((groups[0].invoice,), (changed,), ((changed, changed),))
            write((groups[0].invoice,), (groups[0].customer,), ((groups[0].details[0], changed),))
for name in ("payments", "changes", "rejects"):
    table = load_table(f"watersmart_{name}")
    write = csv_in_c.block_writer(table)
    for place in range(len(table.columns)):
        for value in odd:
            row = table.row._make([*[None] * place, value, *[None] * (len(table.columns) - place - 1)])
            assert write((row,), lambda *_: "judged" * 99)
for name in ("inhance_v2", "tccs"):
    layout, data = load_layout(name), good_file(name)
    small = data[: data.index(b"IH|", 3_000)]
    rng = Random(name)
    for at in range(0, len(small)):
        wrong = bytearray(small)
        wrong[at] = rng.choice((*b"|\\n;.-\\x00\\x80\\xff", rng.randrange(256)))
        read = in_c.invoice_reader(layout)
        for place in (small.index(b"IH|"), rng.randrange(len(small) + 1)):
            read(bytes(wrong), place)
            read(bytes(wrong[:at]), min(place, at))
    for one in broken_files(name, rng, 20):
        check(one, layout)
print("read")
"""


@pytest.mark.usefixtures("module")  # which says where there is no compiler
def test_no_byte_outside_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under AddressSanitizer, which comes with gcc, and with Python's own pools off, so that it sees every object."""
    monkeypatch.setenv("CC", "cc -fsanitize=address,undefined -fno-sanitize-recover=all -g")
    hatch_build.compile_modules(tmp_path)
    library = subprocess.run(
        ["cc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()  # fmt: skip
    if not Path(library).is_absolute():
        pytest.skip("this compiler has no AddressSanitizer to load first")
    printed = _use(tmp_path, SANITIZED, LD_PRELOAD=library, PYTHONMALLOC="malloc", ASAN_OPTIONS="detect_leaks=0")
    assert printed == "read\n"


@pytest.mark.usefixtures("module")
def test_two_at_once_compile_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second found nothing where it had put its file: the first had taken that for its own, half of it written."""
    run = subprocess.run

    def meanwhile(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(subprocess, "run", run)
        done = run(*args, **options)
        hatch_build.compile_modules(tmp_path)
        return done

    monkeypatch.setattr(subprocess, "run", meanwhile)
    paths = hatch_build.compile_modules(tmp_path)
    assert {*tmp_path.iterdir()} == {*map(Path, paths)}
    with pytest.raises(hatch_build.NotCompiled, match="nowhere: No such file or directory"):
        hatch_build.compile_modules(tmp_path / "nowhere")


def test_a_module_of_other_sources_is_not_used(module: Any) -> None:
    assert module.INTERFACE == in_c.INTERFACE
    done = _run(
        "import sys, types\n"
        "old = types.ModuleType('partnerlab.contracts.files._invoices'); old.INTERFACE = 0\n"
        "sys.modules[old.__name__] = old\n"
        "from partnerlab.contracts.files import in_c\n"
        "print(in_c.way())"
    )
    assert done.stdout == "bill files are read in pure Python\n", done.stderr
