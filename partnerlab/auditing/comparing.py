"""
Whether all books of a lane agree: orphans, rows that are missing or stand twice, and balances that are cents off.

Pure functions on the records of a lane. Beside what the audit finds of single payments here stands what no payment of
Invoice Cloud accounts for, what files and postbacks say otherwise than the payments, and what accounts owe.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from partnerlab.auditing.differences import Difference
from partnerlab.auditing.judging import Audit, audit
from partnerlab.auditing.matching import Matched, match
from partnerlab.auditing.owed import balances
from partnerlab.auditing.records import LaneBooks, Payment, before_conveyance, why_not
from partnerlab.partners import BY_FILE, PARTNERS

__all__ = ["Reconciliation", "Total", "reconcile"]


@dataclass(frozen=True, slots=True)
class Total:
    """What Invoice Cloud took for a partner that belongs there, less returns, and what the partner has."""

    partner: str
    taken: Decimal
    posted: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The comparison of a lane's books at a time of its clock; `compared` counts what was looked at."""

    lane: str
    at: datetime
    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]
    compared: Mapping[str, int]

    @property
    def findings(self) -> tuple[Difference, ...]:
        """What is to be mended."""
        return tuple(one for one in self.differences if one.finding)


def reconcile(books: LaneBooks) -> Reconciliation:
    """Compare everything with everything."""
    matched = match(books)
    payments = {one.guid: one for one in books.payments}
    judged = audit(books)
    differences = [
        *_judged(judged, matched),
        *_orphans(matched, payments),
        *_files(books, payments),
        *_postbacks(books, payments),
        *_schedules(books, payments),
        *balances(books, matched, judged),
    ]
    compared = {
        "payments": len(books.payments),
        "deliveries": len(books.deliveries),
        "postings": len(books.postings),
        "file_rows": len(books.rows),
        "postbacks": len(books.postbacks),
        "schedules": len(books.schedules),
        "accounts": len(books.balances),
    }
    return Reconciliation(books.lane, books.at, tuple(_totals(books)), tuple(differences), compared)


def _partner(books: LaneBooks, payment: Payment) -> str:
    return books.billers[payment.biller_guid].partner


def _totals(books: LaneBooks) -> Iterator[Total]:
    for partner in PARTNERS.values():
        taken = sum(
            (
                one.amount
                for one in books.payments
                if _partner(books, one) == partner.id and not why_not(one, partner) and one.state != "returned"
            ),
            Decimal(0),
        )
        posted = sum(
            (
                one.amount
                for one in books.postings
                if one.partner == partner.id and one.state == "posted" and not one.returned
            ),
            Decimal(0),
        )
        if taken or posted:
            yield Total(partner.id, taken, posted)


def _judged(judged: Audit, matched: Matched) -> Iterator[Difference]:
    for one in judged.findings:
        posted = sum((posting.amount for posting in matched.of.get(one.payment.guid, ()) if posting.stands), Decimal(0))
        taken = one.payment.amount if one.payment.approved and one.payment.state != "returned" else Decimal(0)
        what = f"{'return of ' if one.kind == 'return' else ''}{one.payment.reference}"
        yield Difference("payment", one.partner, what, posted - taken, f"{one.verdict.replace('_', ' ')}: {one.detail}")


def _orphans(matched: Matched, payments: Mapping[str, Payment]) -> Iterator[Difference]:
    for posting in matched.orphans:
        named = f"names {posting.key}, which" if posting.key else "names no payment, and none of its amount and place"
        yield Difference(
            "orphan_posting",
            posting.partner,
            posting.number,
            posting.amount,
            f"{posting.amount} of {posting.at} {named} Invoice Cloud did not take",
        )
    for guid, postings in matched.of.items():
        payment = payments[guid]
        for posting in postings:
            if posting.returned and payment.state != "returned":
                yield Difference(
                    "orphan_return",
                    posting.partner,
                    posting.number,
                    posting.amount,
                    f"taken back, and payment {payment.reference} is {payment.state} at Invoice Cloud",
                )


# --- files -------------------------------------------------------------------------------------------------------


def _files(books: LaneBooks, payments: Mapping[str, Payment]) -> Iterator[Difference]:
    by_reference = {one.reference: one for one in books.payments}
    written: Counter[str] = Counter(row.file for row in books.rows)
    for (partner, name), count in books.counted.items():
        if written[name] != count:
            detail = f"{count} rows were written, {written[name]} can be read"
            yield Difference("file_short", partner, name, Decimal(0), detail)
    seen: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for row in books.rows:
        where = f"{row.file}, line {row.line}"
        partner = books.billers[row.biller_guid].partner
        seen[partner, row.kind, row.key].append(where)
        payment = (payments if row.kind == "payments" else by_reference).get(row.key)
        if payment is None:
            yield Difference("orphan_row", partner, where, row.amount, f"Invoice Cloud has no payment {row.key}")
        elif payment.amount != row.amount:
            detail = f"{row.amount} in place of {payment.amount} of {payment.reference}"
            yield Difference("row_wrong", partner, where, row.amount - payment.amount, detail)
        elif row.account.strip() and _account(row.account) != _account(payment.account):
            detail = f"account {row.account.strip()} in place of {payment.account} of {payment.reference}"
            yield Difference("row_wrong", partner, where, Decimal(0), detail)
    for (partner, kind, key), places in seen.items():
        if len(places) > 1:
            yield Difference("row_twice", partner, key, Decimal(0), f"{kind}: {'; '.join(places)}")
    yield from _left_out(books, seen)
    yield from _not_taken(books)


