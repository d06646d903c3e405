"""
What may be wrong with a payment, by partner: how it is planted, and what must be found of it.

`before` pays an account's bill with a fault on the partner's next call; `after` changes rows once everything has been
delivered. Without `verdict` the audit must find nothing, without `kind` the reconciliation nothing of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from partnerlab.simulators.kit.world.store import Statement
from tests.partnerlab.auditing.town import Account, Row, Town

__all__ = ["PLANTS", "Plant"]

After = Callable[[Town, Account, Row], object]


@dataclass(frozen=True, slots=True)
class Plant:
    """One way to go wrong; `kind` may be several, with blanks between."""

    name: str
    verdict: str = ""
    kind: str = ""
    fault: str = ""
    after: After | None = None
    order: tuple[tuple[str, Any], ...] = ()
    returned: str = ""
    """The verdict on the payment's return, where it comes back."""


# --- rows, by partner: table of payments, what names the payment there, its place ---

PAYMENTS = {
    "inhance_v2": ("inhance_payments", "reference", "account_number"),
    "inhance_v1": ("inhance_payments", "reference", "account_number"),
    "tccs": ("tccs_payments", "payment_guid", "invoice_number"),
    "watersmart": ("watersmart_payments", "payment_guid", "account_number"),
}


def _where(town: Town, payment: Row) -> tuple[str, str]:
    table, key, _ = PAYMENTS[town.partner]
    name = payment["reference" if key == "reference" else "payment_guid"]
    return table, f"lane = :lane AND {key} = '{name}'"


def lose(town: Town, _: Account, payment: Row) -> int:
    """The partner does not have it after all."""
    table, where = _where(town, payment)
    return town.sql(f"DELETE FROM {table} WHERE {where}")


def double(town: Town, account: Account, payment: Row) -> int:
    """The partner has it a second time."""
    if town.partner == "tccs":  # without its PaymentGUID, which can be there only once
        columns = "lane, invoice_number, {}, amount_cents, type, insured_name, request_id, posted_at"
    else:
        columns = (
            "lane, account_number, {}, reference, document_number, type, amount_cents, fee_cents, paid_at, request_id,"
            " posted_at"
        )
    table, where = _where(town, payment)
    into, of = columns.format("number"), columns.format("number + 50")
    return town.sql(f"INSERT INTO {table} ({into}) SELECT {of} FROM {table} WHERE {where}")


def change_amount(town: Town, _: Account, payment: Row) -> int:
    """The partner has a cent more."""
    table, where = _where(town, payment)
    return town.sql(f"UPDATE {table} SET amount_cents = amount_cents + 1 WHERE {where}")


def change_place(town: Town, account: Account, payment: Row) -> int:
    """The partner credits somebody else."""
    table, where = _where(town, payment)
    place, other = PAYMENTS[town.partner][2], town.accounts[0]
    number = "" if town.partner == "watersmart" else f", number = number + {int(account.number)}"
    wrong = other.invoice if town.partner == "tccs" else other.number
    return town.sql(f"UPDATE {table} SET {place} = '{wrong}'{number} WHERE {where}")


def _unnamed(account: Account) -> str:
    """TCCS's version 1 keeps no PaymentGUID: the payment of the account's only bill."""
    return f"lane = :lane AND invoice_number = '{account.invoice}'"


def lose_unnamed(town: Town, account: Account, _: Row) -> int:
    """The partner, which names no payments, does not have it after all."""
    return town.sql(f"DELETE FROM tccs_payments WHERE {_unnamed(account)}")


def change_unnamed(town: Town, account: Account, _: Row) -> int:
    """The same, and it has a cent more."""
    return town.sql(f"UPDATE tccs_payments SET amount_cents = amount_cents + 1 WHERE {_unnamed(account)}")


def double_unnamed(town: Town, account: Account, _: Row) -> int:
    """The same, and it has it a second time."""
    columns = "lane, invoice_number, {}, amount_cents, type, insured_name, request_id, posted_at"
    into, of = columns.format("number"), columns.format("number + 50")
    return town.sql(f"INSERT INTO tccs_payments ({into}) SELECT {of} FROM tccs_payments WHERE {_unnamed(account)}")


