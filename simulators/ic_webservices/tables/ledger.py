"""What a biller bills and is paid: customers, invoices and their images, payments, and the events of these."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.tables.collection import TABLES
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.jobs import queue_columns
from partnerlab.simulators.kit.world.schema import key, maybe, text, whole

__all__ = [
    "BILLERS",
    "BILL_IMAGES",
    "CHANGES",
    "COUNTERS",
    "CUSTOMERS",
    "EVENTS",
    "INVOICES",
    "LATE_FEE_WAITS",
    "NOTICE_WAITS",
    "PAYMENTS",
]

BILLERS = schema.Table(
    "ic_billers",
    TABLES,
    key("lane"),
    key("guid"),
    *text("name", "partner", "api_key", "web_service_key", "invoice_format_guid", "invoice_type_id", "time_zone"),
    *text("settings", "configuration"),
)

CUSTOMERS = schema.Table(
    "ic_customers",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("account_number"),
    *text("customer_id", "customer_name", "customer_name2", "address1", "address2", "city", "state", "zip", "phone"),
    *text("email_address", "email_address_cc", "customer_vat_number", "registration_value", "pin"),
    *whole("block_payments_cc", "block_payments_eft", "autopay", "paper_invoices", "registered"),
    *text("registration_date", "login_name"),
    *whole("conveyed"),
    schema.Column("billed_apart", schema.BigInteger, nullable=False, server_default="0"),
    *text("customer_guid", "display_account_number"),
    schema.Index("ic_customers_by_guid", "lane", "biller_guid", "customer_guid"),
)

LATE_FEE_WAITS = (
    "status = 'open' AND balance_due_cents > 0 AND late_fee_cents > 0"
    " AND late_fee_on > COALESCE(late_fee_charged_for, '')"
)
"""The condition, and the partial index for it, of an invoice whose late fee will be charged unless it is paid first."""

NOTICE_WAITS = "status = 'open' AND balance_due_cents > 0 AND notify_on IS NOT NULL"
"""The condition and the index of an invoice whose payers will be told of it unless it is paid first."""

INVOICES = schema.Table(
    "ic_invoices",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("invoice_number"),
    *text("account_number", "invoice_date", "invoice_due_date"),
    *whole("total_amount_due_cents", "balance_due_cents", "minimum_amount_due_cents"),
    *whole("allow_partial_payments", "balance_forward"),
    *maybe("autopay_collection_date", "first_notify_requested_date"),
    *maybe("second_notify_requested_date", "third_notify_requested_date", "notified_on", "notify_on"),
    *text("invoice_type_id", "invoice_format_guid", "status"),
    *whole("version"),
    *text("upload_id", "asked_at", "asked_problem", "content"),
    *whole("filed_due_cents", "filed_total_cents"),
    schema.Column("held_cents", schema.BigInteger, nullable=False, server_default="0"),
    *text("filed_after", "stated_after"),
    *whole("late_fee_cents", "late_fee_if_unpaid"),
    *maybe("late_fee_on", "late_fee_charged_for"),
    *text("image_asked_at", "image_problem"),
    *maybe("payment_expires_on"),
    *text("payment_expiration_message", "fields", "lines"),
    schema.Index("ic_invoices_by_account", "lane", "biller_guid", "account_number", "status"),
    schema.Index("ic_invoices_by_upload", "lane", "upload_id"),
    schema.Index(
        "ic_invoices_late",
        "lane",
        "biller_guid",
        "late_fee_on",
        where=LATE_FEE_WAITS,
    ),
    schema.Index(
        "ic_invoices_notices",
        "lane",
        "biller_guid",
        "notify_on",
        where=NOTICE_WAITS,
    ),
)

BILL_IMAGES = schema.Table(
    "ic_bill_images",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("invoice_number"),
    *text("content", "received_at"),
)

PAYMENTS = schema.Table(
    "ic_payments",
    TABLES,
    key("lane"),
    key("payment_guid"),
    *text("biller_guid", "account_number", "invoice_number"),
    *whole("amount_cents", "service_fee_cents"),
    *text("tender", "brand", "last_four", "donation", "payer_name"),
    *whole("approved"),
    *text("message", "reference", "paid_at", "state", "clears_at", "clears_as", "return_code"),
    *text("biller_reference", "recorded_at"),
    *whole("offline"),
    *text("check_number", "location_reference"),
    schema.Column("told_as", schema.Text, nullable=False, server_default=""),
    schema.Index("ic_payments_by_account", "lane", "biller_guid", "account_number"),
    schema.Index("ic_payments_by_clearing", "lane", "state", "clears_at"),
    schema.Index("ic_payments_by_reference", "lane", "reference"),
    schema.Index("ic_payments_by_date", "lane", "biller_guid", "recorded_at"),
)

EVENTS = schema.Table(
    "ic_events",
    TABLES,
    key("lane"),
    key("seq", schema.BigInteger),
    *text("event_id", "kind", "biller_guid", "account_number", "body", "cause", "occurred_at", "state", "next_at"),
    *maybe("accepted_at", "problem"),
    *queue_columns(),
    schema.Index("ic_events_by_account", "lane", "biller_guid", "account_number", "seq"),
    schema.Index(
        "ic_events_waiting",
        "lane",
        "biller_guid",
        "account_number",
        "seq",
        where="state = 'waiting'",
    ),
)

COUNTERS = schema.Table("ic_counters", TABLES, key("lane"), key("name"), *whole("value"))

CHANGES = schema.Table(
    "ic_changes",
    TABLES,
    key("lane"),
    key("seq", schema.BigInteger),
    *text("biller_guid", "account_number", "kind", "value", "changed_at", "recorded_at"),
    schema.Index("ic_changes_by_date", "lane", "biller_guid", "recorded_at"),
)
