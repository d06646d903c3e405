"""What of these tables goes once it is old. Who was exported what stays, so that nothing is exported twice."""

from __future__ import annotations

from datetime import timedelta

from partnerlab.simulators.ic_webservices.tables.ledger import EVENTS
from partnerlab.simulators.ic_webservices.tables.payers import CHECKOUTS
from partnerlab.simulators.ic_webservices.tables.sent import (
    BATCH_FILES,
    BATCHES,
    EXPORT_CHUNKS,
    POSTBACK_ATTEMPTS,
    POSTBACKS,
)
from partnerlab.simulators.ic_webservices.tables.uploads import PROBLEMS, UPLOAD_CHUNKS
from partnerlab.simulators.kit.world.pruning import Prunable

__all__ = ["PRUNES"]

FILE_UNDER_WAY = timedelta(days=3)
"""So long it matters when an export was fetched: a file of the partner may be older than that. Assumed [A-118]."""


def _without(parent: str, table: str, key: str) -> str:
    """The rows of *table* whose row of *parent* went."""
    return f"NOT EXISTS (SELECT 1 FROM {parent} p WHERE p.lane = {table}.lane AND p.{key} = {table}.{key})"


def _of_old_upload(table: str) -> str:
    """The rows of *table* whose upload came long ago and waits for nobody."""
    same = f"u.lane = {table}.lane AND u.upload_id = {table}.upload_id"
    return f"EXISTS (SELECT 1 FROM ic_uploads u WHERE {same} AND u.state <> 'waiting' AND u.received_at < :before)"


# Those that others refer to come first. A page goes before its postback, which is younger.
PRUNES = (
    Prunable("events", EVENTS, "state IN ('accepted', 'dismissed') AND occurred_at < :before"),
    Prunable("payment pages", CHECKOUTS, "state <> 'open' AND created_at < :before"),
    Prunable("postbacks", POSTBACKS, "state <> 'waiting' AND created_at < :before"),
    Prunable(
        "postback attempts",
        POSTBACK_ATTEMPTS,
        f"at < :before AND {_without('ic_postbacks', 'ic_postback_attempts', 'postback_id')}",
    ),
    Prunable("exports", BATCHES, "delivered_at <> '' AND delivered_at < :before", FILE_UNDER_WAY),
    Prunable("export files", BATCH_FILES, _without("ic_export_batches", "ic_export_files", "report_id")),
    Prunable("export pages", EXPORT_CHUNKS, _without("ic_export_batches", "ic_export_chunks", "report_id")),
    Prunable("upload problems", PROBLEMS, _of_old_upload("ic_upload_problems")),
    Prunable("upload quarantines", UPLOAD_CHUNKS, _of_old_upload("ic_upload_chunks")),
)
