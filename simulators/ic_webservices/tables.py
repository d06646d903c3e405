"""The tables of the Invoice Cloud simulator. Each row belongs to a lane, so each key begins with it."""

from __future__ import annotations

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.jobs import queue_columns

__all__ = [
    "ADJUSTMENTS",
    "AUTOPAYS",
    "BATCHES",
    "BATCH_FILES",
    "BILLERS",
    "CHANGES",
    "CHECKOUTS",
    "COUNTERS",
    "CUSTOMERS",
    "EVENTS",
    "EXPORTED",
    "EXPORT_CHUNKS",
    "INVOICES",
    "LINKS",
    "MESSAGES",
    "METHODS",
    "PAGE_SESSIONS",
    "PAYMENTS",
    "POSTBACKS",
    "POSTBACK_ATTEMPTS",
    "PROBLEMS",
    "REMINDERS",
    "SCHEDULES",
    "TABLES",
    "TEXT_ENROLMENTS",
    "TOKENS",
    "UPLOADS",
    "UPLOAD_CHUNKS",
    "USERS",
    "WRONG_PASSWORDS",
]

TABLES = schema.Tables()


def _key(name: str, type: schema.Kind = schema.Text) -> schema.Column:
    return schema.Column(name, type, primary_key=True)


def _text(*names: str) -> list[schema.Column]:
    return [schema.Column(name, schema.Text, nullable=False) for name in names]


def _whole(*names: str) -> list[schema.Column]:
    return [schema.Column(name, schema.BigInteger, nullable=False) for name in names]


def _maybe(*names: str) -> list[schema.Column]:
    return [schema.Column(name, schema.Text) for name in names]


BILLERS = schema.Table(
    "ic_billers",
    TABLES,
    _key("lane"),
    _key("guid"),
    *_text("name", "partner", "api_key", "web_service_key", "invoice_format_guid", "invoice_type_id", "time_zone"),
    *_text("settings", "configuration"),
)

CUSTOMERS = schema.Table(
    "ic_customers",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("account_number"),
    *_text("customer_id", "customer_name", "customer_name2", "address1", "address2", "city", "state", "zip", "phone"),
    *_text("email_address", "email_address_cc", "customer_vat_number", "registration_value", "pin"),
    *_whole("block_payments_cc", "block_payments_eft", "autopay", "paper_invoices", "registered"),
    *_text("registration_date", "login_name"),
    *_whole("conveyed"),
    *_text("customer_guid", "display_account_number"),
    schema.Index("ic_customers_by_guid", "lane", "biller_guid", "customer_guid"),
)

LATE_FEE_WAITS = (
    "status = 'open' AND balance_due_cents > 0 AND late_fee_cents > 0"
    " AND late_fee_on > COALESCE(late_fee_charged_for, '')"
)
"""The condition, and the partial index for it, of an invoice whose late fee will be charged unless it is paid first."""

NOTICE_WAITS = "status = 'open' AND balance_due_cents > 0 AND notify_on IS NOT NULL"
"""The same for an invoice whose payers will be told of it unless it is paid first."""

INVOICES = schema.Table(
    "ic_invoices",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("invoice_number"),
    *_text("account_number", "invoice_date", "invoice_due_date"),
    *_whole("total_amount_due_cents", "balance_due_cents", "minimum_amount_due_cents"),
    *_whole("allow_partial_payments", "balance_forward"),
    *_maybe("autopay_collection_date", "first_notify_requested_date"),
    *_maybe("second_notify_requested_date", "third_notify_requested_date", "notified_on", "notify_on"),
    *_text("invoice_type_id", "invoice_format_guid", "status"),
    *_whole("version"),
    *_text("upload_id", "asked_at", "asked_problem", "content"),
    *_whole("filed_due_cents", "filed_total_cents"),
    *_text("filed_after", "stated_after"),
    *_whole("late_fee_cents", "late_fee_if_unpaid"),
    *_maybe("late_fee_on", "late_fee_charged_for"),
    *_text("image_asked_at", "image_problem"),
    *_maybe("payment_expires_on"),
    *_text("payment_expiration_message", "fields", "lines"),
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
    _key("lane"),
    _key("biller_guid"),
    _key("invoice_number"),
    *_text("content", "received_at"),
)

