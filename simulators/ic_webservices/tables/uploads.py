"""Files that a biller uploads: bills, balances and adjustments."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.tables.collection import TABLES
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.jobs import queue_columns
from partnerlab.simulators.kit.world.schema import key, text, whole

__all__ = [
    "ADJUSTMENTS",
    "PROBLEMS",
    "QUESTIONS",
    "UPLOADS",
    "UPLOAD_CHUNKS",
]

UPLOADS = schema.Table(
    "ic_uploads",
    TABLES,
    key("lane"),
    key("upload_id"),
    *text("biller_guid", "file_name", "received_at", "state", "message", "total_amount_due"),
    *whole("size_bytes", "accepted", "rejected"),
    *text("kind", "content", "repeats", "notes"),
    schema.Index("ic_uploads_by_content", "lane", "biller_guid", "kind", "state", "content"),
)

QUESTIONS = schema.Table(
    "ic_balance_questions",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("invoice_number"),
    *text("account_number", "state", "ask_at"),
    *queue_columns(),
    schema.Index("ic_balance_questions_waiting", "lane", "ask_at", where="state = 'waiting'"),
)

PROBLEMS = schema.Table(
    "ic_upload_problems",
    TABLES,
    key("lane"),
    key("upload_id"),
    key("position", schema.BigInteger),
    *whole("line"),
    *text("invoice_number", "field"),
    *whole("file_spec_id"),
    *text("value", "rule", "reason"),
    *whole("column_number"),
)

UPLOAD_CHUNKS = schema.Table(
    "ic_upload_chunks",
    TABLES,
    key("lane"),
    key("upload_id"),
    key("part"),
    key("seq", schema.BigInteger),
    *text("content"),
)

ADJUSTMENTS = schema.Table(
    "ic_adjustments",
    TABLES,
    key("lane"),
    key("upload_id"),
    key("position", schema.BigInteger),
    *whole("line"),
    *text("biller_guid", "account_number", "type_id", "effect"),
    *whole("amount_cents", "before_cents", "after_cents"),
    schema.Index("ic_adjustments_by_account", "lane", "biller_guid", "account_number"),
)
