"""
Who may see which account: registering users, linking and unlinking accounts, changing passwords and e-mail addresses.

A user may be linked to many accounts, and an account to many users. What a partner does here is its own change, so no
event goes back to it (assumed [A-34]). Hashing a password takes milliseconds and is done before the store is locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import normal_guid
from partnerlab.simulators.ic_webservices.domain.customers import Customer, check_email, check_number
from partnerlab.simulators.ic_webservices.domain.errors import LoginRefused, NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.users import (
    User,
    check_username,
    hash_password,
    password_matches,
    username_key,
)
from partnerlab.simulators.ic_webservices.services.account_links import (
    customer_or_none,
    customers_of_user,
    find_user,
    find_users,
    link_account,
    set_email_address,
    unlink_account,
    user_of,
    users_of_account,
)
from partnerlab.simulators.ic_webservices.services.authentication import (
    Authentication,
    Session,
    end_tokens,
    linked_accounts,
)
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger, add_customer, biller_of, customer_of
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, USERS
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = ["CREATE_CUSTOMER", "Found", "Registered", "UserAccounts"]

CREATE_CUSTOMER = "29"
"""Setting: RemoteAuthenticationWS creates a customer it does not know. Source: WaterSmart, Advanced Settings 29."""


@dataclass(frozen=True, slots=True)
class Found:
    """An account, and a user linked to it; None where nobody who was asked for is."""

    customer: Customer
    user: User | None


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of one account: its customer, or None where the biller has no such account, and what to say."""

    account_number: str
    customer: Customer | None
    message: str


