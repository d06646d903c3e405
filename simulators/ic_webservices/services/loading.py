"""What a staged file does to the ledger, in the transaction that locks its biller: invoices, or balances adjusted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from partnerlab.contracts.files import Problem as FileProblem
from partnerlab.contracts.files.csv import load_table
from partnerlab.contracts.files.problems import shown
from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.ic_webservices.domain.adjustments import adjust
from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import (
    FIRST_CUSTOMER_ID,
    Customer,
    from_bill_file,
    number_before,
)
from partnerlab.simulators.ic_webservices.domain.invoices import CLOSED, Invoice, Taken, filed
from partnerlab.simulators.ic_webservices.domain.late_fees import stated_at
from partnerlab.simulators.ic_webservices.domain.money import amount
from partnerlab.simulators.ic_webservices.domain.partners import partner_of
from partnerlab.simulators.ic_webservices.domain.payments import RETURNED, reference_before
from partnerlab.simulators.ic_webservices.domain.uploads import SETS, Adjustment
from partnerlab.simulators.ic_webservices.services.conveyed import other_owners, share_out, with_words
from partnerlab.simulators.ic_webservices.services.ledger import invoice_of, last_payment
from partnerlab.simulators.ic_webservices.services.questions import RTDR_URL, ask_about
from partnerlab.simulators.ic_webservices.services.staging import Staged
from partnerlab.simulators.ic_webservices.services.stated import nothing_held
from partnerlab.simulators.ic_webservices.services.unsettled import Unsettled
from partnerlab.simulators.ic_webservices.store import ADJUSTMENTS, AGE, CUSTOMERS, INVOICES, age_sql, next_number
from partnerlab.simulators.kit.world.identifiers import new_id
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = ["OLDEST_FILE", "adjust_balances", "load_invoices"]

OLDEST_FILE = timedelta(days=3)
"""How long a file of a partner may be on its way, retries included: assumed [A-118]."""
_NEVER = "9999"
LARGEST_CENTS = 10**17
"""Of a balance: more fits no column of a file."""
REFUSALS: Mapping[str, str] = {
    "unknown-account": "is no account of this biller: no customer is made, no zeros are guessed [A-88]",
    "no-invoice": "is an account without an invoice, so nothing can be adjusted",
    "balance-too-large": "makes a balance of more than 15 digits",
}
"""Why a row that reads well is not applied, by rule."""

_OF_ACCOUNT = (
    " FROM ic_payments WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND approved = 1 AND donation = 'none'"
)
_MADE = f"{_OF_ACCOUNT} AND invoice_number = :invoice_number"
# A batch that is not there any more was fetched before all others: only such are pruned.
_FETCHED_AT, _REJECT_FETCHED_AT = (
    "(SELECT min(CASE WHEN b.report_id IS NULL THEN '' WHEN b.delivered_at <> '' THEN b.delivered_at END)"
    " FROM ic_exported AS e LEFT JOIN ic_export_batches AS b ON b.lane = e.lane AND b.report_id = e.report_id"
    f" WHERE e.lane = :lane AND e.kind = '{kind}' AND e.item = payment_guid)"
    for kind in ("payments", "rejects")
)
_TAKEN = Statement(
    "SELECT payment_guid, amount_cents, CASE WHEN reference > :after OR paid_at > :recently THEN 1 ELSE 0 END,"
    f" CASE WHEN state = 'returned' THEN 1 ELSE 0 END{_MADE}"
)
_TAKEN_BY_FILE = Statement(
    "SELECT sum(CASE WHEN fetched_at > :seen AND reference > :after THEN amount_cents ELSE 0 END),"
    " sum(CASE WHEN fetched_at <= :seen AND reference > :after THEN amount_cents ELSE 0 END),"
    " sum(CASE WHEN fetched_at IS NULL THEN amount_cents ELSE 0 END)"
    f" FROM (SELECT amount_cents, reference, {_FETCHED_AT} AS fetched_at{_MADE} AND state <> 'returned') AS known"
)
# Money that the partner does not know of, less what it does not know to have gone back; when it last heard of such.
_NOT_FETCHED = Statement(
    "SELECT sum(CASE WHEN state <> 'returned' AND fetched_at IS NULL THEN amount_cents"
    " WHEN state = 'returned' AND fetched_at IS NOT NULL AND reject_fetched_at IS NULL THEN -amount_cents ELSE 0 END),"
    f" max(reject_fetched_at) FROM (SELECT amount_cents, state, {_FETCHED_AT} AS fetched_at,"
    f" {_REJECT_FETCHED_AT} AS reject_fetched_at{_OF_ACCOUNT}) AS known"
)
_CREDITS = Statement(
    f"SELECT {', '.join(INVOICES.columns)} FROM ic_invoices WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND account_number = :account_number AND status = 'paid' AND balance_due_cents < 0"
    f" ORDER BY {age_sql('ic_invoices')}"
)
_LAST_PAID = Statement(f"SELECT max(paid_at){_OF_ACCOUNT} AND state <> 'returned'")
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
"""Of accounts the bills, the last one last, where this file has an earlier one, which their amounts may not have."""


def load_invoices(tx: Tx, lane: Lane, biller: Biller, upload_id: str, staged: Staged, unsettled: Unsettled) -> None:
    """
    Load customers and invoices, each in the place of the one of its number, as `filed` rules.

    *unsettled* says of which payments the partner may not know yet.
    """
    newest, former = last_payment(tx, lane), _former_owners(tx, lane, biller)
    for batch in staged.good.batches():
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
        for _, row in batch:
            _load_invoice(tx, lane, biller, upload_id, row, newest, unsettled, former)
    place = {"lane": lane.name, "biller_guid": biller.guid, "upload_id": upload_id}
    tx.run(_CARRY_FORWARD, **place)
    if partner_of(biller.partner).answers_for_account:
        for number in dict(tx.all(_LATE, **place)).values():
            ask_about(tx, lane, biller, invoice_of(tx, lane, biller, number))
        for account in former:
            search = {"biller_guid": biller.guid, "account_number": account, "upload_id": upload_id}
            latest = INVOICES.find(tx, lane.name, search, order=AGE, last_first=True, limit=1)
            if latest and any(other_owners(tx, lane, biller, account)):
                ask_about(tx, lane, biller, latest[0])  # its amounts may have in them what others are asked for


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
    forward = given.balance_forward and partner_of(biller.partner).sends_csv
    owners = [given.account_number, *(former.get(given.account_number, ()) if forward else ())]
    others = [one for owner in owners[1:] for one in _owed_by(tx, lane, biller, owner)]
    others = [one for one in others if one.invoice_number != given.invoice_number]
    if others and tx.one(_LATER, INVOICES.row(lane.name, given)):
        others = []  # it closes into a later bill, which has been shared out
    if existing is None and forward:
        taken = _with_not_fetched(tx, lane, biller, owners, taken)
        for one in owners:
            nothing_held(tx, lane, biller, one)
    elif existing is None and (given.balance_forward or partner_of(biller.partner).answers_for_account):
        moved = _may_hold_money_taken(tx, lane, biller, given.account_number, unsettled)
    elif existing is not None and existing.content != given.content:
        if partner_of(biller.partner).sends_csv:
            taken = _taken_by_file(tx, lane, biller, existing, *others)
            existing = with_words(existing, others, 1)
        else:
            taken, moved, first_doubted = _taken(tx, lane, biller, existing, unsettled)
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


def _owed_by(
    tx: Tx, lane: Lane, biller: Biller, account_number: str, *, with_credits: bool = True
) -> Sequence[Invoice]:
    """A former owner's invoices as `_invoices` has them, but for closed ones."""
    found = _invoices(tx, lane, biller, account_number, with_credits=with_credits)
    return [one for one in found if one.status != CLOSED]


