"""The statements of the insurer's ledger, compiled once each."""

from __future__ import annotations

import sqlalchemy as sa

from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.tccs_rest.tables import CHARGES, EVENTS, PAYMENTS, POLICIES, QUOTES, RETURNS

__all__ = [
    "ADD_CHARGE",
    "ADD_EVENT",
    "ADD_PAYMENT",
    "ADD_POLICY",
    "ADD_QUOTE",
    "ADD_RETURN",
    "ALL_PAYMENTS",
    "ALL_RETURNS",
    "BILLED",
    "CHARGED_LATE",
    "CHARGES_OF",
    "EVENTS_OF",
    "INVOICES_PAYMENTS",
    "LATE",
    "LOCK_POLICY",
    "LOCK_QUOTE",
    "PAYMENTS_OF_AMOUNT",
    "PAYMENT_OF_GUID",
    "POLICIES_FROM",
    "POLICY",
    "QUOTE",
    "QUOTES_FROM",
    "SAVE_POLICY",
    "SAVE_QUOTE",
    "STANDING",
    "UNBILLED",
]

# The clock takes the first of what falls due and asks again: the rest of a large world need not be read each time.
DUE_AT_ONCE = 100

_P, _Q, _C, _M, _R, _E = POLICIES.c, QUOTES.c, CHARGES.c, PAYMENTS.c, RETURNS.c, EVENTS.c
_LANE: sa.BindParameter[str] = sa.bindparam("lane")
_NUMBER: sa.BindParameter[str] = sa.bindparam("invoice_number")


def _of(table: sa.Table) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return table.c.lane == _LANE, table.c.invoice_number == _NUMBER


def _insert(table: sa.Table) -> str:
    names = table.c.keys()
    places = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names of our own tables


def _add(table: sa.Table) -> Statement:
    """Adds a row where none of its key is there."""
    return Statement(f"{_insert(table)} ON CONFLICT DO NOTHING")


def _save(table: sa.Table) -> Statement:
    return Statement(
        sa.update(table)
        .where(table.c.lane == sa.bindparam("in_lane"), table.c.invoice_number == sa.bindparam("of_invoice"))
        .values({name: sa.bindparam(name) for name in table.c.keys()[2:]})
    )


def _page(table: sa.Table) -> Statement:
    return Statement(
        sa.select(*table.c[1:])
        .where(table.c.lane == _LANE, table.c.invoice_number > sa.bindparam("after"))
        .order_by(table.c.invoice_number)
        .limit(sa.bindparam("limit"))
    )


_CHARGE_COLUMNS = (_C.number, _C.kind, _C.billed_on, _C.due_on, _C.amount_cents)
_PAYMENT_COLUMNS = (
    _M.invoice_number,
    _M.number,
    _M.amount_cents,
    _M.type,
    _M.insured_name,
    _M.payment_guid,
    _M.request_id,
    _M.posted_at,
    _R.returned_at,
    _R.reported_on,
)
_PAYMENTS_AND_RETURNS = PAYMENTS.outerjoin(
    RETURNS, (_R.lane == _M.lane) & (_R.invoice_number == _M.invoice_number) & (_R.payment == _M.number)
)

STANDING = Statement(
    sa.select(_P.paid_cents, _C.billed_on, _C.amount_cents)
    .select_from(POLICIES.outerjoin(CHARGES, (_C.lane == _P.lane) & (_C.invoice_number == _P.invoice_number)))
    .where(*_of(POLICIES))
)
POLICY = Statement(sa.select(*POLICIES.c[1:]).where(*_of(POLICIES)))
QUOTE = Statement(sa.select(*QUOTES.c[1:]).where(*_of(QUOTES)))
LOCK_POLICY = Statement(sa.select(*POLICIES.c[1:]).where(*_of(POLICIES)).with_for_update())
LOCK_QUOTE = Statement(sa.select(*QUOTES.c[1:]).where(*_of(QUOTES)).with_for_update())
ADD_POLICY, ADD_QUOTE = _add(POLICIES), _add(QUOTES)
SAVE_POLICY, SAVE_QUOTE = _save(POLICIES), _save(QUOTES)
POLICIES_FROM, QUOTES_FROM = _page(POLICIES), _page(QUOTES)

