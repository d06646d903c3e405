"""WaterSmart's file exchange over books of one's own and a folder."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from partnerlab.client import jobs
from partnerlab.client.exports import (
    ExportedChange,
    ExportedPayment,
    ExportedReject,
    FileRefused,
    FilesRefused,
    read_changes,
    read_payments,
    read_rejects,
    write_changes,
    write_payments,
    write_rejects,
)
from partnerlab.client.intake import read_csv_adjustments, read_csv_invoices, recognise_csv
from partnerlab.client.jobs.ways import FolderWay

ZONE = ZoneInfo("America/New_York")
AT = datetime(2026, 9, 15, 18, 5, 9, tzinfo=UTC)
PAYMENT = ExportedPayment(
    account_number="00700801",
    payment_guid="5f3c7c1e-0001",
    paid_at=AT,
    payment_type_id=1,
    payment_type="Visa",
    amount=Decimal("40.00"),
    report_id=7,
    convenience_fee=Decimal("2.50"),
    reference="IC00000001",
    biller_reference="=1+1",
)
REJECT = ExportedReject(AT, AT, "00700801", Decimal("40.00"), "R01", reference="IC00000001")
CHANGE = ExportedChange("00700801", autopay_on_at=AT, email_address="a@example.com", email_changed_at=AT)
NAME, LATER = "ICPayments_CC_20260915140509.csv", "ICPayments_CC_20260915140510.csv"


def written(write: Callable[..., object], value: object) -> bytes:
    stream = io.BytesIO()
    write(stream, [value], ZONE)
    return stream.getvalue()


@dataclass
class Books:
    """A utility that keeps one file of each kind until it arrived."""

    bills: list[jobs.InvoiceRow] = field(default_factory=list)
    balances: list[jobs.BalanceRow] = field(default_factory=list)
    waiting: dict[str, jobs.FileToSend] = field(default_factory=dict)
    arrived: list[str] = field(default_factory=list)
    taken: dict[str, Sequence[object]] = field(default_factory=dict)
    prefix: str = ""

    def invoice_file_to_send(self, render: Callable[[Sequence[jobs.InvoiceRow]], bytes]) -> jobs.FileToSend | None:
        return self._made("invoices", self.bills, render)

    def balance_file_to_send(self, render: Callable[[Sequence[jobs.BalanceRow]], bytes]) -> jobs.FileToSend | None:
        return self._made("balances", self.balances, render)

    def _made(self, kind: str, rows: list[object], render: Callable[..., bytes]) -> jobs.FileToSend | None:
        if kind not in self.waiting and rows:
            number = len(self.arrived) + len(self.waiting) + 1
            self.waiting[kind] = jobs.FileToSend(number, f"{self.prefix}{kind}{number}.csv", render(rows), len(rows))
            rows.clear()
        return self.waiting.get(kind)

    def file_arrived(self, file: jobs.FileToSend, words: str) -> None:
        self.waiting = {kind: one for kind, one in self.waiting.items() if one.number != file.number}
        self.arrived.append(file.name)

    def take_payment_file(self, name: str, content: bytes, rows: Sequence[ExportedPayment]) -> str:
        return self._take(name, rows)

    def take_reject_file(self, name: str, content: bytes, rows: Sequence[ExportedReject]) -> str:
        return self._take(name, rows)

    def take_change_file(self, name: str, content: bytes, rows: Sequence[ExportedChange]) -> str:
        return self._take(name, rows)

    def _take(self, name: str, rows: Sequence[object]) -> str:
        if name in self.taken:
            return "taken already"
        self.taken[name] = rows
        return f"{len(rows)} entered"


@pytest.fixture
def way(tmp_path: Path) -> FolderWay:
    for part in ("inbox", "outbox", "archive"):
        (tmp_path / part).mkdir()
    return FolderWay(tmp_path, archive=tmp_path / "archive", quiet_s=0)


def test_what_is_written_is_read_back() -> None:
    for write, read, value in (
        (write_payments, read_payments, PAYMENT),
        (write_rejects, read_rejects, REJECT),
        (write_changes, read_changes, CHANGE),
    ):
        assert read("a.csv", written(write, value), ZONE) == [value]  # type: ignore[operator]


def test_a_name_with_what_nobody_sees_is_read_as_it_was_written() -> None:
    """A joiner in a payer's name held up every payment of the file [A-126]."""
    persian = "\u0645\u06cc\u200c\u0631\u0648\u062f \U0001f468\u200d\U0001f469"
    named = replace(PAYMENT, customer_name=persian)
    assert read_payments("a.csv", written(write_payments, named), ZONE) == [named]
    assert read_rejects("a.csv", written(write_rejects, replace(REJECT, customer_name=persian)), ZONE)


