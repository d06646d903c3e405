"""The console shows a payer's name as it is, and the name turns nothing around it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from tests.odd_names import ODD_NAMES, bare_places
from tests.partnerlab.console.conftest import Reader
from tests.partnerlab.console.test_pages import ACCOUNT, UTILITY


def rename(reader: Reader, name: str) -> None:
    """Of the payer of the seeded account, at Invoice Cloud."""
    with reader.sandbox.store.write() as tx:
        customer = CUSTOMERS.get(tx, "default", UTILITY, ACCOUNT)
        assert customer is not None
        CUSTOMERS.put(tx, "default", replace(customer, customer_name=name, email_address=f"{name[:60]}@example.com"))


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)
def test_an_account_and_the_mailbox_show_names_as_they_are(reader: Reader, name: str) -> None:
    rename(reader, name)
    reader.post("/console/try/pay")
    reader.settle()
    assert bare_places(reader.get(f"/console/books/{UTILITY}/{ACCOUNT}").raw, name) == []
    number = reader.api("/_sandbox/ic/mailbox")["messages"][0]["number"]
    assert bare_places(reader.get(f"/console/mailbox?number={number}").raw, name, f"{name[:60]}@example.com") == []


@pytest.mark.parametrize("kind", [kind for kind, name in ODD_NAMES.items() if name.isprintable()])
def test_the_partners_names_are_shown_as_they_are(reader: Reader, kind: str) -> None:
    """The control API takes no name with a character that is not printed."""
    name = ODD_NAMES[kind]
    reader.put("/_sandbox/inhance/accounts/77000001", {"customer_name": name})
    assert bare_places(reader.get(f"/console/books/{UTILITY}/77000001").raw, name) == []
    assert bare_places(reader.get(f"/console/books?biller={UTILITY}").raw, name) == []