def rename(town: Town, _: Account, payment: Row) -> int:
    """The partner has it under a name that nobody gave it."""
    table, where = _where(town, payment)
    key = PAYMENTS[town.partner][1]
    return town.sql(f"UPDATE {table} SET {key} = 'X-' || {key} WHERE {where}")


def take_back(town: Town, _: Account, payment: Row) -> int:
    """The partner takes it back, although it stands."""
    table, where = _where(town, payment)
    change = "state = 'returned'" if town.partner == "watersmart" else "returned_at = '2026-06-17T12:00:00+00:00'"
    return town.sql(f"UPDATE {table} SET {change} WHERE {where}")


def _delivery(state: str, *, lost: bool = False) -> After:
    def plant(town: Town, account: Account, payment: Row) -> int:
        if lost:
            lose(town, account, payment)
        return town.pump_sql(
            f"UPDATE pump_deliveries SET state = '{state}', message = 'planted'"
            f" WHERE lane = :lane AND event_id = '{payment['payment_guid']}'"
        )

    return plant


def forget_event(town: Town, account: Account, payment: Row) -> int:
    """Invoice Cloud raised no event, so that the partner knows nothing."""
    lose(town, account, payment)
    return town.sql(f"DELETE FROM ic_events WHERE lane = :lane AND event_id = '{payment['payment_guid']}'")


def forget_delivery(town: Town, account: Account, payment: Row) -> int:
    """The data pump lost what it had accepted."""
    lose(town, account, payment)
    return town.pump_sql(f"DELETE FROM pump_deliveries WHERE lane = :lane AND event_id = '{payment['payment_guid']}'")


def forget_download(town: Town, account: Account, payment: Row) -> int:
    """inHance v1 asked for it and kept nothing."""
    lose(town, account, payment)
    guid = payment["payment_guid"]
    return town.sql(f"DELETE FROM inhance_downloads WHERE lane = :lane AND payment_guid = '{guid}'")


def owe_a_cent(town: Town, account: Account, _: Row) -> int:
    """Invoice Cloud asks a cent more than the partner."""
    return town.sql(
        "UPDATE ic_invoices SET balance_due_cents = balance_due_cents + 1"
        f" WHERE lane = :lane AND invoice_number = '{account.invoice}'"
    )


def _schedule(kind: str = "once", *, guid: str = "{payment_guid}", cents: int = 0, times: int = 1) -> After:
    """A schedule that is paid by the payment of *guid*, of so many cents more than that, or several."""

    def plant(town: Town, account: Account, payment: Row) -> int:
        amount = 0 if kind == "autopay" else round(float(payment["amount"]) * 100) + cents
        return sum(
            town.sql(
                "INSERT INTO ic_schedules (lane, schedule_id, biller_guid, username, account_number, invoice_number,"
                " kind, amount_cents, method_id, runs_on, runs_at, created_at, state, outcome, payment_guid) VALUES"
                " (:lane, :id, :biller, 'planted', :account, :invoice, :kind, :amount, '', '2026-06-16',"
                " '2026-06-16T11:00:00+00:00', '2026-06-16T10:00:00+00:00', 'paid', '', :guid)",
                id=f"{payment['payment_guid']}-{number}",
                biller=town.biller["guid"],
                account=account.number,
                invoice=account.invoice,
                kind=kind,
                amount=amount,
                guid=guid.format(**payment),
            )
            for number in range(times)
        )

    return plant


def adjust(town: Town, account: Account, _: Row) -> int:
    """Invoice Cloud applies an adjustment that the partner never sent."""
    rows = f"AccountNumber,CustomerName,AdjustmentAmount,AdjustmentTypeID,PastDue\r\n{account.number},A,5.00,2,\r\n"
    taken = town.sandbox.ic.world.services.uploads.receive(
        town.sandbox.lanes.get(town.lane), town.biller["guid"], f"planted-{account.number}.csv", rows.encode()
    )
    return taken.upload.accepted


def reverse_untold(town: Town, account: Account, payment: Row) -> int:
    """WaterSmart takes a payment back by an entry of its own, of which no file tells."""
    path = f"/_sandbox/watersmart/customers/{account.number}/entries"
    town.control.post(path, {"kind": "adjusted", "amount": payment["amount"]})
    where = f"lane = :lane AND account_number = '{account.number}'"
    return town.sql(f"UPDATE watersmart_customers SET balance_waits = 0 WHERE {where}")


