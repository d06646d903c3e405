"""An audit and a reconciliation as JSON, for CI and the console, and as text for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from partnerlab.auditing.comparing import Reconciliation
from partnerlab.auditing.differences import KINDS, Difference
from partnerlab.auditing.judging import FINDINGS, VERDICTS, Audit, Judged
from partnerlab.auditing.records import Delivery, Posting
from partnerlab.moments import moment
from partnerlab.partners import PARTNERS

__all__ = ["audit_json", "audit_lines", "payment_json", "reconciliation_json", "reconciliation_lines"]

VERSION = 1
"""Of both JSON shapes; raised when a name changes or goes."""

Json = dict[str, Any]


def audit_json(done: Audit) -> Json:
    """Every payment with its verdict and story: flat rows."""
    return {
        "version": VERSION,
        "lane": done.lane,
        "at": done.at.isoformat(),
        "clean": not done.findings,
        "counts": {name: done.counts[name] for name in VERDICTS},
        "payments": [_judged_json(one) for one in done.judged],
    }


def _judged_json(one: Judged) -> Json:
    return {
        "kind": one.kind,
        "payment_guid": one.payment.guid,
        "reference": one.payment.reference,
        "partner": one.partner,
        "biller_guid": one.payment.biller_guid,
        "account_number": one.payment.account,
        "invoice_number": one.payment.invoice,
        "amount": str(one.payment.amount),
        "tender": one.payment.tender,
        "paid_at": one.payment.paid_at.isoformat(),
        "verdict": one.verdict,
        "finding": one.finding,
        "detail": one.detail,
        "story": [{"at": at or None, "where": where, "text": text} for at, where, text in one.story],
    }


def payment_json(done: Audit, payment_guid: str, deliveries: Sequence[Delivery]) -> Json:
    """The judgement on one payment, with what the partner's books hold of it and its deliveries by id."""
    judged = done.of(payment_guid)
    return {
        "version": VERSION,
        "lane": done.lane,
        "at": done.at.isoformat(),
        "clean": not any(one.finding for one in judged),
        "judged": [_judged_json(one) for one in judged],
        "postings": [_posting_json(one) for one in judged[0].posted],
        "deliveries": [f"{done.lane}:{one.event_id}" for one in deliveries],
    }


def _posting_json(one: Posting) -> Json:
    return {
        "number": one.number,
        "type": one.type,
        "invoice_number": one.invoice,
        "key": one.key or None,
        "amount": str(one.amount),
        "posted_at": one.at,
        "state": one.state,
        "returned": one.returned,
        "returned_at": one.returned_at or None,
        "request_id": one.request_id or None,
    }


def reconciliation_json(done: Reconciliation) -> Json:
    """Every difference: flat rows."""
    return {
        "version": VERSION,
        "lane": done.lane,
        "at": done.at.isoformat(),
        "clean": not done.findings,
        "compared": dict(done.compared),
        "totals": [
            {
                "partner": one.partner,
                "taken": str(one.taken),
                "posted": str(one.posted),
                "difference": str(one.posted - one.taken),
            }
            for one in done.totals
        ],
        "differences": [_difference_json(one) for one in done.differences],
    }


def _difference_json(one: Difference) -> Json:
    return {
        "kind": one.kind,
        "partner": one.partner,
        "subject": one.subject,
        "amount": str(one.amount),
        "finding": one.finding,
        "detail": one.detail,
    }


def audit_lines(done: Json, *, every: bool) -> Iterator[str]:
    """Of an `audit_json`: a line for each finding, with its story, or for *every* payment; then the counts."""
    for one in done["payments"]:
        if not (every or one["finding"]):
            continue
        what = "return of " if one["kind"] == "return" else ""
        yield (
            f"{one['verdict'].replace('_', ' '):13} {what}{one['reference']}  {one['amount']:>10} USD"
            f"  {PARTNERS[one['partner']].name}, account {one['account_number']}: {one['detail']}"
        )
        if one["finding"]:
            yield from map(_step, one["story"])
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in done["counts"].items() if count)
    yield f"payments and returns in lane {done['lane']}, {len(done['payments']):,} in all: {counts or 'none'}"
    yield _end(done["payments"])


def reconciliation_lines(done: Json, *, every: bool) -> Iterator[str]:
    """Of a `reconciliation_json`: the totals, a line for each finding, or for *every* difference, and the end."""
    for total in done["totals"]:
        apart = Decimal(total["difference"])
        name, taken, posted = PARTNERS[total["partner"]].name, total["taken"], total["posted"]
        yield (
            f"{name:12} taken {taken:>12} USD  in its books {posted:>12} USD"
            f"  {'agrees' if not apart else f'{apart:+} apart'}"
        )
    for one in done["differences"]:
        if every or one["finding"]:
            yield f"{one['kind'].replace('_', ' '):17} {one['partner']:11} {one['subject']}: {one['detail']}"
    compared = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in done["compared"].items())
    yield f"compared in lane {done['lane']}: {compared}"
    explained = sum(not one["finding"] for one in done["differences"])
    if explained and not every:
        yield f"explained, by what is on its way or on one side only: {explained:,}; --all shows them"
    yield _end(done["differences"])


def _step(step: Json) -> str:
    at = moment(step["at"], "milliseconds") if step["at"] else ""
    return f"    {at:24}  {step['where']:13}  {step['text']}"


def _end(rows: Sequence[Json]) -> str:
    found = sum(one["finding"] for one in rows)
    return f"{found:,} to mend" if found else "clean"


assert set(FINDINGS) <= set(VERDICTS)
assert "explained" in KINDS
