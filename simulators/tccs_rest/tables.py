"""
The tables of the insurer's ledger; each row is in a lane.

Without SQLite's own row numbers: their keys are text, and one tree is searched instead of two.
"""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema

__all__ = ["CHARGES", "EVENTS", "PAYMENTS", "POLICIES", "QUOTES", "TABLES"]

TABLES = schema.Tables()


def _key(number: str = "") -> list[schema.Column | schema.Column]:
    columns: list[schema.Column | schema.Column] = [
        schema.Column("lane", schema.Text, primary_key=True),
        schema.Column("invoice_number", schema.Text, primary_key=True),
    ]
    if number:
        columns.append(schema.Column(number, schema.Integer, primary_key=True))
    return columns


def _insured() -> list[schema.Column]:
    names = ("insured_name", "address1", "address2", "city", "state", "zip", "phone")
    return [schema.Column(name, schema.Text, nullable=False) for name in names]


def _counters() -> list[schema.Column]:
    """How many rows of each kind the invoice has; whoever adds one holds its lock."""
    return [schema.Column(name, schema.Integer, nullable=False) for name in ("charges", "payments", "events")]


def _cause(at: str) -> list[schema.Column]:
    return [schema.Column("request_id", schema.Text, nullable=False), schema.Column(at, schema.Text, nullable=False)]


POLICIES = schema.Table(
    "tccs_policies",
    TABLES,
    *_key(),
    schema.Column("effective_on", schema.Text, nullable=False),
    schema.Column("expires_on", schema.Text, nullable=False),
    *_insured(),
    schema.Column("late_fee_cents", schema.BigInteger, nullable=False),
    schema.Column("paperless", schema.Integer, nullable=False),
    schema.Column("recurring", schema.Integer, nullable=False),
    schema.Column("paid_cents", schema.BigInteger, nullable=False),
    *_counters(),
    # How often what is billed changed, and up to which of these changes it was uploaded; `refused` says why it was not
    # taken.
    schema.Column("revision", schema.BigInteger, nullable=False),
    schema.Column("sent_revision", schema.BigInteger, nullable=False),
    schema.Column("refused", schema.Text, nullable=False),
    schema.Index(
        "tccs_policies_unsent",
        "lane",
        where="revision > sent_revision",
    ),
    rowid=False,
)
QUOTES = schema.Table(
    "tccs_quotes",
    TABLES,
    *_key(),
    *_insured(),
    schema.Column("deposit_cents", schema.BigInteger, nullable=False),
    schema.Column("premium_cents", schema.BigInteger, nullable=False),
    schema.Column("instalments", schema.Integer, nullable=False),
    schema.Column("late_fee_cents", schema.BigInteger, nullable=False),
    schema.Column("paid_cents", schema.BigInteger, nullable=False),
    schema.Column("bound_on", schema.Text),
    *_counters(),
    rowid=False,
)
CHARGES = schema.Table(
    "tccs_charges",
    TABLES,
    *_key("number"),
    schema.Column("kind", schema.Text, nullable=False),
    schema.Column("billed_on", schema.Text, nullable=False),
    schema.Column("due_on", schema.Text, nullable=False),
    schema.Column("amount_cents", schema.BigInteger, nullable=False),
    # Whether its day has come, and whether its late fee was charged: what the clock has done already.
    schema.Column("billed", schema.Integer, nullable=False),
    schema.Column("late", schema.Integer, nullable=False),
    schema.Index("tccs_charges_unbilled", "lane", "billed", "billed_on"),
    schema.Index("tccs_charges_late", "lane", "late", "due_on"),
    rowid=False,
)
PAYMENTS = schema.Table(
    "tccs_payments",
    TABLES,
    *_key("number"),
    schema.Column("amount_cents", schema.BigInteger, nullable=False),
    schema.Column("type", schema.Text, nullable=False),
    schema.Column("insured_name", schema.Text, nullable=False),
    schema.Column("payment_guid", schema.Text),
    *_cause("posted_at"),
    # Of a payment that came back.
    schema.Column("returned_at", schema.Text),
    schema.Column("reported_on", schema.Text),
    schema.Column("return_request_id", schema.Text),
    # What makes a PaymentGUID post once, whatever the number of callers and replicas; nulls are never equal.
    schema.Index("tccs_payments_guid", "lane", "payment_guid", unique=True),
    rowid=False,
)
EVENTS = schema.Table(
    "tccs_events",
    TABLES,
    *_key("number"),
    schema.Column("kind", schema.Text, nullable=False),
    schema.Column("detail", schema.Text, nullable=False),
    *_cause("at"),
    rowid=False,
)