class _NotApplied(Exception):
    """A row that reads well and is not applied: the rule, the column and its value."""

    def __init__(self, rule: str, column: str, value: str) -> None:
        self.rule, self.column, self.value = rule, column, value
        super().__init__(rule)

    def problem(self, line: int) -> FileProblem:
        """As a problem of the file."""
        table = load_table("watersmart_balances")
        column = table.column(self.column)
        return FileProblem(
            self.rule,
            f"{shown(self.value)!r} {REFUSALS[self.rule]}",
            line,
            field=column.name,
            spec_id=column.id,
            value=shown(self.value),
            source=table.source,
            column=column.position,
        )


def adjust_balances(tx: Tx, lane: Lane, biller: Biller, upload_id: str, staged: Staged) -> None:
    """Apply the rows of a balance file in their order; what cannot be applied goes to quarantine and is reported."""
    newest, former = last_payment(tx, lane), _former_owners(tx, lane, biller)
    position = lessened = 0
    for batch in staged.good.batches():
        for line, account_number, amount_cents, type_id, effect, text in batch:
            position += 1
            adjustment = Adjustment(
                upload_id, position, line, biller.guid, account_number, type_id, effect, amount_cents
            )
            try:
                adjustment = _adjust(tx, lane, biller, adjustment, newest, former.get(account_number, ()))
            except _NotApplied as refused:
                staged.set_aside((refused.problem(line),), text)
                staged.loaded -= 1
                staged.quarantined += 1
                continue
            lessened += effect == SETS and adjustment.after_cents < amount_cents
            ADJUSTMENTS.put(tx, lane.name, adjustment)
    if lessened:
        many = f"{lessened:,} balance{' is' if lessened == 1 else 's are'}"
        staged.notes.append(f"{many} less than the file says: the rest was paid since the file before [A-85]")


