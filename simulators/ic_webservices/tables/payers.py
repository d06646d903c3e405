"""Users, what they saved, and what they see: sessions, wallet, schedules, payment pages."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.tables.collection import TABLES
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.jobs import queue_columns
from partnerlab.simulators.kit.world.schema import key, maybe, text, whole

__all__ = [
    "AUTOPAYS",
    "CHECKOUTS",
    "LINKS",
    "METHODS",
    "PAGE_SESSIONS",
    "SCHEDULES",
    "SHOWN_PAGES",
    "TEXT_ENROLMENTS",
    "TOKENS",
    "USERS",
    "WRONG_PASSWORDS",
]

USERS = schema.Table(
    "ic_users",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("username"),
    *text("email_address", "password_hash", "created_at", "text_phone"),
)

# In real time, so that nobody shortens it by moving the lane's clock.
WRONG_PASSWORDS = schema.Table(
    "ic_wrong_passwords", TABLES, key("lane"), key("biller_guid"), key("username_hash"), *whole("free_at_ms")
)

LINKS = schema.Table(
    "ic_user_accounts",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("username"),
    key("account_number"),
    *whole("position"),
    *text("linked_at"),
    schema.Index("ic_user_accounts_by_account", "lane", "biller_guid", "account_number"),
)

TOKENS = schema.Table(
    "ic_tokens",
    TABLES,
    key("lane"),
    key("token_hash"),
    *text("biller_guid", "username", "issued_at", "expires_at", "ended_at"),
    schema.Index("ic_tokens_by_user", "lane", "biller_guid", "username"),
)

METHODS = schema.Table(
    "ic_methods",
    TABLES,
    key("lane"),
    key("method_id"),
    *text("biller_guid", "username", "kind", "brand", "last_four", "effect", "holder"),
    *maybe("expires_on"),
    *whole("preferred"),
    *text("added_at"),
    schema.Index("ic_methods_by_user", "lane", "biller_guid", "username"),
)

SCHEDULES = schema.Table(
    "ic_schedules",
    TABLES,
    key("lane"),
    key("schedule_id"),
    *text("biller_guid", "username", "account_number", "invoice_number", "kind"),
    *whole("amount_cents"),
    *text("method_id", "runs_on", "runs_at", "created_at", "state", "outcome", "payment_guid"),
    *queue_columns(),
    schema.Index("ic_schedules_by_account", "lane", "biller_guid", "account_number", "invoice_number"),
    schema.Index("ic_schedules_by_run", "lane", "state", "runs_at"),
    schema.Index("ic_schedules_by_method", "lane", "method_id", "state"),
)

AUTOPAYS = schema.Table(
    "ic_autopays",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("account_number"),
    *text("username", "method_id", "enrolled_at"),
)

SHOWN_PAGES = schema.Table(
    "ic_shown_pages",
    TABLES,
    key("lane"),
    key("owner"),
    key("slot", schema.BigInteger),
    *text("nonce_hash", "path"),
    *whole("status"),
    *text("body", "shown_at"),
)

PAGE_SESSIONS = schema.Table(
    "ic_page_sessions",
    TABLES,
    key("lane"),
    key("session_hash"),
    *text("sealed_token", "biller_guid", "username", "view_mode", "css_url", "return_url", "site_name"),
    *text("account_number", "started_at"),
)

TEXT_ENROLMENTS = schema.Table(
    "ic_text_enrolments",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("username"),
    *text("phone", "asked_at"),
)

CHECKOUTS = schema.Table(
    "ic_checkouts",
    TABLES,
    key("lane"),
    key("token_hash"),
    *text("biller_guid", "state", "created_at", "expires_at", "username", "asked", "choice", "outcome"),
    schema.Index(
        "ic_checkouts_open",
        "lane",
        "expires_at",
        where="state = 'open'",
    ),
)