@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("40.00", "40.0", "line 1, column 9, PaymentAmount: '40.0' is no amount"),
        ("09152026140509", "13152026140509", "line 1, column 6, PaymentDate: '13152026140509' is no moment"),
        ("5f3c7c1e-0001", "", "line 1, column 5, PaymentGUID: is empty"),
        ("True", "Yes", "line 1, column 13, Approved: 'Yes' is no boolean"),
        (",7,", ",seven,", "line 1, column 17, WSReportID: 'seven' is no integer"),
        ("Visa", "Vi,sa", "line 1: 19 columns, not 18"),
        ("Visa", "Vi\tsa", "line 1: it holds a control character"),
        (
            "00700801",
            "00700\u200b801",
            "line 1, column 3, AccountNumber: '00700\\u200b801' holds a character that nobody sees",
        ),
        ("\r\n", "", "line 1: it has no end: the file is not whole"),
    ],
)
def test_a_file_that_is_not_as_the_source_says_is_refused_whole(was: str, becomes: str, words: str) -> None:
    content = written(write_payments, PAYMENT).replace(was.encode(), becomes.encode(), 1)
    with pytest.raises(FileRefused, match=r"^a\.csv: ") as refused:
        read_payments("a.csv", content, ZONE)
    assert str(refused.value) == f"a.csv: {words} (WaterSmart, Payment/Lockbox File)"


def test_both_files_are_what_invoice_cloud_reads(way: FolderWay, tmp_path: Path) -> None:
    books = Books(
        [
            jobs.InvoiceRow(
                "007", 'Ann, "B"\nC', "W-1", date(2026, 9, 1), date(2026, 9, 21), Decimal("12.5"), block_cards=True
            )
        ],
        [jobs.BalanceRow("007", Decimal("-3.00"), "Ann")],
    )
    assert jobs.send_invoice_file(books, way).startswith("invoices1.csv, 1 row: put into ")
    assert jobs.send_balance_file(books, way).startswith("balances2.csv, 1 row: put into ")
    assert jobs.send_invoice_file(books, way) == "nothing was billed"
    assert jobs.send_balance_file(books, way) == "no balance changed"
    invoices, balances = ((tmp_path / "inbox" / name).read_bytes() for name in books.arrived)
    table = recognise_csv(invoices)
    assert table is not None
    assert table.name == "watersmart_invoices"
    (invoice,) = read_csv_invoices(invoices)
    assert (invoice.customer.name, invoice.total_amount_due, invoice.customer.block_cards) == (
        'Ann, "B" C',
        Decimal("12.50"),
        True,
    )
    (adjustment,) = read_csv_adjustments(balances)
    assert (adjustment.account_number, adjustment.amount, adjustment.effect) == ("007", Decimal("-3.00"), "set")


def test_a_file_that_may_not_have_arrived_goes_again_byte_for_byte(tmp_path: Path) -> None:
    bill = jobs.InvoiceRow("007", "Ann", "W-1", date(2026, 9, 1), date(2026, 9, 21), Decimal("12.50"))
    books, sent = Books([bill]), []

    class Broken:
        def send(self, name: str, content: bytes) -> str:
            sent.append((name, content))
            if len(sent) == 1:
                raise ConnectionError
            return "well"

    with pytest.raises(ConnectionError):
        jobs.send_invoice_file(books, Broken())
    books.bills.append(bill)
    assert jobs.send_invoice_file(books, Broken()).count("well") == 2
    assert sent[0] == sent[1] != sent[2]


def test_what_waits_is_taken_once_and_removed_and_what_is_refused_stays(way: FolderWay, tmp_path: Path) -> None:
    books, outbox = Books(), tmp_path / "outbox"
    files = {
        NAME: written(write_payments, PAYMENT),
        LATER: b"cut",
        "ICRejects_20260915140509.csv": written(write_rejects, REJECT),
        "ICChangeLog_20260915140509.csv": written(write_changes, CHANGE),
        f".{NAME}.part": b"on its way",
        "notes.txt": b"somebody's own",
    }
    for name, content in files.items():
        (outbox / name).write_bytes(content)
    with pytest.raises(
        FilesRefused, match=r"1 of Invoice Cloud's files: ICPayments_CC_20260915140510.*line 1: it has no end"
    ):
        jobs.collect_exports(books, way, ZONE)
    assert [*books.taken] == [NAME, "ICRejects_20260915140509.csv", "ICChangeLog_20260915140509.csv"]
    assert books.taken[NAME] == [PAYMENT]
    left = {f".{NAME}.part", "notes.txt", LATER}
    assert {path.name for path in outbox.iterdir()} == left
    assert (tmp_path / "archive" / NAME).read_bytes() == files[NAME]
    (outbox / LATER).write_bytes(files[NAME])
    assert LATER in jobs.collect_exports(books, way, ZONE), "whole now"
    assert jobs.collect_exports(books, way, ZONE) == "Invoice Cloud has nothing new"


def test_a_file_that_still_changes_is_left_for_the_next_run(way: FolderWay, tmp_path: Path) -> None:
    path = tmp_path / "outbox" / NAME
    path.write_bytes(written(write_payments, PAYMENT))
    os.utime(path, (time.time(), time.time()))  # by the clock that it is read by
    slow, books = FolderWay(tmp_path, quiet_s=3_600), Books()
    assert jobs.collect_exports(books, slow, ZONE) == "Invoice Cloud has nothing new"
    os.utime(path, (0, 0))
    assert jobs.collect_exports(books, slow, ZONE) == f"{NAME}: 1 entered"