CHUNKS = Statement("SELECT report_id, part, seq, content FROM ic_export_chunks WHERE lane = :lane")


def _in_files(change: Callable[[list[str]], list[str]]) -> After:
    """Change the line of a payment in the payment file."""

    def plant(town: Town, _: Account, payment: Row) -> int:
        with town.sandbox.store.read() as tx:
            rows = tx.all(CHUNKS, lane=town.lane)
        for report_id, part, seq, content in rows:
            lines = content.splitlines(keepends=True)
            at = next((i for i, line in enumerate(lines) if payment["payment_guid"] in line), None)
            if at is not None:
                lines[at : at + 1] = change([lines[at]])
                return town.sql(
                    f"UPDATE ic_export_chunks SET content = :content WHERE lane = :lane AND report_id = {report_id}"
                    f" AND part = '{part}' AND seq = {seq}",
                    content="".join(lines),
                )
        return 0

    return plant


def _raise(line: list[str]) -> list[str]:
    cells = line[0].split(",")
    cells[8] = f"{float(cells[8]) + 1:.2f}"
    return [",".join(cells)]


def _misname(line: list[str]) -> list[str]:
    cells = line[0].split(",")
    cells[4] = f"X-{cells[4]}"
    return [",".join(cells)]


def _postback(state: str = "delivered", *, times: int = 1, **changed: str) -> After:
    """A postback of the payment, as a page's partner would have been told, or otherwise."""

    def plant(town: Town, _: Account, payment: Row) -> int:
        fields = {"PaymentGUID": payment["payment_guid"], "PaymentAmount": payment["amount"]}
        fields |= {"Approved": str(payment["approved"]), **changed}
        services, lane = town.sandbox.ic.world.services, town.sandbox.lanes.get(town.lane)
        for _ in range(times):
            with town.sandbox.store.write() as tx:
                made = services.postbacks.add(tx, lane, town.biller["guid"], "http://127.0.0.1:1/", fields)
            town.sql(
                f"UPDATE ic_postbacks SET state = '{state}' WHERE lane = :lane AND postback_id = '{made.postback_id}'"
            )
        return times

    return plant


RETURNS = (("tender", "ach"), ("bank_account", "000111111113"))
DECLINES = (("tender", "credit_card"), ("card_number", "4000000000000002"))

CHECK = (("tender", "check"), ("check_number", "1042"))
CASH = (("tender", "cash"),)
BY_CLERK = (
    Plant("a clerk's check", order=CHECK),
    Plant("a clerk's cash is lost", "lost", order=CASH, after=lose),
    Plant("a clerk's cash has another amount", "wrong_amount", order=CASH, after=change_amount),
)
SCHEDULES = (
    Plant("a schedule that was paid", after=_schedule()),
    Plant("AutoPay that was paid", after=_schedule("autopay")),
    Plant("a schedule of which less was owed when it ran", after=_schedule(cents=1)),
    Plant("a schedule of less than was taken", kind="schedule_wrong", after=_schedule(cents=-1)),
    Plant("a schedule without its payment", kind="schedule_wrong", after=_schedule(guid="none")),
    Plant("AutoPay without its payment", kind="schedule_wrong", after=_schedule("autopay", guid="none")),
    Plant("two schedules of one payment", kind="schedule_wrong schedule_wrong", after=_schedule(times=2)),
    Plant("AutoPay whose card was declined", kind="schedule_wrong", order=DECLINES, after=_schedule("autopay")),
)

