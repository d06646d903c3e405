"""Two billers with one account number or one username, and two payments that clear at one moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from partnerlab.simulators.ic_webservices.domain.errors import TokenInvalid
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, INVOICES
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    bill_file,
    freeze,
    group,
)

ANN, SECRET = "ann@example.com", "Sandbox!6789"


@pytest.fixture
def both(harness: Harness) -> Harness:
    """Ann is a user of the utility and of the insurer, under one name and password."""
    freeze(harness)
    assert harness.upload(bill_file([group("700001", "20000001")]))["Success"] == "true"
    users = harness.sim.world.services.user_accounts
    users.register(harness.lane, UTILITY, ANN, SECRET, ("20000001",))
    users.register(harness.lane, harness.settings.insurance_guid, ANN, SECRET, ("454100010",))
    return harness


def test_what_settles_and_what_comes_back_at_one_moment_each_do_their_own(harness: Harness) -> None:
    """A bank payment of Tuesday comes back on Monday, past a holiday, when a card payment of Thursday settles."""
    freeze(harness)
    harness.pay(amount="10.00", tender="ach", bank_account=RETURNS)
    advance(harness, timedelta(days=2))
    harness.pay(amount="20.00")
    first, second = harness.lanes.export("default")["ic_payments"]
    assert first["clears_at"] == second["clears_at"]
    advance(harness, timedelta(days=7))
    states = {one["amount"]: one["state"] for one in harness.get("payments")["payments"]}
    assert states == {"10.00": "returned", "20.00": "settled"}


def test_a_password_changed_at_one_biller_ends_no_token_of_the_other(both: Harness) -> None:
    services, insurance = both.sim.world.services, both.settings.insurance_guid
    tokens = [services.authentication.authenticate(both.lane, guid, ANN, SECRET)[0] for guid in (UTILITY, insurance)]
    services.user_accounts.set_password(both.lane, UTILITY, ANN, "Sandbox!9999")
    with pytest.raises(TokenInvalid):
        services.authentication.open(both.lane, tokens[0])
    assert services.authentication.open(both.lane, tokens[1]).biller.guid == insurance
    services.authentication.check(both.lane, insurance, ANN, SECRET)


def test_a_user_renamed_at_one_biller_keeps_the_name_at_the_other(both: Harness) -> None:
    services, insurance = both.sim.world.services, both.settings.insurance_guid
    services.user_accounts.set_user_email(both.lane, UTILITY, "ann@example.org", username=ANN)
    services.authentication.check(both.lane, insurance, ANN, SECRET)
    assert services.authentication.accounts(both.lane, insurance, ANN) == ("454100010",)
    assert services.authentication.accounts(both.lane, UTILITY, "ann@example.org") == ("20000001",)


def test_an_account_conveyed_at_one_biller_stays_the_others(harness: Harness) -> None:
    lane, insurance = harness.lane.name, harness.settings.insurance_guid
    with harness.store.write() as tx:
        customer, invoice = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT), INVOICES.get(tx, lane, UTILITY, INVOICE)
        assert customer is not None
        assert invoice is not None
        CUSTOMERS.put(tx, lane, replace(customer, biller_guid=insurance))
        INVOICES.put(tx, lane, replace(invoice, biller_guid=insurance))
    conveyed = harness.sim.world.services.ledger.convey(harness.lane, UTILITY, ACCOUNT).account_number
    with harness.store.read() as tx:
        assert CUSTOMERS.get(tx, lane, insurance, ACCOUNT) is not None
        found = [INVOICES.get(tx, lane, guid, INVOICE) for guid in (UTILITY, insurance)]
    assert [one.account_number for one in found if one] == [conveyed, ACCOUNT]
