"""
Bill files coming in: read, stage, then load what is good in one transaction.

The header's count and total can only be compared at the end of a file, so nothing is written to the ledger before the
whole file was read. Until then the rows wait in a temporary file, and only loading them holds the store's lock.
"""

from __future__ import annotations

import marshal
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from hashlib import sha256
from typing import Any

from partnerlab.contracts.files import (
    FileRejected,
    Layout,
    LayoutInvalid,
    Quarantined,
    Report,
    layouts,
    load_layout,
    parse_layout,
    read_bif,
)
from partnerlab.contracts.files import Problem as FileProblem
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import FIRST_CUSTOMER_ID, Customer, from_bill_file
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import filed
from partnerlab.simulators.ic_webservices.domain.late_fees import stated_at
from partnerlab.simulators.ic_webservices.domain.uploads import Problem, Upload
from partnerlab.simulators.ic_webservices.services.bills import customer_of_row, invoice_of_group
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger, biller_of, last_payment
from partnerlab.simulators.ic_webservices.store import (
    CUSTOMERS,
    INVOICES,
    PROBLEMS,
    UPLOADS,
    next_number,
)
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["TOLD", "Taken", "Uploads"]

TOLD = 1_000
"""Problems that an answer carries; the upload keeps all."""
BATCH = 500
IN_MEMORY = 4 * 1024 * 1024

