"""A balance of a partner's, which has one account whoever owns it, where Invoice Cloud knows former owners."""

from __future__ import annotations

from datetime import date, timedelta

from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    INVOICING,
    RETURNS,
    UTILITY,
    WATERSMART,
    Harness,
    advance,
    begin,
    bill_file,
    elements,
    group,
    keyed,
    texts,
)
from tests.simulators.ic_webservices.water_files import fetched, pay, row, send

NUMBER = "30000002"
V1, V1_KEY = Settings().utility_v1_guid, Settings().utility_v1_web_service_key
V1_ACCOUNT, V1_BILL = "30000301", "530001"


def conveyed(harness: Harness, biller: str = WATERSMART, number: str = NUMBER) -> str:
    """The number of an account, conveyed now."""
    answer = harness.control("POST", f"customers/{number}/convey", {"biller_guid": biller})
    return str(answer.json["account_number"])


def dues(harness: Harness, biller: str = WATERSMART, number: str = NUMBER) -> dict[str, str]:
    """What is asked on each bill that is not closed."""
    found = harness.get("invoices", biller_guid=biller)["invoices"]
    return {
        one["invoice_number"]: one["balance_due"]
        for one in found
        if one["account_number"].startswith(number) and one["status"] != "closed"
    }


def stated(harness: Harness, bill: str, balance: str) -> dict[str, str]:
    """What is asked after inHance v1 stated the balance of its account."""
    inner = elements({**keyed(V1, V1_KEY), "InvoiceNumber": bill, "BalanceDue": balance, "TotalAmountDue": balance})
    answer = texts(harness.soap(INVOICING, "SetInvoiceBalance", f"<Req>{inner}</Req>"))
    assert answer["Success"] == "true", answer
    return dues(harness, V1, V1_ACCOUNT)


def billed(harness: Harness, bill: str, amount: str, *, on: date | None = None) -> None:
    """A new owner's bill of inHance v1, which carries the account's balance."""
    content = bill_file([group(bill, V1_ACCOUNT, amount, on=on or date(2027, 1, 20))], biller=V1)
    report = harness.upload(content, biller=V1, key=V1_KEY)
    assert (report["Success"], report["Problems"]) == ("true", []), report


def test_while_there_is_no_new_owner_it_is_the_former_ones(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    assert send(harness, f"{NUMBER},Ann,63.21,1,")["rejected"] == 0
    assert dues(harness) == {"A1": "63.21"}
    send(harness, f"{NUMBER},Ann,-3.21,2,")
    assert dues(harness) == {"A1": "60.00"}
    send(harness, f"{NUMBER},Ann,66.00,1,")
    assert dues(harness) == {"A1": "66.00"}


def test_the_new_owner_is_asked_for_what_the_former_ones_are_not(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    send(harness, row(NUMBER, "10.00", number="A2"))
    send(harness, f"{NUMBER},Ann,76.20,1,")
    assert dues(harness) == {"A1": "64.20", "A2": "12.00"}
    send(harness, f"{NUMBER},Ann,-12.00,2,")
    assert dues(harness) == {"A1": "64.20", "A2": "0.00"}, "an addition is the account's that it names"
    send(harness, f"{NUMBER},Ann,70.00,1,")
    assert dues(harness) == {"A1": "64.20", "A2": "5.80"}, "of the new owner's bill, which is paid"
    send(harness, f"{NUMBER},Ann,60.00,1,")
    assert dues(harness) == {"A1": "60.00", "A2": "0.00"}, "never more than the balance, the oldest first"


def test_a_new_owners_bill_that_carries_the_balance_forward_asks_for_what_the_former_ones_are_not(
    harness: Harness,
) -> None:
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row(NUMBER, "64.20", number="A1"))
    former = conveyed(harness)
    send(harness, row(NUMBER, "74.20", number="A2"))
    assert dues(harness) == {"A1": "64.20", "A2": "10.00"}
    send(harness, row(NUMBER, "80.20", number="A2"))
    assert dues(harness) == {"A1": "64.20", "A2": "16.00"}, "the same bill, changed"
    send(harness, f"{NUMBER},Ann,80.20,1,")
    assert dues(harness) == {"A1": "64.20", "A2": "16.00"}
    send(harness, row(NUMBER, "50.00", number="A3").replace("08/25", "08/26"))
    assert dues(harness) == {"A1": "50.00", "A3": "0.00"}, "never more than it says, the oldest first"
    pay(harness, former, "50.00")
    send(harness, row(NUMBER, "60.00", number="A4").replace("08/25", "08/27"))
    assert dues(harness) == {"A1": "0.00", "A3": "0.00", "A4": "10.00"}, "nobody fetched the payment yet"


def test_a_bill_of_an_earlier_day_that_comes_later_lowers_no_former_owner(harness: Harness) -> None:
    """It closes into the bill that is there, which asks for nothing that a former owner was asked for."""
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    send(harness, row(NUMBER, "64.20", number="A2").replace("08/25", "08/28"))
    assert dues(harness) == {"A1": "64.20", "A2": "0.00"}
    earlier = [row(NUMBER, "63.19", number="A3").replace("08/25", "08/26"), row(NUMBER, "64.20", number="A4")]
    send(harness, earlier[0], earlier[1].replace("08/25", "08/27"))
    assert dues(harness) == {"A1": "64.20", "A2": "0.00"}
    send(harness, f"{NUMBER},Ann,65.20,1,")
    assert dues(harness) == {"A1": "64.20", "A2": "1.00"}


def test_a_balance_after_such_a_bill_counts_though_a_former_owner_paid_before_it(harness: Harness) -> None:
    """WaterSmart fetched the payment, and found its account after the bill: the balance is no earlier word."""
    begin(harness, "2026-09-01T12:00:00+00:00")
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row(NUMBER, "64.20", number="A1"))
    former = conveyed(harness)
    pay(harness, former, "64.20")
    fetched(harness)
    send(harness, row(NUMBER, "65.18", number="A2"))
    assert dues(harness) == {"A1": "0.00", "A2": "65.18"}
    advance(harness, timedelta(days=9))
    send(harness, f"{NUMBER},Ann,0.98,1,")
    assert dues(harness) == {"A1": "0.00", "A2": "0.98"}


