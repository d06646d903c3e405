"""
What became of each payment: one verdict, and the story that leads to it.

Pure functions on the records of a lane. The partner's books decide where they can: a payment that is there twice is
doubled, whatever the data pump believes. Only where they hold nothing does it matter how far the payment has come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from partnerlab.auditing.matching import Matched, match
from partnerlab.auditing.records import (
    Delivery,
    Downloaded,
    Event,
    FileRow,
    LaneBooks,
    Payment,
    Posting,
    before_conveyance,
    why_not,
)
from partnerlab.auditing.timeline import timeline
from partnerlab.partners import BY_CALL, BY_DOWNLOAD, BY_FILE, PARTNERS, Partner

__all__ = ["AS_POSTED", "FINDINGS", "UNKNOWN", "VERDICTS", "Audit", "Judged", "audit"]

POSTED_ONCE, ON_ITS_WAY, NOT_DUE, GIVEN_UP = "posted_once", "on_its_way", "not_due", "given_up"
LOST, DOUBLED, UNKNOWN = "lost", "doubled", "unknown"
WRONG_AMOUNT, WRONG_ACCOUNT = "wrong_amount", "wrong_account"
AS_POSTED = "resolve it as posted"

FINDINGS = (LOST, DOUBLED, UNKNOWN, WRONG_AMOUNT, WRONG_ACCOUNT)
VERDICTS: Mapping[str, str] = {
    POSTED_ONCE: "the partner has it, once and as it was taken",
    ON_ITS_WAY: "the partner does not have it yet, and will get it without anybody's help",
    NOT_DUE: "it has no business in the partner's books, and is not there",
    GIVEN_UP: "a person dismissed or deleted it, with a reason",
    LOST: "nothing is on its way any more, and the partner does not have it",
    DOUBLED: "the partner has it more than once",
    UNKNOWN: "the client does not know whether the partner has it; a person must say",
    WRONG_AMOUNT: "the partner has it with another amount",
    WRONG_ACCOUNT: "the partner credited another account or invoice, or none",
}
"""Every verdict and what it says; those of `FINDINGS` are something to mend."""


@dataclass(frozen=True, slots=True)
class Judged:
    """
    A payment or the return of one (`kind`), and what became of it.

    `story` is what happened, in order; `posted` is what the partner's books hold of the payment.
    """

    kind: str
    payment: Payment
    partner: str
    verdict: str
    detail: str
    story: tuple[tuple[str, str, str], ...]
    posted: tuple[Posting, ...]

    @property
    def finding(self) -> bool:
        """Whether there is something to mend."""
        return self.verdict in FINDINGS


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit of a lane at a time of its clock."""

    lane: str
    at: datetime
    judged: tuple[Judged, ...]

    @property
    def findings(self) -> tuple[Judged, ...]:
        """What is to be mended."""
        return tuple(one for one in self.judged if one.finding)

    def of(self, payment_guid: str) -> tuple[Judged, ...]:
        """The judgement on a payment, and on its return where it came back."""
        return tuple(one for one in self.judged if one.payment.guid == payment_guid)

    @property
    def counts(self) -> Counter[str]:
        """How many of each verdict."""
        return Counter(one.verdict for one in self.judged)


def audit(books: LaneBooks) -> Audit:
    """Judge every payment that Invoice Cloud took, and every return, oldest first."""
    case = _Case(books, match(books))
    return Audit(books.lane, books.at, tuple(one for payment in books.payments for one in case.judge(payment)))


