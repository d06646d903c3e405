"""The tables of the Invoice Cloud simulator. Each row belongs to a lane, so each key begins with it."""

from __future__ import annotations

import sqlalchemy as sa

from simulators.kit.store import METADATA

__all__ = ["BILLERS", "COUNTERS", "CUSTOMERS", "EVENTS", "INVOICES", "PAYMENTS", "PROBLEMS", "UPLOADS"]


def _key(name: str, type: type[sa.Text | sa.BigInteger] = sa.Text) -> sa.Column[object]:
    return sa.Column(name, type, primary_key=True)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


def _maybe(*names: str) -> list[sa.Column[str | None]]:
    return [sa.Column(name, sa.Text) for name in names]


BILLERS = sa.Table(
    "ic_billers",
    METADATA,
    _key("lane"),
    _key("guid"),
    *_text("name", "partner", "api_key", "web_service_key", "invoice_format_guid", "invoice_type_id", "time_zone"),
    *_text("settings", "configuration"),
)

CUSTOMERS = sa.Table(
    "ic_customers",
    METADATA,
    _key("lane"),
    _key("biller_guid"),
    _key("account_number"),
    *_text("customer_id", "customer_name", "customer_name2", "address1", "address2", "city", "state", "zip", "phone"),
    *_text("email_address", "email_address_cc", "customer_vat_number", "registration_value", "pin"),
    *_whole("block_payments_cc", "block_payments_eft", "autopay", "paper_invoices", "registered"),
    *_text("registration_date", "login_name"),
    *_whole("conveyed"),
)

INVOICES = sa.Table(
    "ic_invoices",
    METADATA,
    _key("lane"),
    _key("biller_guid"),
    _key("invoice_number"),
    *_text("account_number", "invoice_date", "invoice_due_date"),
    *_whole("total_amount_due_cents", "balance_due_cents", "minimum_amount_due_cents"),
    *_whole("allow_partial_payments", "balance_forward"),
    *_maybe("autopay_collection_date", "first_notify_requested_date"),
    *_maybe("second_notify_requested_date", "third_notify_requested_date"),
    *_text("invoice_type_id", "invoice_format_guid", "status"),
    *_whole("version"),
    *_text("upload_id", "asked_at", "asked_problem", "fields", "lines"),
    sa.Index("ic_invoices_by_account", "lane", "biller_guid", "account_number", "status"),
    sa.Index("ic_invoices_by_upload", "lane", "upload_id"),
)

PAYMENTS = sa.Table(
    "ic_payments",
    METADATA,
    _key("lane"),
    _key("payment_guid"),
    *_text("biller_guid", "account_number", "invoice_number"),
    *_whole("amount_cents", "service_fee_cents"),
    *_text("tender", "brand", "last_four", "donation", "payer_name"),
    *_whole("approved"),
    *_text("message", "reference", "paid_at", "state", "clears_at", "clears_as", "return_code"),
    sa.Index("ic_payments_by_account", "lane", "biller_guid", "account_number"),
    sa.Index("ic_payments_by_clearing", "lane", "state", "clears_at"),
    sa.Index("ic_payments_by_reference", "lane", "reference"),
)

UPLOADS = sa.Table(
    "ic_uploads",
    METADATA,
    _key("lane"),
    _key("upload_id"),
    *_text("biller_guid", "file_name", "received_at", "state", "message", "total_amount_due"),
    *_whole("size_bytes", "accepted", "rejected"),
)

PROBLEMS = sa.Table(
    "ic_upload_problems",
    METADATA,
    _key("lane"),
    _key("upload_id"),
    _key("position", sa.BigInteger),
    *_whole("line"),
    *_text("invoice_number", "field"),
    *_whole("file_spec_id"),
    *_text("value", "rule", "reason"),
)

EVENTS = sa.Table(
    "ic_events",
    METADATA,
    _key("lane"),
    _key("seq", sa.BigInteger),
    *_text("event_id", "kind", "biller_guid", "account_number", "body", "cause", "occurred_at"),
    *_whole("attempts"),
    *_maybe("accepted_at", "problem"),
    sa.Index("ic_events_by_account", "lane", "biller_guid", "account_number", "seq"),
    sa.Index(
        "ic_events_waiting",
        "lane",
        "biller_guid",
        "account_number",
        "seq",
        sqlite_where=sa.text("accepted_at IS NULL"),
        postgresql_where=sa.text("accepted_at IS NULL"),
    ),
)

COUNTERS = sa.Table("ic_counters", METADATA, _key("lane"), _key("name"), *_whole("value"))
