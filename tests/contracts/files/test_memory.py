"""Memory: a file of any size is read and written in the same small space, well or broken."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest

from partnerlab.contracts.files.seen import InvoiceNumbers

# Rows come from an iterator, so nothing but the codec can hold them. Peak of the process itself, not of its parent.
PRELUDE = """
import io, pathlib, re, resource, sys
from datetime import date
from decimal import Decimal
from partnerlab.contracts.files import InvoiceGroup, check, load_layout, write_bif

layout = load_layout("inhance_v2")
def peak_mb():
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
"""
READ = """
def chunks(count, row):
    yield row_of("FH", BillerGuid="22222222-2222-4222-8222-222222222222", FileCreationDate="03/02/2026",
                 InvoiceCount=str(count), TotalInvoiceAmount=f"{count}.00")
    for first in range(0, count, 1000):
        yield b"".join(row % {b"n": number} for number in range(first, min(first + 1000, count)))
def row_of(code, **cells):
    values = {field.name: field.constant for field in layout.record(code).fields}
    return "|".join({**values, **cells}.values()).encode() + b"\\n"
detail = dict(Description="Water", LineItemTotal="1.00", CustomField10="01/02/2026", CustomField11="%(n)d",
              CustomField20="02/02/2026", CustomField21="%(n)d.5", CustomField22="0", CustomField23="0",
              CustomField24="0", CustomField30="M%(n)d")
head = row_of("IH", InvoiceFormatGuid="88888888-8888-4888-8888-888888888888", InvoiceNumber="#%(n)d",
              InvoiceDate="03/02/2026", InvoiceDueDate="03/23/2026", TotalAmountDue="1.00", InvoiceTypeID="1")
head += row_of("CR", AccountNumber="%(n)d", CustomerName="Ann Example %(n)d")
good = head + row_of("ID", **detail)
bad = head + row_of("ID", **{**detail, "LineItemTotal": "1,00"})
scattered = good.replace(b"#%(n)d", b"INV-%(n)d")
good, bad = good.replace(b"#", b""), bad.replace(b"#", b"")
check(chunks(2_000, good), layout)
base = peak_mb()
report = check(chunks(COUNT, ROW), layout)
print(report.invoices, report.good, report.quarantined, peak_mb() - base, peak_mb())
"""
WRITE = """
IH, CR, ID = (layout.record(code) for code in ("IH", "CR", "ID"))
form = "88888888-8888-4888-8888-888888888888"
def groups(count):
    for number in range(count):
        yield InvoiceGroup(
            IH.make(InvoiceFormatGuid=form, InvoiceNumber=str(number), InvoiceTypeID=1,
                    InvoiceDate=date(2026, 3, 2), InvoiceDueDate=date(2026, 3, 2), TotalAmountDue=Decimal("1.00")),
            CR.make(AccountNumber=str(number), CustomerName="Ann"), (ID.make(LineItemTotal=Decimal("1.00")),))
class Sink(io.RawIOBase):
    def writable(self): return True
    def write(self, data): return len(data)
guid = "22222222-2222-4222-8222-222222222222"
header = layout.record("FH").make(BillerGuid=guid, FileCreationDate=date(2026, 3, 2))
write_bif(Sink(), layout, header, groups(2_000))
base = peak_mb()
written = write_bif(Sink(), layout, header, groups(60_000))
print(written.invoices, 0, 0, peak_mb() - base, peak_mb())
"""


def measure(code: str) -> tuple[int, int, int, float, float]:
    result = subprocess.run([sys.executable, "-c", PRELUDE + code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    invoices, good, quarantined, growth, peak = result.stdout.split()
    return int(invoices), int(good), int(quarantined), float(growth), float(peak)


@pytest.mark.parametrize(
    ("row", "count", "growth_mb"),
    [
        ("good", 200_000, 12),  # 50 MB of rows; the caches of values fill up
        ("scattered", 100_000, 24),  # numbers that are no run: 65,536 are held, the rest is on disk
        ("bad", 20_000, 12),  # a thousand quarantined invoices are kept, with their rows
    ],
)
def test_reading_takes_the_same_space_at_any_size(row: str, count: int, growth_mb: float) -> None:
    invoices, good, quarantined, growth, peak = measure(READ.replace("COUNT", str(count)).replace("ROW", row))
    assert invoices == count
    assert (good, quarantined) == ((0, count) if row == "bad" else (count, 0))
    assert growth < growth_mb
    assert peak < 60


def test_writing_takes_the_same_space_at_any_size() -> None:
    invoices, _, _, growth, peak = measure(WRITE)
    assert invoices == 60_000
    assert growth < 20  # 8 MB of it are rows that wait in memory
    assert peak < 60


def test_a_run_of_invoice_numbers_takes_a_page_for_256_of_them() -> None:
    seen = InvoiceNumbers(held=4)
    assert all(seen.add(str(number)) for number in range(1_024, 2_048))
    assert seen._disk is None
    assert all(seen.add(f"A{number}") for number in range(4))
    assert seen._disk is None
    for one in ("2048", "A4"):
        assert seen.add(one)
        assert seen._disk is not None, "as much is held as may be, of numbers and of texts"
        assert not seen.add(one)
        seen.close()


@pytest.mark.parametrize("held", [0, 2, 65_536])
def test_invoice_numbers_are_told_apart_in_memory_and_on_disk(held: int) -> None:
    numbers = [
        "1", "01", "001", "256", "257", "512", "1e3", "INV-1", "inv-1", "", " 1", "١", "²", "9" * 18, "9" * 19,
        "9" * 40, "0", "00", "Zoë",
        *(str(number) for number in range(1_000, 2_000)), *(f"A{number}" for number in range(500)),
    ]  # fmt: skip
    seen = InvoiceNumbers(held)
    try:
        assert all(seen.add(number) for number in numbers)
        assert not any(seen.add(number) for number in numbers)
    finally:
        seen.close()
    seen.close()


def some_numbers(rng: Random) -> list[str]:
    """A run, numbers that are near each other, or any."""
    first, count = rng.randrange(1, 3_000), rng.randrange(1, 40)
    kind = rng.randrange(4)
    if kind == 0:
        return [str(number) for number in range(first, first + count)]
    if kind == 3:
        return [*(f"{rng.randrange(10**6):03}" for _ in range(count)), *rng.choices(["A1", "A2", "A3"], k=1)]
    return [str(rng.randrange(1, 10**4 if kind == 1 else 10**17)) for _ in range(count)]


def test_many_invoice_numbers_are_taken_at_once_as_one_by_one() -> None:
    rng = Random(1)
    outcomes = []
    for _ in range(200):
        seen, known = InvoiceNumbers(), set[str]()
        for _ in range(12):
            numbers = some_numbers(rng)
            is_new = len({*numbers}) == len(numbers) and known.isdisjoint(numbers)
            assert seen.add_all(numbers) == is_new
            outcomes.append(is_new)
            known |= {*numbers} if is_new else set()
        other = InvoiceNumbers()
        assert all(other.add(number) for number in known)
        assert (seen.pages, seen.texts) == (other.pages, other.texts)
    assert 250 < sum(outcomes) < len(outcomes) - 250
