"""What a payer pays with: one of the saved methods, or a card or bank account typed into the form."""

from __future__ import annotations

from dataclasses import dataclass

from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.fees import service_fee_cents
from partnerlab.simulators.ic_webservices.domain.methods import Method
from partnerlab.simulators.ic_webservices.domain.payments import BANK_TENDERS, CARD_TENDERS
from partnerlab.simulators.ic_webservices.pages.forms import Form, Typed, read_bank_account, read_card
from partnerlab.simulators.ic_webservices.pages.payer import Payer

__all__ = ["NEW_BANK", "NEW_CARD", "Choices", "choices", "chosen", "saved_method"]

NEW_CARD, NEW_BANK = "card", "bank"
"""Values of the field `Method` beside the ids of saved methods."""


@dataclass(frozen=True, slots=True)
class Choices:
    """
    What the form offers: the saved methods that are good, whether a card and a bank account may pay this account at
    all, and their fees in cents.
    """

    methods: tuple[Method, ...]
    cards: bool
    banks: bool
    card_fee_cents: int
    bank_fee_cents: int

    @property
    def fees_seen(self) -> str:
        """The fees as they go along in the form, so that nobody pays another fee than the page showed."""
        return f"{self.card_fee_cents}/{self.bank_fee_cents}"

    @property
    def fees_alike(self) -> bool:
        """Whether every way to pay costs the same."""
        return self.card_fee_cents == self.bank_fee_cents

    @property
    def first(self) -> str:
        """What is chosen to begin with."""
        return self.methods[0].method_id if self.methods else NEW_CARD if self.cards else NEW_BANK

    def fee_cents(self, tender: str) -> int:
        """The fee of a tender."""
        return self.card_fee_cents if tender in CARD_TENDERS else self.bank_fee_cents


def choices(payer: Payer, account_number: str) -> Choices:
    """What may pay that account. Raises `ValueRefused` where the biller's fees are no amounts."""
    customer = payer.services.ledger.customer(payer.lane, payer.biller.guid, account_number)
    cards, banks = not customer.block_payments_cc, not customer.block_payments_eft
    saved = payer.services.wallet.methods(payer.lane, payer.biller.guid, payer.user.username)
    good = (method for method in saved if (banks if method.tender in BANK_TENDERS else cards))
    return Choices(
        methods=tuple(method for method in good if not method.expired(payer.today)),
        cards=cards,
        banks=banks,
        card_fee_cents=service_fee_cents(payer.biller, "card"),
        bank_fee_cents=service_fee_cents(payer.biller, "bank_account"),
    )


def chosen(payer: Payer, form: Form) -> Method | Typed | None:
    """What the form's `Method` says, or None with the reason noted."""
    value = form.given("Method")
    if value == NEW_CARD:
        return read_card(form, payer.services.wallet.numbers, payer.today)
    if value == NEW_BANK:
        return read_bank_account(form, payer.services.wallet.numbers)
    if not value:
        form.wrong("Method", "Choose how to pay.")
        return None
    return saved_method(payer, form)


def saved_method(payer: Payer, form: Form) -> Method | None:
    """The saved method that the form's `Method` names, or None with the reason noted. Another user's is not found."""
    try:
        method = payer.services.wallet.method(payer.lane, payer.biller.guid, payer.user.username, form.given("Method"))
    except NotFound:
        form.wrong("Method", "Choose one of your payment methods.")
        return None
    if method.expired(payer.today):
        form.wrong("Method", f"The {method.name} has expired.")
        return None
    return method
