"""The tables of WaterSmart's books; each row is in a lane."""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema

__all__ = ["COUNTERS", "CUSTOMERS", "ENTRIES", "FILES", "INVOICES", "LINKS", "PAYMENTS", "REJECTS", "TABLES", "USERS"]

TABLES = schema.Tables()


def _key(name: str, type: schema.Kind = schema.Text) -> schema.Column:
    return schema.Column(name, type, primary_key=True)


def _text(*names: str) -> list[schema.Column]:
    return [schema.Column(name, schema.Text, nullable=False) for name in names]


def _whole(*names: str) -> list[schema.Column]:
    return [schema.Column(name, schema.BigInteger, nullable=False) for name in names]


CUSTOMERS = schema.Table(
    "watersmart_customers",
    TABLES,
    _key("lane"),
    _key("account_number"),
    *_text("customer_name", "address1", "address2", "city", "state", "zip", "phone", "email"),
    *_whole("paperless", "autopay", "block_cards", "block_bank"),
    *_text("display_account_number"),
    *_whole("balance_cents", "entries", "balance_waits"),
    schema.Column("balance_again_at", schema.Text),
    rowid=False,
)
INVOICES = schema.Table(
    "watersmart_invoices",
    TABLES,
    _key("lane"),
    _key("invoice_number"),
    *_text("account_number", "invoiced_on", "due_on"),
    *_whole("amount_cents", "total_cents", "past_due_cents"),
    schema.Column("file_number", schema.BigInteger),
    schema.Index("watersmart_invoices_account", "lane", "account_number"),
    schema.Index("watersmart_invoices_file", "lane", "file_number"),
    rowid=False,
)
ENTRIES = schema.Table(
    "watersmart_entries",
    TABLES,
    _key("lane"),
    _key("account_number"),
    _key("number", schema.BigInteger),
    *_text("kind"),
    *_whole("amount_cents"),
    *_text("detail", "request_id", "at"),
    rowid=False,
)
PAYMENTS = schema.Table(
    "watersmart_payments",
    TABLES,
    _key("lane"),
    _key("payment_guid"),
    *_text("reference", "account_number", "invoice_number"),
    *_whole("amount_cents", "fee_cents", "type_id"),
    *_text("type_words", "paid_at"),
    *_whole("approved", "offline"),
    *_text("check_number", "biller_reference"),
    *_whole("report_id", "file_number"),
    *_text("state"),
    schema.Index("watersmart_payments_reference", "lane", "reference"),
    schema.Index("watersmart_payments_account", "lane", "account_number"),
)
REJECTS = schema.Table(
    "watersmart_rejects",
    TABLES,
    _key("lane"),
    _key("reference"),
    *_text("account_number"),
    *_whole("amount_cents"),
    *_text("code", "returned_at"),
    *_whole("file_number", "applied"),
)
USERS = schema.Table(
    "watersmart_users",
    TABLES,
    _key("lane"),
    _key("username"),
    *_text("password_hash", "registered_at"),
    schema.Column("session_token", schema.Text, nullable=False, private=True),
)
LINKS = schema.Table(
    "watersmart_links",
    TABLES,
    _key("lane"),
    _key("username"),
    _key("account_number"),
    *_whole("position"),
    schema.Index("watersmart_links_account", "lane", "account_number"),
)
FILES = schema.Table(
    "watersmart_files",
    TABLES,
    _key("lane"),
    _key("number", schema.BigInteger),
    *_text("kind", "name", "state", "digest", "content"),
    *_whole("row_count"),
    *_text("message", "at"),
    schema.Index("watersmart_files_name", "lane", "name"),
)
COUNTERS = schema.Table("watersmart_counters", TABLES, _key("lane"), _key("name"), *_whole("value"))
