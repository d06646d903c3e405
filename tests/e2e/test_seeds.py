"""Every account that the first screen prints is there on both sides, and can be paid where something is due on it."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from partnerlab.commands.sandbox import screen
from partnerlab.contracts import seeds
from partnerlab.sandbox import Sandbox
from partnerlab.sides import InHanceSides
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest

INVOICE_CLOUD = ic_webservices.Settings()
# biller, account number, what Invoice Cloud asks for in cents
PRINTED = [
    *((INVOICE_CLOUD.utility_guid, seed.account, seed.balance_cents) for seed in seeds.utility_accounts()),
    *((INVOICE_CLOUD.insurance_guid, seed.policy_number, seed.billed_cents) for seed in seeds.policies()),
    *(
        (INVOICE_CLOUD.watersmart_guid, seed.account, seed.balance_cents)
        for seed in seeds.watersmart_accounts()
        if not seed.new
    ),
]


def test_the_first_screen_prints_the_whole_list() -> None:
    shown = screen("http://127.0.0.1:8700", inhance_soap.Settings(), tccs_rest.Settings(), INVOICE_CLOUD)
    lists = (seeds.utility_accounts(), seeds.policies(), seeds.quotes(), seeds.watersmart_accounts())
    for seed in [seed for each in lists for seed in each]:
        number = getattr(seed, "account", "") or getattr(seed, "number", "")
        assert f"  {number}  " in shown
        assert seed.purpose in shown


@pytest.mark.parametrize(("biller", "account", "due_cents"), PRINTED, ids=lambda value: str(value))
def test_a_printed_account_is_asked_for_what_the_partner_says_and_paid(
    sandbox: Sandbox, lane: str, sides: InHanceSides, biller: str, account: str, due_cents: int
) -> None:
    with httpx.Client(base_url=f"{sandbox.url}/lane/{lane}/_sandbox/ic") as control:
        listed = control.get("/invoices", params={"biller_guid": biller, "account_number": account}).json()["invoices"]
        open_now = [invoice for invoice in listed if invoice["status"] == "open"]
        asked = sum(Decimal(invoice["balance_due"]) for invoice in open_now)
        assert asked == max(Decimal(due_cents).scaleb(-2), Decimal(0))
        if due_cents <= 0:
            return
        (invoice,) = open_now
        body = {
            "biller_guid": biller,
            "account_number": account,
            "amount": str(asked),
            "tender": "credit_card",
            "card_number": "4111111111111111",
        }
        opened = control.post(f"/invoices/{invoice['invoice_number']}/open", json={"biller_guid": biller}).json()
        assert opened["invoice"]["balance_due"] == str(asked), "the partner's answer changes nothing"
        paid = control.post("/payments", json=body)
        assert (paid.status_code, paid.json()["state"]) == (201, "accepted")
    if biller == INVOICE_CLOUD.watersmart_guid:
        return  # its payments go out in files
    sides.settle()
    delivered = sandbox.pump.deliveries(lane=lane, account_number=account, kind="payment")
    assert [row.state for row in delivered] == ["delivered"]
