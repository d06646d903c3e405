"""
The tables of the utility's ledger; each row is in a lane.

Without SQLite's own row numbers: their keys are text, and one tree is searched instead of two.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["ACCOUNTS", "BILLS", "EVENTS", "PAYMENTS", "TABLES"]

TABLES = sa.MetaData()

ACCOUNTS = sa.Table(
    "inhance_accounts",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("account_number", sa.Text, primary_key=True),
    sa.Column("customer_name", sa.Text, nullable=False),
    sa.Column("email", sa.Text),
    sa.Column("phone", sa.Text),
    sa.Column("paperless", sa.Integer, nullable=False),
    sa.Column("autopay", sa.Integer, nullable=False),
    sa.Column("credit_cents", sa.BigInteger, nullable=False),
    sa.Column("payments", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
BILLS = sa.Table(
    "inhance_bills",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("invoice_number", sa.Text, primary_key=True),
    sa.Column("account_number", sa.Text, nullable=False),
    sa.Column("billed_on", sa.Text, nullable=False),
    sa.Column("due_on", sa.Text, nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("open_cents", sa.BigInteger, nullable=False),
    sa.Column("billed", sa.Integer, nullable=False),
    sa.Index("inhance_bills_account", "lane", "account_number", "open_cents", "billed_on"),
    sa.Index("inhance_bills_due", "lane", "billed", "billed_on"),
    sqlite_with_rowid=False,
)
PAYMENTS = sa.Table(
    "inhance_payments",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("account_number", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("fee_cents", sa.BigInteger, nullable=False),
    sa.Column("paid_at", sa.Text, nullable=False),
    sa.Column("duplicate_of", sa.Integer),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("posted_at", sa.Text, nullable=False),
    sa.Index("inhance_payments_reference", "lane", "account_number", "reference"),
    sqlite_with_rowid=False,
)
EVENTS = sa.Table(
    "inhance_events",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("account_number", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
