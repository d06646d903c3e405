"""The rules of a utility's account: its bank when AutoPay begins and ends, and what an e-mail address is."""

from __future__ import annotations

import pytest

from partnerlab.simulators.inhance_soap.domain.accounts import DRAFT_BANK, Account, draft_switched, read_email
from partnerlab.simulators.inhance_soap.domain.errors import ValueInvalid

Bank = tuple[str | None, str | None, str | None]
OWN: Bank = ("First Bank", "000123456", "011000015")
NONE: Bank = (None, None, None)


def bank_of(account: Account) -> Bank:
    return account.bank_name, account.bank_account, account.bank_routing


@pytest.mark.parametrize("before", [OWN, NONE])
def test_with_autopay_the_bank_is_invoice_clouds(before: Bank) -> None:
    account = Account("1", bank_name=before[0], bank_account=before[1], bank_routing=before[2])
    switched = draft_switched(account, on=True)
    assert (switched.autopay, bank_of(switched)) == (True, DRAFT_BANK)


@pytest.mark.parametrize(
    ("before", "after"), [(DRAFT_BANK, NONE), (OWN, OWN), (NONE, NONE), ((DRAFT_BANK[0], OWN[1], OWN[2]), None)]
)
def test_without_it_a_bank_of_the_customers_own_stays(before: Bank, after: Bank | None) -> None:
    account = Account("1", autopay=True, bank_name=before[0], bank_account=before[1], bank_routing=before[2])
    switched = draft_switched(account, on=False)
    assert (switched.autopay, bank_of(switched)) == (False, before if after is None else after)


@pytest.mark.parametrize("address", ["a@b.example", " a@b.example ", f"{'a' * 244}@b.example"])
def test_an_email_address_is_read_without_the_blanks_around_it(address: str) -> None:
    assert read_email("NewEmail", address) == address.strip()


@pytest.mark.parametrize(
    "address", [None, "", "a", "a@b", "a@@b.example", "a b@c.example", "a@.example", "a@b.", f"{'a' * 245}@b.example"]
)
def test_what_is_none_is_refused(address: str | None) -> None:
    with pytest.raises(ValueInvalid, match="is not an e-mail address"):
        read_email("NewEmail", address)
