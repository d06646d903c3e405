"""The three files from plain values, and a file that comes into a folder whole, once and over nobody else's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from partnerlab.client.exports import (
    ExportedChange,
    ExportedPayment,
    ExportedReject,
    FileRefused,
    FileStands,
    export_name,
    part_of,
    place_file,
    read_changes,
    write_changes,
    write_payments,
    write_rejects,
)
from partnerlab.contracts.files import ValueRefused

NEW_YORK = ZoneInfo("America/New_York")
PAID_AT = datetime(2026, 9, 15, 18, 5, 9, tzinfo=UTC)


def payment(kind: str = "Visa", type_id: int = 1) -> ExportedPayment:
    return ExportedPayment(
        account_number="00700801",
        payment_guid="5f3c7c1e-0001",
        paid_at=PAID_AT,
        payment_type_id=type_id,
        payment_type=kind,
        amount=Decimal("40.00"),
        report_id=7,
        customer_name="Smith, Joseph A.",
    )


def test_a_payment_is_written_in_the_billers_zone() -> None:
    stream = io.BytesIO()
    written = write_payments(stream, [payment()], NEW_YORK)
    assert stream.getvalue() == (
        b",,00700801,Smith Joseph A.,5f3c7c1e-0001,09152026140509,1,Visa,40.00,0.00,,,True,,False,,7,\r\n"
    )
    assert [warning.field for warning in written.warnings] == ["CustomerName"]


def test_a_change_and_a_reject_are_written_by_their_columns() -> None:
    changes, rejects = io.BytesIO(), io.BytesIO()
    write_changes(changes, [ExportedChange("1", phone="+15551234567", paperless_on_at=PAID_AT)], NEW_YORK)
    assert changes.getvalue() == b"1,,,,,+15551234567,,09152026140509,\r\n"
    write_rejects(rejects, [ExportedReject(PAID_AT, PAID_AT, "1", Decimal("40.00"), "R01")], NEW_YORK)
    assert rejects.getvalue() == b"09152026140509,09152026140509,1,,,,40.00,R01,,,\r\n"


def test_a_change_of_an_account_that_does_not_fit_is_read_without_it() -> None:
    """A change log of a hundred accounts is not refused for one of them [A-90]; one that lacks all is."""
    file = io.BytesIO()
    write_changes(file, [ExportedChange("1" * 31, phone="5", phone_changed_at=PAID_AT)], NEW_YORK)
    (change,) = read_changes("c", file.getvalue(), NEW_YORK)
    assert (change.account_number, change.phone) == ("", "5")
    with pytest.raises(FileRefused, match="column 1, AccountNumber: is empty"):
        read_changes("c", b",,,,,,,,\r\n", NEW_YORK)


def test_a_moment_without_its_zone_is_refused_with_the_column() -> None:
    naive = ExportedReject(PAID_AT.replace(tzinfo=None), PAID_AT, "1", Decimal("40.00"), "R01")
    with pytest.raises(ValueRefused, match="column 1, TransactionDate"):
        write_rejects(io.BytesIO(), [naive], NEW_YORK)


@pytest.mark.parametrize(
    ("kind", "type_id", "part"),
    [("Amex", 1, "amex"), ("American Express", 1, "amex"), ("Visa", 1, "card"), ("PayPal", 1, "card"),
     ("ACH", 2, "bank"), ("Online Bank Direct", 2, "bank"), ("Check", 3, "bank")],
)  # fmt: skip
def test_every_payment_has_one_part(kind: str, type_id: int, part: str) -> None:
    assert part_of(payment(kind, type_id)) == part


def test_names_have_the_form_of_the_source() -> None:
    assert export_name("payments", PAID_AT, NEW_YORK) == "ICPayments_20260915140509.csv"
    assert export_name("payments", PAID_AT, NEW_YORK, part="amex") == "ICPayments_AMEX_20260915140509.csv"
    assert export_name("payments", PAID_AT, NEW_YORK, part="card") == "ICPayments_CC_20260915140509.csv"
    assert export_name("payments", PAID_AT, NEW_YORK, part="bank") == "ICPayments_Bank_20260915140509.csv"
    assert export_name("changes", PAID_AT, NEW_YORK) == "ICChangeLog_20260915140509.csv"
    assert export_name("rejects", PAID_AT, NEW_YORK) == "ICRejects_20260915140509.csv"


def test_a_file_is_placed_whole_and_a_second_time_is_no_harm(tmp_path: Path) -> None:
    for _ in range(2):
        assert place_file(tmp_path, "a.csv", [b"one\r\n", b"two\r\n"]).read_bytes() == b"one\r\ntwo\r\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_another_file_of_the_name_is_never_replaced(tmp_path: Path) -> None:
    place_file(tmp_path, "a.csv", [b"one"])
    with pytest.raises(FileStands, match=r"a\.csv stands already"):
        place_file(tmp_path, "a.csv", [b"two"])
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.csv", b"one")]


def test_a_file_that_breaks_off_leaves_nothing_under_its_name(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        place_file(tmp_path, "a.csv", broken())
    assert list(tmp_path.iterdir()) == []
