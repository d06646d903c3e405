"""Values to the bytes of the three files, by the columns of their tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import IO, Any
from zoneinfo import ZoneInfo

from partnerlab.client.exports.models import ExportedChange, ExportedPayment, ExportedReject
from partnerlab.contracts.files.csv import CsvTable, CsvWritten, load_table, write_csv
from partnerlab.contracts.files.row import Row

__all__ = ["part_of", "write_changes", "write_payments", "write_rejects"]

AMEX = ("amex", "american express")


def write_payments(stream: IO[bytes], payments: Iterable[ExportedPayment], zone: ZoneInfo) -> CsvWritten:
    """Write a payment/lockbox file in the biller's *zone*. Raises `ValueRefused` for a value its column cannot hold."""
    return _write(stream, load_table("watersmart_payments"), ExportedPayment, payments, zone)


def write_changes(stream: IO[bytes], changes: Iterable[ExportedChange], zone: ZoneInfo) -> CsvWritten:
    """Write a change log file in the biller's *zone*. Raises `ValueRefused` for a value its column cannot hold."""
    return _write(stream, load_table("watersmart_changes"), ExportedChange, changes, zone)


def write_rejects(stream: IO[bytes], rejects: Iterable[ExportedReject], zone: ZoneInfo) -> CsvWritten:
    """Write an ACH rejects file in the biller's *zone*. Raises `ValueRefused` for a value its column cannot hold."""
    return _write(stream, load_table("watersmart_rejects"), ExportedReject, rejects, zone)


def part_of(payment: ExportedPayment) -> str:
    """Which file of a split export a payment stands in: `amex`, `card` (PayPal too) or `bank` (all else) [A-91]."""
    if payment.payment_type_id != 1:
        return "bank"
    return "amex" if payment.payment_type.strip().lower() in AMEX else "card"


def _write(stream: IO[bytes], table: CsvTable, model: type[Any], values: Iterable[Any], zone: ZoneInfo) -> CsvWritten:
    return write_csv(stream, table, _rows(table, model, values, zone))


def _rows(table: CsvTable, model: type[Any], values: Iterable[Any], zone: ZoneInfo) -> Iterator[Row]:
    terms = [column.term for column in table.columns]
    assert {*terms} == {field.name for field in fields(model)}, f"{model.__name__} and {table.name} differ"
    read = attrgetter(*terms)
    moments = [place for place, column in enumerate(table.columns) if column.kind == "moment"]
    make = table.row._make
    for value in values:
        cells: list[Any] = [None if cell == "" else cell for cell in read(value)]
        for place in moments:
            cells[place] = _local(cells[place], zone)
        yield make(cells)


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    # One without its zone is handed on as it is: the codec refuses it and names the column.
    return moment if moment is None or moment.tzinfo is None else moment.astimezone(zone)
