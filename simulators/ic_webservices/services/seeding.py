"""Writing what a new lane holds, in the transaction that makes the lane."""

from __future__ import annotations

from collections.abc import Iterable

from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.customers import FIRST_CUSTOMER_ID, Customer
from partnerlab.simulators.ic_webservices.domain.invoices import Invoice
from partnerlab.simulators.ic_webservices.domain.users import Link, User
from partnerlab.simulators.ic_webservices.store import BILLERS, CUSTOMERS, INVOICES, LINKS, USERS, next_number
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Tx

__all__ = ["first_customer_id", "put_biller", "put_customers", "put_invoices", "put_user"]


def first_customer_id(tx: Tx, lane: Lane, many: int) -> int:
    """The first of *many* CustomerIDs that nobody has."""
    return FIRST_CUSTOMER_ID + next_number(tx, lane.name, "customer", many)


def put_biller(tx: Tx, lane: Lane, biller: Biller) -> None:
    """Write a biller."""
    BILLERS.put(tx, lane.name, biller)


def put_customers(tx: Tx, lane: Lane, customers: Iterable[Customer]) -> None:
    """Write customers."""
    CUSTOMERS.put_all(tx, lane.name, customers)


def put_invoices(tx: Tx, lane: Lane, invoices: Iterable[Invoice]) -> None:
    """Write invoices."""
    INVOICES.put_all(tx, lane.name, invoices)


def put_user(tx: Tx, lane: Lane, user: User, account_number: str) -> None:
    """Write a portal user with one account linked."""
    USERS.put(tx, lane.name, user)
    position = next_number(tx, lane.name, "link")
    LINKS.put(tx, lane.name, Link(user.biller_guid, user.username, account_number, position, user.created_at))