BOOKS = (
    Plant("lost", "lost", after=lose),
    Plant("another amount", "wrong_amount", after=change_amount),
    Plant("another place", "wrong_account", after=change_place),
    Plant("another name", "lost", "orphan_posting", after=rename),
    Plant("taken back", kind="orphan_return", after=take_back),
    Plant("a cent off", kind="cents_off", after=owe_a_cent),
)
POSTBACKS = (
    Plant("a good postback", after=_postback()),
    Plant("a postback given up", kind="postback_missing", after=_postback("gave_up")),
    Plant("two postbacks", kind="postback_twice", after=_postback(times=2)),
    Plant("a postback of another amount", kind="postback_wrong", after=_postback(PaymentAmount="1.00")),
    Plant("a postback of another outcome", kind="postback_wrong", after=_postback(Approved="False")),
    Plant("a postback of no payment", kind="orphan_postback", after=_postback(PaymentGUID="X-1")),
)
CALLS = (
    Plant("doubled", "doubled", after=double),
    Plant("dead", "lost", after=_delivery("dead", lost=True)),
    Plant("dead, and there", "unknown", after=_delivery("dead")),
    Plant("dismissed", after=_delivery("dismissed", lost=True)),
    Plant("no event", "lost", after=forget_event),
    Plant("no delivery", "lost", after=forget_delivery),
    Plant("skipped", "lost", after=_delivery("skipped", lost=True)),
)

UNKNOWN_AT_V2 = (
    "reset",
    "empty",
    "truncated",
    "soap-fault",
    "http-500",
    "http-503",
    "drop-before-commit",
    "commit-then-drop",
)
SAFE_AT_TCCS = (*UNKNOWN_AT_V2, "slow", "dribble", "wrong-content-type", "answer-twice")

PLANTS: dict[str, tuple[Plant, ...]] = {
    "inhance_v2": (
        *BOOKS,
        *CALLS,
        *POSTBACKS,
        *SCHEDULES,
        *(Plant(name, "unknown", fault=name) for name in (*UNKNOWN_AT_V2, "html")),
        *(Plant(name, fault=name) for name in ("slow", "dribble", "wrong-content-type")),
        Plant("answer-twice", "doubled", fault="answer-twice"),
        Plant("it comes back", order=RETURNS, returned="not_due"),
        Plant("declined", order=DECLINES),
    ),
    "tccs": (
        *BOOKS,
        *CALLS,
        *SCHEDULES,
        *(Plant(name, fault=name) for name in SAFE_AT_TCCS),
        Plant("html", "unknown", fault="html"),
        Plant("it comes back", order=RETURNS, returned="posted_once"),
        Plant(
            "its return is lost",
            order=RETURNS,
            returned="lost",
            after=lambda town, account, payment: town.sql(
                "UPDATE tccs_payments SET returned_at = NULL WHERE lane = :lane"
                f" AND payment_guid = '{payment['payment_guid']}'"
            ),
        ),
        Plant("declined", order=DECLINES),
    ),
    "inhance_v1": (
        *BOOKS,
        Plant("doubled", "doubled", after=double),
        Plant("not kept", "lost", after=forget_download),
        *BY_CLERK,
        Plant("a clerk's check is doubled", "doubled", order=CHECK, after=double),
        Plant("it comes back", order=RETURNS, returned="not_due"),
    ),
    "watersmart": (
        *BOOKS,
        *POSTBACKS,
        *BY_CLERK,
        Plant("an adjustment of nobody", kind="cents_off", after=adjust),
        Plant("taken back, and told in no file", kind="cents_off", after=reverse_untold),
        Plant("a line is gone from the file", "", "row_missing", after=_in_files(lambda _: [])),
        Plant("a line stands three times", "", "row_twice", after=_in_files(lambda line: line * 3)),
        Plant("a line has another amount", "", "row_wrong", after=_in_files(_raise)),
        Plant("a line has another name", "", "orphan_row row_missing", after=_in_files(_misname)),
        Plant("it comes back", order=RETURNS, returned="posted_once"),
    ),
    "tccs_1": (
        Plant("as it should be"),
        Plant("lost", "lost", after=lose_unnamed),
        Plant("doubled", "doubled", after=double_unnamed),
        Plant("another amount", "wrong_amount", after=change_unnamed),
        *(Plant(name, "unknown", fault=name) for name in (*UNKNOWN_AT_V2, "html")),
        *(Plant(name, fault=name) for name in ("slow", "dribble", "wrong-content-type")),
        Plant("answer-twice", "doubled", fault="answer-twice"),
        Plant("it comes back", order=RETURNS, returned="posted_once"),
        Plant("declined", order=DECLINES),
    ),
}