PAYMENTS = schema.Table(
    "ic_payments",
    TABLES,
    _key("lane"),
    _key("payment_guid"),
    *_text("biller_guid", "account_number", "invoice_number"),
    *_whole("amount_cents", "service_fee_cents"),
    *_text("tender", "brand", "last_four", "donation", "payer_name"),
    *_whole("approved"),
    *_text("message", "reference", "paid_at", "state", "clears_at", "clears_as", "return_code"),
    *_text("biller_reference", "recorded_at"),
    *_whole("offline"),
    *_text("check_number", "location_reference"),
    schema.Index("ic_payments_by_account", "lane", "biller_guid", "account_number"),
    schema.Index("ic_payments_by_clearing", "lane", "state", "clears_at"),
    schema.Index("ic_payments_by_reference", "lane", "reference"),
    schema.Index("ic_payments_by_date", "lane", "biller_guid", "recorded_at"),
)

UPLOADS = schema.Table(
    "ic_uploads",
    TABLES,
    _key("lane"),
    _key("upload_id"),
    *_text("biller_guid", "file_name", "received_at", "state", "message", "total_amount_due"),
    *_whole("size_bytes", "accepted", "rejected"),
    *_text("kind", "content", "repeats", "notes"),
    schema.Index("ic_uploads_by_content", "lane", "biller_guid", "kind", "state", "content"),
)

PROBLEMS = schema.Table(
    "ic_upload_problems",
    TABLES,
    _key("lane"),
    _key("upload_id"),
    _key("position", schema.BigInteger),
    *_whole("line"),
    *_text("invoice_number", "field"),
    *_whole("file_spec_id"),
    *_text("value", "rule", "reason"),
    *_whole("column_number"),
)

UPLOAD_CHUNKS = schema.Table(
    "ic_upload_chunks",
    TABLES,
    _key("lane"),
    _key("upload_id"),
    _key("part"),
    _key("seq", schema.BigInteger),
    *_text("content"),
)

ADJUSTMENTS = schema.Table(
    "ic_adjustments",
    TABLES,
    _key("lane"),
    _key("upload_id"),
    _key("position", schema.BigInteger),
    *_whole("line"),
    *_text("biller_guid", "account_number", "type_id", "effect"),
    *_whole("amount_cents", "before_cents", "after_cents"),
    schema.Index("ic_adjustments_by_account", "lane", "biller_guid", "account_number"),
)

