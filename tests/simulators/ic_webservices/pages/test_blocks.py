"""Blocked cards and bank payments, and the account number that is shown, wherever somebody pays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.simulators.ic_webservices.checkouts import Checkout
from tests.simulators.ic_webservices.harness import (
    MANAGEMENT,
    SETTLES,
    VISA,
    WATERSMART,
    WATERSMART_KEY,
    Harness,
    advance,
    begin,
    elements,
    keyed,
)
from tests.simulators.ic_webservices.pages.visit import BANK, Shown, Visit

BROOK, USER, NUMBER = "20000201", "brook@example.com", "WS-1"
OWN = {"biller_guid": WATERSMART}
PAY = "Pay $60.00"


def load(harness: Harness, flags: str, shown: str = "", amount: str = "60.00") -> None:
    row = f"{BROOK},Brook,,,,,,12/01/2026,12/05/2026,{amount},0.00,{NUMBER},1,{flags},{shown}\n"
    assert harness.send("uploads", row.encode(), file_name="a.csv", **OWN).json["state"] == "loaded"


def pay_page(visit: Visit) -> Shown:
    home = visit.connect(token=visit.token(USER, biller=WATERSMART))
    return visit.page(home, f"pay/{NUMBER}")


def method(harness: Harness, **number: str) -> str:
    answer = harness.control("POST", f"users/{USER}/methods", {"holder": "Brook", **number, **OWN})
    return str(answer.json["method_id"])


def refusals(harness: Harness, method_id: str) -> tuple[Any, ...]:
    """What paying now, on a day and by AutoPay is refused for."""
    day = date(2026, 12, 3).isoformat()
    order = {"invoice_number": NUMBER, "amount": "60.00", "method_id": method_id, "day": day, **OWN}
    autopay = {"account_number": BROOK, "method_id": method_id, **OWN}
    answers = (
        harness.control("POST", f"users/{USER}/schedules", order),
        harness.control("POST", f"users/{USER}/autopay", autopay),
    )
    return tuple(answer.json.get("error", {}).get("code") for answer in answers)


def test_blocked_cards_pay_nowhere_and_the_bank_does(visit: Visit, harness: Harness) -> None:
    begin(harness, "2026-12-01T14:00:00+00:00")
    card, bank = method(harness, card_number=VISA, expires_on="2049-09-30"), method(harness, bank_account=SETTLES)
    load(harness, "0,0")
    assert refusals(harness, card) == (None, None), "AutoPay and a payment on December 3, by card, before the block"
    load(harness, "1,0")
    page = pay_page(visit)
    assert "Card payments are blocked for this account." in page.words
    assert "CardNumber" not in page.fields(PAY)
    assert visit.submit(page, PAY, Method=card).errors == {"Method": f"Account {BROOK}: card payments are blocked."}, (
        "a form that was not offered"
    )
    assert refusals(harness, card) == ("card_blocked", "card_blocked")
    assert harness.pay(account_number=BROOK, **OWN).json["error"]["code"] == "card_blocked"
    assert harness.pay(account_number=BROOK, tender="paypal", **OWN).json["error"]["code"] == "card_blocked"
    skipped = [line for line in advance(harness, timedelta(days=5)) if "skipped" in line]
    assert len(skipped) == 2
    assert all("card payments are blocked" in line for line in skipped)
    assert visit.submit(pay_page(visit), PAY, **BANK).heading == "Thank you for your payment"
    assert refusals(harness, bank)[1] is None


def test_a_web_service_blocks_the_bank_and_the_checkout_offers_what_is_left(visit: Visit, harness: Harness) -> None:
    begin(harness, "2026-12-01T14:00:00+00:00")
    load(harness, "0,0")
    blocked = {"AccountNumber": BROOK, "BlockPaymentsEFT": "true"}
    inner = elements({**keyed(WATERSMART, WATERSMART_KEY), **blocked})
    harness.soap(MANAGEMENT, "UpdateCustomerRecord", inner)
    bank = method(harness, bank_account=SETTLES)
    assert refusals(harness, bank) == ("bank_blocked", "bank_blocked")
    assert harness.pay(account_number=BROOK, tender="ach", **OWN).json["error"]["code"] == "bank_blocked"
    checkout = Checkout(harness)
    asked = {"ViewMode": 0, "Customers": [{"AccountNumber": BROOK}]}
    page = checkout.to_payment(checkout.page(asked, key="sandbox-api-key-watersmart"))
    assert "BankAccountNumber" not in page.text
    assert "CardNumber" in page.text
    load(harness, "1,1", amount="62.00")
    assert "blocked for this account. Ask Sandbox Water how to pay" in pay_page(visit).words
    page = checkout.page(asked, key="sandbox-api-key-watersmart")
    assert "No way to pay is open for this account." in checkout.to_payment(page).words


def test_the_number_that_is_shown_stands_in_for_the_account_number(visit: Visit, harness: Harness) -> None:
    begin(harness, "2026-12-01T14:00:00+00:00")
    load(harness, "0,0", shown="77-0001")
    home = visit.connect(token=visit.token(USER, biller=WATERSMART))
    pages = [visit.page(home, path) for path in ("bills", f"bill/{NUMBER}", f"pay/{NUMBER}", "autopay", "paperless")]
    receipt = visit.submit(pages[2], PAY, **BANK)
    checkout = Checkout(harness).page(
        {"ViewMode": 0, "Customers": [{"AccountNumber": BROOK}]}, key="sandbox-api-key-watersmart"
    )
    for page in (*pages, receipt, checkout):
        assert "77-0001" in page.words, page.url
        assert f"ccount {BROOK}" not in page.words, page.url
    assert harness.get("payments", account_number=BROOK)["payments"][0]["account_number"] == BROOK
    load(harness, "0,0", amount="61.00")
    assert f"Account {BROOK}" in visit.page(home, "bills").words, "without a value the number itself"
