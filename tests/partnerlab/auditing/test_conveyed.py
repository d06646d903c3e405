"""Of an account that was conveyed and of which nobody new was billed, too, what is wrong with its balance is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from partnerlab.auditing import reconcile
from partnerlab.contracts.paths import at
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.town import CARD, Town

UTILITY_BILLS = "/_sandbox/inhance/accounts/{}/bills"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def conveyed(sandbox: Sandbox, partner: str) -> Town:
    """A town whose accounts were billed and conveyed."""
    town = Town(sandbox, partner, f"conveyed-{partner}", accounts=5)
    town.advance(days=2)
    for account in town.accounts:
        path = at("/_sandbox/ic/customers/{}/convey", account.number)
        town.control.post(path, {"biller_guid": town.biller["guid"]})
    town.advance(days=2)
    return town


def kinds(town: Town) -> dict[str, str]:
    """What is said of each account's balance, whatever other partners have yet to send at this time of the day."""
    found = reconcile(town.books()).differences
    return {one.subject: one.kind for one in found if one.partner == town.biller["partner"]}


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2", "watersmart"])
def test_what_a_former_owner_is_asked_for_and_nobody_knows_of_is_found(sandbox: Sandbox, partner: str) -> None:
    town = conveyed(sandbox, partner)
    try:
        assert kinds(town) == dict.fromkeys((one.number for one in town.accounts), "explained")
        changes = {
            "balance_due_cents = balance_due_cents + 1": "cents_off",
            "balance_due_cents = balance_due_cents - 1": "cents_off",
            "balance_due_cents = 0, status = 'paid'": "cents_off",
        }
        for account, change in zip(town.accounts, changes, strict=False):
            assert town.sql(
                f"UPDATE ic_invoices SET {change} WHERE lane = :lane AND invoice_number = '{account.invoice}'"
            )
        gone = town.accounts[3]
        assert town.sql(f"DELETE FROM ic_invoices WHERE lane = :lane AND invoice_number = '{gone.invoice}'")
        expected = [*changes.values(), "off_by_finding", "explained"]
        assert kinds(town) == dict(zip((one.number for one in town.accounts), expected, strict=True))
    finally:
        town.close()


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2", "watersmart"])
def test_what_a_former_owner_is_asked_for_is_found_where_a_new_one_is_billed_too(
    sandbox: Sandbox, partner: str
) -> None:
    """Also where the new owner's bill carries the account's whole balance forward, as inHance's does."""
    town = conveyed(sandbox, partner)
    try:
        for number, account in enumerate(town.accounts):
            path = "/_sandbox/watersmart/customers/{}/bills" if partner == "watersmart" else UTILITY_BILLS
            body = {"amount": "10.00"} | ({} if partner == "watersmart" else {"invoice_number": f"67{number:06}"})
            town.control.post(at(path, account.number), body)
        town.advance(days=2)
        pay = {"tender": "credit_card", "card_number": CARD, "biller_guid": town.biller["guid"]}
        for account in town.accounts[3:]:
            invoice = town.control.get(f"/_sandbox/ic/invoices/{account.invoice}", biller_guid=town.biller["guid"])
            pay |= {"account_number": invoice["account_number"], "invoice_number": account.invoice}
            pay["amount"] = account.amount if partner == "watersmart" else "5.00"
            town.control.post("/_sandbox/ic/payments", pay)
        assert not reconcile(town.books()).findings
        numbers = [account.number for account in town.accounts]
        changes = ("balance_due_cents + 1", "balance_due_cents - 1", "0", "balance_due_cents + 500")
        for account, change in zip(town.accounts, changes, strict=False):
            assert town.sql(
                f"UPDATE ic_invoices SET balance_due_cents = {change}"
                f" WHERE lane = :lane AND invoice_number = '{account.invoice}'"
            )
        found = {(one.subject.split("CV-")[0], one.kind) for one in reconcile(town.books()).findings}
        assert found == {(number, "cents_off") for number in numbers[:4]}
    finally:
        town.close()


def test_a_former_owners_bill_that_is_gone_is_found_where_the_new_one_is_asked_for_it(sandbox: Sandbox) -> None:
    """inHance says of one account what all owners owe, so nothing is a cent off."""
    town = conveyed(sandbox, "inhance_v2")
    try:
        gone, kept = town.accounts[:2]
        assert town.sql(f"DELETE FROM ic_invoices WHERE lane = :lane AND invoice_number = '{gone.invoice}'")
        for account, bill in ((gone, "68000001"), (kept, "68000002")):
            town.control.post(at(UTILITY_BILLS, account.number), {"amount": "10.00", "invoice_number": bill})
        town.advance(days=2)
        for bill in ("68000001", "68000002"):
            town.control.post(f"/_sandbox/ic/invoices/{bill}/open", {"biller_guid": town.biller["guid"]})
        found = reconcile(town.books()).findings
        assert [(one.kind, one.subject) for one in found] == [("off_by_finding", gone.number)]
    finally:
        town.close()


def test_what_watersmart_entered_since_is_the_former_owners_to_the_cent(sandbox: Sandbox) -> None:
    """Its account is one, whoever owns it [A-124]."""
    town = conveyed(sandbox, "watersmart")
    try:
        for account in town.accounts[:3]:
            path = at("/_sandbox/watersmart/customers/{}/entries", account.number)
            town.control.post(path, {"kind": "adjusted", "amount": "5.00"})
            town.control.post(path, {"kind": "counter_payment", "amount": "1.50"})
        town.advance(days=2)
        first, second, third = (one.number for one in town.accounts[:3])
        assert {kinds(town)[one] for one in (first, second, third)} == {"explained"}
        for account, cents in zip(town.accounts[1:3], (1, 700), strict=True):
            assert town.sql(
                f"UPDATE ic_invoices SET balance_due_cents = balance_due_cents + {cents}"
                f" WHERE lane = :lane AND invoice_number = '{account.invoice}'"
            )
        town.sql("UPDATE watersmart_customers SET balance_waits = 0 WHERE lane = :lane")
        assert [kinds(town)[one] for one in (first, second, third)] == ["explained", "cents_off", "cents_off"]
    finally:
        town.close()
