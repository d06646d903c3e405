"""What reconcile says of a return that no integration tells [A-111], [A-112], and of a policy paid ahead [A-75]."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from decimal import Decimal

import pytest
from click.testing import CliRunner

from partnerlab.auditing import audit, reconcile
from partnerlab.cli import main
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.auditing.plants import RETURNS
from tests.partnerlab.auditing.town import CARD, Account, Town


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2"])
def test_a_person_enters_a_return_and_settles_its_delivery(sandbox: Sandbox, partner: str) -> None:
    town = Town(sandbox, partner, f"by-hand-{partner}", accounts=1)
    try:
        (account,) = town.accounts
        if partner == "inhance_v1":
            town.control.patch("/_sandbox/inhance/v1", {"payments": "live"})
        payment = town.pay(account, **dict(RETURNS))
        town.advance(days=8)
        open_bill = f"/_sandbox/ic/invoices/{account.invoice}/open", {"biller_guid": town.biller["guid"]}
        shown = town.control.post(*open_bill)
        assert shown["invoice"]["balance_due"] == account.amount, "the payer owes it, whatever the partner says"
        if partner == "inhance_v2":
            assert "return IC" in shown["problem"]
        where = ("--url", sandbox.url, "--lane", town.lane)
        assert run("clerk", "return", "IC0000009999", *where)[::2] == (
            1,
            f"Error: no payment IC0000009999 in the books of inHance in lane {town.lane}\n",
        )
        code, _, said = run("clerk", "return", payment["reference"], "--by", "Dana", *where)
        assert code == 0
        town.advance(minutes=16)
        if partner == "inhance_v1":
            runs = town.control.get("/_sandbox/jobs")
            assert "was refused: The balance of invoice" in str(runs), "the balance with the return waits"
        command = shlex.split(said.partition("partnerlab ")[2])
        assert command[:2] == ["deliveries", "dismiss"]
        assert run(*command, "--url", sandbox.url)[0] == 0
        town.advance(minutes=16)
        books = town.books()
        assert town.control.post(*open_bill)["invoice"]["balance_due"] == account.amount
        if partner == "inhance_v1":
            assert "1 balance sent" in str(town.control.get("/_sandbox/jobs")), "with the next run"
    finally:
        town.close()
    assert not audit(books).findings
    assert [one for one in reconcile(books).differences if one.subject == account.number] == []


@pytest.mark.parametrize("partner", ["inhance_v1", "inhance_v2"])
def test_a_former_owners_return_that_is_settled_before_it_is_entered_is_no_finding(
    sandbox: Sandbox, partner: str
) -> None:
    """The next balance lacks the return, so the former owner is asked for nothing, until a clerk enters it."""
    town = Town(sandbox, partner, f"settled-early-{partner}", accounts=1)
    try:
        (account,) = town.accounts
        if partner == "inhance_v1":
            town.control.patch("/_sandbox/inhance/v1", {"payments": "live"})
        returned = town.pay(account, **dict(RETURNS))
        town.advance(minutes=16)
        biller = {"biller_guid": town.biller["guid"]}
        town.control.post(f"/_sandbox/ic/customers/{account.number}/convey", biller)
        town.advance(days=8)
        bills = f"/_sandbox/inhance/accounts/{account.number}/bills"
        town.control.post(bills, {"invoice_number": "66900000", "amount": "3.00"})
        town.advance(days=1)
        town.pay(Account(account.number, "66900000", "3.00"), tender="credit_card", card_number=CARD)
        town.advance(minutes=31)
        for delivery in town.control.get("/_pump/deliveries", lane=town.lane)["deliveries"]:
            if delivery["state"] == "dead":
                dismissed = {"reason": "a clerk will enter it", "by": "Dana"}
                town.control.post(f"/_pump/deliveries/{delivery['id']}/dismiss", dismissed)
        town.advance(minutes=31)
        if partner == "inhance_v2":
            town.control.post("/_sandbox/ic/invoices/66900000/open", biller)
        (former,) = town.control.get("/_sandbox/ic/invoices", **biller, text=account.invoice, limit=1)["invoices"]
        assert (former["account_number"][:10], former["balance_due"]) == (f"{account.number}CV", "0.00")
        where = ("--url", sandbox.url, "--lane", town.lane)
        assert run("clerk", "return", returned["reference"], "--by", "Dana", *where)[0] == 0
        books = town.books()
    finally:
        town.close()
    found = {one.subject: one for one in reconcile(books).differences}
    assert [one.kind for one in found.values()] == ["explained"] * 2
    assert "came back, and the balance was told before a clerk entered it" in found[former["account_number"]].detail


def test_a_policy_that_is_paid_ahead_of_what_is_billed_is_no_credit(sandbox: Sandbox) -> None:
    town = Town(sandbox, "tccs", "paid-ahead", accounts=1)
    try:
        (policy,) = town.accounts
        nothing_billed = Account("454100016", "454100016-08/08/2028", "360.00")
        town.pay(nothing_billed)
        town.pay(policy)
        books = town.books()
        due = town.control.get(f"/_sandbox/ic/invoices/{nothing_billed.invoice}", biller_guid=town.biller["guid"])
        assert (due["balance_due"], due["total_amount_due"]) == ("-360.00", "0.00")
    finally:
        town.close()
    (found,) = reconcile(books).differences
    assert (found.kind, found.amount, "paid before it was billed" in found.detail) == ("explained", Decimal(-360), True)


@pytest.mark.parametrize("partner", ["inhance_v2", "watersmart"])
def test_what_a_conveyed_account_owes_is_asked_of_its_former_owner(sandbox: Sandbox, partner: str) -> None:
    town = Town(sandbox, partner, f"conveyed-{partner}", accounts=2)
    try:
        owing, paying = town.accounts
        for account in town.accounts:
            town.control.post(f"/_sandbox/ic/customers/{account.number}/convey", {"biller_guid": town.biller["guid"]})
        sold = town.control.get("/_sandbox/ic/invoices", biller_guid=town.biller["guid"], status="open", limit=1000)
        (number,) = (one["account_number"] for one in sold["invoices"] if one["invoice_number"] == paying.invoice)
        town.pay(Account(paying.number, paying.invoice, "5.00"), tender="check", account_number=number)
        books = town.books()
    finally:
        town.close()
    found = {one.subject: one for one in reconcile(books).differences}
    assert {one.kind for one in found.values()} == {"explained"}
    assert "the rest is asked of its former owner" in found[owing.number].detail
