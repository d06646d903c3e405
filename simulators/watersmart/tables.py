"""The tables of WaterSmart's books; each row is in a lane."""

from __future__ import annotations

import sqlalchemy as sa

from partnerlab.simulators.kit.world.lane_rows import PRIVATE

__all__ = ["COUNTERS", "CUSTOMERS", "ENTRIES", "FILES", "INVOICES", "LINKS", "PAYMENTS", "REJECTS", "TABLES", "USERS"]

TABLES = sa.MetaData()


def _key(name: str, type: type[sa.Text | sa.BigInteger] = sa.Text) -> sa.Column[object]:
    return sa.Column(name, type, primary_key=True)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


CUSTOMERS = sa.Table(
    "watersmart_customers",
    TABLES,
    _key("lane"),
    _key("account_number"),
    *_text("customer_name", "address1", "address2", "city", "state", "zip", "phone", "email"),
    *_whole("paperless", "autopay", "block_cards", "block_bank"),
    *_text("display_account_number"),
    *_whole("balance_cents", "entries", "balance_waits"),
    sqlite_with_rowid=False,
)
INVOICES = sa.Table(
    "watersmart_invoices",
    TABLES,
    _key("lane"),
    _key("invoice_number"),
    *_text("account_number", "invoiced_on", "due_on"),
    *_whole("amount_cents", "total_cents", "past_due_cents"),
    sa.Column("file_number", sa.BigInteger),
    sa.Index("watersmart_invoices_account", "lane", "account_number"),
    sa.Index("watersmart_invoices_file", "lane", "file_number"),
    sqlite_with_rowid=False,
)
ENTRIES = sa.Table(
    "watersmart_entries",
    TABLES,
    _key("lane"),
    _key("account_number"),
    _key("number", sa.BigInteger),
    *_text("kind"),
    *_whole("amount_cents"),
    *_text("detail", "request_id", "at"),
    sqlite_with_rowid=False,
)
PAYMENTS = sa.Table(
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
    sa.Index("watersmart_payments_reference", "lane", "reference"),
    sa.Index("watersmart_payments_account", "lane", "account_number"),
)
REJECTS = sa.Table(
    "watersmart_rejects",
    TABLES,
    _key("lane"),
    _key("reference"),
    *_text("account_number"),
    *_whole("amount_cents"),
    *_text("code", "returned_at"),
    *_whole("file_number", "applied"),
)
USERS = sa.Table(
    "watersmart_users",
    TABLES,
    _key("lane"),
    _key("username"),
    *_text("password_hash", "registered_at"),
    sa.Column("session_token", sa.Text, nullable=False, info=PRIVATE),
)
LINKS = sa.Table(
    "watersmart_links",
    TABLES,
    _key("lane"),
    _key("username"),
    _key("account_number"),
    *_whole("position"),
    sa.Index("watersmart_links_account", "lane", "account_number"),
)
FILES = sa.Table(
    "watersmart_files",
    TABLES,
    _key("lane"),
    _key("number", sa.BigInteger),
    *_text("kind", "name", "state", "digest", "content"),
    *_whole("row_count"),
    *_text("message", "at"),
    sa.Index("watersmart_files_name", "lane", "name"),
)
COUNTERS = sa.Table("watersmart_counters", TABLES, _key("lane"), _key("name"), *_whole("value"))
