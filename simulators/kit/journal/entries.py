"""What the journal keeps of an exchange: its table, the statements on it, and a row as an `Entry`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from partnerlab.contracts.verification.findings import Finding
from partnerlab.simulators.kit.world.store import Row, Statement

__all__ = [
    "CLEAR",
    "CUT",
    "FIELDS",
    "GET",
    "INSERT",
    "JUDGED",
    "LANE",
    "OPEN",
    "SIZE",
    "TABLE",
    "TABLES",
    "TRIM",
    "Entry",
    "read_row",
    "render_findings",
]

TABLES = sa.MetaData()
TABLE = sa.Table(
    "journal",
    TABLES,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("door", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("request_bytes", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("answer_bytes", sa.BigInteger, nullable=False),
    sa.Column("answer_type", sa.Text, nullable=False),
    sa.Column("duration_us", sa.BigInteger, nullable=False),
    sa.Column("faults", sa.Text, nullable=False),
    sa.Column("findings", sa.Text),
    sa.Index("journal_by_lane", "lane", "number"),
    sqlite_autoincrement=True,  # a number is never given twice, so `since` holds over a reset
)

FIELDS = [c for c in TABLE.c if c.name != "lane"]
INSERT = Statement(sa.insert(TABLE).values({c.name: sa.bindparam(c.name) for c in TABLE.c if c.name != "number"}))
TRIM = Statement(
    "DELETE FROM journal WHERE lane = :lane AND number <="
    " (SELECT number FROM journal WHERE lane = :lane ORDER BY number DESC LIMIT 1 OFFSET :keep)"
)
LANE = Statement("SELECT lane FROM lanes WHERE lane = :lane")
GET = Statement(sa.select(*FIELDS).where(TABLE.c.lane == sa.bindparam("lane"), TABLE.c.id == sa.bindparam("id")))
OPEN = Statement(sa.select(*FIELDS).where(TABLE.c.lane == sa.bindparam("lane"), TABLE.c.findings.is_(None)))
JUDGED = Statement("UPDATE journal SET findings = :findings WHERE number = :number")
SIZE = Statement(
    "SELECT count(*), coalesce(sum(length(request) + length(answer) + length(headers) + length(path) + 500), 0)"
    " FROM journal"
)
CUT = Statement(
    "DELETE FROM journal WHERE number <= (SELECT number FROM journal ORDER BY number LIMIT 1 OFFSET :older)"
)
CLEAR = Statement("DELETE FROM journal WHERE lane = :lane")


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One exchange.

    `number` grows with each entry of the store; `id` is the request's, as in the answer's header
    `X-Sandbox-Request` and the events it caused; `at` is the lane's time. `status` is 0 where nothing was answered.
    `request` and `answer` are masked, and only a beginning where they hold fewer than `request_bytes` and
    `answer_bytes`. `findings` is the contract's verdict, empty where the exchange is as it should be, None where the
    door has no contract or a body is over 1 MiB.
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
    findings: tuple[Finding, ...] | None


def read_row(row: Row) -> Entry:
    """A row of `FIELDS` as an entry."""
    (number, id, at, door, operation, method, path, query, headers, request, request_bytes, status) = row[:12]
    answer, answer_bytes, answer_type, duration_us, faults, findings = row[12:]
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
        findings=_read_findings(findings),
    )


def render_findings(findings: tuple[Finding, ...] | None) -> str:
    """A verdict as it is stored."""
    return json.dumps(None if findings is None else [asdict(finding) for finding in findings])


def _read_findings(text: str | None) -> tuple[Finding, ...] | None:
    rows = None if text is None else json.loads(text)
    return None if rows is None else tuple(Finding(**row) for row in rows)
