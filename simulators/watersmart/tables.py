"""The tables of WaterSmart's books; each row is in a lane."""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.schema import key, text, whole

__all__ = ["COUNTERS", "CUSTOMERS", "ENTRIES", "FILES", "INVOICES", "LINKS", "PAYMENTS", "REJECTS", "TABLES", "USERS"]

TABLES = schema.Tables()

CUSTOMERS = schema.Table(
    "watersmart_customers",
    TABLES,
    key("lane"),
    key("account_number"),
    *text("customer_name", "address1", "address2", "city", "state", "zip", "phone", "email"),
    *whole("paperless", "autopay", "block_cards", "block_bank"),
    *text("display_account_number"),
    *whole("balance_cents", "entries", "balance_waits"),
    schema.Column("balance_again_at", schema.Text),
    rowid=False,
)
INVOICES = schema.Table(
    "watersmart_invoices",
    TABLES,
    key("lane"),
    key("invoice_number"),
    *text("account_number", "invoiced_on", "due_on"),
    *whole("amount_cents", "total_cents", "past_due_cents"),
    schema.Column("file_number", schema.BigInteger),
    schema.Index("watersmart_invoices_account", "lane", "account_number"),
    schema.Index("watersmart_invoices_file", "lane", "file_number"),
    rowid=False,
)
ENTRIES = schema.Table(
    "watersmart_entries",
    TABLES,
    key("lane"),
    key("account_number"),
    key("number", schema.BigInteger),
    *text("kind"),
    *whole("amount_cents"),
    *text("detail", "request_id", "at"),
    rowid=False,
)
PAYMENTS = schema.Table(
    "watersmart_payments",
    TABLES,
    key("lane"),
    key("payment_guid"),
    *text("reference", "account_number", "invoice_number"),
    *whole("amount_cents", "fee_cents", "type_id"),
    *text("type_words", "paid_at"),
    *whole("approved", "offline"),
    *text("check_number", "biller_reference"),
    *whole("report_id", "file_number"),
    *text("state"),
    schema.Index("watersmart_payments_reference", "lane", "reference"),
    schema.Index("watersmart_payments_account", "lane", "account_number"),
)
REJECTS = schema.Table(
    "watersmart_rejects",
    TABLES,
    key("lane"),
    key("reference"),
    *text("account_number"),
    *whole("amount_cents"),
    *text("code", "returned_at"),
    *whole("file_number", "applied"),
)
USERS = schema.Table(
    "watersmart_users",
    TABLES,
    key("lane"),
    key("username"),
    *text("password_hash", "registered_at"),
    schema.Column("session_token", schema.Text, nullable=False, private=True),
)
LINKS = schema.Table(
    "watersmart_links",
    TABLES,
    key("lane"),
    key("username"),
    key("account_number"),
    *whole("position"),
    schema.Index("watersmart_links_account", "lane", "account_number"),
)
FILES = schema.Table(
    "watersmart_files",
    TABLES,
    key("lane"),
    key("number", schema.BigInteger),
    *text("kind", "name", "state", "digest", "content"),
    *whole("row_count"),
    *text("message", "at"),
    schema.Index("watersmart_files_name", "lane", "name"),
)
COUNTERS = schema.Table("watersmart_counters", TABLES, key("lane"), key("name"), *whole("value"))