class _Case:
    """The records of a lane by what they are about."""

    def __init__(self, books: LaneBooks, matched: Matched) -> None:
        self.books, self.matched = books, matched
        self.deliveries: Mapping[str, Delivery] = {one.event_id: one for one in books.deliveries}
        self.downloaded: Mapping[str, Downloaded] = {one.guid: one for one in books.downloaded}
        self.events: defaultdict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in books.events:
            if event.payment_guid:
                self.events[event.kind, event.payment_guid].append(event)
        self.rows: defaultdict[tuple[str, str], list[FileRow]] = defaultdict(list)
        for row in books.rows:
            self.rows[row.kind, row.key].append(row)
        self.newest_in_file = max((row.reference for row in books.rows if row.kind == "payments"), default="")

    def judge(self, payment: Payment) -> Iterator[Judged]:
        """The payment, and its return where it came back."""
        partner = PARTNERS[self.books.billers[payment.biller_guid].partner]
        posted = self.matched.of.get(payment.guid, ())
        verdict, detail = self._payment(payment, partner, posted)
        yield self._judged("payment", payment, partner, verdict, detail, posted)
        if payment.state == "returned":
            verdict, detail = self._return(payment, partner, posted)
            yield self._judged("return", payment, partner, verdict, detail, posted)

    def _judged(
        self, kind: str, payment: Payment, partner: Partner, verdict: str, detail: str, posted: Sequence[Posting]
    ) -> Judged:
        events = self.events["payment" if kind == "payment" else "ach_reject", payment.guid]
        rows = self.rows["payments", payment.guid] if kind == "payment" else self.rows["rejects", payment.reference]
        deliveries = [self.deliveries[one.event_id] for one in events if one.event_id in self.deliveries]
        story = timeline(self.books, kind, payment, partner, events, deliveries, rows, posted)
        return Judged(kind, payment, partner.id, verdict, detail, story, tuple(posted))

    # --- payments ---

    def _payment(self, payment: Payment, partner: Partner, posted: Sequence[Posting]) -> tuple[str, str]:
        if reason := why_not(payment, partner):
            if not posted:
                return NOT_DUE, reason
            return WRONG_AMOUNT, f"{reason}, and yet {_shown(*posted)} stands in the books of {partner.name}"
        if len(posted) > 1:
            return DOUBLED, f"{len(posted)} times in the books of {partner.name}: {_shown(*posted)}"
        if posted:
            return self._once(payment, partner, posted[0])
        return self._nowhere(payment, partner)

    def _once(self, payment: Payment, partner: Partner, posting: Posting) -> tuple[str, str]:
        """What a single posting is worth."""
        if posting.amount != payment.amount:
            return WRONG_AMOUNT, f"{partner.name} has {posting.amount} in place of {payment.amount}"
        if posting.state == "unmatched":
            return WRONG_ACCOUNT, f"{partner.name} has no account {posting.place}: the payment waits for a person"
        if posting.place not in self._places(payment, partner):
            own = self._places(payment, partner)[0]
            return WRONG_ACCOUNT, f"{partner.name} credited {posting.place} in place of {own}"
        delivery = self.deliveries.get(payment.guid)
        if partner.how == BY_CALL and delivery is not None:
            if delivery.state in ("unknown", "not_understood"):
                return (
                    UNKNOWN,
                    f"the delivery is {_words(delivery)}; {partner.name} has the payment once: {AS_POSTED}",
                )
            if delivery.state == "dead":
                return UNKNOWN, f"the delivery is dead ({delivery.message}), and yet {partner.name} has the payment"
        return POSTED_ONCE, posting.number

    def _places(self, payment: Payment, partner: Partner) -> list[str]:
        """
        What may be credited: a conveyed account has another number now than when its payment was made, and no partner
        by files has that [A-4].
        """
        if partner.place == "invoice":
            return [payment.invoice]
        told = [one.account for one in self.rows["payments", payment.guid]]
        if partner.how == BY_FILE:
            told.append(before_conveyance(payment.account))  # a person finds it: the partner has no conveyed accounts
        if (delivery := self.deliveries.get(payment.guid)) is not None:
            told.append(delivery.account)
        if (downloaded := self.downloaded.get(payment.guid)) is not None:
            told.append(downloaded.account)
        return [payment.account, *told]

    def _nowhere(self, payment: Payment, partner: Partner) -> tuple[str, str]:
        """The partner's books hold nothing: how far has it come?"""
        if partner.how == BY_DOWNLOAD:
            return self._not_downloaded(payment, partner)
        if partner.how == BY_FILE:
            return self._not_filed(payment, partner)
        return self._not_delivered("payment", payment, partner)

    def _not_delivered(self, kind: str, payment: Payment, partner: Partner) -> tuple[str, str]:
        events = self.events[kind, payment.guid]
        if not events:
            return LOST, "Invoice Cloud raised no event for it"
        event = events[0]
        match event.state:
            case "waiting":
                return ON_ITS_WAY, "it waits in Invoice Cloud's outbox"
            case "refused":
                return LOST, f"the data pump refuses it: {event.problem}"
            case "dismissed":
                return GIVEN_UP, event.problem
        delivery = self.deliveries.get(event.event_id)
        if delivery is None:
            return LOST, "the data pump has no delivery of it"
        match delivery.state:
            case "accepted" | "sending" | "waiting":
                return ON_ITS_WAY, f"the delivery is {_words(delivery)}"
            case "unknown" | "not_understood":
                has = "is not" if kind == "payment" else "is not taken back"
                return UNKNOWN, f"the delivery is {_words(delivery)}; it {has} in the books of {partner.name}"
            case "dismissed":
                return GIVEN_UP, f"the delivery was dismissed: {delivery.message}"
            case "dead":
                return LOST, f"the delivery is dead: {delivery.message}{self._conveyed(delivery, partner)}"
            case "skipped":
                return LOST, f"the delivery was skipped: {delivery.message}"
        return LOST, f"the delivery is delivered, and {partner.name} does not have it"

    def _conveyed(self, delivery: Delivery, partner: Partner) -> str:
        """What is to be done where the partner was not told that an account has a new owner."""
        if before_conveyance(delivery.account) == delivery.account:
            return ""
        return (
            f" The account was conveyed, and its former owner's is {delivery.account} [A-4]: have {partner.name} open"
            " that, and replay the delivery"
        )

    def _not_downloaded(self, payment: Payment, partner: Partner) -> tuple[str, str]:
        downloaded = self.downloaded.get(payment.guid)
        if downloaded is not None:
            match downloaded.state:
                case "pending":
                    return (
                        ON_ITS_WAY,
                        f"it waits in View Pending Payments{f': {downloaded.note}' if downloaded.note else ''}",
                    )
                case "deleted":
                    return GIVEN_UP, f"a clerk deleted it: {downloaded.note}"
            return LOST, f"{partner.name} downloaded it and says that it is posted, and it is not in the account"
        mark = self.books.marks.get(partner.id)
        if mark is not None and payment.recorded_at < mark:
            return LOST, f"{partner.name} has asked for payments up to {mark.isoformat()} and does not have it"
        return ON_ITS_WAY, "the next Payment job downloads it"

    def _not_filed(self, payment: Payment, partner: Partner) -> tuple[str, str]:
        rows = self.rows["payments", payment.guid]
        if rows and any(row.fetched for row in rows):
            return LOST, f"{rows[0].file}, line {rows[0].line}, has it and was fetched; {partner.name} does not have it"
        if rows:
            return ON_ITS_WAY, f"{rows[0].file} has it and was not fetched yet"
        if payment.reference < self.newest_in_file:
            return LOST, "no payment file has it, and later payments are in one"
        return ON_ITS_WAY, "the next payment file has it"

    # --- returns ---

    def _return(self, payment: Payment, partner: Partner, posted: Sequence[Posting]) -> tuple[str, str]:
        taken_back = [one for one in posted if one.returned]
        if len(taken_back) > 1:
            return DOUBLED, f"taken back {len(taken_back)} times: {_shown(*taken_back)}"
        if taken_back:
            return POSTED_ONCE, f"{taken_back[0].number} is taken back"
        if not partner.returns:
            return NOT_DUE, f"{partner.name} is told of no returns: a clerk enters them"
        if reason := why_not(payment, partner):
            return NOT_DUE, reason
        if not posted and partner.returns == BY_CALL:
            return NOT_DUE, f"{partner.name} does not have the payment"
        if partner.returns == BY_CALL:
            return self._not_delivered("ach_reject", payment, partner)
        rows = self.rows["rejects", payment.reference]
        if not rows:
            return ON_ITS_WAY, "the next rejects file has it"
        if not any(row.fetched for row in rows):
            return ON_ITS_WAY, f"{rows[0].file} has it and was not fetched yet"
        if payment.reference not in self.books.rejects:
            return LOST, f"{rows[0].file}, line {rows[0].line}, has it and was fetched; {partner.name} does not have it"
        if not posted:
            return ON_ITS_WAY, "it waits for its payment"
        if self.books.rejects[payment.reference]:
            return LOST, f"{partner.name} has the reject, and took no payment back"
        other = "of another account or amount than it has the payment: it waits for a person"
        return WRONG_ACCOUNT, f"{partner.name} has the reject, {other}"


def _shown(*postings: Posting) -> str:
    return ", ".join(f"{one.amount} ({one.number})" for one in postings)


def _words(delivery: Delivery) -> str:
    state = delivery.state.replace("_", " ")
    return f"{state} ({delivery.message})" if delivery.message else state
