"""
Postbacks to a partner: nine kinds are sent to the address that it asked for, and after each it is asked what it holds.

A genuine one is of a payment that was really made in the sandbox, so that a partner which looks payments up finds it.
"""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from zoneinfo import ZoneInfo

from partnerlab.contracts.masking import is_secret, mask_text
from partnerlab.contracts.paths import at
from partnerlab.contracts.verification.consumer.control import Control, Refused
from partnerlab.contracts.verification.grading.model import Exchange
from partnerlab.contracts.verification.provider.configuration import is_here
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer, Send

__all__ = ["KINDS", "PAGES", "Kind", "Page", "Tried", "pages", "try_all"]

APPROVED_CARD = "4111111111111111"
PART = Decimal("1.00")
"""What is paid on a page that names no amount, where a part may be paid, so that four pages do not exhaust a bill."""
TIMEOUT_S = 30.0
MOST_PAGES = 100
PAGES = 4
"""How many pages the kinds need, each with a reference of its own: of one reference only one payment is credited."""
Form = dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """
    A payment page that the partner asked for.

    `reference` is its BillerReference, else the query of its postback address. `amount` is what it asked for the first
    invoice, None where it named none. `address` may hold a secret of the partner's: it is masked where it is shown.
    """

    biller_guid: str
    account: str
    invoice: str
    amount: Decimal | None
    reference: str
    biller_reference: str
    address: str


@dataclass(frozen=True, slots=True)
class Kind:
    """
    One kind of postback.

    `page` counts the pages from 0. `change` makes its form of a genuine one. `credited` says what should come of it. A
    `stranger` does not know what stands under a secret's name in the address.
    """

    name: str
    words: str
    page: int
    credited: bool
    change: Callable[[Form], Form]
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """
    What came of one kind: how many payments the partner held for that reference before and after.

    `exchange` is its number in the run; `reason` says why it could not be sent, the rest is empty then.
    """

    kind: Kind
    page: Page
    before: int = 0
    after: int = 0
    status: int = 0
    exchange: int = 0
    reason: str = ""
    first: int = 0


def _moved(form: Form, by: timedelta) -> Form:
    return {**form, "PaymentDate": _written(datetime.strptime(form["PaymentDate"], "%m/%d/%Y %I:%M:%S %p") + by)}  # noqa: DTZ007 - the form gives no offset


def _forged(form: Form) -> Form:
    return {**form, "PaymentGUID": str(uuid.uuid4())}


def _declined(form: Form) -> Form:
    refused = {"Approved": "False", "PaymentMessage": "Declined"}
    return {**form, **refused, "PaymentGUID": str(uuid.uuid4())}


def _dearer(form: Form) -> Form:
    return {**form, "PaymentAmount": f"{Decimal(form['PaymentAmount']) + 100:.2f}"}


def _elsewhere(form: Form) -> Form:
    return {**form, "BillerReference": f"unknown-{form['BillerReference'] or 'reference'}", "InvoiceNumber": "000000"}


KINDS = (
    Kind("declined", "a payment that was declined", 0, False, _declined),
    Kind("forged", "an approved payment that Invoice Cloud does not have", 0, False, _forged, stranger=True),
    Kind("changed-amount", "an approved payment with another amount", 0, False, _dearer),
    Kind("unknown-reference", "an approved payment with a reference that nobody gave", 0, False, _elsewhere),
    Kind("approved", "an approved payment", 0, True, lambda form: form),
    Kind("duplicate", "the same postback again", 0, False, lambda form: form),
    Kind("early", "an approved payment dated ten minutes ahead", 1, True, lambda f: _moved(f, timedelta(minutes=10))),
    Kind("late", "an approved payment that is three days old", 2, True, lambda f: _moved(f, timedelta(days=-3))),
    Kind("unknown-field", "an approved payment with a field more", 3, True, lambda form: {**form, "Channel": "Web"}),
)


