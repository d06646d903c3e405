"""
Domain values in the tables: get, put, list. Every function works in a transaction that somebody else opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache

from partnerlab.contracts.numbers import number_sql
from partnerlab.simulators.ic_webservices import tables
from partnerlab.simulators.ic_webservices.domain.bill_formats import BillImage
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.cloud_payments import Checkout, Reminder
from partnerlab.simulators.ic_webservices.domain.customers import Change, Customer
from partnerlab.simulators.ic_webservices.domain.events import Entry
from partnerlab.simulators.ic_webservices.domain.exports import Batch, BatchFile
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice, Line
from partnerlab.simulators.ic_webservices.domain.mailbox import Message
from partnerlab.simulators.ic_webservices.domain.methods import Method
from partnerlab.simulators.ic_webservices.domain.partners import PARTNERS
from partnerlab.simulators.ic_webservices.domain.payments import Payment
from partnerlab.simulators.ic_webservices.domain.portal import PageSession, ShownPage, TextEnrolment
from partnerlab.simulators.ic_webservices.domain.postbacks import Attempt, Postback
from partnerlab.simulators.ic_webservices.domain.questions import Question
from partnerlab.simulators.ic_webservices.domain.schedules import SCHEDULED, AutoPay, Schedule
from partnerlab.simulators.ic_webservices.domain.uploads import Adjustment, Problem, Upload
from partnerlab.simulators.ic_webservices.domain.users import Link, RemoteToken, User
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.holding import Rule, one_of
from partnerlab.simulators.kit.world.jobs import Queue
from partnerlab.simulators.kit.world.store import Statement, Tx
from partnerlab.simulators.kit.world.table import ByNumber, Conversion, Table

__all__ = [
    "ADJUSTMENTS",
    "AGE",
    "AUTOPAYS",
    "BATCHES",
    "BATCH_FILES",
    "BILLERS",
    "BILL_IMAGES",
    "CHANGES",
    "CHECKOUTS",
    "CUSTOMERS",
    "EVENTS",
    "EVENT_QUEUE",
    "INVOICES",
    "LATE_FEE_WAITS",
    "LINKS",
    "MESSAGES",
    "METHODS",
    "NOTICE_WAITS",
    "PAGE_SESSIONS",
    "PAYMENTS",
    "POSTBACKS",
    "POSTBACK_ATTEMPTS",
    "POSTBACK_QUEUE",
    "PROBLEMS",
    "QUESTIONS",
    "QUESTION_QUEUE",
    "REMINDERS",
    "REMINDER_QUEUE",
    "SCHEDULES",
    "SCHEDULE_QUEUE",
    "SHOWN_PAGES",
    "TEXT_ENROLMENTS",
    "TOKENS",
    "UPLOADS",
    "USERS",
    "age_sql",
    "clearing",
    "count",
    "next_number",
    "rename_account",
    "rename_user",
]


LARGEST_LINE = 10**17
"""More dollars are on no line of a bill."""


def _dump_lines(lines: Iterable[Line]) -> str:
    rows = [[line.description, None if line.total is None else str(line.total), dict(line.fields)] for line in lines]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _load_lines(text: str) -> tuple[Line, ...]:
    return tuple(
        Line(description, None if total is None else Decimal(total), rest)
        for description, total, rest in json.loads(text)
    )


def _check_lines(text: str) -> None:
    """Check that a text is lines as `_dump_lines` writes them. Raises `ValueError` and what reading does."""
    for description, total, rest in json.loads(text):
        if not isinstance(rest, dict) or not all(isinstance(one, str) for one in (description, *rest.values())):
            raise ValueError
        if total is not None and not (isinstance(total, str) and abs(Decimal(total)) < LARGEST_LINE):
            raise ValueError


BILLERS = Table(tables.BILLERS, Biller)
tables.BILLERS.holds["partner"] = one_of(PARTNERS)
BILL_IMAGES = Table(tables.BILL_IMAGES, BillImage)
CUSTOMERS = Table(
    tables.CUSTOMERS,
    Customer,
    searched=(
        *("account_number", "display_account_number", "customer_name", "customer_name2"),
        *("address1", "address2", "city", "state", "zip"),
    ),
)
_LINES = Conversion(schema.Text, _dump_lines, _load_lines)
INVOICES = Table(
    tables.INVOICES, Invoice, conversions={Sequence[Line]: _LINES}, searched=("invoice_number", "account_number")
)
tables.INVOICES.holds["lines"] = Rule(_check_lines, "the lines of a bill")
AGE = ("invoice_date", ByNumber("invoice_number"))
"""The order of an account's invoices, the oldest first, as `domain.invoices.age`."""


def age_sql(table: str) -> str:
    """`domain.invoices.age` as SQL expressions of a table's columns, for ORDER BY and to compare rows."""
    return ", ".join((f"{table}.invoice_date", *number_sql(f"{table}.invoice_number")))


