"""Payments, and the story of one: on every side, in order, with what each book says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from partnerlab.console.partner_books import BookPayment, payments_of
from partnerlab.console.view import Page
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index", "story"]

MOST = 200
FILES_SEARCHED = 12
SEARCHED = ("reference", "account_number", "invoice_number")
NOT_PAID = ("declined", "failed")
SETTLED = ("delivered", "skipped")
TAKEN_BACK = ("inhance_v1", "inhance_v2", "tccs")
"""Partners whose payments say themselves that they came back."""
BY_FILE = ("inhance_v1", "watersmart")
"""Partners that fetch their payments with a job."""
EVENTS = ("payment", "ach_reject")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened: when on the lane's clock, on whose side, what, and the page that has more of it."""

    at: str
    side: str
    title: str
    text: str = ""
    state: str = ""
    link: str = ""


def index(page: Page) -> Response:
    """The payments of every biller, newest first."""
    billers = {row["guid"]: row for row in page.api.get("/_sandbox/ic/billers")["billers"]}
    rows = [
        row
        for guid in billers
        for row in page.api.get("/_sandbox/ic/payments", biller_guid=guid, limit=MOST)["payments"]
    ]
    rows.sort(key=lambda row: row["paid_at"], reverse=True)
    find = page.query.get("find", "").strip().lower()
    if find:
        rows = [row for row in rows if find in " ".join(row[name] for name in SEARCHED).lower()]
    return page.render("payments.html", "payments", "Payments", payments=rows, billers=billers, find=find)


def story(page: Page) -> Response:
    """One payment."""
    payment = page.api.get(f"/_sandbox/ic/payments/{page.places['guid']}")
    biller = page.api.get(f"/_sandbox/ic/billers/{payment['biller_guid']}")
    entries = _entries(page, payment)
    book = payments_of(page.api, biller["partner"], payment, {row["id"] for row in entries})
    deliveries = _deliveries(page, payment)
    steps = [_paid(payment), *_delivered(page, deliveries), *_calls(page, entries), *_posted(page, book, biller)]
    steps += [*_postbacks(page, payment), *_files(page, payment), *_mail(page, payment), *_cleared(payment)]
    steps.sort(key=lambda step: step.at)
    values = {
        "payment": payment,
        "biller": biller,
        "steps": steps,
        "book": book,
        "deliveries": deliveries,
        "verdict": _verdict(payment, book, deliveries, biller),
    }
    return page.render("story.html", "payments", f"Payment {payment['reference']}", **values)


def _verdict(
    payment: dict[str, Any], book: list[BookPayment], deliveries: list[dict[str, Any]], biller: dict[str, Any]
) -> tuple[str, str]:
    """Whether both books agree, and what to do where they do not."""
    if payment["state"] in NOT_PAID:
        if book:
            return "bad", "Not paid at Invoice Cloud, and yet in the partner's book."
        return "good", "Not paid, and in no book."
    if len(book) > 1:
        return "bad", f"Posted {len(book)} times at the partner."
    if book and book[0].amount and book[0].amount != payment["amount"]:
        return "bad", f"Posted with another amount at the partner: {book[0].amount}."
    open_ones = [row for row in deliveries if row["state"] not in SETTLED]
    if book and payment["state"] == "returned" and not open_ones:
        if book[0].came_back or biller["partner"] not in TAKEN_BACK:
            return "good", "It came back, and both books say so."
        return "warn", "It came back at the bank, and stands in the partner's book."
    if book:
        if open_ones:
            return "warn", f"In both books, and its delivery is {open_ones[0]['state']}."
        return "good", "In both books, once, with the same amount."
    if open_ones:
        return "warn", f"Not in the partner's book; its delivery is {open_ones[0]['state'].replace('_', ' ')}."
    if deliveries and biller["partner"] not in BY_FILE:
        return "good", f"Not due in the partner's book: {deliveries[0]['message'] or 'it was skipped'}."
    if biller["partner"] in BY_FILE:
        return "warn", "Not in the partner's book yet: it fetches payments with its next job. Advance the clock."
    return "warn", "Not in the partner's book yet."


def _paid(payment: dict[str, Any]) -> Step:
    means = " ".join(filter(None, (payment["brand"] or payment["tender"].replace("_", " "), payment["last_four"])))
    said = payment["message"] or "no message"
    text = f"{payment['amount']} USD by {means}, invoice {payment['invoice_number'] or 'none'}: {said}"
    return Step(
        payment["paid_at"],
        "Invoice Cloud",
        "The payer pays",
        text,
        "approved" if payment["approved"] else payment["state"],
    )


