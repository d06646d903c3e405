"""Users, their links to accounts, and the customers behind those, within the caller's transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from string import ascii_lowercase, ascii_uppercase

from partnerlab.simulators.ic_webservices.domain.billers import Biller, time_zone
from partnerlab.simulators.ic_webservices.domain.customers import Customer
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.users import Link, User, check_username, username_key
from partnerlab.simulators.ic_webservices.services.authentication import MOST_LINKS, linked_accounts
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, LINKS, USERS, next_number, rename_user
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

__all__ = [
    "customer_or_none",
    "customers_of_user",
    "find_user",
    "find_users",
    "link_account",
    "set_email_address",
    "unlink_account",
    "user_of",
    "users_of_account",
]

_BY_EMAIL = Statement(
    "SELECT username FROM ic_users WHERE lane = :lane AND biller_guid = :biller_guid"
    " AND lower(email_address) = :lowered ORDER BY username"
)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
"""What `lower` is to both databases: ASCII's letters alone."""
_UNLINK = Statement(
    "DELETE FROM ic_user_accounts WHERE lane = :lane AND biller_guid = :biller_guid AND username = :username"
    " AND account_number = :account_number"
)


def find_users(tx: Tx, lane: Lane, biller: Biller, email_address: str, username: str) -> list[User]:
    """The users that match what is given; an e-mail address may be several users'."""
    if username.strip():
        user = USERS.get(tx, lane.name, biller.guid, username_key(username))
        same = user is not None and email_address.strip().lower() in ("", user.email_address.lower())
        return [user] if user is not None and same else []
    address = email_address.strip().replace("\0", "")
    lowered = address.translate(_LOWER)
    names = tx.all(_BY_EMAIL, lane=lane.name, biller_guid=biller.guid, lowered=lowered)
    found = [USERS.get(tx, lane.name, biller.guid, name) for (name,) in names] if address else []
    return [user for user in found if user is not None]


def find_user(tx: Tx, lane: Lane, biller: Biller, username: str, email: str) -> User:
    """The one user of that name or address. Raises `NotFound`, `Conflict`, `ValueRefused` (neither is given)."""
    if not (username.strip() or email.strip()):
        raise ValueRefused("Username", "", "give Username or EmailAddress")
    found = find_users(tx, lane, biller, email, username)
    if not found:
        raise NotFound("user", username.strip() or email.strip())
    if len(found) > 1:
        raise Conflict(f"{len(found)} users have the address {email.strip()!r}: give the Username.")
    return found[0]


def users_of_account(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> list[User]:
    """The users linked to an account, in the order of linking."""
    search = {"biller_guid": biller.guid, "account_number": account_number}
    links = LINKS.find(tx, lane.name, search, order="position", limit=MOST_LINKS)
    found = [USERS.get(tx, lane.name, biller.guid, link.username) for link in links]
    return [user for user in found if user is not None]


def customers_of_user(tx: Tx, lane: Lane, biller: Biller, username: str) -> list[Customer]:
    """The customers whose accounts are linked to a user, in the order of linking."""
    numbers = linked_accounts(tx, lane, biller.guid, username)
    found = [CUSTOMERS.get(tx, lane.name, biller.guid, number) for number in numbers]
    return [customer for customer in found if customer is not None]


def link_account(tx: Tx, lane: Lane, biller: Biller, user: User, customer: Customer) -> tuple[Customer, str]:
    """The customer, linked to the user, and what to say of it."""
    number = customer.account_number
    if LINKS.get(tx, lane.name, biller.guid, user.username, number) is not None:
        return customer, "The account was linked already."
    now = lane.now()
    position = next_number(tx, lane.name, "link")
    LINKS.put(tx, lane.name, Link(biller.guid, user.username, number, position, now.astimezone(UTC).isoformat()))
    if customer.registered:
        return customer, "The account was linked; it has other users too."
    local = now.astimezone(time_zone(biller.time_zone)).replace(tzinfo=None, microsecond=0)
    customer = replace(customer, registered=True, registration_date=local.isoformat(), login_name=user.username)
    CUSTOMERS.put(tx, lane.name, customer)
    return customer, "The account was registered."


def unlink_account(tx: Tx, lane: Lane, biller: Biller, user: User, account_number: str) -> int:
    """How many links went, 0 or 1. With the last one the account is not registered any more (assumed [A-57])."""
    number = account_number.replace("\0", "")
    gone = tx.run(_UNLINK, lane=lane.name, biller_guid=biller.guid, username=user.username, account_number=number)
    customer = customer_or_none(tx, lane, biller, number)
    if gone and customer is not None:
        left = users_of_account(tx, lane, biller, number)
        if not left:
            customer = replace(customer, registered=False, registration_date="", login_name="")
        elif customer.login_name.lower() == user.username:
            customer = replace(customer, login_name=left[0].username)
        CUSTOMERS.put(tx, lane.name, customer)
    return gone


def set_email_address(tx: Tx, lane: Lane, biller: Biller, user: User, address: str) -> User:
    """The user with another e-mail address, and with it as username where the old one was the username."""
    moved = replace(user, email_address=address)
    if user.username == user.email_address.lower() and user.username != username_key(address):
        name = check_username(address)
        if USERS.get(tx, lane.name, biller.guid, name) is not None:
            raise Conflict(f"There is a user {name!r} already.")
        rename_user(tx, lane.name, biller.guid, user.username, name)
        for customer in customers_of_user(tx, lane, biller, name):
            if customer.login_name.lower() == user.username:
                CUSTOMERS.put(tx, lane.name, replace(customer, login_name=name))
        moved = replace(moved, username=name)
    USERS.put(tx, lane.name, moved)
    return moved


def user_of(tx: Tx, lane: Lane, biller: Biller, username: str) -> User:
    """The user of that name. Raises `NotFound`."""
    user = USERS.get(tx, lane.name, biller.guid, username_key(username))
    if user is None:
        raise NotFound("user", username.strip())
    return user


def customer_or_none(tx: Tx, lane: Lane, biller: Biller, account_number: str) -> Customer | None:
    """The customer with that account, None where the biller has none."""
    return CUSTOMERS.get(tx, lane.name, biller.guid, account_number.strip().replace("\0", ""))
