"""
A file that came, read to its end: its good rows wait to be loaded, and what is wrong with the others is put aside.

The header's count and total of a bill file can only be compared at its end, and whether a CSV file was loaded before is
known when it was read whole. So nothing is written to the ledger before, and only loading holds the store's lock.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from decimal import Decimal
from hashlib import sha256
from types import TracebackType
from typing import Any

from partnerlab.contracts.files import (
    FileRejected,
    InvoiceGroup,
    Layout,
    LayoutInvalid,
    Quarantined,
    Row,
    layouts,
    load_layout,
    parse_layout,
    read_bif,
)
from partnerlab.contracts.files import Problem as FileProblem
from partnerlab.contracts.files.csv import (
    CsvRejected,
    CsvTable,
    QuarantinedRow,
    load_table,
    read_csv,
    rows_digest,
    table_of,
)
from partnerlab.contracts.files.problems import Note
from partnerlab.contracts.masking import mask_text
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.money import cents
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.questionnaire import answered
from partnerlab.simulators.ic_webservices.domain.uploads import ADDS, BALANCES, BIF, INVOICES, SETS, effects_of
from partnerlab.simulators.ic_webservices.services.bills import customer_fields, customer_of_row, invoice_of_group
from partnerlab.simulators.ic_webservices.services.spool import Spool
from partnerlab.simulators.ic_webservices.services.support import answers_of
from partnerlab.simulators.ic_webservices.store import CUSTOMERS as CUSTOMER_ROWS
from partnerlab.simulators.ic_webservices.store import INVOICES as INVOICE_ROWS
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["Staged", "stage"]

_ProblemRow = tuple[int, str, str, int, str, str, str, int]
WORDS = {SETS: "sets the balance", ADDS: "is added to the balance"}


@dataclass(slots=True)
class Staged:
    """
    A file that was read.

    `good` holds customer and invoice rows, or for a balance file lines, accounts, amounts in cents, type ids, effects
    and the rows' text. `problems` are rows of the table of problems but for upload and position, `broken` the texts of
    what is in quarantine. `fields` are the customer's fields that the file has, `answers` the biller questionnaire's.
    """

    kind: str = ""
    count: int = 0
    loaded: int = 0
    quarantined: int = 0
    total: Decimal = Decimal("0.00")
    content: str = ""
    rejection: FileProblem | None = None
    notes: list[str] = field(default_factory=list)
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: frozenset[str] = frozenset()
    answers: Mapping[str, Any] = field(default_factory=dict)
    good: Spool = field(default_factory=Spool)
    problems: Spool = field(default_factory=Spool)
    broken: Spool = field(default_factory=Spool)

    def __enter__(self) -> Staged:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for spool in (self.good, self.problems, self.broken):
            spool.__exit__()

    @property
    def adds(self) -> bool:
        """Whether a row of a balance file adds to a balance."""
        return any(effect == ADDS for _, effect in self.effects)

    @property
    def rejection_row(self) -> _ProblemRow | None:
        """Why the whole file was rejected, as a row of the table of problems."""
        return None if self.rejection is None else _problem_row(self.rejection)

    def set_aside(self, problems: Iterable[FileProblem], text: str) -> None:
        """Keep what is wrong with a row or an invoice, and its text with card numbers masked."""
        for problem in problems:
            self.problems.add(_problem_row(problem))
        self.broken.add(mask_text(text))

    def told(self) -> str:
        """The notes as an upload keeps them."""
        said = [
            f"AdjustmentTypeID {id} {WORDS[effect]}: {many:,} row{'' if many == 1 else 's'}"
            for (id, effect), many in sorted(self.effects.items())
        ]
        return json.dumps([*said, *self.notes], ensure_ascii=False)


def stage(lane: Lane, biller: Biller, name: str, content: bytes) -> Staged:
    """
    Read a file of a biller: a bill file where its *name* ends with .bif, by its columns where it ends with .csv.

    Raises:
        ValueRefused: No name, or files of that kind are not taken from this biller.
    """
    if not name:
        raise ValueRefused("FileName", "", "must not be empty")
    if name.lower().endswith(".bif"):
        if biller.partner not in layouts():
            raise ValueRefused("FileName", name, f"no bill files are taken from billers of {biller.partner}")
        return _stage_bif(lane, biller, content)
    if name.lower().endswith(".csv"):
        if not partner_of(biller.partner).sends_csv:
            raise ValueRefused("FileName", name, f"no CSV files are taken from billers of {biller.partner}")
        return _stage_csv(lane, biller, content)
    raise ValueRefused("FileName", name, "must end with .bif or .csv")


def _problem_row(problem: FileProblem) -> _ProblemRow:
    """A problem of a file as the table of problems has it, but for the upload and the position."""
    name = f"{problem.record}.{problem.field}" if problem.record and problem.field else problem.field or problem.record
    return (
        problem.line,
        problem.invoice_number,
        name,
        problem.spec_id,
        problem.value,
        problem.rule,
        str(problem),
        problem.column,
    )


def _stage_bif(lane: Lane, biller: Biller, content: bytes) -> Staged:
    layout = _layout(biller)
    staged = Staged(BIF, fields=customer_fields(layout), answers=answers_of(biller))

    def quarantined(broken: Quarantined) -> None:
        staged.set_aside(broken.problems, "\n".join(broken.rows))

    strict = bool(biller.configuration.get("BIF", {}).get("Strict"))
    reading = read_bif(content, layout, strict=strict, on_quarantine=quarantined)
    try:
        for group in reading:
            _add_group(lane, biller, staged, group)
        report = reading.report
    except FileRejected as rejected:
        report = rejected.report
    staged.count, staged.loaded, staged.quarantined = report.invoices, report.loaded, report.quarantined
    staged.total, staged.rejection = report.total_amount_due, report.rejection
    staged.notes = _texts(report.notes)
    return staged


def _stage_csv(lane: Lane, biller: Biller, content: bytes) -> Staged:
    effects = effects_of(biller.configuration.get("Adjustments"))
    invoices = load_table(f"{biller.partner}_invoices").for_biller(InvoiceTypeID=biller.invoice_type_id)
    balances = load_table(f"{biller.partner}_balances")
    if effects is not None:
        balances = balances.with_values("AdjustmentTypeID", effects)
    table = table_of(content, (invoices, balances))
    staged = Staged("" if table is None else BALANCES if table is balances else INVOICES, answers=answers_of(biller))
    columns = table or invoices  # without a table of its own the file is rejected, in the words of the reader

    def quarantined(row: QuarantinedRow) -> None:
        number = "" if columns is balances else _invoice_number(columns, row.text)
        staged.set_aside((replace(one, invoice_number=number) for one in row.problems), row.text)

    reading = read_csv(content, columns, on_quarantine=quarantined)
    try:
        if table is balances:
            for line, row in reading:
                _add_adjustment(staged, table, line, row, reading.text)
        else:
            layout = load_layout(biller.partner)
            staged.fields = customer_fields(layout)
            for line, row in reading:
                staged.total += row.TotalAmountDue
                _add_group(lane, biller, staged, _group(layout, biller, line, row))
        report = reading.report
        staged.content = rows_digest(content, columns)
    except CsvRejected as rejected:
        report = rejected.report
    staged.count, staged.loaded, staged.quarantined = report.rows, report.loaded, report.quarantined
    staged.rejection = report.rejection
    if table is None and report.rejection is not None and report.rejection.rule == "wrong-columns":
        many, few = len(invoices.columns), len(balances.columns)
        message = f"has neither the {many} columns of an invoice file nor the {few} of a balance file"
        staged.rejection = FileProblem("wrong-columns", message, source=invoices.source.partition(",")[0])
    staged.notes = _texts(report.notes)
    return staged


def _invoice_number(table: CsvTable, text: str) -> str:
    """The invoice's number in a row that is set aside; empty where it says none, or is no row of the table."""
    import csv  # a sandbox starts without it

    try:
        cells = next(csv.reader([text]), [])
    except csv.Error:
        return ""
    return cells[table.column("InvoiceNumber").position - 1].strip() if len(cells) == len(table.columns) else ""