def pages(control: Control, origin: str) -> list[Page]:
    """
    The pages to whose postback address something may be sent, one for each reference, the newest last.

    That is a loopback address, or one of *origin*, which a person named. They are read from the sandbox's own list: in
    the journal a secret in the address is masked. Raises as `Control`.
    """
    try:
        rows = control.get("/_sandbox/ic/cloud-payments", limit=MOST_PAGES)["cloud_payments"]
    except Refused:
        return []  # a sandbox without Invoice Cloud's simulator
    found: dict[str, Page] = {}
    for row in reversed(rows):
        page = _page(row)
        if page is not None and _may_send(page.address, origin):
            found.pop(page.reference, None)
            found[page.reference] = page
    return list(found.values())


@dataclass
class _Sender:
    control: Control
    send: Send
    ask: Callable[[Page], int]
    first_number: int
    exchanges: list[Exchange] = field(default_factory=list)
    _genuine: dict[str, Form | str] = field(default_factory=dict)

    def genuine(self, page: Page) -> Form | str:
        """The form of a payment that is made in the sandbox for a page; the reason where it cannot be."""
        if page.reference not in self._genuine:
            try:
                self._genuine[page.reference] = _form(page, _paid(self.control, page))
            except Refused as error:
                self._genuine[page.reference] = f"the sandbox refuses the payment: {error}"
        return self._genuine[page.reference]

    def post(self, kind: Kind, page: Page, form: Form) -> tuple[int, int]:
        """Send a form; the answer's status, 0 where there was none, and the exchange's number."""
        body = urlencode(form).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        address = _guessed(page.address) if kind.stranger else page.address
        asked = Asked(f"postback, {kind.name}", "POST", address, headers, body)
        answered: Answered | None = None
        error = ""
        try:
            answered = self.send(asked, TIMEOUT_S)
        except NoAnswer as failed:
            error = str(failed)
        number = self.first_number + len(self.exchanges)
        data = " ".join(f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in form.items())
        self.exchanges.append(
            Exchange(
                number,
                asked.label,
                "POST",
                mask_text(address),
                headers,
                mask_text(body.decode()),
                answered.status if answered else 0,
                {"content-type": answered.media_type} if answered else {},
                mask_text(answered.text[:4_000]) if answered else "",
                error,
                0,
                mask_text(f"curl -sS -i {data} {shlex.quote(address)}"),
            )
        )
        return (answered.status if answered else 0), number


