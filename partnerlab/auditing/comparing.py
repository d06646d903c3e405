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
from itertools import combinations

from partnerlab.auditing.judging import LOST, ON_ITS_WAY, UNKNOWN, Audit, audit
from partnerlab.auditing.matching import Matched, match
from partnerlab.auditing.records import Balance, LaneBooks, MissingBill, Payment
from partnerlab.auditing.ways import BY_FILE, WAYS, why_not

__all__ = ["KINDS", "Difference", "Reconciliation", "Total", "reconcile"]

KINDS: Mapping[str, str] = {
    "payment": "what the audit finds of a single payment or return",
    "orphan_posting": "a payment in a partner's books that Invoice Cloud never took",
    "orphan_return": "a payment that is taken back in a partner's books and stands at Invoice Cloud",
    "orphan_row": "a row of a file that is no payment of Invoice Cloud",
    "orphan_postback": "a postback of a payment that Invoice Cloud does not have",
    "row_missing": "a payment that stands in no file, although later ones do",
    "file_short": "a file with another number of rows than were written",
    "row_twice": "a payment or reject that stands in the files more than once",
    "row_wrong": "a row of a file with another amount or account than the payment",
    "batch_missing": "a batch that was fetched and of which nothing is in the partner's books",
    "batch_short": "a batch that was fetched and of which something is not in the partner's books",
    "postback_missing": "a payment of a Cloud Payments page of which the partner was never told",
    "postback_twice": "more than one postback of a payment",
    "postback_wrong": "a postback that says another amount or outcome than the payment has",
    "schedule_wrong": "a scheduled payment or AutoPay collection and its payment do not fit together",
    "cents_off": "both sides say otherwise what an account owes, and what is known does not explain it",
    "off_by_finding": "both sides say otherwise what an account owes, by what is to be mended",
    "explained": "they differ by what is on its way, in doubt or entered on one side only; nothing to mend here",
}
"""Every kind of difference; all but `explained` are something to mend."""

UNDER_WAY = (ON_ITS_WAY, UNKNOWN, LOST)
"""Verdicts of money that Invoice Cloud took and the partner does not have."""
MOST_TERMS = 12
"""Of so many differences every sum is tried; of more only that of all."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two books that do not agree. `subject` names the payment, row or account; `amount` is how far apart they are."""

    kind: str
    partner: str
    subject: str
    amount: Decimal
    detail: str

    @property
    def finding(self) -> bool:
        """Whether there is something to mend."""
        return self.kind != "explained"


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
        *_balances(books, matched, judged),
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
    for partner, way in WAYS.items():
        taken = sum(
            (
                one.amount
                for one in books.payments
                if _partner(books, one) == partner and not why_not(one, way) and one.state != "returned"
            ),
            Decimal(0),
        )
        posted = sum(
            (
                one.amount
                for one in books.postings
                if one.partner == partner and one.state == "posted" and not one.returned
            ),
            Decimal(0),
        )
        if taken or posted:
            yield Total(partner, taken, posted)


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
    for name, count in books.counted.items():
        if written[name] != count:
            yield Difference(
                "file_short",
                "watersmart",
                name,
                Decimal(0),
                f"{count} rows were written, {written[name]} can be read",
            )
    seen: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in books.rows:
        where = f"{row.file}, line {row.line}"
        partner = books.billers[row.biller_guid].partner
        seen[row.kind, row.key].append(where)
        payment = (payments if row.kind == "payments" else by_reference).get(row.key)
        if payment is None:
            yield Difference("orphan_row", partner, where, row.amount, f"Invoice Cloud has no payment {row.key}")
        elif payment.amount != row.amount:
            detail = f"{row.amount} in place of {payment.amount} of {payment.reference}"
            yield Difference("row_wrong", partner, where, row.amount - payment.amount, detail)
    for (kind, key), places in seen.items():
        if len(places) > 1:
            yield Difference("row_twice", "watersmart", key, Decimal(0), f"{kind}: {'; '.join(places)}")
    yield from _left_out(books, seen)
    yield from _not_taken(books)


