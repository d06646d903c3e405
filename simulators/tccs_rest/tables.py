"""
The tables of the insurer's ledger; each row is in a lane.

Without SQLite's own row numbers: their keys are text, and one tree is searched instead of two.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["CHARGES", "EVENTS", "PAYMENTS", "POLICIES", "QUOTES", "TABLES"]

TABLES = sa.MetaData()


def _key(number: str = "") -> list[sa.Column[str] | sa.Column[int]]:
    columns: list[sa.Column[str] | sa.Column[int]] = [
        sa.Column("lane", sa.Text, primary_key=True),
        sa.Column("invoice_number", sa.Text, primary_key=True),
    ]
    if number:
        columns.append(sa.Column(number, sa.Integer, primary_key=True, autoincrement=False))
    return columns


def _insured() -> list[sa.Column[str]]:
    names = ("insured_name", "address1", "address2", "city", "state", "zip", "phone")
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _counters() -> list[sa.Column[int]]:
    """How many rows of each kind the invoice has; whoever adds one holds its lock."""
    return [sa.Column(name, sa.Integer, nullable=False) for name in ("charges", "payments", "events")]


def _cause(at: str) -> list[sa.Column[str]]:
    return [sa.Column("request_id", sa.Text, nullable=False), sa.Column(at, sa.Text, nullable=False)]


POLICIES = sa.Table(
    "tccs_policies",
    TABLES,
    *_key(),
    sa.Column("effective_on", sa.Text, nullable=False),
    sa.Column("expires_on", sa.Text, nullable=False),
    *_insured(),
    sa.Column("late_fee_cents", sa.BigInteger, nullable=False),
    sa.Column("paperless", sa.Integer, nullable=False),
    sa.Column("recurring", sa.Integer, nullable=False),
    sa.Column("paid_cents", sa.BigInteger, nullable=False),
    *_counters(),
    # How often what is billed changed, and up to which of these changes it was uploaded; `refused` says why it was not
    # taken.
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("sent_revision", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.Text, nullable=False),
    sa.Index(
        "tccs_policies_unsent",
        "lane",
        sqlite_where=sa.text("revision > sent_revision"),
        postgresql_where=sa.text("revision > sent_revision"),
    ),
    sqlite_with_rowid=False,
)
QUOTES = sa.Table(
    "tccs_quotes",
    TABLES,
    *_key(),
    *_insured(),
    sa.Column("deposit_cents", sa.BigInteger, nullable=False),
    sa.Column("premium_cents", sa.BigInteger, nullable=False),
    sa.Column("instalments", sa.Integer, nullable=False),
    sa.Column("late_fee_cents", sa.BigInteger, nullable=False),
    sa.Column("paid_cents", sa.BigInteger, nullable=False),
    sa.Column("bound_on", sa.Text),
    *_counters(),
    sqlite_with_rowid=False,
)
CHARGES = sa.Table(
    "tccs_charges",
    TABLES,
    *_key("number"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("billed_on", sa.Text, nullable=False),
    sa.Column("due_on", sa.Text, nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    # Whether its day has come, and whether its late fee was charged: what the clock has done already.
    sa.Column("billed", sa.Integer, nullable=False),
    sa.Column("late", sa.Integer, nullable=False),
    sa.Index("tccs_charges_unbilled", "lane", "billed", "billed_on"),
    sa.Index("tccs_charges_late", "lane", "late", "due_on"),
    sqlite_with_rowid=False,
)
PAYMENTS = sa.Table(
    "tccs_payments",
    TABLES,
    *_key("number"),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("insured_name", sa.Text, nullable=False),
    sa.Column("payment_guid", sa.Text),
    *_cause("posted_at"),
    # Of a payment that came back.
    sa.Column("returned_at", sa.Text),
    sa.Column("reported_on", sa.Text),
    sa.Column("return_request_id", sa.Text),
    # What makes a PaymentGUID post once, whatever the number of callers and replicas; nulls are never equal.
    sa.Index("tccs_payments_guid", "lane", "payment_guid", unique=True),
    sqlite_with_rowid=False,
)
EVENTS = sa.Table(
    "tccs_events",
    TABLES,
    *_key("number"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    *_cause("at"),
    sqlite_with_rowid=False,
)