def _add_group(lane: Lane, biller: Biller, staged: Staged, group: InvoiceGroup) -> None:
    customer = CUSTOMER_ROWS.row(lane.name, customer_of_row(biller, group.customer))
    invoice = INVOICE_ROWS.row(lane.name, answered(invoice_of_group(biller, group), staged.answers))
    # What the file said, whichever lane it is in: a copy of the lane knows the same file again.
    said = sorted(one for one in invoice.items() if one[0] != "lane")
    invoice["content"] = sha256(repr(said).encode()).hexdigest()
    staged.good.add((customer, invoice))


def _group(layout: Layout, biller: Biller, line: int, row: Row) -> InvoiceGroup:
    """A row of the invoice file as Invoice Cloud's records, which have the same fields."""
    cells = row._asdict()
    cells["InvoiceFormatGuid"] = biller.invoice_format_guid
    made = {
        code: layout.record(code).make(
            **{one.name: cells[one.name] for one in layout.record(code).named if one.name in cells}
        )
        for code in ("IH", "CR", "ID")
    }
    return InvoiceGroup(made["IH"], made["CR"], (made["ID"],), line)


def _add_adjustment(staged: Staged, table: CsvTable, line: int, row: Row, text: str) -> None:
    type_id = str(row.AdjustmentTypeID)
    effect = table.column("AdjustmentTypeID").values[type_id]
    staged.total += row.AdjustmentAmount
    staged.effects[type_id, effect] += 1
    amount_cents = cents(row.AdjustmentAmount, "AdjustmentAmount")
    staged.good.add((line, row.AccountNumber, amount_cents, type_id, effect, text))


def _layout(biller: Biller) -> Layout:
    """
    The partner's layout, or the biller's own: its configuration `{"BIF": {"Layout": {…}}}` says what it has beside it.

    The layout is as in `contracts/files/layout_toml.py`, `extends` being the partner's where it is not given.
    """
    own = biller.configuration.get("BIF", {}).get("Layout")
    try:
        layout = (
            load_layout(biller.partner)
            if own is None
            else parse_layout({"extends": biller.partner, "name": f"{biller.partner}_own", **own})
        )
    except (LayoutInvalid, TypeError, ValueError) as error:
        raise ValueRefused("BIF.Layout", "", f"of the biller's configuration: {error}") from error
    return layout.for_biller(
        BillerGuid=biller.guid,
        InvoiceFormatGuid=biller.invoice_format_guid,
        InvoiceTypeID=biller.invoice_type_id,
    )


def _texts(notes: Iterable[Note]) -> list[str]:
    return [str(note) for note in notes]
