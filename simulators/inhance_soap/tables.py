"""
The tables of the utility's ledger; each row is in a lane.

Without SQLite's own row numbers: their keys are text, and one tree is searched instead of two.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = ["ACCOUNTS", "BILLS", "CHANGES", "DOWNLOADS", "EVENTS", "PAYMENTS", "TABLES", "VALUES"]

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
    sa.Column("integration", sa.Text, nullable=False),
    *(sa.Column(name, sa.Text, nullable=False) for name in ("address1", "address2", "city", "state", "zip")),
    # The bank from which a Draft customer's bills are collected.
    *(sa.Column(name, sa.Text) for name in ("bank_name", "bank_account", "bank_routing")),
    sa.Column("payments", sa.Integer, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    # How often the balance changed, and up to which of these changes it was sent.
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("sent_revision", sa.BigInteger, nullable=False),
    sa.Index(
        "inhance_accounts_unsent",
        "lane",
        sqlite_where=sa.text("revision > sent_revision"),
        postgresql_where=sa.text("revision > sent_revision"),
    ),
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
    # How often the bill changed, and up to which of these changes it was uploaded; `refused` says why it was not taken.
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("sent_revision", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.Text, nullable=False),
    sa.Index(
        "inhance_bills_unsent",
        "lane",
        sqlite_where=sa.text("revision > sent_revision"),
        postgresql_where=sa.text("revision > sent_revision"),
    ),
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
    # Of a payment that came back, as a person entered it.
    sa.Column("returned_at", sa.Text),
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
DOWNLOADS = sa.Table(
    "inhance_downloads",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    # What makes a PaymentGUID be entered once, whatever the number of runs and replicas.
    sa.Column("payment_guid", sa.Text, primary_key=True),
    sa.Column("account_number", sa.Text, nullable=False),
    sa.Column("invoice_number", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("amount_cents", sa.BigInteger, nullable=False),
    sa.Column("fee_cents", sa.BigInteger, nullable=False),
    sa.Column("paid_at", sa.Text, nullable=False),
    sa.Column("downloaded_at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("clerk", sa.Text, nullable=False),
    sa.Column("decided_at", sa.Text),
    sa.Column("note", sa.Text, nullable=False),
    sa.Index("inhance_downloads_state", "lane", "state", "downloaded_at"),
    sa.Index("inhance_downloads_account", "lane", "account_number", "state"),
    sa.Index("inhance_downloads_reference", "lane", "reference"),
    sqlite_with_rowid=False,
)
CHANGES = sa.Table(
    "inhance_changes",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("account_number", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("changed_at", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
VALUES = sa.Table(
    "inhance_values",
    TABLES,
    sa.Column("lane", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
