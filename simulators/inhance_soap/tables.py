"""
The tables of the utility's ledger; each row is in a lane.

Most are without SQLite's own row numbers: their keys are text, and one tree is searched instead of two. Payments and
events have them: they are added at the end of their table, and only their short keys go between those of others.
"""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema

__all__ = ["ACCOUNTS", "BILLS", "CHANGES", "DOWNLOADS", "EVENTS", "PAYMENTS", "TABLES", "VALUES"]

TABLES = schema.Tables()

ACCOUNTS = schema.Table(
    "inhance_accounts",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("account_number", schema.Text, primary_key=True),
    schema.Column("customer_name", schema.Text, nullable=False),
    schema.Column("email", schema.Text),
    schema.Column("phone", schema.Text),
    schema.Column("paperless", schema.Integer, nullable=False),
    schema.Column("autopay", schema.Integer, nullable=False),
    schema.Column("credit_cents", schema.BigInteger, nullable=False),
    schema.Column("integration", schema.Text, nullable=False),
    *(schema.Column(name, schema.Text, nullable=False) for name in ("address1", "address2", "city", "state", "zip")),
    # The bank from which a Draft customer's bills are collected.
    *(schema.Column(name, schema.Text) for name in ("bank_name", "bank_account", "bank_routing")),
    schema.Column("payments", schema.Integer, nullable=False),
    schema.Column("events", schema.Integer, nullable=False),
    # How often the balance changed, and up to which of these changes it was sent.
    schema.Column("revision", schema.BigInteger, nullable=False),
    schema.Column("sent_revision", schema.BigInteger, nullable=False),
    schema.Index(
        "inhance_accounts_unsent",
        "lane",
        where="revision > sent_revision",
    ),
    rowid=False,
)
BILLS = schema.Table(
    "inhance_bills",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    # An account's bills stand together, where a balance or a payment finds them at once.
    schema.Column("account_number", schema.Text, primary_key=True),
    schema.Column("invoice_number", schema.Text, primary_key=True),
    schema.Column("billed_on", schema.Text, nullable=False),
    schema.Column("due_on", schema.Text, nullable=False),
    schema.Column("amount_cents", schema.BigInteger, nullable=False),
    schema.Column("open_cents", schema.BigInteger, nullable=False),
    schema.Column("billed", schema.Integer, nullable=False),
    # How often the bill changed, and up to which of these changes it was uploaded; `refused` says why it was not taken.
    schema.Column("revision", schema.BigInteger, nullable=False),
    schema.Column("sent_revision", schema.BigInteger, nullable=False),
    schema.Column("refused", schema.Text, nullable=False),
    schema.Index(
        "inhance_bills_unsent",
        "lane",
        where="revision > sent_revision",
    ),
    schema.Index("inhance_bills_invoice", "lane", "invoice_number", unique=True),
    schema.Index("inhance_bills_due", "lane", "billed_on", where="billed = 0"),
    rowid=False,
)
PAYMENTS = schema.Table(
    "inhance_payments",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("account_number", schema.Text, primary_key=True),
    # By it a duplicate is found; `number` alone tells an account's payments apart.
    schema.Column("reference", schema.Text, primary_key=True),
    schema.Column("number", schema.Integer, primary_key=True),
    schema.Column("document_number", schema.Text, nullable=False),
    schema.Column("type", schema.Text, nullable=False),
    schema.Column("amount_cents", schema.BigInteger, nullable=False),
    schema.Column("fee_cents", schema.BigInteger, nullable=False),
    schema.Column("paid_at", schema.Text, nullable=False),
    schema.Column("duplicate_of", schema.Integer),
    schema.Column("request_id", schema.Text, nullable=False),
    schema.Column("posted_at", schema.Text, nullable=False),
    # Of a payment that came back, as a person entered it.
    schema.Column("returned_at", schema.Text),
)
EVENTS = schema.Table(
    "inhance_events",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("account_number", schema.Text, primary_key=True),
    schema.Column("number", schema.Integer, primary_key=True),
    schema.Column("kind", schema.Text, nullable=False),
    schema.Column("detail", schema.Text, nullable=False),
    schema.Column("request_id", schema.Text, nullable=False),
    schema.Column("at", schema.Text, nullable=False),
)
DOWNLOADS = schema.Table(
    "inhance_downloads",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    # What makes a PaymentGUID be entered once, whatever the number of runs and replicas.
    schema.Column("payment_guid", schema.Text, primary_key=True),
    schema.Column("account_number", schema.Text, nullable=False),
    schema.Column("invoice_number", schema.Text, nullable=False),
    schema.Column("reference", schema.Text, nullable=False),
    schema.Column("type", schema.Text, nullable=False),
    schema.Column("amount_cents", schema.BigInteger, nullable=False),
    schema.Column("fee_cents", schema.BigInteger, nullable=False),
    schema.Column("paid_at", schema.Text, nullable=False),
    schema.Column("downloaded_at", schema.Text, nullable=False),
    schema.Column("state", schema.Text, nullable=False),
    schema.Column("clerk", schema.Text, nullable=False),
    schema.Column("decided_at", schema.Text),
    schema.Column("note", schema.Text, nullable=False),
    schema.Index("inhance_downloads_state", "lane", "state", "downloaded_at"),
    schema.Index("inhance_downloads_account", "lane", "account_number", "state"),
    schema.Index("inhance_downloads_reference", "lane", "reference"),
    rowid=False,
)
CHANGES = schema.Table(
    "inhance_changes",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("account_number", schema.Text, primary_key=True),
    schema.Column("kind", schema.Text, primary_key=True),
    schema.Column("value", schema.Text, nullable=False),
    schema.Column("changed_at", schema.Text, nullable=False, local=True),
    rowid=False,
)
VALUES = schema.Table(
    "inhance_values",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("name", schema.Text, primary_key=True),
    schema.Column("value", schema.Text, nullable=False),
    rowid=False,
)
