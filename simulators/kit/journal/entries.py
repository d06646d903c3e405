"""What the journal keeps of an exchange: its table, the statements on it, and a row as an `Entry`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from partnerlab.contracts.records import dataclass
from partnerlab.contracts.verification.findings import Finding
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.holding import MOMENT, OBJECT_OF_TEXTS, Rule
from partnerlab.simulators.kit.world.store import ManyRows, Row, Statement

__all__ = [
    "CLEAR",
    "CUT",
    "FIELDS",
    "GET",
    "GET_AGAIN",
    "INSERT",
    "INSERT_ALL",
    "IN_ORDER",
    "JUDGED",
    "LANE",
    "NEWER",
    "NEWEST",
    "OPEN",
    "SELECT",
    "SIZE",
    "TABLE",
    "TABLES",
    "TIE",
    "TRIM",
    "WRITTEN",
    "Entry",
    "read_row",
    "render_findings",
]

TABLES = schema.Tables()
TABLE = schema.Table(
    "journal",
    TABLES,
    # A number is never given twice, so `since` holds over a reset.
    schema.Column("number", schema.BigInteger, primary_key=True, autoincrement=True),
    schema.Column("lane", schema.Text, nullable=False),
    schema.Column("id", schema.Text, nullable=False),
    schema.Column("at", schema.Text, nullable=False),
    schema.Column("door", schema.Text, nullable=False),
    schema.Column("operation", schema.Text, nullable=False),
    schema.Column("method", schema.Text, nullable=False),
    schema.Column("path", schema.Text, nullable=False),
    schema.Column("query", schema.Text, nullable=False),
    schema.Column("headers", schema.Text, nullable=False),
    schema.Column("request", schema.Text, nullable=False),
    schema.Column("request_bytes", schema.BigInteger, nullable=False),
    schema.Column("status", schema.Integer, nullable=False),
    schema.Column("answer", schema.Text, nullable=False),
    schema.Column("answer_bytes", schema.BigInteger, nullable=False),
    schema.Column("answer_type", schema.Text, nullable=False),
    schema.Column("duration_us", schema.BigInteger, nullable=False),
    schema.Column("faults", schema.Text, nullable=False),
    schema.Column("direction", schema.Text, nullable=False),
    schema.Column("base_url", schema.Text, nullable=False),
    schema.Column("sender", schema.Text, nullable=False),
    schema.Column("event", schema.Text, nullable=False),
    schema.Column("peer", schema.Text, nullable=False),
    schema.Column("findings", schema.Text),
    schema.Index("journal_by_lane", "lane", "number"),
)

FIELDS = tuple(name for name in TABLE.c if name != "lane")
SELECT = f"SELECT {', '.join(FIELDS)} FROM journal WHERE lane = :lane"
WRITTEN = ("lane", *FIELDS[1:])
INSERT = Statement(f"INSERT INTO journal ({', '.join(WRITTEN)}) VALUES (:{', :'.join(WRITTEN)})")
INSERT_ALL = ManyRows(f"INSERT INTO journal ({', '.join(WRITTEN)}) VALUES {{rows}}", len(WRITTEN))
TRIM = Statement(
    "DELETE FROM journal WHERE lane = :lane AND number <="
    " (SELECT number FROM journal WHERE lane = :lane ORDER BY number DESC LIMIT 1 OFFSET :keep)"
)
IN_ORDER = Statement("SELECT pg_advisory_xact_lock(1785688686)")
"""Replicas write one after the other, so that who has read up to a number never misses a smaller one."""
NEWEST = Statement("SELECT coalesce(max(number), 0) FROM journal")
NEWER = Statement("SELECT number, lane, id FROM journal WHERE number > :number ORDER BY number LIMIT :limit")
LANE = Statement("SELECT lane FROM lanes WHERE lane = :lane")
GET = Statement(f"{SELECT} AND id = :id ORDER BY number DESC LIMIT 1")
GET_AGAIN = Statement(f"{SELECT} AND number = :number AND id = :id")
OPEN = Statement(f"{SELECT} AND findings IS NULL")
JUDGED = Statement("UPDATE journal SET findings = :findings WHERE number = :number")
SIZE = Statement(
    "SELECT count(*), coalesce(sum(length(request) + length(answer) + length(headers) + length(path) + 500), 0)"
    " FROM journal"
)
CUT = Statement(
    "DELETE FROM journal WHERE number <= (SELECT number FROM journal ORDER BY number LIMIT 1 OFFSET :older)"
)
TIE = Statement(
    "UPDATE journal SET sender = :sender, event = :event WHERE lane = :lane AND id = :peer AND direction = 'in'"
)
"""The sandbox itself was called: the entry at its door is given the sender and the event of the call."""
CLEAR = Statement("DELETE FROM journal WHERE lane = :lane")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One exchange.

    `number` grows with each entry of the store; `id` is the request's, as in the answer's header
    `X-Sandbox-Request` and the events it caused; `at` is the lane's time. `status` is 0 where nothing was answered.
    `request` and `answer` are masked, and only the beginning of a body of more than 64 KiB (`request_bytes`,
    `answer_bytes`). `direction` is `in` for what came to a door of the sandbox, `out` for what Invoice Cloud sent;
    `base_url` is the origin that was called, with its lane prefix where the caller used one. `sender` says what made a
    call of Invoice Cloud, and `event` which event or payment it is about, empty where neither is known. `peer` is the
    id of the same call as the sandbox's own door noted it, and `-` where that gave no answer. `findings` is the
    contract's verdict, empty where the exchange is as it should be, None where the door has no contract or a body is
    over 1 MiB.
    """

    number: int
    id: str
    at: str
    door: str
    operation: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    request: str
    request_bytes: int
    status: int
    answer: str
    answer_bytes: int
    answer_type: str
    duration_ms: float
    faults: tuple[str, ...]
    direction: str
    base_url: str
    sender: str
    event: str
    peer: str
    findings: tuple[Finding, ...] | None


def read_row(row: Row) -> Entry:
    """A row of `FIELDS` as an entry."""
    (number, id, at, door, operation, method, path, query, headers, request, request_bytes, status) = row[:12]
    answer, answer_bytes, answer_type, duration_us, faults, direction, base_url, sender, event, peer, findings = row[
        12:
    ]
    return Entry(
        number=number,
        id=id,
        at=at,
        door=door,
        operation=operation,
        method=method,
        path=path,
        query=query,
        headers=json.loads(headers),
        request=request,
        request_bytes=request_bytes,
        status=status,
        answer=answer,
        answer_bytes=answer_bytes,
        answer_type=answer_type,
        duration_ms=duration_us / 1000,
        faults=tuple(faults.split(",")) if faults else (),
        direction=direction,
        base_url=base_url,
        sender=sender,
        event=event,
        peer=peer,
        findings=_read_findings(findings),
    )


def render_findings(findings: tuple[Finding, ...] | None) -> str:
    """A verdict as it is stored."""
    return json.dumps(None if findings is None else [asdict(finding) for finding in findings])


def _read_findings(text: str | None) -> tuple[Finding, ...] | None:
    rows = None if text is None else json.loads(text)
    return None if rows is None else tuple(Finding(**row) for row in rows)


TABLE.holds |= {
    "at": MOMENT,
    "headers": OBJECT_OF_TEXTS,
    "findings": Rule(_read_findings, "a JSON list of findings, or null"),
}
