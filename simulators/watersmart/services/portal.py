"""
The portal: its users, and what it calls at Invoice Cloud on each occasion.

WaterSmart's own books change first, in one transaction; then Invoice Cloud is called, and what came of that stands in
the account's entries. A call that fails takes nothing back: the portal is where the user did it.

Source: WaterSmart Technical Design, Invoice Cloud Web Services, the "Called when" of each row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from partnerlab.simulators.kit.keys import Keys
from partnerlab.simulators.kit.world.lanes import Lane, in_world
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart.domain.customers import RENEW_USER, Cause, Customer, Invoice, Who
from partnerlab.simulators.watersmart.domain.errors import (
    AccountNotLinked,
    PasswordWrong,
    SignedOut,
    UserTaken,
    UserUnknown,
    ValueInvalid,
)
from partnerlab.simulators.watersmart.domain.money import to_decimal
from partnerlab.simulators.watersmart.domain.users import (
    Link,
    User,
    check_password,
    hash_password,
    password_matches,
    username_key,
)
from partnerlab.simulators.watersmart.services.outgoing import last_told
from partnerlab.simulators.watersmart.services.ports import Call, Told
from partnerlab.simulators.watersmart.store import INVOICES, LINKS, NUMBER, PAYMENTS, USERS, Books

__all__ = ["Portal", "UserView"]

SCREENS = (2, 3, 5, 8, 9, 11)
"""Screens of Invoice Cloud's that the portal embeds, by RedirectID. Source: Customer Portal Redirects."""

UserView = tuple[User, list[str]]
"""A user and the account numbers, the oldest first."""