ADD_CHARGE = Statement(_insert(CHARGES))
CHARGES_OF = Statement(sa.select(*_CHARGE_COLUMNS).where(*_of(CHARGES)).order_by(_C.number))
UNBILLED = Statement(
    sa.select(_C.invoice_number, *_CHARGE_COLUMNS)
    .where(_C.lane == _LANE, _C.billed == 0, _C.billed_on <= sa.bindparam("today"))
    .order_by(_C.billed_on, _C.invoice_number, _C.number)
    .limit(DUE_AT_ONCE)
)
BILLED = Statement(
    "UPDATE tccs_charges SET billed = 1"
    " WHERE lane = :lane AND invoice_number = :invoice_number AND number = :number AND billed = 0"
)
# An instalment is late where what was paid does not cover it and those that were due before it. Late fees are not
# counted: they are paid last.
LATE = Statement(
    "SELECT c.invoice_number, c.number, c.kind, c.billed_on, c.due_on, c.amount_cents FROM tccs_charges c"  # noqa: S608 - constants
    " JOIN tccs_policies p ON p.lane = c.lane AND p.invoice_number = c.invoice_number"
    " WHERE c.lane = :lane AND c.late = 0 AND c.due_on < :today AND c.kind = 'instalment' AND p.late_fee_cents > 0"
    " AND p.paid_cents < (SELECT sum(d.amount_cents) FROM tccs_charges d WHERE d.lane = c.lane"
    " AND d.invoice_number = c.invoice_number AND d.kind = 'instalment' AND d.due_on <= c.due_on)"
    f" ORDER BY c.due_on, c.invoice_number, c.number LIMIT {DUE_AT_ONCE}"
)
CHARGED_LATE = Statement(
    "UPDATE tccs_charges SET late = 1"
    " WHERE lane = :lane AND invoice_number = :invoice_number AND number = :number AND late = 0"
)

ADD_PAYMENT = _add(PAYMENTS)
PAYMENT_OF_GUID = Statement(
    sa.select(*_PAYMENT_COLUMNS)
    .select_from(_PAYMENTS_AND_RETURNS)
    .where(_M.lane == _LANE, _M.payment_guid == sa.bindparam("payment_guid"))
)
INVOICES_PAYMENTS = Statement(
    sa.select(*_PAYMENT_COLUMNS).select_from(_PAYMENTS_AND_RETURNS).where(*_of(PAYMENTS)).order_by(_M.number)
)
PAYMENTS_OF_AMOUNT = Statement(
    sa.select(*_PAYMENT_COLUMNS)
    .select_from(_PAYMENTS_AND_RETURNS)
    .where(*_of(PAYMENTS), _M.amount_cents == sa.bindparam("amount_cents"))
    .order_by(_M.number)
)
ALL_PAYMENTS = Statement(
    sa.select(*_PAYMENT_COLUMNS)
    .select_from(_PAYMENTS_AND_RETURNS)
    .where(_M.lane == _LANE)
    .order_by(_M.posted_at, _M.invoice_number, _M.number)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset"))
)
ADD_RETURN = _add(RETURNS)
ALL_RETURNS = Statement(
    sa.select(
        _R.invoice_number, _R.payment, _M.amount_cents, _M.payment_guid, _R.reported_on, _R.request_id, _R.returned_at
    )
    .select_from(
        RETURNS.join(
            PAYMENTS, (_R.lane == _M.lane) & (_R.invoice_number == _M.invoice_number) & (_R.payment == _M.number)
        )
    )
    .where(_R.lane == _LANE)
    .order_by(_R.returned_at, _R.invoice_number, _R.payment)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset"))
)
ADD_EVENT = Statement(_insert(EVENTS))
EVENTS_OF = Statement(
    sa.select(_E.number, _E.kind, _E.detail, _E.request_id, _E.at).where(*_of(EVENTS)).order_by(_E.number)
)