def _account(number: str) -> str:
    """An account's number as files have it, whoever owns it: a file may hold a blank before it, or lack one."""
    return before_conveyance(number.strip())


def _left_out(books: LaneBooks, seen: Mapping[tuple[str, str, str], Sequence[str]]) -> Iterator[Difference]:
    """Payments older than the newest that is in a file, and in none; where files were pruned, of those since."""
    by_file = [
        (partner, one)
        for one in books.payments
        if PARTNERS[partner := _partner(books, one)].how == BY_FILE and not why_not(one, PARTNERS[partner])
    ]
    written = [one.reference for partner, one in by_file if (partner, "payments", one.guid) in seen]
    newest, oldest = max(written, default=""), "" if books.first_export == 1 else min(written, default="")
    for partner, one in by_file:
        if oldest <= one.reference < newest and (partner, "payments", one.guid) not in seen:
            detail = "later payments are in a payment file, and it is in none"
            yield Difference("row_missing", partner, one.reference, one.amount, detail)


def _not_taken(books: LaneBooks) -> Iterator[Difference]:
    """Batches that were fetched and whose rows are in nobody's books."""
    posted = {(one.partner, one.key) for one in books.postings}
    batches: defaultdict[tuple[str, int, str], list[tuple[str, Decimal]]] = defaultdict(list)
    for row in books.rows:
        if row.fetched:
            batches[books.billers[row.biller_guid].partner, row.report_id, row.kind].append((row.key, row.amount))
    for (partner, report_id, kind), rows in batches.items():
        missing = [amount for key, amount in rows if (partner, key) not in posted and key not in books.rejects]
        if not missing:
            continue
        all_of_them = len(missing) == len(rows)
        some = f"none of its {len(rows)} rows is" if all_of_them else f"{len(missing)} of its {len(rows)} rows are not"
        yield Difference(
            "batch_missing" if all_of_them else "batch_short",
            partner,
            f"batch {report_id} of {kind}",
            sum(missing, Decimal(0)),
            f"{some} in the books of {PARTNERS[partner].name}",
        )


# --- postbacks, schedules ------------------------------------------------------------------------------------------


def _postbacks(books: LaneBooks, payments: Mapping[str, Payment]) -> Iterator[Difference]:
    told = Counter(one.payment_guid for one in books.postbacks)
    for postback in books.postbacks:
        payment = payments.get(postback.payment_guid)
        subject = f"postback {postback.id}"
        if payment is None:
            detail = f"Invoice Cloud has no payment {postback.payment_guid}"
            yield Difference("orphan_postback", "", subject, Decimal(postback.amount or 0), detail)
            continue
        partner = _partner(books, payment)
        if postback.state == "gave_up":
            detail = f"given up after {postback.attempts} attempts: {postback.reason}"
            yield Difference("postback_missing", partner, payment.reference, payment.amount, detail)
        if postback.amount != str(payment.amount) or (postback.approved == "True") != payment.approved:
            said = f"{postback.amount}, Approved={postback.approved}"
            detail = f"says {said}; the payment is {payment.amount} and {payment.state}"
            yield Difference("postback_wrong", partner, payment.reference, payment.amount, detail)
    for guid, count in told.items():
        if count > 1 and guid in payments:
            payment = payments[guid]
            yield Difference(
                "postback_twice", _partner(books, payment), payment.reference, payment.amount, f"{count} postbacks"
            )
    for checkout in books.checkouts:
        biller = books.billers[checkout.biller_guid]
        for guid in checkout.payment_guids if checkout.posts_back else ():
            payment = payments.get(guid)
            if payment is None or told[guid] or (not payment.approved and not biller.declined_postbacks):
                continue
            detail = f"page {checkout.id[:12]} has a PostBackURL, and no postback was written"
            yield Difference("postback_missing", biller.partner, payment.reference, payment.amount, detail)


def _schedules(books: LaneBooks, payments: Mapping[str, Payment]) -> Iterator[Difference]:
    made = Counter(one.payment_guid for one in books.schedules if one.payment_guid)
    for one in books.schedules:
        partner = books.billers[one.biller_guid].partner
        what = f"{'AutoPay' if one.kind == 'autopay' else 'scheduled payment'} {one.id} of account {one.account}"
        payment = payments.get(one.payment_guid)
        problem = ""
        if one.state == "paid" and payment is None:
            problem = "it is paid, and there is no payment of it"
        elif one.state == "paid" and payment is not None and not payment.approved:
            problem = f"it is paid, and its payment was {payment.state}"
        elif payment is not None and one.amount is not None and payment.amount > one.amount:
            problem = f"{one.amount} was scheduled and {payment.amount} taken"
        elif one.payment_guid and made[one.payment_guid] > 1:
            problem = f"payment {one.payment_guid} is of {made[one.payment_guid]} schedules"
        if problem:
            yield Difference("schedule_wrong", partner, what, one.amount or Decimal(0), problem)