def _deliveries(page: Page, payment: dict[str, Any]) -> list[dict[str, Any]]:
    """The deliveries of a payment's events, whole."""
    given = {"lane": page.lane, "account_number": payment["account_number"], "limit": 500}
    rows = page.api.get("/_pump/deliveries", **given)["deliveries"]
    whole = [page.api.get(f"/_pump/deliveries/{row['id']}") for row in rows if row["kind"] in EVENTS]
    guid, reference = payment["payment_guid"], payment["reference"]
    return [row for row in whole if guid in row["event_id"] or reference in str(row["event"])]


def _delivered(page: Page, deliveries: list[dict[str, Any]]) -> list[Step]:
    steps = []
    for row in deliveries:
        link = page.to(f"deliveries/{row['id']}")
        kind = row["kind"].replace("_", " ")
        steps.append(Step(row["accepted_at"], "Data pump", f"The event is safe: {kind}", "", "accepted", link))
        for one in row["history"]:
            outcome = (one["outcome"] or "no outcome yet").replace("_", " ")
            text = ": ".join(filter(None, (outcome, one["message"])))
            title = f"Attempt {one['attempt']}: {one['operation'] or 'not sent'}"
            steps.append(Step(one["started_at"], "Data pump", title, text, one["outcome"] or "unknown", link))
        steps += [Step(one["at"], "A person", one["verb"], one["reason"], "", link) for one in row["notes"]]
    return steps


def _entries(page: Page, payment: dict[str, Any]) -> list[dict[str, Any]]:
    """The exchanges in the journal that are about the payment."""
    found: dict[str, dict[str, Any]] = {}
    for query in ({"event": payment["payment_guid"]}, {"search": payment["reference"]}):
        rows = page.api.get("/_sandbox/journal", limit=100, **query)["entries"]
        found |= {row["id"]: row for row in rows}
    return list(found.values())


def _calls(page: Page, entries: list[dict[str, Any]]) -> list[Step]:
    return [
        Step(
            row["at"],
            "On the wire",
            f"{row['operation']} at {row['door']}",
            row["verdict"],
            row["meaning"]["kind"],
            page.to(f"traffic/{row['id']}"),
        )
        for row in entries
    ]


def _posted(page: Page, book: list[BookPayment], biller: dict[str, Any]) -> list[Step]:
    steps = []
    for one in book:
        link = page.to(f"traffic/{one.request_id}") if one.request_id and one.request_id != "seed" else ""
        text = f"{one.amount} USD, {one.text}"
        steps.append(Step(one.at, biller["name"], "In the partner's book", text, "posted", link))
        if one.came_back:
            steps.append(Step(one.came_back, biller["name"], "Taken back in the partner's book", "", "returned"))
    return steps


def _postbacks(page: Page, payment: dict[str, Any]) -> list[Step]:
    given = {"biller_guid": payment["biller_guid"], "payment_guid": payment["payment_guid"]}
    rows = page.api.get("/_sandbox/ic/postbacks", **given)["postbacks"]
    return [Step(row["created_at"], "Invoice Cloud", "Postback", row["url"], row["state"]) for row in rows]


def _files(page: Page, payment: dict[str, Any]) -> list[Step]:
    """The files out in which the payment stands, of the biller's newest."""
    steps = []
    rows = page.api.get("/_sandbox/ic/exports", biller_guid=payment["biller_guid"], limit=MOST)["exports"]
    for row in rows[-FILES_SEARCHED:]:
        for file in row["files"]:
            text = page.api.get(f"/_sandbox/ic/exports/{row['report_id']}/files/{file['name']}")
            if payment["reference"] in str(text):
                link = page.to(f"files/out/{row['report_id']}")
                steps.append(Step(row["created_at"], "Invoice Cloud", f"In file {file['name']}", "", row["kind"], link))
    return steps


def _mail(page: Page, payment: dict[str, Any]) -> list[Step]:
    rows = page.api.get("/_sandbox/ic/mailbox", limit=MOST)["messages"]
    return [
        Step(row["sent_at"], "Mailbox", row["subject"] or row["kind"], f"to {row['recipient']}", row["channel"], link)
        for row in rows
        if row["payment_guid"] == payment["payment_guid"]
        for link in (page.to("mailbox", number=row["number"]),)
    ]


def _cleared(payment: dict[str, Any]) -> list[Step]:
    """What the bank or the network does with it, or will."""
    if not payment["clears_at"] or payment["state"] in NOT_PAID:
        return []
    over = payment["state"] == payment["clears_as"]
    title = {"settled": "Settlement", "returned": "Return by the bank"}.get(payment["clears_as"], payment["clears_as"])
    text = payment["return_code"] if over else "due then on the lane's clock"
    return [Step(payment["clears_at"], "Bank or network", title, text, payment["clears_as"] if over else "to come")]