def test_renew_user_of_a_bill_that_carries_the_balance_forward_asks_no_owner_twice(harness: Harness) -> None:
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    send(harness, row(NUMBER, "74.20", number="A2"))
    own = keyed(WATERSMART, Settings().watersmart_web_service_key)
    for balance, asked in (("74.20", {"A1": "64.20", "A2": "10.00"}), ("26.06", {"A1": "26.06", "A2": "0.00"})):
        inner = elements({**own, "InvoiceNumber": "A2", "BalanceDue": balance})
        assert texts(harness.soap(INVOICING, "SetInvoiceBalance", f"<Req>{inner}</Req>"))["Success"] == "true"
        assert dues(harness) == asked
        send(harness, f"{NUMBER},Ann,{balance},1,")
        assert dues(harness) == asked


def test_what_the_former_owner_paid_and_nobody_fetched_is_asked_of_nobody(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    former = conveyed(harness)
    send(harness, row(NUMBER, "10.00", number="A2"))
    pay(harness, former, "64.20")
    send(harness, f"{NUMBER},Ann,76.20,1,")
    assert dues(harness) == {"A1": "0.00", "A2": "12.00"}
    fetched(harness)
    advance(harness, timedelta(days=4))
    send(harness, f"{NUMBER},Ann,15.00,1,")
    assert dues(harness) == {"A1": "0.00", "A2": "15.00"}


def test_a_former_owners_credit_stays_that_ones(harness: Harness) -> None:
    send(harness, row(NUMBER, "-5.00", number="A1"))
    conveyed(harness)
    send(harness, row(NUMBER, "10.00", number="A2"))
    send(harness, f"{NUMBER},Ann,7.00,1,")
    assert dues(harness) == {"A1": "-5.00", "A2": "12.00"}


def test_an_account_that_nobody_ever_had_is_not_known(harness: Harness) -> None:
    send(harness, row(NUMBER, "64.20", number="A1"))
    conveyed(harness)
    told = send(harness, "3000000,Ann,63.21,1,", f"{NUMBER}0,Ann,63.21,1,")
    assert told["rejected"] == 2


def test_inhance_v1_does_not_ask_a_former_owner_again_for_what_that_one_paid(harness: Harness) -> None:
    """It has the payment under the `CV-` number, and not in the balance [A-125]; nor has it there what came back."""
    former = conveyed(harness, V1, V1_ACCOUNT)
    order = {"tender": "online_bank_direct", "bank_account": RETURNS, "biller_guid": V1}
    assert harness.pay(account_number=former, amount="84.40", **order).status == 201
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "0.00"}
    assert stated(harness, V1_BILL, "94.40") == {V1_BILL: "10.00"}
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "0.00"}
    advance(harness, timedelta(days=9))
    assert dues(harness, V1, V1_ACCOUNT) == {V1_BILL: "84.40"}


