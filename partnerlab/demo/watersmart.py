"""
The WaterSmart journey: two weeks of files between WaterSmart and Invoice Cloud, and books that agree after it.

Payers pay by card, Amex and bank account, clerks of both sides take money over the counter, one payment comes back,
AutoPay collects, a job is paused meanwhile.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from partnerlab.both_sides import WaterSides
from partnerlab.contracts.paths import at
from partnerlab.story import Story

__all__ = ["tell"]

LANE = "demo-watersmart"
LAUNDROMAT, APARTMENTS, NURSERY = "20000201", "20000202", "20000203"
BROOK, GARDENER = "brook@example.com", "nursery@example.com"
AMEX, RETURNS = "378282246310005", "000111111113"
DAYS = 14


def tell(story: Story, url: str, *, invoices: int, seed: int) -> None:  # noqa: ARG001  the shape of a journey
    """Run the journey on a lane of its own of the sandbox at *url*."""
    with WaterSides.of(url, LANE, reset=True) as sides:
        sides.control.post("/_sandbox/clock/freeze")
        begun = sides.now()
        with story.chapter("A payer new to Invoice Cloud gets in", "WS-29-1"):
            newcomer(story, sides)
        with story.chapter("The invoice file", "WS-SEND-1"):
            invoice_file(story, sides)
        with story.chapter("The payment file", "WS-TAKE-1"):
            payments(story, sides)
        with story.chapter("A job is paused", "WS-TAKE-1"):
            paused(story, sides)
        with story.chapter("What the utility enters itself", "WS-SEND-2"):
            entries(story, sides)
        with story.chapter("A bank payment comes back, and AutoPay collects", "WS-TAKE-2"):
            returned(story, sides)
        with story.chapter("Two weeks later", "WS-BOOKS-1"):
            rest = begun + timedelta(days=DAYS) - sides.now()
            sides.advance(f"{max(int(rest.total_seconds()), 0)}s")
            books(story, sides)


def newcomer(story: Story, sides: WaterSides) -> None:
    """Setting 29 is 1: the sign-in makes the account."""
    told = sides.water(at("/users/{}/sign-in", GARDENER), {"password": sides.password})
    story.expect(
        "WS-29-1",
        f"she signs in: {told['steps'][0]}",
        found=(told["ok"], sides.customer(NURSERY)["registered"]),
        expected=(True, True),
    )
    story.expect(
        "WS-GUID-1",
        told["steps"][-1],
        found=[step.partition(":")[0] for step in told["steps"]],
        expected=["RemoteAuthentication", "RetrieveCustomerGuid", "RetrieveCustomerAccount"],
    )


def invoice_file(story: Story, sides: WaterSides) -> None:
    """The first day: her bill comes with the invoice file, and goes out once."""
    ran = sides.advance("26h")
    sent = [one["outcome"] for one in ran if one["label"] == "watersmart, Invoice file"]
    story.expect("WS-SEND-1", sent[0] if sent else "no file", found="1 accepted" in "".join(sent), expected=True)
    story.expect(
        "WS-BOOKS-1",
        "both sides say 64.20, 310.75 and 88.40",
        found=sides.owed(),
        expected={account: (amount, amount) for account, amount in _amounts("64.20", "310.75", "88.40").items()},
    )
    again = sides.job("invoices")["outcome"]
    story.expect("WS-SEND-1", again, found=again, expected="invoices: nothing was billed")


def payments(story: Story, sides: WaterSides) -> None:
    """Card, Amex, bank, and a check at Invoice Cloud's door: a day later WaterSmart has them all."""
    sides.pay(LAUNDROMAT, "64.20")
    sides.pay(APARTMENTS, "100.00", card_number=AMEX)
    sides.pay(NURSERY, "88.40", tender="ach", bank_account=RETURNS)
    check = {"account_number": APARTMENTS, "amount": "10.75", "check_number": "1044"}
    sides.control.post("/_sandbox/ic/clerk/payments", {**check, "biller_guid": sides.biller["guid"]})
    sides.switch("paperless", APARTMENTS, enrolled=True)
    sides.advance("1d")
    found = sorted((one["account_number"], one["amount"]) for one in sides.got("/payments")["payments"])
    story.expect(
        "WS-TAKE-1",
        "Visa, Amex, bank payment and check are in the books of WaterSmart",
        found=found,
        expected=[(LAUNDROMAT, "64.20"), (APARTMENTS, "10.75"), (APARTMENTS, "100.00"), (NURSERY, "88.40")],
    )
    story.expect(
        "WS-BOOKS-1",
        "and both sides say 0.00, 200.00 and 0.00",
        found=sides.owed(),
        expected={account: (amount, amount) for account, amount in _amounts("0.00", "200.00", "0.00").items()},
    )
    story.expect(
        "WS-TAKE-3",
        "the change log switched paperless on",
        found=sides.got("/customers/{}", APARTMENTS)["paperless"],
        expected=True,
    )


