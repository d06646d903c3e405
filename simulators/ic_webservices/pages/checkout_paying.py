"""How a payment page is paid: the ways it offers with their fees and totals, what was typed, and the payment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import Response, request

from partnerlab.simulators.ic_webservices.domain.cloud_payments import total_cents
from partnerlab.simulators.ic_webservices.domain.errors import DomainError
from partnerlab.simulators.ic_webservices.domain.methods import Method
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS
from partnerlab.simulators.ic_webservices.pages import security
from partnerlab.simulators.ic_webservices.pages.checkout_visit import Visit, may_register
from partnerlab.simulators.ic_webservices.pages.forms import Form, Typed, read_bank_account, read_card
from partnerlab.simulators.ic_webservices.pages.refusals import told
from partnerlab.simulators.ic_webservices.pages.view import leave
from partnerlab.simulators.ic_webservices.services.cloud_payments import Paying

__all__ = ["ask_how", "offers", "pay"]

CARD, BANK, SWIPE = "card", "bank", "swipe"
TENDERS = {CARD: "credit_card", SWIPE: "credit_card", BANK: "ach"}
HOLDERS = {CARD: "CardHolder", BANK: "AccountHolder"}
LOOPBACK = "127.0.0.1"
_TRACK = re.compile(
    r"%?B(\d{12,19})\^([^^]{2,26})\^(\d{2})(0[1-9]|1[0-2])|;?(\d{12,19})=(\d{2})(0[1-9]|1[0-2])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A way to pay and what it costs together: `value` of the field `Method`, cents, and the saved method if any."""

    value: str
    amount_cents: int
    fee_cents: int
    method: Method | None = None

    @property
    def total_cents(self) -> int:
        """With the fee."""
        return self.amount_cents + self.fee_cents


def offers(visit: Visit) -> list[Offer]:
    """The ways to pay that the request allows and no customer is blocked for, saved methods first."""
    opened, asked = visit.opened, visit.opened.asked
    counted = {bill.invoice.account_number for bill in opened.bills if bill.counts}
    payers = [customer for _, customer in opened.customers if customer and customer.account_number in counted]
    cards = asked.allow_card and not any(customer.block_payments_cc for customer in payers)
    banks = asked.allow_bank and not any(customer.block_payments_eft for customer in payers)
    card, bank = total_cents(opened.bills, "credit_card"), total_cents(opened.bills, "ach")
    saved = [
        Offer(method.method_id, *(bank if method.tender in BANK_TENDERS else card), method)
        for method in visit.services.cloud_payments.methods(visit.lane, opened, visit.today)
        if (banks if method.tender in BANK_TENDERS else cards)
    ]
    new = [Offer(CARD, *card)] * cards + [Offer(SWIPE, *card)] * (cards and asked.allow_swipe)
    return saved + new + [Offer(BANK, *bank)] * banks


def ask_how(visit: Visit, form: Form) -> Response:
    """The page that asks how to pay, with what is wrong in the form that came."""
    counted = [bill for bill in visit.opened.bills if bill.counts]
    if not counted:
        return visit.go()
    declined = visit.opened.checkout.outcome.get("message", "")
    return visit.show(
        "checkout_pay.html",
        status=200 if form.valid else 400,
        form=form,
        offers=offers(visit),
        counted=counted,
        declined=declined,
    )


def pay(visit: Visit, form: Form) -> Response:
    """Pay. A form that was sent before leads to what came of it then."""
    key = form.given("FormKey")
    security.form_guid(visit.token, key)
    offer = next((one for one in offers(visit) if one.value == form.given("Method")), None)
    if offer is None:
        form.wrong("Method", "Choose how to pay.")
        return ask_how(visit, form)
    typed = None
    if offer.method is None and not visit.opened.checkout.was_sent(key):
        typed = _typed(visit, form, offer.value)
        if typed is None:
            return ask_how(visit, form)
    paying = Paying(
        form_key=key,
        total_cents=_whole(form.given(f"Total-{offer.value}")),
        tender=TENDERS.get(offer.value, ""),
        number=typed.number if typed else "",
        method_id=offer.method.method_id if offer.method else "",
        remote_ip=request.remote_addr or LOOPBACK,
        typed={"Method": offer.value}
        | ({HOLDERS[offer.value]: typed.holder} if typed and offer.value in HOLDERS else {}),
    )
    try:
        opened = visit.services.cloud_payments.pay(visit.lane, visit.token, paying, cause=visit.request.id)
    except DomainError as error:
        form.wrong("", told(error))
        return ask_how(
            Visit(visit.services, visit.token, visit.services.cloud_payments.open(visit.lane, visit.token)), form
        )
    if not opened.paid:
        return visit.go("pay")  # which tells why it was declined
    if opened.asked.return_url and not may_register(opened):
        return leave(visit.page, opened.asked.return_url, "Thank you for your payment")
    return visit.go("receipt")


def _typed(visit: Visit, form: Form, value: str) -> Typed | None:
    numbers = visit.services.cashier.numbers
    if value == CARD:
        return read_card(form, numbers, visit.today)
    if value == BANK:
        return read_bank_account(form, numbers)
    return _swiped(form, numbers["card"], visit.today)


def _swiped(form: Form, cards: Mapping[str, object], today: date) -> Typed | None:
    """
    A card from what a reader types: track 1 (`%B4111111111111111^TEST/CARD^2912…`) or track 2 (`;4111…=2912…?`).

    Source: the layout is that of ISO/IEC 7813; that a page with AllowSwipe takes it in a field is assumed [A-69].
    """
    match = _TRACK.match(form.given("TrackData")[:200])
    number = (match[1] or match[5]) if match else ""
    if match is None:
        form.wrong("TrackData", "The card was not read. Swipe it again.")
        return None
    if number not in cards:
        form.wrong("TrackData", "Use a test card number, such as 4111 1111 1111 1111. No other number is taken.")
        return None
    year, month = 2000 + int(match[3] or match[6]), int(match[4] or match[7])
    if (year, month) < (today.year, today.month):
        form.wrong("TrackData", "This card has expired.")
        return None
    holder = (match[2] or "").strip().replace("/", " ")
    return Typed("card", number, holder, date(year, month, 1))


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,17}", text) else -1
