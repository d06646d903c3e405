"""
The pump's own tables and their rows: what was accepted, every attempt, and every word a person said about a delivery.

Times are milliseconds since 1970 in UTC. Numbers are never given twice, also after the last row is deleted: the
engine knows deliveries by them, and an account's line by its number. A change of a table needs a revision
(`migrations/`), by which databases of older releases get it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from partnerlab.client.datapump.states import State

__all__ = ["BUSY", "LEFT", "METADATA", "READY", "READY_STATES", "Attempt", "Delivery", "Note"]

# Conditions of the partial indexes. A query finds them only where it says the same, word for word.
BUSY = "state IN ('accepted', 'sending', 'waiting')"
READY_STATES = (State.ACCEPTED, State.SENDING)
READY = "state IN ('accepted', 'sending')"
LEFT = "state IN ('dead', 'unknown', 'not_understood')"

METADATA = sa.MetaData()
_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ordered by code points on PostgreSQL too, whatever the database's locale: as SQLite and Python do."""

sa.Table(
    "pump_accounts",
    METADATA,
    sa.Column("number", _Number, primary_key=True),
    sa.Column("lane", _Text, nullable=False),
    sa.Column("biller_guid", _Text, nullable=False),
    sa.Column("account_number", _Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.UniqueConstraint("lane", "biller_guid", "account_number"),
    sqlite_autoincrement=True,
)
_DELIVERIES = sa.Table(
    "pump_deliveries",
    METADATA,
    sa.Column("number", _Number, primary_key=True),
    sa.Column("lane", _Text, nullable=False),
    sa.Column("event_id", _Text, nullable=False),
    sa.Column("kind", _Text, nullable=False),
    sa.Column("biller_guid", _Text, nullable=False),
    sa.Column("account_number", _Text, nullable=False),
    sa.Column("account", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("event", _Text, nullable=False),
    sa.Column("state", _Text, nullable=False),
    # `run` counts how often it was queued, `attempts` all attempts, `tries` those since a person last replayed it.
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("message", _Text, nullable=False),
    sa.Column("retry_at", sa.BigInteger),
    sa.Column("accepted_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("lane", "event_id"),
    sa.Index("pump_deliveries_account", "account", "seq"),
    sqlite_autoincrement=True,
)
# Finds the few open deliveries without reading the many that are settled.
for _name, _columns, _condition in (
    ("pump_deliveries_line", ("account", "seq"), BUSY),
    ("pump_deliveries_ready", ("account",), READY),
    ("pump_deliveries_due", ("retry_at",), "state = 'waiting'"),
    ("pump_deliveries_left", ("state", "number"), LEFT),
    ("pump_deliveries_doubt", ("account",), LEFT),
):
    sa.Index(
        _name,
        *(_DELIVERIES.c[column] for column in _columns),
        sqlite_where=sa.text(_condition),
        postgresql_where=sa.text(_condition),
    )
sa.Table(
    "pump_attempts",
    METADATA,
    sa.Column("delivery", sa.BigInteger, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("operation", _Text, nullable=False),
    sa.Column("request", _Text, nullable=False),
    sa.Column("idempotent", sa.Integer, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("outcome", _Text),
    sa.Column("message", _Text, nullable=False),
)
sa.Table(
    "pump_notes",
    METADATA,
    sa.Column("number", _Number, primary_key=True),
    sa.Column("delivery", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("by", _Text, nullable=False),
    sa.Column("verb", _Text, nullable=False),
    sa.Column("reason", _Text, nullable=False),
    sa.Column("source", _Text, nullable=False),
    sa.Column("target", _Text, nullable=False),
)
# What is left of a delivery that was pruned: enough to know the event again, and what had become of it.
sa.Table(
    "pump_pruned",
    METADATA,
    sa.Column("lane", _Text, primary_key=True),
    sa.Column("event_id", _Text, primary_key=True),
    sa.Column("state", _Text, nullable=False),
    sa.Column("digest", _Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A row of `pump_deliveries`; `message` is the partner's, or ours where there was no partner yet."""

    number: int
    lane: str
    event_id: str
    kind: str
    biller_guid: str
    account_number: str
    account: int
    seq: int
    event: str
    state: State
    run: int
    attempts: int
    tries: int
    message: str
    retry_at: int | None
    accepted_at: int
    updated_at: int

    @property
    def id(self) -> str:
        """`lane:event id`: unique over all lanes."""
        return f"{self.lane}:{self.event_id}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """
    A row of `pump_attempts`.

    `outcome` is `delivered`, `failed`, `refused`, `unknown`, `not_understood` or, where something was short on our own
    side, `not_made`; None while the attempt is open. `request` is masked.
    """

    delivery: int
    attempt: int
    operation: str
    request: str
    idempotent: int
    started_at: int
    ended_at: int | None
    outcome: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Note:
    """A row of `pump_notes`: who did what to a delivery, why and when."""

    number: int
    delivery: int
    at: int
    by: str
    verb: str
    reason: str
    source: str
    target: str
