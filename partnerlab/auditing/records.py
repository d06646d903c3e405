"""Plain records of a lane, as the control API shows them: what Invoice Cloud, the data pump and the partners have."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from partnerlab.partners import Partner

__all__ = [
    "Attempt",
    "Balance",
    "Biller",
    "Checkout",
    "Delivery",
    "Downloaded",
    "Event",
    "FileRow",
    "FormerOwner",
    "LaneBooks",
    "MissingBill",
    "Payment",
    "Place",
    "Postback",
    "Posting",
    "Schedule",
    "before_conveyance",
    "why_not",
]


def before_conveyance(account: str) -> str:
    """The number that an account had before it was conveyed, which is its partner's still [A-4]."""
    return re.sub(r"-?CV-\d{8,14}$", "", account)


@dataclass(frozen=True, slots=True)
class Biller:
    """A biller; `partner` is its integration, `time_zone` an IANA name."""

    guid: str
    partner: str
    name: str
    time_zone: str
    declined_postbacks: bool


@dataclass(frozen=True, slots=True)
class Payment:
    """
    A payment as Invoice Cloud took it, approved or not; an `offline` one was entered by a clerk.

    `recorded_at` is what downloads go by: never earlier than that of a payment before, whatever the clock did.
    """

    guid: str
    biller_guid: str
    account: str
    invoice: str
    amount: Decimal
    tender: str
    donation: str
    approved: bool
    offline: bool
    state: str
    reference: str
    paid_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """A row of Invoice Cloud's outbox; `payment_guid` is empty for what is about no payment."""

    seq: int
    event_id: str
    kind: str
    biller_guid: str
    account: str
    state: str
    problem: str
    payment_guid: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery of the data pump."""

    event_id: str
    kind: str
    biller_guid: str
    account: str
    state: str
    message: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of a delivery."""

    at: str
    operation: str
    request: str
    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class Posting:
    """
    A payment in a partner's books.

    `key` is what names Invoice Cloud's payment there, PaymentGUID or PaymentReference; empty where the partner was told
    none. `place` is what was credited: an account, at TCCS an invoice. `state` is `posted`, or why it is not.
    """

    partner: str
    place: str
    invoice: str
    key: str
    amount: Decimal
    at: str
    number: str
    state: str = "posted"
    returned: bool = False
    returned_at: str = ""
    type: str = ""
    request_id: str = ""

    @property
    def stands(self) -> bool:
        """Whether the money is in the books: posted, and not taken back."""
        return self.state == "posted" and not self.returned


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A payment that inHance v1 downloaded and that waits for a person (`pending`), or was deleted by one."""

    guid: str
    account: str
    amount: Decimal
    state: str
    note: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """
    A row of a payment or rejects file; `fetched` says whether the partner has the batch.

    `key` names the payment: its PaymentGUID, in a rejects file its PaymentReference, which is `reference` in both.
    """

    biller_guid: str
    kind: str
    file: str
    line: int
    report_id: int
    key: str
    reference: str
    account: str
    amount: Decimal
    fetched: bool


@dataclass(frozen=True, slots=True)
class Postback:
    """A postback of a Cloud Payments page, with what it tells."""

    id: str
    payment_guid: str
    state: str
    amount: str
    approved: str
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """A Cloud Payments page; `posts_back` where its partner gave a PostBackURL."""

    id: str
    biller_guid: str
    state: str
    payment_guids: tuple[str, ...]
    posts_back: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """A scheduled payment or a collection of AutoPay; `amount` is None where it pays what is due."""

    id: str
    kind: str
    biller_guid: str
    account: str
    invoice: str
    amount: Decimal | None
    state: str
    payment_guid: str


@dataclass(frozen=True, slots=True)
class MissingBill:
    """
    A bill of a partner that Invoice Cloud does not have; `sent_in` the file that took it there, as far as known.

    `refused` is why Invoice Cloud did not take it then, in its words; empty where the partner has heard of no reason.
    """

    number: str
    amount: Decimal
    sent_in: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """
    An account or invoice of a partner, by its number there, and which of its bills Invoice Cloud has.

    `waits` says that the partner has not told its last change.
    """

    biller_guid: str
    number: str
    held: Set[str]
    waits: bool


@dataclass(frozen=True, slots=True)
class FormerOwner:
    """
    A former owner of an account, by its `CV-` number at Invoice Cloud.

    `bills` are those there that the partner has under the number from before: `asked` is what is due on them, `billed`
    what the partner billed by them. `late_fees` are Invoice Cloud's.

    `passed_on` are bills of the number from before that the partner billed anew since, so that a file gave them to the
    new owner [A-128], each with what it was ever billed for: bills here may have closed into one, or carry it forward.
    `closed` says that all bills here are.
    """

    account: str
    asked: Decimal
    billed: Decimal
    late_fees: Decimal = Decimal(0)
    bills: frozenset[str] = frozenset()
    passed_on: tuple[tuple[str, tuple[Decimal, ...]], ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Balance:
    """
    What is owed at one place by both sides' books.

    Attributes:
        waits: The partner has not told its last change.
        asked: Bills that a file left open and about which the partner has yet to answer: it may owe more there.
        unsent: The partner's bills that Invoice Cloud does not have. Told where both sides differ, and of an account
            that `was_conveyed` always: what one owner's bill lacks may be asked of another.
        late_fees: What Invoice Cloud charged.
        former: The account's former owners.
        itself: Where `place` is the number of a former owner, that one.
        beside_bills: What the partner says beyond the sum of its bills, of an account with former owners.
        ahead: What was paid before it was billed.
        held_back: What the partner's last file asked for and Invoice Cloud does not, as it may have been paid just
            before; only of a partner that cannot be asked itself.
        requested: Bills that Invoice Cloud knows from a Cloud Payments request alone, with what is due on each.
    """

    partner: str
    biller_guid: str
    place: str
    at_partner: Decimal
    at_invoice_cloud: Decimal
    waits: bool = False
    asked: tuple[str, ...] = ()
    unsent: tuple[MissingBill, ...] = ()
    late_fees: Decimal = Decimal(0)
    former: tuple[FormerOwner, ...] = ()
    itself: FormerOwner | None = None
    beside_bills: Decimal = Decimal(0)
    ahead: Decimal = Decimal(0)
    held_back: Decimal = Decimal(0)
    requested: tuple[tuple[str, Decimal], ...] = ()
    was_conveyed: bool = False


@dataclass(frozen=True, slots=True)
class LaneBooks:
    """Everything that an audit looks at. `marks` say by partner up to when it has downloaded payments."""

    lane: str
    at: datetime
    billers: Mapping[str, Biller]
    payments: tuple[Payment, ...]
    events: tuple[Event, ...]
    deliveries: tuple[Delivery, ...]
    postings: tuple[Posting, ...]
    downloaded: tuple[Downloaded, ...]
    rows: tuple[FileRow, ...]
    counted: Mapping[tuple[str, str], int]
    """Rows that Invoice Cloud says a file has, by partner and the file's name."""
    postbacks: tuple[Postback, ...]
    checkouts: tuple[Checkout, ...]
    schedules: tuple[Schedule, ...]
    balances: tuple[Balance, ...]
    rejects: Mapping[str, bool]
    """Rejects in the partners' books by reference, and whether a payment was taken back by it."""
    marks: Mapping[str, datetime]
    first_export: int = 1
    """The number of the oldest batch that is kept; those before it were pruned."""
    attempts: Mapping[str, tuple[Attempt, ...]] = field(default_factory=dict)
    """By event, of deliveries that need a look."""

    def with_attempts(self, attempts: Mapping[str, tuple[Attempt, ...]]) -> LaneBooks:
        """These books with the attempts of deliveries."""
        return replace(self, attempts=attempts)


def why_not(payment: Payment, partner: Partner) -> str:
    """Why a payment does not go to the partner; empty where it does."""
    if not payment.approved:
        return f"it was {payment.state}"
    if payment.offline and "offline" in partner.not_due:
        return partner.not_due["offline"]
    return partner.not_due.get(payment.donation, "")