EVENTS = schema.Table(
    "ic_events",
    TABLES,
    _key("lane"),
    _key("seq", schema.BigInteger),
    *_text("event_id", "kind", "biller_guid", "account_number", "body", "cause", "occurred_at", "state", "next_at"),
    *_maybe("accepted_at", "problem"),
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

COUNTERS = schema.Table("ic_counters", TABLES, _key("lane"), _key("name"), *_whole("value"))

USERS = schema.Table(
    "ic_users",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("username"),
    *_text("email_address", "password_hash", "created_at", "text_phone"),
)

# In real time, so that nobody shortens it by moving the lane's clock.
WRONG_PASSWORDS = schema.Table(
    "ic_wrong_passwords", TABLES, _key("lane"), _key("biller_guid"), _key("username_hash"), *_whole("free_at_ms")
)

LINKS = schema.Table(
    "ic_user_accounts",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("username"),
    _key("account_number"),
    *_whole("position"),
    *_text("linked_at"),
    schema.Index("ic_user_accounts_by_account", "lane", "biller_guid", "account_number"),
)

TOKENS = schema.Table(
    "ic_tokens",
    TABLES,
    _key("lane"),
    _key("token_hash"),
    *_text("biller_guid", "username", "issued_at", "expires_at", "ended_at"),
    schema.Index("ic_tokens_by_user", "lane", "biller_guid", "username"),
)

CHANGES = schema.Table(
    "ic_changes",
    TABLES,
    _key("lane"),
    _key("seq", schema.BigInteger),
    *_text("biller_guid", "account_number", "kind", "value", "changed_at", "recorded_at"),
    schema.Index("ic_changes_by_date", "lane", "biller_guid", "recorded_at"),
)

METHODS = schema.Table(
    "ic_methods",
    TABLES,
    _key("lane"),
    _key("method_id"),
    *_text("biller_guid", "username", "kind", "brand", "last_four", "effect", "holder"),
    *_maybe("expires_on"),
    *_whole("preferred"),
    *_text("added_at"),
    schema.Index("ic_methods_by_user", "lane", "biller_guid", "username"),
)

SCHEDULES = schema.Table(
    "ic_schedules",
    TABLES,
    _key("lane"),
    _key("schedule_id"),
    *_text("biller_guid", "username", "account_number", "invoice_number", "kind"),
    *_whole("amount_cents"),
    *_text("method_id", "runs_on", "runs_at", "created_at", "state", "outcome", "payment_guid"),
    *queue_columns(),
    schema.Index("ic_schedules_by_account", "lane", "biller_guid", "account_number", "invoice_number"),
    schema.Index("ic_schedules_by_run", "lane", "state", "runs_at"),
    schema.Index("ic_schedules_by_method", "lane", "method_id", "state"),
)

AUTOPAYS = schema.Table(
    "ic_autopays",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("account_number"),
    *_text("username", "method_id", "enrolled_at"),
)

SHOWN_PAGES = schema.Table(
    "ic_shown_pages",
    TABLES,
    _key("lane"),
    _key("owner"),
    _key("slot", schema.BigInteger),
    *_text("nonce_hash", "path"),
    *_whole("status"),
    *_text("body", "shown_at"),
)

PAGE_SESSIONS = schema.Table(
    "ic_page_sessions",
    TABLES,
    _key("lane"),
    _key("session_hash"),
    *_text("sealed_token", "biller_guid", "username", "view_mode", "css_url", "return_url", "site_name"),
    *_text("account_number", "started_at"),
)

TEXT_ENROLMENTS = schema.Table(
    "ic_text_enrolments",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("username"),
    *_text("phone", "asked_at"),
)

CHECKOUTS = schema.Table(
    "ic_checkouts",
    TABLES,
    _key("lane"),
    _key("token_hash"),
    *_text("biller_guid", "state", "created_at", "expires_at", "username", "asked", "choice", "outcome"),
    schema.Index(
        "ic_checkouts_open",
        "lane",
        "expires_at",
        where="state = 'open'",
    ),
)

REMINDERS = schema.Table(
    "ic_reminders",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("invoice_number"),
    _key("email_address"),
    *_text("account_number", "requested_at", "state", "remind_at"),
    *queue_columns(),
    schema.Index(
        "ic_reminders_waiting",
        "lane",
        "remind_at",
        where="state = 'waiting'",
    ),
)

MESSAGES = schema.Table(
    "ic_messages",
    TABLES,
    _key("lane"),
    _key("number", schema.BigInteger),
    *_text("biller_guid", "channel", "kind", "recipient", "subject", "body"),
    *_text("account_number", "invoice_number", "payment_guid", "sent_at"),
)

POSTBACKS = schema.Table(
    "ic_postbacks",
    TABLES,
    _key("lane"),
    _key("postback_id"),
    *_text("payment_guid", "biller_guid", "url", "body", "state"),
    *_text("created_at", "next_at", "delivered_at"),
    *queue_columns(),
    schema.Index("ic_postbacks_by_payment", "lane", "payment_guid"),
    schema.Index(
        "ic_postbacks_waiting",
        "lane",
        "next_at",
        where="state = 'waiting'",
    ),
)

POSTBACK_ATTEMPTS = schema.Table(
    "ic_postback_attempts",
    TABLES,
    _key("lane"),
    _key("postback_id"),
    _key("number", schema.BigInteger),
    *_text("at"),
    *_whole("status"),
    *_text("reason"),
    *_whole("took_ms"),
)

BATCHES = schema.Table(
    "ic_export_batches",
    TABLES,
    _key("lane"),
    _key("report_id", schema.BigInteger),
    *_text("biller_guid", "kind", "created_at"),
    *_whole("row_count"),
    *_text("warnings", "delivered_at"),
    schema.Index(
        "ic_export_batches_waiting",
        "lane",
        "biller_guid",
        where="delivered_at = ''",
    ),
)

BATCH_FILES = schema.Table(
    "ic_export_files",
    TABLES,
    _key("lane"),
    _key("biller_guid"),
    _key("name"),
    *_whole("report_id"),
    *_text("part"),
    *_whole("row_count"),
    schema.Index("ic_export_files_by_batch", "lane", "report_id"),
)

EXPORT_CHUNKS = schema.Table(
    "ic_export_chunks",
    TABLES,
    _key("lane"),
    _key("report_id", schema.BigInteger),
    _key("part"),
    _key("seq", schema.BigInteger),
    *_text("content"),
)

EXPORTED = schema.Table(
    "ic_exported",
    TABLES,
    _key("lane"),
    _key("kind"),
    _key("item"),
    *_whole("report_id"),
)
