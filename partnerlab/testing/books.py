"""The books of both sides in a test's lane: Invoice Cloud's, and its partner's."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from partnerlab.contracts.paths import at
from partnerlab.testing.sandboxes import LaneOfTest

__all__ = ["InHanceBooks", "InvoiceCloudBooks", "PartnerBooks", "TccsBooks", "WaterSmartBooks", "partner_books"]

__tracebackhide__ = True  # to pytest: a test that fails here is shown by its own line and the error alone

Row = dict[str, Any]

APPROVED_CARD = "4111111111111111"
GOOD_BANK_ACCOUNT = "000123456789"


class _Books:
    """What both sides know of a biller."""

    def __init__(self, lane: LaneOfTest, partner: str) -> None:
        self.lane, self.control = lane, lane.control
        self._partner = partner

    @cached_property
    def biller(self) -> Row:
        """Invoice Cloud's biller of that partner, with its keys and settings."""
        return self.control.biller(self._partner)


class InvoiceCloudBooks(_Books):
    """One biller at Invoice Cloud. Amounts are texts such as `40.00`; one that is given may be a Decimal."""

    @property
    def url(self) -> str:
        """The origin under which Invoice Cloud's services stand."""
        return self.lane.url

    def pay(self, account: str, amount: str | Decimal, *, tender: str = "credit_card", **more: Any) -> Row:
        """
        Pay as a payer does, by a card or bank account that is approved unless *more* names another; the payment.

        Raises `TypeError` for a float.
        """
        if not isinstance(amount, str | Decimal):  # of a test that no type checker reads
            raise TypeError(f"amount: {amount!r} is no amount of money; give a text such as '40.00', or a Decimal")
        order = {"account_number": account, "amount": str(amount), "tender": tender, **more}
        if tender in ("credit_card", "debit_card"):
            order.setdefault("card_number", APPROVED_CARD)
        elif tender in ("ach", "online_bank_direct"):
            order.setdefault("bank_account", GOOD_BANK_ACCOUNT)
        made: Row = self.control.post("/_sandbox/ic/payments", {**order, "biller_guid": self.biller["guid"]})
        return made

    def invoice(self, number: str) -> Row:
        """An invoice as it stands."""
        return self._get(at("/_sandbox/ic/invoices/{}", number))

    def open(self, number: str) -> Row:
        """Open a bill as its payer, which asks the partner for the balance."""
        opened: Row = self.control.post(
            at("/_sandbox/ic/invoices/{}/open", number), {"biller_guid": self.biller["guid"]}
        )
        return opened

    def customer(self, account: str) -> Row:
        """A customer."""
        return self._get(at("/_sandbox/ic/customers/{}", account))

    def payments(self, account: str = "") -> list[Row]:
        """The biller's payments, of one account or all."""
        found: list[Row] = self._get("/_sandbox/ic/payments", account_number=account or None)["payments"]
        return found

    def switch(self, kind: str, account: str, *, enrolled: bool) -> Row:
        """Switch `paperless` or `autopay` as the payer does."""
        body = {"enrolled": enrolled, "biller_guid": self.biller["guid"]}
        switched: Row = self.control.post(at("/_sandbox/ic/customers/{}/{}", account, kind), body)
        return switched

    def configure(self, **changes: Any) -> None:
        """Change the biller's `settings` (null removes one) or `configuration`."""
        self.control.patch(at("/_sandbox/ic/billers/{}", self.biller["guid"]), changes)
        self.__dict__.pop("biller", None)

    def deliveries(self, *, state: str = "") -> list[Row]:
        """What the data pump has of this biller, newest first."""
        query = {"lane": self.lane.name, "biller_guid": self.biller["guid"], "state": state or None}
        found: list[Row] = self.control.get("/_pump/deliveries", limit=500, **query)["deliveries"]
        return found

    def _get(self, path: str, **query: Any) -> Row:
        found: Row = self.control.get(path, biller_guid=self.biller["guid"], **query)
        return found


class InHanceBooks(_Books):
    """Harris inHance v2. `url` and `key` are what a client of `iCloud.asmx` needs."""

    NAME: ClassVar = "inhance_v2"

    @property
    def url(self) -> str:
        return str(self.biller["settings"]["11"])

    @property
    def key(self) -> str:
        return str(self.biller["settings"]["13"])

    def account(self, number: str) -> Row:
        """An account: balances, switches, bills, payments."""
        found: Row = self.control.get(at("/_sandbox/inhance/accounts/{}", number))
        return found

    def payments(self, account: str) -> list[Row]:
        """An account's payments."""
        found: list[Row] = self.account(account)["payments"]
        return found


class TccsBooks(_Books):
    """TCCS. `url`, `consumer_guid` and `entry_key` are what a client of its endpoints needs."""

    NAME: ClassVar = "tccs"

    @property
    def url(self) -> str:
        return str(self.biller["settings"]["11"])

    @property
    def consumer_guid(self) -> str:
        return str(self.biller["settings"]["12"])

    @property
    def entry_key(self) -> str:
        return str(self.biller["settings"]["13"])

    def policy(self, invoice_number: str) -> Row:
        """A policy term: balances, switches, payments."""
        found: Row = self.control.get(at("/_sandbox/tccs/policies/{}", invoice_number))
        return found

    def payments(self, invoice_number: str) -> list[Row]:
        """The payments of an invoice, newest first."""
        found: list[Row] = self.control.get("/_sandbox/tccs/payments", invoice_number=invoice_number)["payments"]
        return found


class WaterSmartBooks(_Books):
    """WaterSmart, which serves nothing: what it has written down."""

    NAME: ClassVar = "watersmart"

    def customer(self, account: str) -> Row:
        """A customer with balance and entries."""
        found: Row = self.control.get(at("/_sandbox/watersmart/customers/{}", account))
        return found

    def payments(self, account: str) -> list[Row]:
        """The payments of an account that Invoice Cloud's files brought, by PaymentReference."""
        found: list[Row] = []
        after: str | None = ""
        while after is not None:
            page = self.control.get("/_sandbox/watersmart/payments", after=after, limit=1_000)
            found += [one for one in page["payments"] if one["account_number"] == account]
            after = page["next"]
        return found


PartnerBooks = InHanceBooks | TccsBooks | WaterSmartBooks

_BOOKS: dict[str, type[InHanceBooks] | type[TccsBooks] | type[WaterSmartBooks]] = {
    books.NAME: books for books in (InHanceBooks, TccsBooks, WaterSmartBooks)
}


def partner_books(lane: LaneOfTest, partner: str) -> PartnerBooks:
    """The books of a partner. Raises `ValueError` for one that has none here."""
    if partner not in _BOOKS:
        raise ValueError(f"partner {partner!r}: there are books of {', '.join(_BOOKS)}")
    return _BOOKS[partner](lane, partner)
