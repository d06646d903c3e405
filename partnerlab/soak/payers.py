"""Payers and their habits: when they pay, how, how much, and what they do wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from partnerlab.client.flows import cloud_payments
from partnerlab.client.invoice_cloud import CloudCustomer, CloudPaymentRequest, CloudSso, Redirect, RestClient
from partnerlab.contracts.paths import at
from partnerlab.journey.visitor import Unusable, Visitor
from partnerlab.soak.town import Account, Town
from partnerlab.soak.world import Refused, World

__all__ = ["HABITS", "Payers"]

CARD = {"tender": "credit_card", "card_number": "4111111111111111"}
AMEX = {"tender": "credit_card", "card_number": "378282246310005"}
BANK = {"tender": "ach", "bank_account": "000123456789"}
TENDERS: tuple[Mapping[str, str], ...] = (
    *(CARD, CARD, AMEX, BANK),
    {**BANK, "tender": "online_bank_direct"},
    {"tender": "paypal"},
)
ON_THE_PAGE = {
    "Card number": "4111 1111 1111 1111",
    "Expires (MM/YY)": "12/39",
    "Security code": "123",
    "Name on the card": "Payer",
}
DECLINES = {"tender": "credit_card", "card_number": "4000000000000002"}
COMES_BACK = {"tender": "ach", "bank_account": "000111111113"}
PASSWORD = "Sandbox!2345"  # noqa: S105 - the sandbox's made-up constant

HABITS = {
    "by_page": 30,
    "in_parts": 10,
    "twice_at_once": 6,
    "declined_first": 5,
    "comes_back": 12,
    "by_cloud_payments": 8,
    "by_autopay": 10,
    "by_schedule": 8,
    "at_the_counter": 6,
    "gives": 2,
    "switches": 3,
    "by_text": 6,
    "moves_out": 4,
}
"""What a payer does about a bill, and how often."""
AGAIN_IN_DAYS = 2
"""Days until a payer who has begun something goes on with it."""


class Payers:
    """The payers of a town; *again* has one act once more in so many days."""

    def __init__(self, world: World, town: Town, again: Callable[[Account, int], None]) -> None:
        self.world, self.town, self._again = world, town, again
        names, weights = tuple(HABITS), tuple(HABITS.values())
        self.habits = dict(zip(town.accounts, world.dice.choices(names, weights, k=len(town.accounts)), strict=True))
        self._enrolled: set[Account] = set()
        self._phones: dict[Account, str] = {}
        self._leaving: set[Account] = set()

    def act(self, account: Account) -> None:
        """Do what this payer does about a bill."""
        with self.world.surviving(f"while {account.number} pays"):
            try:
                self._maybe_look(account)
                getattr(self, self.habits[account])(account)
            except Refused as refused:
                self.world.log(f"{account.number}: refused: {refused}")
        if self.world.dice.random() < 0.8:  # else it waits for whatever comes next
            self.world.settle()

    def _maybe_look(self, account: Account) -> None:
        """Open the newest bill, paid or not, which asks the partner for the balance."""
        if self.world.dice.random() < 0.6:
            for invoice in self.town.invoices(account)[-1:]:
                self.look(account, invoice["invoice_number"])

    def look(self, account: Account, invoice: str) -> None:
        """Open a bill."""
        answer = self.world.control.post(
            at("/_sandbox/ic/invoices/{}/open", invoice), {"biller_guid": account.biller_guid}
        )
        due = answer["invoice"]["balance_due"]
        self.world.log(f"{account.number} looks at {invoice}: {due}{' (old)' if answer['problem'] else ''}")

    # --- habits ---

    def by_page(self, account: Account) -> None:
        """All of it, at once."""
        for invoice in self.town.open_invoices(account)[:1]:
            self._pay(account, invoice, Decimal(invoice["balance_due"]), self.world.dice.choice(TENDERS))

    def in_parts(self, account: Account) -> None:
        """A part of it, where that is allowed."""
        for invoice in self.town.open_invoices(account)[:1]:
            due, least = Decimal(invoice["balance_due"]), Decimal(invoice["minimum_amount_due"])
            part = max(least, (due * self.world.dice.randint(20, 80) / 100).quantize(Decimal("0.01")))
            amount = part if invoice["allow_partial_payments"] and part < due else due
            self._pay(account, invoice, amount, self.world.dice.choice(TENDERS))

    def twice_at_once(self, account: Account) -> None:
        """A browser that sends the form twice."""
        for invoice in self.town.open_invoices(account)[:1]:
            guid = f"{self.world.dice.getrandbits(64):016X}"
            for _ in range(2):
                self._pay(account, invoice, Decimal(invoice["balance_due"]), CARD, payment_guid=guid)

    def declined_first(self, account: Account) -> None:
        """A card that is declined, then another."""
        for invoice in self.town.open_invoices(account)[:1]:
            for tender in (DECLINES, CARD):
                self._pay(account, invoice, Decimal(invoice["balance_due"]), tender)

    def comes_back(self, account: Account) -> None:
        """From a bank account that does not hold it."""
        for invoice in self.town.open_invoices(account)[:1]:
            self._pay(account, invoice, Decimal(invoice["balance_due"]), COMES_BACK)

    def by_cloud_payments(self, account: Account) -> None:
        """On a page that a partner asked for, with a postback; by card where the integration has none."""
        if account.partner == "inhance_v1":
            self.by_page(account)
            return
        if not self.town.open_invoices(account):
            return
        rest = RestClient(
            self.world.url, self.world.billers[account.partner]["api_key"], transport=self.world.transport
        )
        request = CloudPaymentRequest(
            customers=(CloudCustomer(account.number),), post_back_url=self.world.post_back_url
        )
        with Visitor(self.world.browser) as visitor:
            try:
                visitor.open(cloud_payments.unregistered_user_payment(rest, request).url)
                visitor.submit("Continue to payment", {"Name": "Payer"})
                page = visitor.submit("Pay", {"Card": True, **ON_THE_PAGE})
            except Unusable as error:
                self.world.log(f"{account.number}: page: {str(error)[:80]}")
                return
        self.world.log(f"{account.number} on a Cloud Payments page: {page.heading}")

    def by_autopay(self, account: Account) -> None:
        """Enrols once; AutoPay does the rest."""
        if account in self._enrolled or not self.town.open_invoices(account):
            return
        method = self._registered(account)
        body = {"account_number": account.number, "method_id": method, "biller_guid": account.biller_guid}
        self.world.control.post(at("/_sandbox/ic/users/{}/autopay", _user(account)), body)
        self._enrolled.add(account)
        self.world.log(f"{account.number} enrols in AutoPay")

    def by_schedule(self, account: Account) -> None:
        """Pays in some days, today."""
        for invoice in self.town.open_invoices(account)[:1]:
            day = self.world.now.date() + timedelta(days=self.world.dice.randint(1, 3))
            body = {
                "invoice_number": invoice["invoice_number"],
                "amount": invoice["balance_due"],
                "method_id": self._registered(account),
                "day": day.isoformat(),
                "biller_guid": account.biller_guid,
            }
            self.world.control.post(at("/_sandbox/ic/users/{}/schedules", _user(account)), body)
            self.world.log(f"{account.number} schedules {body['amount']} for {body['day']}")

    def at_the_counter(self, account: Account) -> None:
        """Over the biller's counter, where files or downloads tell the partner of it; else by card."""
        if account.partner not in ("watersmart", "inhance_v1"):
            self.by_page(account)
            return
        for invoice in self.town.open_invoices(account)[:1]:
            body = {
                "account_number": account.number,
                "invoice_number": invoice["invoice_number"],
                "amount": invoice["balance_due"],
                "tender": self.world.dice.choice(("check", "cash")),
                "biller_guid": account.biller_guid,
            }
            row = self.world.control.post("/_sandbox/ic/clerk/payments", body)
            self.world.log(f"{account.number} pays {row['amount']} over the counter: {row['reference']}")

    def gives(self, account: Account) -> None:
        """A donation beside the bill."""
        self.by_page(account)
        if account.partner == "inhance_v2":
            body = {"account_number": account.number, "amount": "5.00", "donation": "standalone", **CARD}
            row = self.world.control.post("/_sandbox/ic/payments", {**body, "biller_guid": account.biller_guid})
            self.world.log(f"{account.number} gives 5.00: {row['reference']}")

    def switches(self, account: Account) -> None:
        """Pays, and switches something on or off."""
        self.by_page(account)
        kind = self.world.dice.choice(("paperless", "autopay"))
        body = {"enrolled": self.world.dice.random() < 0.6, "biller_guid": account.biller_guid}
        self.world.control.post(at("/_sandbox/ic/customers/{}/{}", account.number, kind), body)
        self.world.log(f"{account.number} switches {kind} {'on' if body['enrolled'] else 'off'}")

    def by_text(self, account: Account) -> None:
        """Enrols a telephone in Pay By Text, then pays what a text asks for; inHance v1 has no such page."""
        if account.partner == "inhance_v1":
            self.by_page(account)
        elif account not in self._phones:
            if self.town.open_invoices(account):
                self._phones[account] = self._answered_by_text(account)
                self._again(account, AGAIN_IN_DAYS)
        else:
            self._pay_what_a_text_asks(account)

    def _pay_what_a_text_asks(self, account: Account) -> None:
        for invoice in self.town.open_invoices(account)[:1]:
            texts = self.world.control.get(
                "/_sandbox/ic/mailbox",
                biller_guid=account.biller_guid,
                invoice_number=invoice["invoice_number"],
                recipient=self._phones[account],
                kind="bill_notice",
                limit=1,
            )["messages"]
            if not texts:
                self.world.log(f"{account.number} has no text about {invoice['invoice_number']} yet")
                continue
            asked = Decimal(re.findall(r"\$([\d,]+\.\d\d)", texts[0]["body"])[0].replace(",", ""))
            due, whole = Decimal(invoice["balance_due"]), Decimal(invoice["total_amount_due"])
            self.world.log(f"{account.number} is asked for {asked} by a text")
            if (account.term and self.town.billed[account] > 1) or self.town.entered[account]:
                # A policy keeps its invoice number, so the text may be about an earlier instalment; and what a utility
                # took itself since is told by a balance file, which sends no other text.
                asked = due
            if asked != due == whole:
                self.world.notice(f"a text asks {account.number} for {asked}, and {due} is due")
            self._pay(account, invoice, min(asked, due), CARD)

    def moves_out(self, account: Account) -> None:
        """
        Pays, and once nothing is owed or on its way the account goes to a new owner, who pays by page.

        Only where the utility knows conveyed accounts: a clerk there opens the former owner's under the marked number.
        """
        if account.partner != "inhance_v2":
            self.by_page(account)
        elif account not in self._leaving:
            for invoice in self.town.open_invoices(account)[:1]:
                self._pay(account, invoice, Decimal(invoice["balance_due"]), CARD)
                self._leaving.add(account)
                self._again(account, AGAIN_IN_DAYS)
        elif self.town.settled(account):
            marked = self.world.control.post(
                at("/_sandbox/ic/customers/{}/convey", account.number), {"biller_guid": account.biller_guid}
            )["account_number"]
            self.world.control.put(
                at("/_sandbox/inhance/accounts/{}", marked), {"customer_name": "Former owner", "integration": "v2"}
            )
            self.world.log(f"{account.number} goes to a new owner; the former one's is {marked}")
            for invoice in self.town.invoices(account):
                self.world.notice(f"the new owner of {account.number} is shown {invoice['invoice_number']}")
            self.habits[account] = "by_page"

    # --- parts of them ---

    def _pay(
        self, account: Account, invoice: Mapping[str, Any], amount: Decimal, tender: Mapping[str, str], **more: str
    ) -> None:
        body = {
            "account_number": account.number,
            "invoice_number": invoice["invoice_number"],
            "amount": f"{amount:.2f}",
            "biller_guid": account.biller_guid,
            **tender,
            **more,
        }
        row = self.world.control.post("/_sandbox/ic/payments", body)
        self.world.log(
            f"{account.number} pays {row['amount']} of {row['invoice_number']} by {row['tender']}: {row['reference']}"
            f" {row['payment_guid']} {row['state']}"
        )

    def _answered_by_text(self, account: Account) -> str:
        """The telephone of the account's user, enrolled on the page that the partner's portal leads to."""
        phone = f"+1413{2_000_000 + int(account.number) % 8_000_000}"
        self._registered(account)
        rest = RestClient(
            self.world.url, self.world.billers[account.partner]["api_key"], transport=self.world.transport
        )
        form = CloudSso(self.world.url, allow_http=True).form(
            rest.remote_authentication(_user(account), PASSWORD).token, Redirect.PAY_BY_TEXT
        )
        with Visitor(self.world.browser) as visitor:
            visitor.post(form.action, dict(form.fields))
            visitor.submit("Send me a message", {"Mobile telephone number": phone})
            page = visitor.submit("Send the answer", {"Your answer": "Y"})
        self.world.log(f"{account.number} enrols in Pay By Text: {'; '.join(page.says)}")
        return phone

    def _registered(self, account: Account) -> str:
        """The user of the account, registered with a saved method; the method's id."""
        control = self.world.control
        body = {"username": _user(account), "password": PASSWORD, "account_numbers": [account.number]}
        control.post("/_sandbox/ic/users", {**body, "biller_guid": account.biller_guid})
        number = self.world.dice.choice(({"card_number": CARD["card_number"]}, {"bank_account": BANK["bank_account"]}))
        expires = {"expires_on": "2035-01-31"} if "card_number" in number else {}
        saved = control.post(
            at("/_sandbox/ic/users/{}/methods", _user(account)),
            {"holder": "Payer", **number, **expires, "biller_guid": account.biller_guid},
        )
        return str(saved["method_id"])


def _user(account: Account) -> str:
    return f"{account.number}@example.com"