def paused(story: Story, sides: WaterSides) -> None:
    """Files wait at Invoice Cloud, and one run takes them."""
    sides.job("collect", "pause")
    sides.pay(APARTMENTS, "50.00")
    sides.advance("1d")
    story.expect(
        "WS-TAKE-1", "nothing is fetched meanwhile", found=sides.owed()[APARTMENTS], expected=("200.00", "150.00")
    )
    sides.job("collect", "resume")
    ran = [one for one in sides.advance("1m") if one["label"] == "watersmart, Exports are collected"]
    story.expect(
        "WS-TAKE-1",
        "one run catches up",
        found=(bool(ran), sides.owed()[APARTMENTS]),
        expected=(True, ("150.00", "150.00")),
    )


def entries(story: Story, sides: WaterSides) -> None:
    """A payment at the utility's counter goes out with the balance file."""
    sides.water(at("/customers/{}/entries", APARTMENTS), {"kind": "counter_payment", "amount": "30.00"})
    ran = sides.advance("1d")
    sent = [one["outcome"] for one in ran if one["label"] == "watersmart, Adjustment/daily balance file"]
    story.expect(
        "WS-SEND-2",
        sent[0] if sent else "no file",
        found=sides.owed()[APARTMENTS],
        expected=("120.00", "120.00"),
    )


def returned(story: Story, sides: WaterSides) -> None:
    """A week in which the bank payment comes back and a Draft bill is collected."""
    guid = sides.biller["guid"]
    card = {"holder": "B. Brook", "card_number": "4111111111111111", "expires_on": "2031-12-31", "biller_guid": guid}
    method = sides.control.post(at("/_sandbox/ic/users/{}/methods", BROOK), card)
    enrolment = {"account_number": LAUNDROMAT, "method_id": method["method_id"], "biller_guid": guid}
    sides.control.post(at("/_sandbox/ic/users/{}/autopay", BROOK), enrolment)
    due = (sides.now() + timedelta(days=3)).date().isoformat()
    sides.water(at("/customers/{}/bills", LAUNDROMAT), {"amount": "42.10", "due_on": due})
    ran = sides.advance("7d")
    rejects = [one["outcome"] for one in ran if "ICRejects_" in one["outcome"]]
    state = {one["account_number"]: one["state"] for one in sides.got("/payments")["payments"]}
    story.expect(
        "WS-TAKE-2",
        f"the rejects file brings the return: {len(rejects)} file",
        found=(len(rejects), state[NURSERY], sides.owed()[NURSERY]),
        expected=(1, "returned", ("88.40", "88.40")),
    )
    customer = sides.got("/customers/{}", LAUNDROMAT)
    story.expect(
        "WS-TAKE-3",
        "AutoPay, from the change log, and what it paid, from the payment file",
        found=(customer["autopay"], sides.owed()[LAUNDROMAT]),
        expected=(True, ("0.00", "0.00")),
    )


def books(story: Story, sides: WaterSides) -> None:
    """Invoices less payments and plus returns are the balances, to the cent, on both sides."""
    found = sides.got("/books")
    sums = {name: Decimal(found[name]) for name in ("billed", "paid", "returned", "counter_payments", "adjusted")}
    balance = sums["billed"] - sums["paid"] + sums["returned"] - sums["counter_payments"] + sums["adjusted"]
    there = sum((Decimal(one) for _, one in sides.owed().values()), Decimal(0))
    told = " ".join(f"{amount} {name.replace('_', ' ')}" for name, amount in sums.items())
    story.expect(
        "WS-BOOKS-1",
        f"{told}: {balance} at WaterSmart, {there} at Invoice Cloud",
        found=(found["apart"], found["unmatched"], Decimal(found["balance"]), there),
        expected=([], 0, balance, balance),
    )
    for account, (here, other) in sides.owed().items():
        story.expect("WS-BOOKS-1", f"{account} owes {here} on both sides", found=other, expected=here)


def _amounts(*amounts: str) -> dict[str, str]:
    return dict(zip((LAUNDROMAT, APARTMENTS, NURSERY), amounts, strict=True))
