"""
The one ledger behind the SOAP operations and the control routes.

Each change is one transaction: lock the account, apply the rules of `domain`, write account, bills and payment back,
and append an event that names the cause. Nothing is kept here between calls, so any number of threads or replicas may
use one store. Balances and payments go by warm books first, where there are any, and this way where those cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Literal

from partnerlab.simulators.inhance_soap.domain.accounts import Account, is_conveyed
from partnerlab.simulators.inhance_soap.domain.billing import Bill
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown, PaymentSettled, PaymentUnknown
from partnerlab.simulators.inhance_soap.domain.events import Cause, Event
from partnerlab.simulators.inhance_soap.domain.opened import OpenAccount
from partnerlab.simulators.inhance_soap.domain.payments import Payment, PostedPayment, Receipt
from partnerlab.simulators.inhance_soap.services.books import (
    AccountBalances,
    AccountView,
    ListedBill,
    balances_of,
    credit,
    money_text,
    post,
    put_bill,
    record,
    take_back,
    touch,
    view,
)
from partnerlab.simulators.inhance_soap.services.warm import WarmBooks
from partnerlab.simulators.inhance_soap.store import AccountBill, Books
from partnerlab.simulators.kit.world.days import Days
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx

__all__ = ["UtilityLedger"]

NAME_AND_ADDRESS = ("customer_name", "address1", "address2", "city", "state", "zip")


class UtilityLedger:
    """
    The utility's books in one store; *duplicates* says what a payment reference posted twice does.

    With *warm* books accounts that are asked for and paid are remembered, where the store lets nobody else write them.
    """

    def __init__(
        self, store: Store, days: Days, *, duplicates: Literal["flag", "refuse"] = "flag", warm: WarmBooks | None = None
    ) -> None:
        self._store, self._days = store, days
        self._refuse_duplicates = duplicates == "refuse"
        self._warm = warm

    def balances(self, lane: Lane, account_number: str) -> AccountBalances:
        """Balance, FutureBalance, phone and e-mail now. Raises `AccountUnknown`."""
        if self._warm is not None and (known := self._warm.balances(lane, account_number)) is not None:
            return known
        with self._store.read() as tx:
            return balances_of(Books(tx, lane.name), account_number, self._days.of(lane.now()), served=True)

    def post_payment(self, lane: Lane, cause: Cause, account_number: str, payment: Payment) -> Receipt:
        """
        Post a payment: to the billed bills, the oldest due first, and what is left as credit.

        The utility has no check for duplicates that is known of, so a reference posted twice counts twice and is
        flagged, unless the ledger is set to refuse it.

        Raises:
            AccountUnknown: a conveyed account is one of its own, under its marked number.
            PaymentDuplicate: only where the ledger refuses duplicates.
        """
        unique = self._refuse_duplicates
        if self._warm is not None:
            receipt = self._warm.post_payment(lane, cause, account_number, payment, unique=unique)
            if receipt is not None:
                return receipt
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            account = books.stand(account_number, payment.reference)
            if account.integration != "v2":
                raise AccountUnknown(account_number)
            posted = post(books, account, payment, cause, unique=unique)
        return Receipt(posted.number, posted.duplicate_of)

    def return_payment(self, lane: Lane, cause: Cause, account_number: str, number: int, *, clerk: str) -> AccountView:
        """
        Take back a payment that a clerk learned came back: no integration of the utility posts a return [A-111].

        Raises `AccountUnknown`, `PaymentUnknown`, `PaymentSettled`.
        """
        with self._changing(lane, account_number) as (books, opened):
            posted = books.payment(account_number, number)
            if posted is None:
                raise PaymentUnknown(f"{account_number}/{number}")
            if posted.returned_at is not None:
                raise PaymentSettled(posted.payment.reference, "returned")
            take_back(books, opened, posted, cause, clerk=clerk)
        return self.view(lane, account_number)

    def set_paperless(self, lane: Lane, cause: Cause, account_number: str, *, on: bool) -> None:
        """Switch paperless billing. Raises `AccountUnknown`, for a number that carries its `CV-` mark too."""
        self._switch(lane, cause, account_number, "paperless", lambda account: replace(account, paperless=on), on=on)

    def set_autopay(self, lane: Lane, cause: Cause, account_number: str, *, on: bool) -> None:
        """Switch the draft flag. Raises `AccountUnknown`, for a number that carries its `CV-` mark too."""
        self._switch(lane, cause, account_number, "autopay", lambda account: replace(account, autopay=on), on=on)

    def set_email(self, lane: Lane, cause: Cause, account_number: str, email: str) -> None:
        """Change the e-mail address. Raises `AccountUnknown`."""
        with self._changing(lane, account_number, served=True) as (books, opened):
            detail = {"from": opened.account.email, "to": email}
            opened.account = replace(opened.account, email=email)
            record(books, opened, "email_changed", detail, cause)

    def put_account(
        self, lane: Lane, cause: Cause, account_number: str, change: Callable[[Account], Account]
    ) -> tuple[AccountView, bool]:
        """Change an account, or open one; True where it is new."""
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = books.lock(account_number, create=True)
            is_new = opened.events == 0
            before, opened.account = opened.account, change(opened.account)
            detail = {
                name: getattr(opened.account, name)
                for name in ("customer_name", "email", "phone", "paperless", "autopay", "integration")
                if is_new or getattr(opened.account, name) != getattr(before, name)
            }
            record(books, opened, "account_opened" if is_new else "account_changed", detail, cause)
            books.save(opened)
            return view(books, account_number, self._days.of(lane.now())), is_new

    def bill(self, lane: Lane, cause: Cause, account_number: str, bill: Bill) -> AccountView:
        """Bill an account. Raises `AccountUnknown`, `InvoiceTaken`, `ValueInvalid`."""
        with self._changing(lane, account_number) as (books, opened):
            put_bill(books, opened, bill, cause)
        return self.view(lane, account_number)

    def load(self, lane: Lane, cause: Cause, invoices: Iterable[tuple[Account, Bill]]) -> int:
        """
        Take in accounts with a bill each, as an invoice file gives them, all or nothing; returns how many.

        An account that exists keeps what was switched on it and has its name, phone and e-mail replaced.
        """
        count = 0
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            # In the order of their numbers, so that two loads never wait for each other.
            for account, bill in sorted(invoices, key=lambda pair: pair[0].number):
                opened = books.lock(account.number, create=True)
                known = opened.events > 0
                held = opened.account
                opened.account = replace(
                    held if known else account,
                    **{name: getattr(account, name) for name in NAME_AND_ADDRESS},
                    email=account.email or held.email,
                    phone=account.phone or held.phone,
                )
                if not known:
                    record(books, opened, "account_opened", {"customer_name": account.customer_name}, cause)
                put_bill(books, opened, bill, cause, sent=True)
                books.save(opened)
                count += 1
        return count

    def view(self, lane: Lane, account_number: str) -> AccountView:
        """An account with its bills, payments and events. Raises `AccountUnknown`."""
        with self._store.read() as tx:
            return view(Books(tx, lane.name), account_number, self._days.of(lane.now()))

    def accounts(
        self,
        lane: Lane,
        *,
        account_number: str = "",
        integration: str = "",
        text: str = "",
        after: str = "",
        limit: int = 100,
    ) -> list[tuple[Account, AccountBalances]]:
        """
        Accounts by number with their balances.

        Only the one of an *account_number*, those of an *integration*, or with *text* in number, name or address.
        """
        search = {"account_number": account_number, "integration": integration}
        search = {name: value for name, value in search.items() if value}
        today = self._days.of(lane.now())
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            return [
                (account, balances_of(books, account.number, today))
                for account in books.accounts(search, text=text, after=after, limit=limit)
            ]

    def bills(self, lane: Lane, *, after: str, limit: int) -> tuple[list[ListedBill], str | None]:
        """Bills of so many accounts after *after*, by account, and the last account where others may follow."""
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            accounts = books.accounts({}, text="", after=after, limit=limit)
            found = books.bills_between(after, accounts[-1].number) if accounts else []
        listed = [ListedBill(one.account_number, one.bill, one.is_sent, one.refused) for one in found]
        return listed, accounts[-1].number if len(accounts) == limit else None

    def payments(
        self,
        lane: Lane,
        *,
        account_number: str | None = None,
        reference: str | None = None,
        duplicates_only: bool = False,
        limit: int = 1000,
        offset: int = 0,
    ) -> list[PostedPayment]:
        """Payments in the order they were posted."""
        with self._store.read() as tx:
            return Books(tx, lane.name).payments(
                account_number=account_number,
                reference=reference,
                duplicates_only=duplicates_only,
                limit=limit,
                offset=offset,
            )

    def unbilled(self, lane: Lane, until: datetime) -> list[AccountBill]:
        """Bills whose day comes at or before *until* and that are not billed yet, with their accounts."""
        with self._store.read() as tx:
            return Books(tx, lane.name).unbilled(self._days.of(until))

    def bill_due(self, lane: Lane, cause: Cause, account_number: str, bill: Bill) -> str:
        """A bill's day has come: credit is applied to it. Returns what happened."""
        with self._changing(lane, account_number) as (books, opened):
            if not books.mark_billed(bill.invoice_number):
                return f"invoice {bill.invoice_number} was billed already"
            applied = credit(books, opened, 0, bill.billed_on)
            touch(opened)
            detail = {
                "invoice_number": bill.invoice_number,
                "amount": money_text(bill.amount_cents),
                "applied": applied,
            }
            record(books, opened, "billed", detail, cause)
            books.save(opened)
            # As of the day that has come: *lane* is the lane as it was when the clock began to move.
            balance = balances_of(books, account_number, cause.day).balance_cents
        return f"account {account_number} is billed {money_text(bill.amount_cents)}: Balance {money_text(balance)}"

    def seed(self, tx: Tx, lane: Lane, accounts: Iterable[tuple[Account, Iterable[Bill]]], cause: Cause) -> None:
        """Write the accounts a new lane begins with, credit and open amounts as given."""
        opened, billed, events = [], [], []
        for account, bills in accounts:
            opened.append(OpenAccount(account, events=1))
            for bill in bills:
                sent = bill.billed_on <= cause.day
                billed.append(AccountBill(account.number, bill, sent, 1, int(sent)))
            detail = {"customer_name": account.customer_name, "seed": True}
            events.append(Event(account.number, 1, "account_opened", detail, cause.request_id, cause.at))
        Books(tx, lane.name).open_all(opened, billed, events)

    def _switch(
        self,
        lane: Lane,
        cause: Cause,
        account_number: str,
        kind: str,
        change: Callable[[Account], Account],
        *,
        on: bool,
    ) -> None:
        # The plain number is what these two operations take; the marked one is not known here (v2 design,
        # "FOR CONVEYED ACCOUNTS ONLY"), though the conveyed account itself is in the books.
        if is_conveyed(account_number):
            raise AccountUnknown(account_number)
        with self._changing(lane, account_number, served=True) as (books, opened):
            opened.account = change(opened.account)
            record(books, opened, f"{kind}_switched", {"on": on}, cause)

    @contextmanager
    def _changing(
        self, lane: Lane, account_number: str, *, served: bool = False
    ) -> Iterator[tuple[Books, OpenAccount]]:
        """
        A transaction on one locked account, which is written back at its end.

        Raises `AccountUnknown`, where it is to be *served* by the web service also for one of the utility on v1.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            opened = books.lock(account_number)
            if served and opened.account.integration != "v2":
                raise AccountUnknown(account_number)
            yield books, opened
            books.save(opened)
