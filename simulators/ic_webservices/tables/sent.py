"""What is sent: reminders and messages to payers, postbacks and export files to others."""

from __future__ import annotations

from partnerlab.simulators.ic_webservices.tables.collection import TABLES
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.jobs import queue_columns
from partnerlab.simulators.kit.world.schema import key, text, whole

__all__ = [
    "BATCHES",
    "BATCH_FILES",
    "EXPORTED",
    "EXPORT_CHUNKS",
    "MESSAGES",
    "POSTBACKS",
    "POSTBACK_ATTEMPTS",
    "REMINDERS",
]

REMINDERS = schema.Table(
    "ic_reminders",
    TABLES,
    key("lane"),
    key("biller_guid"),
    key("invoice_number"),
    key("email_address"),
    *text("account_number", "requested_at", "state", "remind_at"),
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
    key("lane"),
    key("number", schema.BigInteger),
    *text("biller_guid", "channel", "kind", "recipient", "subject", "body"),
    *text("account_number", "invoice_number", "payment_guid", "sent_at"),
)

POSTBACKS = schema.Table(
    "ic_postbacks",
    TABLES,
    key("lane"),
    key("postback_id"),
    *text("payment_guid", "biller_guid", "url", "body", "state"),
    *text("created_at", "next_at", "delivered_at"),
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
    key("lane"),
    key("postback_id"),
    key("number", schema.BigInteger),
    *text("at"),
    *whole("status"),
    *text("reason"),
    *whole("took_ms"),
)

BATCHES = schema.Table(
    "ic_export_batches",
    TABLES,
    key("lane"),
    key("report_id", schema.BigInteger),
    *text("biller_guid", "kind", "created_at"),
    *whole("row_count"),
    *text("warnings", "delivered_at"),
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
    key("lane"),
    key("biller_guid"),
    key("name"),
    *whole("report_id"),
    *text("part"),
    *whole("row_count"),
    schema.Index("ic_export_files_by_batch", "lane", "report_id"),
)

EXPORT_CHUNKS = schema.Table(
    "ic_export_chunks",
    TABLES,
    key("lane"),
    key("report_id", schema.BigInteger),
    key("part"),
    key("seq", schema.BigInteger),
    *text("content"),
)

EXPORTED = schema.Table(
    "ic_exported",
    TABLES,
    key("lane"),
    key("kind"),
    key("item"),
    *whole("report_id"),
)