class UserAccounts:
    """Users and their accounts, of every lane."""

    def __init__(self, ledger: BillerLedger, authentication: Authentication) -> None:
        self.ledger, self.store, self.authentication = ledger, ledger.store, authentication

    def find(
        self, lane: Lane, biller_guid: str, *, account_number: str = "", email_address: str = "", username: str = ""
    ) -> list[Found]:
        """
        Who is registered, where everything that is given matches; assumed [A-57].

        With an account number: its users, or the account alone where none of them matches; nothing where the biller
        has no such account. Without one: the accounts of the users that match. Raises `ValueRefused`.
        """
        if not (account_number or email_address or username):
            raise ValueRefused("AccountNumber", "", "give at least one of AccountNumber, EmailAddress, Username")
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            if not account_number:
                users = find_users(tx, lane, biller, email_address, username)
                return [
                    Found(customer, user)
                    for user in users
                    for customer in customers_of_user(tx, lane, biller, user.username)
                ]
            customer = customer_or_none(tx, lane, biller, account_number)
            if customer is None:
                return []
            found = [
                Found(customer, user)
                for user in users_of_account(tx, lane, biller, customer.account_number)
                if username_key(username) in ("", user.username)
                and email_address.strip().lower() in ("", user.email_address.lower())
            ]
            return found or [Found(customer, None)]

    def accounts(self, lane: Lane, biller_guid: str, username: str) -> list[Customer]:
        """The customers whose accounts are linked to a user, in the order of linking. Raises `NotFound`."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            user = user_of(tx, lane, biller, username)
            return customers_of_user(tx, lane, biller, user.username)

    def log_in(
        self,
        lane: Lane,
        biller_guid: str,
        username: str | None,
        password: str | None,
        *,
        account_number: str = "",
        create: bool = False,
        customer_name: str = "",
        email_address: str = "",
    ) -> tuple[str, Session, Customer | None]:
        """
        A token, what it opens, and the customer of *account_number*, else of the user's first account if any.

        The account need not be linked, and logging in links none; but with *create* one that the biller does not know
        is made and linked where setting 29 says so, for a user who is not known too [A-76]. Without *customer_name*
        the account's number is its name.

        Raises:
            LoginRefused: The username or the password is wrong; nothing is made.
            NotFound, ValueRefused: There is no such account and it cannot be made.
        """
        account_number = account_number.strip()
        try:
            user = self.authentication.check(lane, biller_guid, username, password)
        except LoginRefused:
            if not (create and account_number and self._all_new(lane, biller_guid, username, account_number)):
                raise
            self.register(
                lane,
                biller_guid,
                username,
                password,
                [account_number],
                email_address=email_address,
                create=True,
                customer_name=customer_name,
            )
            user = self.authentication.check(lane, biller_guid, username, password)
        if account_number:
            values = {"customer_name": customer_name or account_number, "email_address": email_address or None}
            self._known(lane, user, account_number, values if create else None)
        token, session = self.authentication.issue(lane, user)
        first = account_number or (session.account_numbers[0] if session.account_numbers else "")
        with self.store.read() as tx:
            return token, session, customer_or_none(tx, lane, session.biller, first) if first else None

    def register(
        self,
        lane: Lane,
        biller_guid: str,
        username: object,
        password: object,
        account_numbers: Sequence[str],
        *,
        email_address: str = "",
        change_password: bool = False,
        create: bool = False,
        customer_name: str = "",
    ) -> list[Registered]:
        """
        Register a user for accounts; one who is registered gets more accounts linked (assumed [A-52]).

        A registered user's password must be right, or becomes *password* with *change_password*, which ends the
        user's sessions [A-79]. The e-mail address of a new user is, where none is given, the username if that is one.
        Accounts that the biller does not know are made with *create* where setting 29 says so [A-76]; else they are
        left out and told, and where it knows none of them, no user is made. *customer_name* is the name of those that
        are made, else each one's number.

        Raises:
            ValueRefused: The username, the password or the e-mail address cannot be taken; no account is named.
            LoginRefused: The user is registered with another password.
        """
        name = check_username(username)
        secret = self.authentication.new_password(password)
        email = check_email(email_address, "EmailAddress") if email_address.strip() else _address_in(name)
        numbers = list(dict.fromkeys(check_number(number, "AccountNumber") for number in account_numbers))
        if not any(numbers):
            raise ValueRefused("Accounts", "", "must name at least one account")
        while True:
            with self.store.read() as tx:
                before = USERS.get(tx, lane.name, normal_guid(biller_guid), name)
            if before is not None and password_matches(secret, before.password_hash):
                kept = before.password_hash
            elif before is not None and not change_password:
                raise LoginRefused
            else:
                kept = hash_password(secret, self.authentication.password_cost)
            with self.store.write() as tx:
                biller = biller_of(tx, lane, biller_guid, lock=True)
                user = USERS.get(tx, lane.name, biller.guid, name)
                if (user and user.password_hash) != (before and before.password_hash):
                    continue  # registered, or given another password, while this one was hashed
                create = create and biller.settings.get(CREATE_CUSTOMER) == "1"
                customers = {number: customer_or_none(tx, lane, biller, number) for number in numbers}
                for number in [number for number, customer in customers.items() if create and customer is None]:
                    values = {"customer_name": customer_name or number, "email_address": email or None}
                    customers[number], _ = add_customer(tx, lane, biller, number, values)
                if any(customers.values()):
                    now = lane.now().astimezone(UTC).isoformat()
                    user = user or User(biller.guid, name, email, kept, now)
                    if user.password_hash != kept:
                        end_tokens(tx, lane, user)
                    user = replace(user, password_hash=kept)
                    USERS.put(tx, lane.name, user)
                return [
                    Registered(number, None, f"There is no customer {number!r}.")
                    if customer is None or user is None
                    else Registered(number, *link_account(tx, lane, biller, user, customer))
                    for number, customer in customers.items()
                ]

    def link(self, lane: Lane, biller_guid: str, username: str, account_number: str) -> Customer:
        """Link an account to a registered user; nothing changes where it is. Raises `NotFound`."""
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            user = user_of(tx, lane, biller, username)
            customer, _ = link_account(tx, lane, biller, user, customer_of(tx, lane, biller, account_number.strip()))
            return customer

    def unlink(self, lane: Lane, biller_guid: str, username: str, account_numbers: Sequence[str]) -> int:
        """
        Take accounts from a user; how many were linked. Raises `NotFound` (the user), `ValueRefused` (no account).

        The user stays registered, with no account if need be; an account whose last user goes is not registered any
        more (assumed [A-57]).
        """
        numbers = [number.strip() for number in account_numbers if number.strip()]
        if not numbers:
            raise ValueRefused("Accounts", "", "must name at least one account")
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            user = user_of(tx, lane, biller, username)
            return sum(unlink_account(tx, lane, biller, user, number) for number in dict.fromkeys(numbers))

    def set_password(
        self, lane: Lane, biller_guid: str, username: str, new: object, *, password: str | None = None
    ) -> None:
        """
        Change a password; the current one is checked where it is given. Open sessions end, unless it is the same
        again (assumed [A-79]).

        Raises `NotFound`, `LoginRefused`, `ValueRefused`.
        """
        secret = self.authentication.new_password(new, "NewPassword")
        if password is not None:
            self.authentication.check(lane, biller_guid, username, password)
        with self.store.read() as tx:
            before = user_of(tx, lane, biller_of(tx, lane, biller_guid), username)
        if password_matches(secret, before.password_hash):
            return
        kept = hash_password(secret, self.authentication.password_cost)
        with self.store.write() as tx:
            user = user_of(tx, lane, biller_of(tx, lane, biller_guid, lock=True), username)
            USERS.put(tx, lane.name, replace(user, password_hash=kept))
            end_tokens(tx, lane, user)

    def set_user_email(self, lane: Lane, biller_guid: str, new: str, *, username: str = "", email: str = "") -> User:
        """
        Change a user's e-mail address, found by *username* or by the current *email*.

        It becomes the username too where that was the address, and the address of the linked customers that had the
        same or none (assumed [A-53]). Raises `NotFound`, `Conflict`, `ValueRefused`.
        """
        address = check_email(new, "NewEmailAddress")
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            user = find_user(tx, lane, biller, username, email)
            for customer in customers_of_user(tx, lane, biller, user.username):
                if customer.email_address.lower() in ("", user.email_address.lower()):
                    CUSTOMERS.put(tx, lane.name, replace(customer, email_address=address))
            return set_email_address(tx, lane, biller, user, address)

    def set_customer_email(
        self, lane: Lane, biller_guid: str, account_number: str, new: str, *, username: str = ""
    ) -> Customer:
        """
        Change a customer's e-mail address, and that of the user where one is named, as `set_user_email` does.

        Raises `NotFound` (also where the account is not the user's), `Conflict`, `ValueRefused`.
        """
        address = check_email(new, "NewEmailAddress")
        with self.store.write() as tx:
            biller = biller_of(tx, lane, biller_guid, lock=True)
            customer = replace(customer_of(tx, lane, biller, account_number.strip()), email_address=address)
            CUSTOMERS.put(tx, lane.name, customer)
            if username.strip():
                user = user_of(tx, lane, biller, username)
                if customer.account_number not in linked_accounts(tx, lane, biller.guid, user.username):
                    raise NotFound("account of that user", customer.account_number)
                set_email_address(tx, lane, biller, user, address)
            return customer_of(tx, lane, biller, customer.account_number)

    def _all_new(self, lane: Lane, biller_guid: str, username: str | None, account_number: str) -> bool:
        """Whether the biller, with setting 29, knows neither the user nor the account."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, biller_guid)
            return (
                biller.settings.get(CREATE_CUSTOMER) == "1"
                and USERS.get(tx, lane.name, biller.guid, username_key(username)) is None
                and customer_or_none(tx, lane, biller, account_number) is None
            )

    def _known(self, lane: Lane, user: User, account_number: str, values: Mapping[str, str | None] | None) -> None:
        """See that the biller has the account; where *values* are given and setting 29 says so, make and link it."""
        with self.store.read() as tx:
            biller = biller_of(tx, lane, user.biller_guid)
            if values is None or biller.settings.get(CREATE_CUSTOMER) != "1":
                customer_of(tx, lane, biller, account_number)
                return
        with self.store.write() as tx:
            biller = biller_of(tx, lane, user.biller_guid, lock=True)
            customer, new = add_customer(tx, lane, biller, account_number, values)
            if new:
                link_account(tx, lane, biller, user, customer)


def _address_in(username: str) -> str:
    try:
        return check_email(username)
    except ValueRefused:
        return ""