def _former_owners(tx: Tx, lane: Lane, biller: Biller) -> Mapping[str, Sequence[str]]:
    """The accounts that were conveyed, by the number that each had before, the last first."""
    former: defaultdict[str, list[str]] = defaultdict(list)
    search: dict[str, str | int] = {"biller_guid": biller.guid, "conveyed": 1}
    for one in CUSTOMERS.find(tx, lane.name, search, order="account_number", last_first=True):
        former[number_before(one.account_number)].append(one.account_number)
    return former


def _adjust(tx: Tx, lane: Lane, biller: Biller, asked: Adjustment, newest: str, former: Sequence[str]) -> Adjustment:
    """
    The adjustment as it was applied. Raises `_NotApplied`.

    The partner has one account, whoever owns it: a balance is what the owner and the *former* ones owe together. What
    it says while there is no new owner yet is the last former one's [A-124].
    """
    account_number, sets = asked.account_number, asked.effect == SETS
    owners = [account_number, *former] if CUSTOMERS.get(tx, lane.name, biller.guid, account_number) else [*former]
    if not owners:
        raise _NotApplied("unknown-account", "AccountNumber", account_number)
    for one in owners if sets else ():
        nothing_held(tx, lane, biller, one)
    found = [_invoices(tx, lane, biller, owners[0], with_credits=sets)]
    found += [_owed_by(tx, lane, biller, one, with_credits=sets) for one in owners[1:]]
    invoices = [one for of_owner in found for one in of_owner] if sets else next(filter(None, found), [])
    if not invoices:
        raise _NotApplied("no-invoice", "AccountNumber", account_number)
    taken = Taken()
    if sets:
        # What nobody fetched is missing in the account's balance, on whatever bill it was paid.
        taken = _with_not_fetched(tx, lane, biller, owners, _taken_by_file(tx, lane, biller, *invoices))
    done = adjust(invoices, asked.effect, asked.amount_cents, taken, newest)
    if abs(done.after_cents) >= LARGEST_CENTS:
        raise _NotApplied("balance-too-large", "AdjustmentAmount", str(amount(asked.amount_cents)))
    for invoice in done.invoices:
        INVOICES.put(tx, lane.name, invoice)
    return replace(asked, before_cents=done.before_cents, after_cents=done.after_cents)


def _invoices(tx: Tx, lane: Lane, biller: Biller, account_number: str, *, with_credits: bool) -> Sequence[Invoice]:
    """
    The account's open invoices, the latest first, or its latest where none is open, one that was closed only where all
    were; then those with a credit.
    """
    search = {"biller_guid": biller.guid, "account_number": account_number}
    found = INVOICES.find(tx, lane.name, {**search, "status": "open"}, order=AGE, last_first=True)
    for where in ("status <> 'closed'", ""):
        found = found or INVOICES.find(tx, lane.name, search, order=AGE, where=where, last_first=True, limit=1)
    if not with_credits:
        return found
    known = {one.invoice_number for one in found}
    rows = tx.all(_CREDITS, lane=lane.name, **search)
    return [*found, *(one for one in map(INVOICES.load, rows) if one.invoice_number not in known)]


