"""What a bill file does to the ledger, in the transaction that locks its biller: customers and invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import FIRST_CUSTOMER_ID, Customer, from_bill_file
from partnerlab.simulators.ic_webservices.domain.invoices import Taken, filed
from partnerlab.simulators.ic_webservices.domain.late_fees import stated_at
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import reference_before
from partnerlab.simulators.ic_webservices.services.account_bills import former_owners, owed_by, owners_numbers
from partnerlab.simulators.ic_webservices.services.conveyed import other_owners, share_out, with_words
from partnerlab.simulators.ic_webservices.services.ledger import invoice_of, last_payment
from partnerlab.simulators.ic_webservices.services.questions import ask_about
from partnerlab.simulators.ic_webservices.services.staging import Staged
from partnerlab.simulators.ic_webservices.services.stated import nothing_held
from partnerlab.simulators.ic_webservices.services.taken import (
    may_hold_money_taken,
    taken_by_file,
    taken_since_file,
    with_not_fetched,
)
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.store import AGE, CUSTOMERS, INVOICES, age_sql, next_number
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["load_invoices"]

_CARRY_FORWARD = Statement(
    "UPDATE ic_invoices SET status = 'closed', version = version + 1"
    " WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND (status = 'open' OR status = 'paid' AND balance_due_cents < 0) AND account_number IN"
    " (SELECT account_number FROM ic_invoices AS loaded WHERE lane = :lane AND upload_id = :upload_id)"
    " AND EXISTS (SELECT 1 FROM ic_invoices AS later WHERE later.lane = :lane"
    " AND later.biller_guid = :biller_guid AND later.account_number = ic_invoices.account_number"
    " AND later.invoice_type_id = ic_invoices.invoice_type_id AND later.balance_forward = 1"
    f" AND ({age_sql('later')}) > ({age_sql('ic_invoices')})"
    " AND (later.upload_id = :upload_id OR ic_invoices.upload_id = :upload_id))"
)
_LATER = Statement(
    "SELECT 1 FROM ic_invoices AS later WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND invoice_type_id = :invoice_type_id AND balance_forward = 1"
    f" AND ({age_sql('later')}) > (:invoice_date, {', '.join(number_sql('CAST(:invoice_number AS TEXT)'))}) LIMIT 1"
)
_LATE = Statement(
    "SELECT account_number, invoice_number FROM ic_invoices AS last WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND status <> 'closed' AND balance_forward = 1 AND (upload_id IS NULL OR upload_id <> :upload_id)"
    " AND account_number IN (SELECT account_number FROM ic_invoices WHERE lane = :lane AND upload_id = :upload_id)"
    " AND EXISTS (SELECT 1 FROM ic_invoices AS loaded WHERE loaded.lane = :lane"
    " AND loaded.biller_guid = :biller_guid AND loaded.account_number = last.account_number"
    " AND loaded.invoice_type_id = last.invoice_type_id AND loaded.upload_id = :upload_id"
    f" AND ({age_sql('loaded')}) < ({age_sql('last')}))"
    f" ORDER BY account_number, {age_sql('last')}"
)
"""Bills of accounts for which this file has an earlier one, which may not be in their amounts; the last one last."""


def load_invoices(tx: Tx, lane: Lane, biller: Biller, upload_id: str, staged: Staged, unsettled: Unsettled) -> None:
    """
    Load customers and invoices, each in the place of the one of its number, as `filed` rules.

    *unsettled* says of which payments the partner may not know yet.
    """
    newest, former = last_payment(tx, lane), former_owners(tx, lane, biller)
    for batch in staged.good.batches():
        _load_customers(tx, lane, biller, batch, staged)
        for _, row in batch:
            _load_invoice(tx, lane, biller, upload_id, row, newest, unsettled, former)
    place = {"lane": lane.name, "biller_guid": biller.guid, "upload_id": upload_id}
    tx.run(_CARRY_FORWARD, **place)
    if partner_of(biller.partner).answers_for_account:
        last_bills: dict[str, str] = dict(tx.all(_LATE, **place))
        for number in last_bills.values():
            ask_about(tx, lane, biller, invoice_of(tx, lane, biller, number))
        for account in former:
            search = {"biller_guid": biller.guid, "account_number": account, "upload_id": upload_id}
            latest = INVOICES.find(tx, lane.name, search, order=AGE, last_first=True, limit=1)
            if latest and any(other_owners(tx, lane, biller, account)):
                ask_about(tx, lane, biller, latest[0])  # its amounts may have in them what others are asked for


def _load_customers(
    tx: Tx, lane: Lane, biller: Biller, batch: Sequence[tuple[dict[str, Any], dict[str, Any]]], staged: Staged
) -> None:
    """Put the customers of a batch of bills, new ones with numbers of their own."""
    customers: dict[str, Customer] = {}
    for row, _ in batch:
        row.pop("lane")
        given = CUSTOMERS.load(tuple(row[name] for name in CUSTOMERS.columns))
        number = given.account_number
        existing = customers.get(number) or CUSTOMERS.get(tx, lane.name, biller.guid, number)
        customers[number] = from_bill_file(existing, given, staged.fields)
    new = [number for number, customer in customers.items() if not customer.customer_id]
    first = next_number(tx, lane.name, "customer", len(new)) if new else 0
    ids = {number: f"{FIRST_CUSTOMER_ID + first + place}" for place, number in enumerate(new)}
    CUSTOMERS.put_rows(
        tx,
        (
            {
                **CUSTOMERS.row(lane.name, customer),
                "customer_id": customer.customer_id or ids[number],
                "customer_guid": customer.customer_guid or new_id(),
            }
            for number, customer in customers.items()
        ),
    )


def _load_invoice(
    tx: Tx,
    lane: Lane,
    biller: Biller,
    upload_id: str,
    row: Mapping[str, Any],
    newest: str,
    unsettled: Unsettled,
    former: Mapping[str, Sequence[str]],
) -> None:
    """
    In the place of an invoice of that number, whatever its RecordType says [A-17], as `filed` rules.

    Where money moved on it since the file before, or lately on an account whose balance a new one has in it, nobody can
    know whether this file knows of that: the partner is asked [A-117]. One of a partner by files that carries the
    balance forward has in it what the *former* owners owe, and is shared out unless there is a later one [A-124].
    """
    given = INVOICES.load(tuple(row[name] for name in INVOICES.columns))
    existing = INVOICES.get(tx, lane.name, given.biller_guid, given.invoice_number)
    taken, moved, first_doubted = Taken(), False, ""
    numbers = list(owners_numbers(former, given.account_number))
    if existing is not None and existing.account_number not in numbers:
        numbers += owners_numbers(former, existing.account_number)
    forward = given.balance_forward and partner_of(biller.partner).sends_csv
    owners = [given.account_number, *(former.get(given.account_number, ()) if forward else ())]
    others = [one for owner in owners[1:] for one in owed_by(tx, lane, biller, owner)]
    others = [one for one in others if one.invoice_number != given.invoice_number]
    if others and tx.one(_LATER, INVOICES.row(lane.name, given)):
        others = []  # it closes into a later bill, which has been shared out
    if existing is None and forward:
        taken = with_not_fetched(tx, lane, biller, owners, taken)
        for one in owners:
            nothing_held(tx, lane, biller, one)
    elif existing is None and (given.balance_forward or partner_of(biller.partner).answers_for_account):
        moved = may_hold_money_taken(tx, lane, biller, numbers, unsettled)
    elif existing is not None and existing.content != given.content:
        if partner_of(biller.partner).sends_csv:
            taken = taken_by_file(tx, lane, biller, numbers, existing, *others)
            existing = with_words(existing, others, 1)
        else:
            taken, moved, first_doubted = taken_since_file(tx, lane, biller, numbers, existing, unsettled)
    invoice = filed(existing, given, taken, newest)
    if invoice is not None and others:
        invoice = share_out(tx, lane, invoice, others, newest)
    if invoice is not None and first_doubted:
        # The next file may be one that was made before this payment became certain, however long that takes.
        invoice = replace(invoice, filed_after=min(newest, reference_before(first_doubted)))
    if invoice is not None:
        invoice = stated_at(invoice, lane.now(), time_zone(biller.time_zone))
        INVOICES.put(tx, lane.name, replace(invoice, upload_id=upload_id))
        if moved:
            ask_about(tx, lane, biller, invoice)