def test_a_balance_of_inhance_v1_is_that_of_all_owners_together(harness: Harness) -> None:
    former = conveyed(harness, V1, V1_ACCOUNT)
    billed(harness, "539001", "94.40")
    assert stated(harness, "539001", "94.40") == {V1_BILL: "84.40", "539001": "10.00"}
    assert stated(harness, V1_BILL, "95.40") == {V1_BILL: "85.40", "539001": "10.00"}
    assert stated(harness, "539001", "60.00") == {V1_BILL: "60.00", "539001": "0.00"}, "the oldest is lowered first"
    order = {"tender": "credit_card", "card_number": "4111111111111111", "biller_guid": V1}
    assert harness.pay(account_number=former, amount="60.00", **order).status == 201
    assert stated(harness, "539001", "94.40") == {V1_BILL: "0.00", "539001": "34.40"}


def test_an_answer_of_inhance_v2_is_that_of_all_owners_together(harness: Harness) -> None:
    """[A-125] The new owner's bill carries the balance forward, so inHance is asked."""
    former = conveyed(harness, UTILITY, ACCOUNT)
    harness.balance = lambda *_: {"balance_due": "135.50", "total_amount_due": "192.75"}
    harness.upload(bill_file([group("539002", ACCOUNT, "135.50", on=date(2020, 1, 1))]))
    advance(harness, timedelta(minutes=1))
    assert [one[2:] for one in harness.asked] == [(ACCOUNT, "539002")]
    assert dues(harness, UTILITY, ACCOUNT) == {INVOICE: "125.50", "539002": "10.00"}
    assert harness.invoice("539002")["total_amount_due"] == "67.25"
    order = {"tender": "credit_card", "card_number": "4111111111111111", "biller_guid": UTILITY}
    assert harness.pay(account_number=former, amount="125.50", **order).status == 201
    assert harness.control("POST", "invoices/539002/open").status == 200
    assert dues(harness, UTILITY, ACCOUNT) == {INVOICE: "0.00", "539002": "10.00"}


def test_a_former_owner_who_was_billed_since_has_an_account_of_its_own(harness: Harness) -> None:
    """So it is with the seeded one: inHance has its bill under the `CV-` number."""
    number = "10000107"
    harness.balance = lambda *_: {"balance_due": "31.06", "total_amount_due": None}
    assert harness.control("POST", "invoices/500009/open").status == 200
    assert dues(harness, UTILITY, number) == {"500009": "31.06", "500010": "63.20"}


def test_a_balance_after_renew_user_is_no_earlier_word(harness: Harness) -> None:
    """WaterSmart found the payment's account after "Renew User", which was its last word."""
    begin(harness, "2026-09-01T12:00:00+00:00")
    send(harness, row(NUMBER, "64.20", number="A1"))
    pay(harness, NUMBER, "64.20")
    fetched(harness)
    conveyed(harness)
    advance(harness, timedelta(days=4))
    own = keyed(WATERSMART, Settings().watersmart_web_service_key)
    inner = elements({**own, "InvoiceNumber": "A1", "BalanceDue": "64.20"})
    assert texts(harness.soap(INVOICING, "SetInvoiceBalance", f"<Req>{inner}</Req>"))["Success"] == "true"
    assert dues(harness) == {"A1": "64.20"}
    send(harness, f"{NUMBER},Ann,0.00,1,")
    assert dues(harness) == {"A1": "0.00"}


def test_what_a_former_owner_of_another_account_paid_is_not_taken_off(harness: Harness) -> None:
    conveyed(harness, V1, V1_ACCOUNT)
    billed(harness, "530901", "10.00")
    asked = stated(harness, "530901", "500.00")
    other = bill_file([group("539001", "30000399", "50.00", on=date(2026, 5, 20))], biller=V1)
    assert harness.upload(other, biller=V1, key=V1_KEY)["Success"] == "true"
    former = conveyed(harness, V1, "30000399")
    paid = harness.pay(account_number=former, invoice_number="539001", amount="50.00", biller_guid=V1)
    assert paid.status == 201, paid
    assert stated(harness, "530901", "500.00") == asked