_TAKEN = Statement(
    "SELECT sum(amount_cents) FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND invoice_number = :invoice_number AND approved = 1"
    " AND donation = 'none' AND state <> 'returned' AND reference > :after"
)
_CARRY_FORWARD = Statement(
    "UPDATE ic_invoices SET status = 'closed', version = version + 1"
    " WHERE lane = :lane AND biller_guid = :biller_guid AND status = 'open' AND account_number IN"
    " (SELECT account_number FROM ic_invoices AS loaded WHERE lane = :lane AND upload_id = :upload_id)"
    " AND EXISTS (SELECT 1 FROM ic_invoices AS later WHERE later.lane = :lane"
    " AND later.biller_guid = :biller_guid AND later.account_number = ic_invoices.account_number"
    " AND later.invoice_type_id = ic_invoices.invoice_type_id AND later.balance_forward = 1"
    " AND later.invoice_date > ic_invoices.invoice_date"
    " AND (later.upload_id = :upload_id OR ic_invoices.upload_id = :upload_id))"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file, with the first thousand of its problems."""

    upload: Upload
    problems: Sequence[Problem]


class Uploads:
    """Bill files of every lane."""

    def __init__(self, ledger: BillerLedger) -> None:
        self.ledger, self.store = ledger, ledger.store

    def take(
        self, lane: Lane, biller_guid: str | None, key: str | None, file_name: str | None, content: bytes | None
    ) -> Taken:
        """
        Take a bill file of the biller that calls.

        A broken invoice is kept out and reported, the others are loaded; a file that is rejected as a whole changes
        nothing but the list of uploads. The biller's configuration `{"BIF": {"Strict": true}}` rejects a file for one
        broken invoice (assumed [A-35]).

        Raises:
            KeyWrong: It is nobody's biller or key.
            ValueRefused: No name, or files of that kind are not taken from this biller; nothing is kept.
        """
        with self.store.read() as tx:
            biller = self.ledger.partner(tx, lane, biller_guid, key)
        name = (file_name or "").strip()
        layout = _layout(biller, name)
        strict = bool(biller.configuration.get("BIF", {}).get("Strict"))
        with _Spool() as groups, _Spool() as problems:
            report = _stage(lane, biller, layout, content or b"", groups, problems, strict=strict)
            with self.store.write() as tx:
                biller_of(tx, lane, biller.guid, lock=True)
                upload_id = f"U{next_number(tx, lane.name, 'upload'):08d}"
                if report.accepted:
                    _load(tx, lane, biller, upload_id, groups)
                upload = _upload(lane, biller, upload_id, name, len(content or b""), report)
                UPLOADS.put(tx, lane.name, upload)
                return Taken(upload, _keep(tx, lane, upload_id, report, problems))


def _layout(biller: Biller, file_name: str) -> Layout:
    if not file_name:
        raise ValueRefused("FileName", "", "must not be empty")
    if not file_name.lower().endswith(".bif"):
        raise ValueRefused("FileName", file_name, "must end with .bif")
    if biller.partner not in layouts():
        raise ValueRefused("FileName", file_name, f"no bill files are taken from billers of {biller.partner}")
    return _own_layout(biller).for_biller(
        BillerGuid=biller.guid,
        InvoiceFormatGuid=biller.invoice_format_guid,
        InvoiceTypeID=biller.invoice_type_id,
    )


def _own_layout(biller: Biller) -> Layout:
    """
    The partner's layout, or the biller's own: its configuration `{"BIF": {"Layout": {…}}}` says what it has beside it.

    The layout is as in `contracts/files/layout.py`, `extends` being the partner's where it is not given.
    """
    own = biller.configuration.get("BIF", {}).get("Layout")
    if own is None:
        return load_layout(biller.partner)
    try:
        return parse_layout({"extends": biller.partner, "name": f"{biller.partner}_own", **own})
    except (LayoutInvalid, TypeError, ValueError) as error:
        raise ValueRefused("BIF.Layout", "", f"of the biller's configuration: {error}") from error


def _stage(
    lane: Lane, biller: Biller, layout: Layout, content: bytes, groups: _Spool, problems: _Spool, *, strict: bool
) -> Report:
    def quarantined(broken: Quarantined) -> None:
        for problem in broken.problems:
            problems.add(_problem_row(problem))

    reading = read_bif(content, layout, strict=strict, on_quarantine=quarantined)
    try:
        for group in reading:
            customer = CUSTOMERS.row(lane.name, customer_of_row(biller, group.customer))
            invoice = INVOICES.row(lane.name, invoice_of_group(biller, group))
            invoice["content"] = sha256(repr(sorted(invoice.items())).encode()).hexdigest()
            groups.add((customer, invoice))
    except FileRejected as rejected:
        return rejected.report
    return reading.report


def _load(tx: Tx, lane: Lane, biller: Biller, upload_id: str, groups: _Spool) -> None:
    newest = last_payment(tx, lane)
    for batch in groups.batches():
        customers: dict[str, Customer] = {}
        for row, _ in batch:
            row.pop("lane")
            given = CUSTOMERS.load(tuple(row[name] for name in CUSTOMERS.columns))
            number = given.account_number
            existing = customers.get(number) or CUSTOMERS.get(tx, lane.name, biller.guid, number)
            customers[number] = from_bill_file(existing, given)
        new = [number for number, customer in customers.items() if not customer.customer_id]
        first = next_number(tx, lane.name, "customer", len(new)) if new else 0
        ids = {number: f"{FIRST_CUSTOMER_ID + first + place}" for place, number in enumerate(new)}
        CUSTOMERS.put_rows(
            tx,
            (
                {
                    **CUSTOMERS.row(lane.name, customer),
                    "customer_id": customer.customer_id or ids[number],
                    "customer_guid": customer.customer_guid or str(uuid.uuid4()),
                }
                for number, customer in customers.items()
            ),
        )
        for _, row in batch:
            _load_invoice(tx, lane, biller, upload_id, row, newest)
    tx.run(_CARRY_FORWARD, lane=lane.name, biller_guid=biller.guid, upload_id=upload_id)


def _load_invoice(tx: Tx, lane: Lane, biller: Biller, upload_id: str, row: Mapping[str, Any], newest: str) -> None:
    """In the place of an invoice of that number, whatever its RecordType says [A-17], as `filed` rules."""
    given = INVOICES.load(tuple(row[name] for name in INVOICES.columns))
    existing = INVOICES.get(tx, lane.name, given.biller_guid, given.invoice_number)
    taken_cents = 0
    if existing is not None:
        place = {"biller_guid": existing.biller_guid, "account_number": existing.account_number}
        taken = tx.one(
            _TAKEN,
            lane=lane.name,
            **place,
            invoice_number=existing.invoice_number,
            after=existing.filed_after,
        )
        taken_cents = int(taken[0] or 0) if taken else 0
    invoice = filed(existing, given, taken_cents, newest)
    if invoice is not None:
        invoice = stated_at(invoice, lane.now(), time_zone(biller.time_zone))
        INVOICES.put(tx, lane.name, replace(invoice, upload_id=upload_id))


def _keep(tx: Tx, lane: Lane, upload_id: str, report: Report, problems: _Spool) -> list[Problem]:
    told: list[Problem] = []
    rejection = None if report.rejection is None else _problem_row(report.rejection)
    position = 0
    for batch in ([[rejection]] if rejection else []) + list(problems.batches()):
        kept = []
        for row in batch:
            if position and row == rejection:
                continue
            position += 1
            kept.append(Problem(upload_id, position, *row))
        PROBLEMS.put_rows(tx, (PROBLEMS.row(lane.name, problem) for problem in kept))
        told += kept[: TOLD - len(told)]
    return told


def _upload(lane: Lane, biller: Biller, upload_id: str, name: str, size: int, report: Report) -> Upload:
    if report.accepted:
        state, accepted, rejected = "loaded", report.loaded, report.quarantined
        many = f"{rejected:,} invoice{' was' if rejected == 1 else 's were'} rejected, {accepted:,} loaded."
        message = many if rejected else ""
    else:
        state, accepted, rejected = "rejected", 0, report.invoices
        message = f"The file was rejected: {report.rejection}"
    return Upload(
        upload_id=upload_id,
        biller_guid=biller.guid,
        file_name=name,
        received_at=lane.now().astimezone(UTC).isoformat(),
        state=state,
        message=message,
        size_bytes=size,
        accepted=accepted,
        rejected=rejected,
        total_amount_due=str(report.total_amount_due),
    )


def _problem_row(problem: FileProblem) -> tuple[int, str, str, int, str, str, str]:
    field = f"{problem.record}.{problem.field}" if problem.field else problem.record
    return (
        problem.line,
        problem.invoice_number,
        field,
        problem.spec_id,
        problem.value,
        problem.rule,
        str(problem),
    )


class _Spool:
    """Plain values put aside in batches: in memory while they are few, in an unnamed temporary file beyond that."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self._batch: list[Any] = []
        self._sizes: list[int] = []

    def __enter__(self) -> _Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, value: Any) -> None:
        self._batch.append(value)
        if len(self._batch) == BATCH:
            self._put()

    def batches(self) -> Iterator[list[Any]]:
        self._put()
        self._file.seek(0)
        for size in self._sizes:
            yield marshal.loads(self._file.read(size))  # noqa: S302 - written below, by this process

    def _put(self) -> None:
        if self._batch:
            # Not `marshal.dump`: what it writes to a file that is none of the system's is read back byte by byte.
            self._sizes.append(self._file.write(marshal.dumps(self._batch)))
            self._batch = []
