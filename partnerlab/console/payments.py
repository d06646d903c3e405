"""Payments, and the story of one: on every side, in order, with what each book says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from partnerlab.auditing import VERDICTS
from partnerlab.auditing.lane_times import began, lane_times
from partnerlab.auditing.pages import Row
from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index", "story"]

MOST = 200
NOT_PAID = ("declined", "failed")
UNDECIDED = ("dead", "unknown", "not_understood")
"""What waits for a person; whatever is on its way needs none."""


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
    """The newest payments of every biller, newest first."""
    billers = {row["guid"]: row for row in page.api.get("/_sandbox/ic/billers")["billers"]}
    find = page.query.get("find", "").strip()
    given = {"text": find or None, "newest": "true", "limit": MOST}
    rows = [
        row for guid in billers for row in page.api.get("/_sandbox/ic/payments", biller_guid=guid, **given)["payments"]
    ]
    rows = sorted(rows, key=lambda row: row["reference"], reverse=True)[:MOST]
    return page.render("payments.html", "payments", "Payments", payments=rows, billers=billers, find=find, most=MOST)


def story(page: Page) -> Response:
    """One payment, with the verdict that the audit has on it."""
    guid = page.places["guid"]
    payment = page.api.get(at("/_sandbox/ic/payments/{}", guid))
    biller = page.api.get(at("/_sandbox/ic/billers/{}", payment["biller_guid"]))
    audited = page.api.get(at("/_sandbox/auditing/payments/{}", guid))
    deliveries = [page.api.get(at("/_pump/deliveries/{}", id)) for id in audited["deliveries"]]
    calls = _calls(page, payment)
    steps = [_paid(payment), *_delivered(page, deliveries, calls), *_on_the_wire(page, calls)]
    steps += [*_posted(page, audited["postings"], biller), *_postbacks(page, payment), *_files(page, payment)]
    steps += [*_mail(page, payment), *_cleared(payment)]
    # The journal's times end at milliseconds. What falls into one stays in the order above.
    steps.sort(key=lambda step: datetime.fromisoformat(step.at).timestamp() * 1000 // 1)
    values = {
        "payment": payment,
        "biller": biller,
        "steps": steps,
        "judged": audited["judged"],
        "meanings": VERDICTS,
        "book": audited["postings"],
        "undecided": [row for row in deliveries if row["state"] in UNDECIDED],
    }
    return page.render("story.html", "payments", f"Payment {payment['reference']}", **values)


def _paid(payment: Row) -> Step:
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


def _delivered(page: Page, deliveries: list[Row], calls: list[Row]) -> list[Step]:
    steps = []
    for row in deliveries:
        at = lane_times(row, [call for call in calls if call["event"] == row["event_id"]])
        link = page.to(f"deliveries/{row['id']}")
        kind = row["kind"].replace("_", " ")
        steps.append(Step(at[row["accepted_at"]], "Data pump", f"The event is safe: {kind}", "", "accepted", link))
        for one in row["history"]:
            outcome = (one["outcome"] or "no outcome yet").replace("_", " ")
            message = one["message"].removeprefix(f"{one['operation']}: ")  # which stands before it
            text = ": ".join(filter(None, (outcome, message)))
            title = f"Attempt {one['attempt']}: {one['operation'] or 'not sent'}"
            steps.append(Step(at[one["started_at"]], "Data pump", title, text, one["outcome"] or "unknown", link))
        steps += [Step(at[one["at"]], "A person", one["verb"], one["reason"], "", link) for one in row["notes"]]
    return steps


def _calls(page: Page, payment: Row) -> list[Row]:
    """The exchanges in the journal that are about the payment."""
    found: dict[str, Row] = {}
    for query in ({"event": payment["payment_guid"]}, {"search": payment["reference"]}):
        rows = page.api.get("/_sandbox/journal", limit=100, **query)["entries"]
        found |= {row["id"]: row for row in rows}
    return list(found.values())


def _on_the_wire(page: Page, calls: list[Row]) -> list[Step]:
    return [
        Step(
            began(row).isoformat(),
            "On the wire",
            f"{row['operation']} at {row['door']}",
            row["verdict"],
            row["meaning"]["kind"],
            page.to(f"traffic/{row['id']}"),
        )
        for row in calls
    ]


def _posted(page: Page, book: list[Row], biller: Row) -> list[Step]:
    steps = []
    for one in book:
        link = page.to(f"traffic/{one['request_id']}") if one["request_id"] not in (None, "", "seed") else ""
        text = f"{one['amount']} USD, {one['number']}"
        steps.append(Step(one["posted_at"], biller["name"], "In the partner's book", text, one["state"], link))
        if one["returned_at"]:
            steps.append(Step(one["returned_at"], biller["name"], "Taken back in the partner's book", "", "returned"))
    return steps


def _postbacks(page: Page, payment: Row) -> list[Step]:
    given = {"biller_guid": payment["biller_guid"], "payment_guid": payment["payment_guid"]}
    rows = page.api.get("/_sandbox/ic/postbacks", **given)["postbacks"]
    return [Step(row["created_at"], "Invoice Cloud", "Postback", row["url"], row["state"]) for row in rows]


def _files(page: Page, payment: Row) -> list[Step]:
    """The files out in which the payment stands."""
    given = {"biller_guid": payment["biller_guid"], "text": payment["reference"], "limit": MOST}
    return [
        Step(
            row["created_at"],
            "Invoice Cloud",
            f"In a file: {', '.join(file['name'] for file in row['files'])}",
            "",
            row["kind"],
            page.to(f"files/out/{row['report_id']}"),
        )
        for row in page.api.get("/_sandbox/ic/exports", **given)["exports"]
    ]


def _mail(page: Page, payment: Row) -> list[Step]:
    rows = page.api.get("/_sandbox/ic/mailbox", payment_guid=payment["payment_guid"])["messages"]
    return [
        Step(row["sent_at"], "Mailbox", row["subject"] or row["kind"], f"to {row['recipient']}", row["channel"], link)
        for row in rows
        for link in (page.to("mailbox", number=row["number"]),)
    ]


def _cleared(payment: Row) -> list[Step]:
    """What the bank or the network does with it, or will."""
    if not payment["clears_at"] or payment["state"] in NOT_PAID:
        return []
    how: str = payment["clears_as"]
    over = payment["state"] == how
    title = {"settled": "Settlement", "returned": "Return by the bank"}.get(how, how)
    text = payment["return_code"] if over else "due then on the lane's clock"
    return [Step(payment["clears_at"], "Bank or network", title, text, how if over else "to come")]