def try_all(
    control: Control,
    send: Send,
    found: Sequence[Page],
    ask: Callable[[Page], int],
    first_number: int,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[dict[str, Tried], list[Exchange]]:
    """
    Send every kind for which there is a page; what came of each by its name, and the exchanges.

    *ask* gives how many payments the partner holds for a page's reference; *say* is told what came of each. The newest
    pages are taken.
    """
    sender = _Sender(control, send, ask, first_number)
    taken = list(found)[-PAGES:]
    tried: dict[str, Tried] = {}
    start: dict[str, int] = {}
    last: dict[str, int] = {}  # a person is not asked again what was answered a moment ago
    for kind in KINDS:
        if kind.page >= len(taken):
            continue
        page = taken[kind.page]
        genuine = sender.genuine(page)
        if isinstance(genuine, str):
            tried[kind.name] = Tried(kind, page, reason=genuine)
            continue
        before = last[page.reference] if page.reference in last else ask(page)
        first = start.setdefault(page.reference, before)
        status, number = sender.post(kind, page, kind.change(dict(genuine)))
        after = last[page.reference] = ask(page)
        if kind.name == "unknown-reference":
            after += ask(replace(page, reference=f"unknown-{page.reference}"))
        answered = f"status {status}" if status else "no answer"
        say(f"  sent  {kind.words}: {answered}, {before} held before, {after} after")
        tried[kind.name] = Tried(kind, page, before, after, status, number, first=first)
    return tried, sender.exchanges


def _page(row: Mapping[str, Any]) -> Page | None:
    """A row of the sandbox's list; None where it has no postback address."""
    request = row["request"]
    address = request.get("postback_url")
    if not address:
        return None
    customer = request["customers"][0]
    invoice = (customer.get("invoices") or [{}])[0]
    cents = invoice.get("balance_due_cents")
    reference = request.get("biller_reference") or ""
    return Page(
        row["biller_guid"],
        customer["account_number"],
        invoice.get("number", ""),
        None if cents is None else Decimal(cents).scaleb(-2),
        reference or urlsplit(address).query or address,
        reference,
        address,
    )


def _guessed(address: str) -> str:
    """An address as a stranger would write it: with other values under the names of secrets."""
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if not any(is_secret(name) for name, _ in pairs):
        return address
    return parts._replace(query=urlencode([(n, "guessed" if is_secret(n) else v) for n, v in pairs])).geturl()


def _may_send(address: str, origin: str) -> bool:
    parts = urlsplit(address)
    named = urlsplit(origin)
    if origin and (parts.scheme, parts.netloc) == (named.scheme, named.netloc):
        return True
    return parts.scheme in ("http", "https") and is_here(parts.hostname or "")


def _paid(control: Control, page: Page) -> Mapping[str, Any]:
    """A payment of what the page asks for, made in the sandbox, with its customer and its biller. Raises `Refused`."""
    guid = page.biller_guid
    invoice = _invoice(control, page)
    part = PART if invoice["allow_partial_payments"] else Decimal(invoice["balance_due"])
    order = {
        "account_number": page.account,
        "invoice_number": invoice["invoice_number"],
        "amount": f"{page.amount or part:.2f}",
        "tender": "credit_card",
        "card_number": APPROVED_CARD,
        "biller_reference": page.biller_reference,
        "biller_guid": guid,
    }
    made: Mapping[str, Any] = control.post("/_sandbox/ic/payments", order)
    if not made["approved"]:
        raise Refused(str(made["message"]))
    customer = control.get(at("/_sandbox/ic/customers/{}", page.account), biller_guid=guid)
    biller = control.get(at("/_sandbox/ic/billers/{}", guid))
    return {**made, "customer": customer, "time_zone": biller["time_zone"]}


def _invoice(control: Control, page: Page) -> Mapping[str, Any]:
    """The open invoice that a page is about. Raises `Refused`."""
    rows = control.get("/_sandbox/ic/invoices", biller_guid=page.biller_guid, account_number=page.account)["invoices"]
    wanted = [row for row in rows if not page.invoice or row["invoice_number"] == page.invoice]
    still_open: list[Mapping[str, Any]] = [row for row in wanted if Decimal(row["balance_due"]) > 0]
    if not still_open:
        what = page.invoice or f"account {page.account}"
        raise Refused(f"nothing is open on {what}: take an account whose balance is above what the pages ask for")
    return still_open[-1]


def _form(page: Page, paid: Mapping[str, Any]) -> Form:
    """A postback's eighteen fields, as the contract has them."""
    customer = paid["customer"]
    return {
        "BillerGUID": paid["biller_guid"],
        "PaymentDate": _written(datetime.fromisoformat(paid["paid_at"]).astimezone(ZoneInfo(paid["time_zone"]))),
        "InvoiceNumber": paid["invoice_number"],
        "Approved": "True",
        "CustomerName": customer["customer_name"],
        "CustomerAddress": customer.get("address1") or "",
        "CustomerCity": customer.get("city") or "",
        "CustomerState": customer.get("state") or "",
        "CustomerZip": customer.get("zip") or "",
        "PaymentGUID": paid["payment_guid"],
        "PaymentAmount": paid["amount"],
        "PaymentDescription": f"{paid['brand']} ending in {paid['last_four']}",
        "PaymentTypeID": "1",
        "CardType": paid["brand"],
        "PaymentMessage": "Approved",
        "BillerReference": page.biller_reference,
        "ConvenienceFee": "0.00",
        "RemoteIP": "127.0.0.1",
    }


def _written(moment: datetime) -> str:
    """A moment as postbacks write it [A-66]: `11/21/2026 8:04:09 AM`."""
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment:%M:%S} {half}"