def _left_out(books: LaneBooks, seen: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[Difference]:
    """Payments older than the newest that is in a file, and in none."""
    by_file = [
        one
        for one in books.payments
        if WAYS[_partner(books, one)].how == BY_FILE and not why_not(one, WAYS[_partner(books, one)])
    ]
    newest = max((one.reference for one in by_file if ("payments", one.guid) in seen), default="")
    for one in by_file:
        if one.reference < newest and ("payments", one.guid) not in seen:
            detail = "later payments are in a payment file, and it is in none"
            yield Difference("row_missing", _partner(books, one), one.reference, one.amount, detail)


def _not_taken(books: LaneBooks) -> Iterator[Difference]:
    """Batches that were fetched and whose rows are in nobody's books."""
    keys = {one.key for one in books.postings if one.partner == "watersmart"} | set(books.rejects)
    batches: defaultdict[tuple[int, str], list[tuple[str, Decimal]]] = defaultdict(list)
    for row in books.rows:
        if row.fetched:
            batches[row.report_id, row.kind].append((row.key, row.amount))
    for (report_id, kind), rows in batches.items():
        missing = [amount for key, amount in rows if key not in keys]
        if len(missing) == len(rows):
            detail = f"none of its {len(rows)} rows is in the books of {WAYS['watersmart'].name}"
            subject = f"batch {report_id} of {kind}"
            yield Difference("batch_missing", "watersmart", subject, sum(missing, Decimal(0)), detail)
        elif missing:
            detail = f"{len(missing)} of its {len(rows)} rows are not in the books of {WAYS['watersmart'].name}"
            subject = f"batch {report_id} of {kind}"
            yield Difference("batch_short", "watersmart", subject, sum(missing, Decimal(0)), detail)


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
        elif payment is not None and one.amount is not None and payment.amount != one.amount:
            problem = f"{one.amount} was scheduled and {payment.amount} taken"
        elif one.payment_guid and made[one.payment_guid] > 1:
            problem = f"payment {one.payment_guid} is of {made[one.payment_guid]} schedules"
        if problem:
            yield Difference("schedule_wrong", partner, what, one.amount or Decimal(0), problem)


# --- what is owed --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Term:
    """
    What one side has and the other does not; `amount` as Invoice Cloud's balance less the partner's.

    `under_way` says that Invoice Cloud took money of which the partner cannot know: a payer must not be asked for it
    again, so the difference has to show it. Other terms may have been evened out by a balance that the partner told.
    """

    text: str
    amount: Decimal
    mend: bool = False
    under_way: bool = False


def _balances(books: LaneBooks, matched: Matched, judged: Audit) -> Iterator[Difference]:
    terms = _terms(books, matched, judged)
    for balance in books.balances:
        apart = balance.at_invoice_cloud - balance.at_partner
        of_place = [
            *terms[balance.partner, balance.place],
            *_taken_before(books, balance),
            *(_unsent(one) for one in balance.unsent),
            *((_Term("late fees of Invoice Cloud", balance.late_fees),) if balance.late_fees else ()),
        ]
        chosen = _explained(apart, of_place)
        if chosen == []:
            continue
        name = WAYS[balance.partner].name
        why = [one.text for one in (chosen or of_place)]
        kind = "cents_off" if chosen is None else "off_by_finding" if any(one.mend for one in chosen) else "explained"
        if balance.waits and chosen is None:
            kind, why = "explained", [f"{name} has not sent its last change yet"]
        said = f"Invoice Cloud {balance.at_invoice_cloud}, {name} {balance.at_partner}"
        known = "" if chosen is not None or not why else "it does not add up with "
        detail = f"{said}{': ' if why else ''}{known}{'; '.join(why)}"
        yield Difference(kind, balance.partner, balance.place, apart, detail)


def _taken_before(books: LaneBooks, balance: Balance) -> Iterator[_Term]:
    """Payments of an invoice older than its last file, which are taken off again where it may not show them [A-85]."""
    if balance.filed_at is None:
        return
    taken = [
        one
        for one in books.payments
        if one.invoice == balance.place and one.approved and one.donation == "none" and one.paid_at < balance.filed_at
    ]
    for one in taken:
        yield _Term(f"{one.reference} is taken off what a later file says, until the partner is asked", -one.amount)
    if sum((one.amount for one in taken), Decimal(0)) > balance.at_partner > balance.at_invoice_cloud == 0:
        yield _Term("more than that was taken before the last file, until the partner is asked", -balance.at_partner)


def _unsent(bill: MissingBill) -> _Term:
    went = f", and went out in {bill.sent_in}" if bill.sent_in else ""
    return _Term(f"bill {bill.number} is not at Invoice Cloud{went}", -bill.amount, mend=bool(bill.sent_in))


def _explained(apart: Decimal, terms: Sequence[_Term]) -> list[_Term] | None:
    """What is under way and the fewest other terms that together are the difference; None where there are none."""
    sure = [one for one in terms if one.under_way]
    others = [one for one in terms if not one.under_way]
    left = apart - sum((one.amount for one in sure), Decimal(0))
    sizes = range(len(others) + 1) if len(others) <= MOST_TERMS else (0, len(others))
    for size in sizes:
        for chosen in combinations(others, size):
            if sum((one.amount for one in chosen), Decimal(0)) == left:
                return [*sure, *chosen]
    return None


def _terms(books: LaneBooks, matched: Matched, judged: Audit) -> Mapping[tuple[str, str], list[_Term]]:
    """By partner and place: the payments that only one side has, or has otherwise."""
    terms: defaultdict[tuple[str, str], list[_Term]] = defaultdict(list)
    to_mend = {one.payment.guid for one in judged.findings}
    under_way = {
        one.payment.guid
        for one in judged.judged
        if one.kind == "payment" and one.verdict in UNDER_WAY and one.payment.guid not in matched.of
    }
    for payment in books.payments:
        if not payment.approved and payment.guid not in matched.of:
            continue
        partner = _partner(books, payment)
        place = payment.invoice if WAYS[partner].place == "invoice" else payment.account
        posted = [one for one in matched.of.get(payment.guid, ()) if one.stands]
        there = sum((one.amount for one in posted if one.place == place), Decimal(0))
        taken = payment.approved and payment.state != "returned" and payment.donation == "none"
        here = payment.amount if taken else Decimal(0)
        mend = payment.guid in to_mend
        if there != here:
            what = "donation" if payment.donation != "none" else "clerk's entry" if payment.offline else payment.state
            text = f"{payment.reference} ({what}): {here} here, {there} there"
            terms[partner, place].append(_Term(text, there - here, mend, payment.guid in under_way))
        if (
            payment.state == "returned"
            and not WAYS[partner].returns
            and any(one.returned for one in matched.of.get(payment.guid, ()))
        ):
            text = f"{payment.reference} came back, and the balance was told before a clerk entered it"
            terms[partner, place].append(_Term(text, -payment.amount))
        for one in posted:
            if one.place != place:
                terms[partner, one.place].append(_Term(f"{payment.reference} was credited here", one.amount, mend))
    for one in matched.orphans:
        if one.stands:
            text = f"{one.number} is no payment of Invoice Cloud"
            terms[one.partner, one.place].append(_Term(text, one.amount, mend=True))
    return terms
