"""What Invoice Cloud's REST services take and answer. Amounts are US dollars with two decimals; text may be empty."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from partnerlab.contracts.masking import mask

__all__ = [
    "AccountRegistration",
    "BillerStatus",
    "CustomerAccount",
    "CustomerCreated",
    "NewCustomer",
    "PortalUser",
    "RemoteSession",
    "UserAccount",
]


@dataclass(frozen=True, slots=True)
class BillerStatus:
    """Whether the API key opens the door, and whose it is."""

    biller_guid: str
    biller_name: str
    active: bool


@dataclass(frozen=True, slots=True)
class PortalUser:
    """
    An account as Invoice Cloud knows it, with one of its users (assumed [A-20]).

    `registered` false: the account is known, nobody has registered it, and `username` is empty.
    """

    username: str
    email_address: str
    customer_guid: str
    account_number: str
    registered: bool


@dataclass(frozen=True, slots=True, repr=False)
class RemoteSession:
    """
    A user's session at Invoice Cloud. Who holds the token is the user, for 20 minutes from its last use (assumed
    [A-9]).

    `customer_guid` is that of the account asked for, else of the user's first account; empty where there is none.
    """

    token: str
    customer_guid: str

    def __repr__(self) -> str:
        return f"RemoteSession(token={mask(self.token)!r}, customer_guid={self.customer_guid!r})"


@dataclass(frozen=True, slots=True)
class AccountRegistration:
    """What became of one of the accounts to be registered; `message` says why where it was not."""

    account_number: str
    customer_guid: str
    registered: bool
    message: str


@dataclass(frozen=True, slots=True)
class UserAccount:
    """One of a user's linked accounts."""

    account_number: str
    customer_guid: str
    customer_name: str
    email_address: str
    address1: str
    address2: str
    city: str
    state: str
    zip: str


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer's record to be created; an empty text is not sent."""

    account_number: str
    customer_name: str
    customer_name2: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    phone: str = ""
    email_address: str = ""


@dataclass(frozen=True, slots=True)
class CustomerCreated:
    """A customer's record; `created` false where it stood already and was left as it was."""

    customer_guid: str
    created: bool


@dataclass(frozen=True, slots=True)
class CustomerAccount:
    """A customer with what is owed: `balance_due` is the sum over the open invoices."""

    account_number: str
    customer_guid: str
    customer_id: str
    customer_name: str
    address1: str
    address2: str
    city: str
    state: str
    zip: str
    phone: str
    email_address: str
    autopay: bool
    paper_invoices: bool
    registered: bool
    balance_due: Decimal