def _taken(tx: Tx, lane: Lane, biller: Biller, invoice: Invoice, unsettled: Unsettled) -> tuple[Taken, bool, str]:
    """
    Payments of an invoice since its last file, which the new one may have in its amounts or not, and those without a
    certain outcome, which count as not in it. And whether there are any, or one that came back; and the reference of
    the first without a certain outcome, empty where there is none.

    Where the partner can be asked, those of the last `OLDEST_FILE` count too: two files may be on their way.
    """
    place = {"biller_guid": biller.guid, "account_number": invoice.account_number}
    rows = tx.all(
        _TAKEN,
        lane=lane.name,
        **place,
        invoice_number=invoice.invoice_number,
        after=invoice.filed_after,
        recently=_moment(lane) if biller.settings.get(RTDR_URL) else _NEVER,
    )
    if not rows:
        return Taken(), False, ""
    made = {guid for guid, *_ in rows}
    doubt = unsettled.doubt(tx, lane, biller.guid, invoice.account_number)
    doubted = {one.payment_guid: one.reference for one in doubt.payments if one.payment_guid in made}
    stands = [(guid, cents, late) for guid, cents, late, returned in rows if not returned]
    perhaps = sum(cents for guid, cents, late in stands if late and guid not in doubted)
    unknown = sum(cents for guid, cents, _ in stands if guid in doubted)
    moved = len(stands) < len(rows) or perhaps + unknown > 0 or bool(doubt.problem)
    return Taken(perhaps, doubted_cents=unknown), moved, min(doubted.values(), default="")


def _taken_by_file(tx: Tx, lane: Lane, biller: Biller, *invoices: Invoice) -> Taken:
    """
    The same of invoices whose partner fetches payments by file, and knows those in what it fetched.

    A file of its own is never older than `OLDEST_FILE`, so it has in it what was fetched longer ago (assumed [A-118]).
    """
    sums = [0, 0, 0]
    for invoice in invoices:
        row = tx.one(
            _TAKEN_BY_FILE,
            lane=lane.name,
            biller_guid=biller.guid,
            account_number=invoice.account_number,
            invoice_number=invoice.invoice_number,
            after=invoice.filed_after,
            seen=_moment(lane),
        )
        sums = [before + int(cents or 0) for before, cents in zip(sums, row or sums, strict=True)]
    return Taken(sums[0], sums[1], sums[2])


def _with_not_fetched(tx: Tx, lane: Lane, biller: Biller, owners: Sequence[str], taken: Taken) -> Taken:
    """
    The same with payments of all *owners* of an account that no fetched file has: they can be in no balance yet.

    One that came back counts against them where its payment was fetched and its reject was not: the partner takes it
    for paid. Rejects are seen where the last was fetched before any file was made that may come now [A-118].
    """
    place = {"lane": lane.name, "biller_guid": biller.guid}
    rows = [row for one in owners for row in tx.all(_NOT_FETCHED, **place, account_number=one)]
    last = max((at for _, at in rows if at is not None), default=None)
    seen = last is not None and last <= _moment(lane)
    return replace(taken, missing_cents=sum(int(cents or 0) for cents, _ in rows), returns_seen=seen)


def _may_hold_money_taken(tx: Tx, lane: Lane, biller: Biller, account_number: str, unsettled: Unsettled) -> bool:
    """Whether a new bill with the account's balance may be older than a payment, or than its outcome."""
    if not biller.settings.get(RTDR_URL):
        return False
    row = tx.one(_LAST_PAID, lane=lane.name, biller_guid=biller.guid, account_number=account_number)
    last = row and row[0]
    if not last or last > _moment(lane):
        return bool(last)
    doubt = unsettled.doubt(tx, lane, biller.guid, account_number)
    return bool(doubt.problem) or any(one.state != RETURNED for one in doubt.payments)


def _moment(lane: Lane) -> str:
    """When the oldest file was made that may come now."""
    return (lane.now() - OLDEST_FILE).astimezone(UTC).isoformat()