class Portal:
    """
    Users of every lane.

    *sync_links*: a sign-in links all accounts of the user at Invoice Cloud. *keys* has what stands for the documented
    password.
    """

    def __init__(
        self, store: Store, call: Call, *, balance_forward: bool, password_cost: int, sync_links: bool, keys: Keys
    ) -> None:
        self._store, self._call_out, self._balance_forward = store, call, balance_forward
        self._password_cost, self._sync_links, self._keys = password_cost, sync_links, keys

    def users(self, lane: Lane, *, after: str, limit: int) -> list[UserView]:
        """Users by name, with their accounts."""
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            found = USERS.find(tx, lane.name, order="username", after=after, limit=limit)
            return [(user, _accounts(books, user)) for user in found]

    def user(self, lane: Lane, username: str) -> UserView:
        """Raises `UserUnknown`."""
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            user = _user(books, username)
            return user, _accounts(books, user)

    def register(self, lane: Lane, cause: Cause, username: str, password: str, account_number: str) -> Told:
        """
        Register with an account; who has registered before adds it with the same password.

        Calls: RemoteAuthentication, then LinkCustomerAccount, or RemoteRegistration where that fails. Raises
        `CustomerUnknown`, `PasswordWrong`, `ValueInvalid`.
        """
        name, kept = username_key(username), self._hashed(password)
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            customer = books.lock(account_number)
            if not USERS.add(tx, lane.name, User(name, kept, lane.now())):
                self._checked(_user(books, name), password)
            _link(books, name, account_number)
            if not customer.email:
                customer = replace(customer, email=name)
            books.record(customer, "registered", 0, {"username": name}, cause)
        told = self._call(lane, cause, account_number, "register", _who(name, password, customer))
        self._session(lane, name, told.token)
        return told

    def sign_in(self, lane: Lane, cause: Cause, username: str, password: str) -> Told:
        """
        Sign in. WaterSmart checks the password itself: only with the right one is Invoice Cloud called.

        Calls: RemoteAuthentication; RemoteRegistration where that fails; Retrieve CustomerGUID and Retrieve Customer
        Account, to see whose session it is. Raises `UserUnknown`, `PasswordWrong`, `AccountNotLinked` (it has none).
        """
        name = username_key(username)
        with self._store.read() as tx:
            books = Books(tx, lane.name)
            user = self._checked(_user(books, name), password)
            numbers = _accounts(books, user)
            if not numbers:
                raise AccountNotLinked(name)
            customer = books.customer(numbers[0])
        values = _who(name, password, customer) | {"sync_links": numbers[1:] if self._sync_links else []}
        told = self._call(lane, cause, customer.account_number, "sign_in", values)
        self._session(lane, name, told.token)
        return told

    def open_page(self, lane: Lane, cause: Cause, username: str, redirect_id: int = 0) -> Told:
        """
        Move to a page of the billing panel; with *redirect_id* to a screen of Invoice Cloud's in it.

        Calls: KeepRemoteSessionAlive. Where that is refused the user is signed out. Raises `ValueInvalid` for a screen
        that WaterSmart does not embed, `UserUnknown`, `SignedOut`.
        """
        if redirect_id and redirect_id not in SCREENS:
            raise ValueInvalid("redirect_id", redirect_id, f"is none of {', '.join(map(str, SCREENS))}")
        user, numbers = self.user(lane, username)
        if not user.session_token:
            raise SignedOut(user.username)
        values = {"token": user.session_token, "redirect_id": redirect_id}
        told = self._call(lane, cause, numbers[0] if numbers else "", "open_page", values)
        if told.refused:
            self._session(lane, user.username, "")
        return told

    def add_account(self, lane: Lane, cause: Cause, username: str, account_number: str) -> Told:
        """
        Add an account on the preferences page. Calls: LinkCustomerAccount. Raises `UserUnknown`, `CustomerUnknown`.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            user, customer = _user(books, username), books.lock(account_number)
            _link(books, user.username, account_number)
            books.record(customer, "linked", 0, {"username": user.username}, cause)
        values = {"username": user.username, "account_number": account_number}
        return self._call(lane, cause, account_number, "link_account", values)

    def remove_account(self, lane: Lane, cause: Cause, username: str, account_number: str, by: Who) -> Told:
        """
        Remove an account from a user: on the preferences page, or by staff who reset it on the dashboard.

        Calls: UnregisterAccounts. Raises `UserUnknown`, `AccountNotLinked`.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            user = _user(books, username)
            if not LINKS.delete(tx, lane.name, user.username, account_number):
                raise AccountNotLinked(user.username, account_number)
            books.record(books.lock(account_number), "unlinked", 0, {"username": user.username, "by": by}, cause)
        values = {"username": user.username, "account_numbers": [account_number], "by": by}
        return self._call(lane, cause, account_number, "unregister", values)

    def change_email(self, lane: Lane, cause: Cause, account_number: str, email: str, by: Who) -> Told:
        """
        Change an account's e-mail address, which becomes the name of its first user too, at both sides [A-53].

        Calls: SetCustomerEmailAddress, where the account has a user. Raises `CustomerUnknown`, `UserTaken`.
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            customer = books.lock(account_number)
            links = books.links(account_number=account_number)
            username = links[0].username if links else ""
            new = username_key(email)
            if username and username != new:
                if USERS.get(tx, lane.name, new) is not None:
                    raise UserTaken(new)
                books.rename_user(_user(books, username), new)
            books.record(replace(customer, email=email), "changed", 0, {"email": email, "by": by}, cause)
        if not username:
            return Told((), "nobody is registered for the account: Invoice Cloud was not called")
        values = {"account_number": account_number, "username": username, "new_email_address": email, "by": by}
        return self._call(lane, cause, account_number, "set_email", values)

    def change_password(self, lane: Lane, cause: Cause, username: str, password: str, new_password: str) -> Told:
        """
        Change a password. Calls: RemoteRegistration, after which Invoice Cloud has ended the user's sessions [A-79].

        Raises `UserUnknown`, `PasswordWrong`, `ValueInvalid`, `AccountNotLinked` (the user has none).
        """
        kept = self._hashed(new_password)
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            user = self._checked(_user(books, username), password)
            numbers = _accounts(books, user)
            if not numbers:
                raise AccountNotLinked(user.username)
            customer = books.customer(numbers[0])
            USERS.put(tx, lane.name, replace(user, password_hash=kept, session_token=""))
        values = {
            "username": user.username,
            "account_number": customer.account_number,
            "email_address": customer.email or user.username,
            "new_password": new_password,
        }
        return self._call(lane, cause, customer.account_number, "change_password", values)

    def renew(self, lane: Lane, cause: Cause, account_number: str) -> Told:
        """
        "Renew User", for demonstrations only: the latest invoice has its whole total due again, at both sides.

        Bills that no file has had yet are owed beside it, and without balance forward what is open on others. The next
        balance file says what came of it: a payment may be on its way here, or be in no balance that was said.

        Calls: SetInvoiceBalance. Raises `CustomerUnknown`, `ValueInvalid` (nothing was billed yet).
        """
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            customer = books.lock(account_number)
            search = {"account_number": account_number}
            where = "file_number IS NOT NULL"
            found = INVOICES.find(tx, lane.name, search, order=("invoiced_on", NUMBER), where=where)
            if not found:
                raise ValueInvalid("account_number", account_number, "has no invoice at Invoice Cloud yet")
            back = found[-1].total_cents - self._open_on(books, customer, found)
            books.record(replace(customer, balance_waits=True), "adjusted", back, {"note": RENEW_USER}, cause)
        values = {"invoice_number": found[-1].invoice_number, "balance_due": to_decimal(found[-1].total_cents)}
        return self._call(lane, cause, account_number, "renew_demo_user", values)

    def _open_on(self, books: Books, customer: Customer, sent: Sequence[Invoice]) -> int:
        """
        What of the account's balance is the latest invoice's: all that went out where that carries the balance forward.

        Else all but what was not paid on the others, which Invoice Cloud goes on to ask for: what was entered for the
        account beside its bills is the latest's there [A-100]. A credit among the bills stays one, until a balance file
        has it in what it says of the account.
        """
        owed = customer.balance_cents - books.unsent(customer.account_number)
        if self._balance_forward:
            return owed
        search = {"account_number": customer.account_number, "state": "posted"}
        paid: Counter[str] = Counter()
        for one in PAYMENTS.find(books.tx, books.lane, search, order="reference"):
            paid[one.invoice_number] += one.amount_cents
        told = last_told(books, customer.account_number) if any(one.amount_cents < 0 for one in sent) else 0
        credits = [min(one.amount_cents, 0) if (one.file_number or 0) > told else 0 for one in sent]
        left = (max(one.amount_cents - paid[one.invoice_number], 0) for one in sent[:-1])
        return credits[-1] if sent[-1].amount_cents < 0 else max(owed - sum(left) - sum(credits), 0)

    def _hashed(self, password: str) -> str:
        check_password(password)
        if self._keys.refused(password):
            raise ValueInvalid("password", "…", "is one that the documentation prints")
        return hash_password(self._keys.kept(password), self._password_cost)

    def _checked(self, user: User, password: str) -> User:
        if self._keys.refused(password) or not password_matches(self._keys.kept(password), user.password_hash):
            raise PasswordWrong(user.username)
        return user

    def _call(self, lane: Lane, cause: Cause, account_number: str, story: str, values: Mapping[str, Any]) -> Told:
        told = self._call_out(lane, story, values)
        if account_number:
            with in_world(lane), self._store.write() as tx:
                books = Books(tx, lane.name)
                detail = {"story": story, "steps": list(told.steps), "problem": told.problem}
                books.record(books.lock(account_number), "called", 0, detail, cause)
        return told

    def _session(self, lane: Lane, username: str, token: str) -> None:
        with in_world(lane), self._store.write() as tx:
            user = USERS.lock(tx, lane.name, username)
            if user is not None:
                USERS.put(tx, lane.name, replace(user, session_token=token))


def _user(books: Books, username: str) -> User:
    found = USERS.get(books.tx, books.lane, username_key(username))
    if found is None:
        raise UserUnknown(username_key(username))
    return found


def _accounts(books: Books, user: User) -> list[str]:
    return [link.account_number for link in books.links(username=user.username)]


def _link(books: Books, username: str, account_number: str) -> None:
    LINKS.add(books.tx, books.lane, Link(username, account_number, books.next_number("link")))


def _who(username: str, password: str, customer: Customer) -> dict[str, Any]:
    return {
        "username": username,
        "password": password,
        "account_number": customer.account_number,
        "email_address": customer.email or username,
        "customer_name": customer.customer_name,
    }