LATE_FEE_WAITS = tables.LATE_FEE_WAITS
NOTICE_WAITS = tables.NOTICE_WAITS
PAYMENTS = Table(tables.PAYMENTS, Payment, searched=("reference", "account_number", "invoice_number"))
UPLOADS = Table(tables.UPLOADS, Upload, searched=("file_name",))
PROBLEMS = Table(tables.PROBLEMS, Problem)
QUESTIONS = Table(tables.QUESTIONS, Question, besides=("attempts", "claim", "claimed_until"))
QUESTION_QUEUE = Queue(tables.QUESTIONS, due="ask_at")
ADJUSTMENTS = Table(tables.ADJUSTMENTS, Adjustment)
USERS = Table(tables.USERS, User)
LINKS = Table(tables.LINKS, Link)
TOKENS = Table(tables.TOKENS, RemoteToken)
CHANGES = Table(tables.CHANGES, Change)
METHODS = Table(tables.METHODS, Method)
SCHEDULES = Table(tables.SCHEDULES, Schedule, besides=("attempts", "claim", "claimed_until"))
SCHEDULE_QUEUE = Queue(tables.SCHEDULES, due="runs_at", waiting=SCHEDULED)
BATCHES = Table(tables.BATCHES, Batch)
BATCH_FILES = Table(tables.BATCH_FILES, BatchFile)
AUTOPAYS = Table(tables.AUTOPAYS, AutoPay)
PAGE_SESSIONS = Table(tables.PAGE_SESSIONS, PageSession)
SHOWN_PAGES = Table(tables.SHOWN_PAGES, ShownPage)
TEXT_ENROLMENTS = Table(tables.TEXT_ENROLMENTS, TextEnrolment)
CHECKOUTS = Table(tables.CHECKOUTS, Checkout)
REMINDERS = Table(tables.REMINDERS, Reminder, besides=("attempts", "claim", "claimed_until"))
REMINDER_QUEUE = Queue(tables.REMINDERS, due="remind_at")
MESSAGES = Table(tables.MESSAGES, Message)
POSTBACKS = Table(tables.POSTBACKS, Postback, besides=("claim", "claimed_until"))
EVENTS = Table(tables.EVENTS, Entry, names={"event": "body"}, besides=("claim", "claimed_until"))
EVENT_QUEUE = Queue(tables.EVENTS, group=("biller_guid", "account_number"), number="seq")
POSTBACK_QUEUE = Queue(tables.POSTBACKS)
POSTBACK_ATTEMPTS = Table(tables.POSTBACK_ATTEMPTS, Attempt)

_COUNT_ON = Statement(
    "INSERT INTO ic_counters (lane, name, value) VALUES (:lane, :name, :many)"
    " ON CONFLICT (lane, name) DO UPDATE SET value = ic_counters.value + excluded.value RETURNING value"
)
_CLEARING = Statement(
    "SELECT DISTINCT clears_at, clears_as FROM ic_payments"
    " WHERE lane = :lane AND state = 'accepted' AND clears_at <= :until ORDER BY clears_at, clears_as"
)
_RENAME = [
    Statement(
        f"UPDATE {table} SET account_number = :new"
        " WHERE lane = :lane AND biller_guid = :biller_guid AND account_number = :old"
    )
    for table in (
        "ic_customers",
        "ic_invoices",
        "ic_payments",
        "ic_user_accounts",
        "ic_changes",
        "ic_schedules",
        "ic_autopays",
        "ic_reminders",
        "ic_adjustments",
        "ic_balance_questions",
        "ic_messages",
    )
]


def next_number(tx: Tx, lane: str, name: str, many: int = 1) -> int:
    """The first of *many* numbers of a lane's counter that nobody had before, counted from 1."""
    (last,) = tx.all(_COUNT_ON, lane=lane, name=name, many=many)[0]
    return int(last) - many + 1


def clearing(tx: Tx, lane: str, until: str) -> list[tuple[str, str]]:
    """Moments (ISO 8601 in UTC) not after *until* at which accepted payments clear, with what they become."""
    return [(str(at), str(become)) for at, become in tx.all(_CLEARING, lane=lane, until=until)]


def rename_account(tx: Tx, lane: str, biller_guid: str, old: str, new: str) -> None:
    """Give an account another number, wherever it stands."""
    for statement in _RENAME:
        tx.run(statement, lane=lane, biller_guid=biller_guid, old=old, new=new)


def rename_user(tx: Tx, lane: str, biller_guid: str, old: str, new: str) -> None:
    """Give a user another name, in every table of Invoice Cloud that has a biller's username."""
    for statement in _rename_user():
        tx.run(statement, lane=lane, biller_guid=biller_guid, old=old, new=new)


@cache
def _rename_user() -> list[Statement]:
    # Asked late and of all tables, so that what is kept for a user elsewhere moves with the name.
    return [
        Statement(
            f"UPDATE {table.name} SET username = :new"
            " WHERE lane = :lane AND biller_guid = :biller_guid AND username = :old"
        )
        for table in tables.TABLES
        if {"lane", "biller_guid", "username"} <= table.c.keys()
    ]


def count(tx: Tx, table: schema.Table, lane: str) -> int:
    """How many rows of a table a lane has."""
    row = tx.one(Statement(f"SELECT count(*) FROM {table.name} WHERE lane = :lane"), lane=lane)
    assert row is not None
    return int(row[0])
