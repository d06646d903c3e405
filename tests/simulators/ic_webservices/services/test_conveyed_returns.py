"""A former owner's payment that comes back: who is asked for it, and until when nobody for less [A-112, A-127]."""

from __future__ import annotations

from datetime import date, timedelta

from tests.simulators.ic_webservices import water_files
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
    freeze,
    group,
    keyed,
    texts,
)
from tests.simulators.ic_webservices.services.test_conveyed import answered, downloaded, pay
from tests.simulators.ic_webservices.services.test_conveyed_balances import (
    NUMBER,
    V1,
    V1_ACCOUNT,
    V1_BILL,
    V1_KEY,
    conveyed,
    dues,
    stated,
)


def test_what_came_back_is_nothing_that_a_former_owner_paid(harness: Harness) -> None:
    freeze(harness)
    former = conveyed(harness, V1, V1_ACCOUNT)
    pay(harness, former, "20.00", V1)
    order = {"account_number": former, "amount": "30.00", "biller_guid": V1}
    assert harness.pay(**order, tender="ach", bank_account=RETURNS).status == 201
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "34.40"}
    advance(harness, timedelta(days=7))
    assert stated(harness, V1_BILL, "84.40") == {V1_BILL: "64.40"}


def came_back(harness: Harness, account: str, amount: str, biller: str = UTILITY) -> int:
    """A payment that the partner was told with the account's number, which was conveyed then, comes back."""
    begin(harness)
    order = {"account_number": account, "amount": amount, "biller_guid": biller}
    assert harness.pay(**order, tender="ach", bank_account=RETURNS).status == 201
    if biller == V1:
        downloaded(harness)
    conveyed(harness, biller, account)
    harness.reject_events = True
    advance(harness, timedelta(days=7))
    (event,) = harness.get("events", state="refused")["events"]
    return int(event["seq"])


def test_until_inhance_v2_knows_that_a_former_owners_payment_came_back_its_answer_changes_nothing(
    harness: Harness,
) -> None:
    """Else the former owner would be asked for that much less, and the new one for it once it is entered [A-112]."""
    seq = came_back(harness, ACCOUNT, "124.51")
    assert answered(harness, "1.00") == {INVOICE: "125.50", "539002": "0.01"}
    assert "has no certain outcome" in harness.invoice("539002")["asked_problem"]
    assert harness.control("POST", f"events/{seq}/dismiss", {"reason": "entered"}).status == 200
    harness.balance = lambda *_: {"balance_due": "125.51", "total_amount_due": None}
    assert harness.control("POST", "invoices/539002/open").status == 200
    assert dues(harness, UTILITY, ACCOUNT) == {INVOICE: "125.50", "539002": "0.01"}


def test_until_inhance_v1_knows_that_a_former_owners_payment_came_back_its_balance_is_refused(
    harness: Harness,
) -> None:
    seq = came_back(harness, V1_ACCOUNT, "84.40", V1)
    harness.upload(bill_file([group("539041", V1_ACCOUNT, "7.00")], biller=V1), biller=V1, key=V1_KEY)
    values = {**keyed(V1, V1_KEY), "InvoiceNumber": "539041", "BalanceDue": "7.00", "TotalAmountDue": "7.00"}
    answer = texts(harness.soap(INVOICING, "SetInvoiceBalance", f"<Req>{elements(values)}</Req>"))
    assert "is not changed: return" in answer["ErrorMessage"]
    assert dues(harness, V1, V1_ACCOUNT) == {V1_BILL: "84.40", "539041": "7.00"}
    assert harness.control("POST", f"events/{seq}/dismiss", {"reason": "entered"}).status == 200
    assert stated(harness, "539041", "91.40") == {V1_BILL: "84.40", "539041": "7.00"}


def test_what_inhance_v2_has_under_a_former_owners_own_number_is_nothing_that_its_answer_waits_for(
    harness: Harness,
) -> None:
    begin(harness)
    former = conveyed(harness, UTILITY, ACCOUNT)
    order = {"account_number": former, "amount": "124.51", "invoice_number": INVOICE}
    assert harness.pay(**order, tender="ach", bank_account=RETURNS).status == 201
    harness.reject_events = True
    advance(harness, timedelta(days=7))
    assert answered(harness, "130.50") == {INVOICE: "125.50", "539002": "5.00"}


def test_a_former_owners_payment_that_comes_back_is_asked_of_that_one_where_its_bill_went_into_a_new_owners(
    harness: Harness,
) -> None:
    """What else the closed bill asked for is in the later one, which inHance billed to the account again [A-17]."""
    begin(harness)
    assert harness.pay(amount="124.51", tender="ach", bank_account=RETURNS).status == 201
    later = date(2026, 6, 20)
    harness.upload(bill_file([group("539003", ACCOUNT, "10.99", on=later, BalanceForward=True)]))
    conveyed(harness, UTILITY, ACCOUNT)
    harness.upload(bill_file([group("539003", ACCOUNT, "77.99", on=later, BalanceForward=True)]))
    advance(harness, timedelta(days=7))
    assert dues(harness, UTILITY, ACCOUNT) == {INVOICE: "124.51", "539003": "77.99"}
    assert harness.invoice()["total_amount_due"] == "124.51"


def test_a_new_owner_is_not_asked_for_a_former_owners_payment_that_came_back_before_a_person_found_it(
    harness: Harness,
) -> None:
    """WaterSmart had it in no balance: that after it came back is what the bill said before it was found [A-100]."""
    freeze(harness)
    answers = {"configuration": {"Questionnaire": {"BalanceForward": True}}}
    assert harness.control("PATCH", f"billers/{WATERSMART}", answers).status == 200
    water_files.send(harness, water_files.row(NUMBER, "64.20", number="A1"))
    former = conveyed(harness)
    water_files.pay(harness, former, "64.20", tender="ach", bank_account=RETURNS)
    water_files.fetched(harness)
    water_files.send(harness, water_files.row(NUMBER, "119.85", number="A2"))
    assert dues(harness) == {"A1": "0.00", "A2": "119.85"}, "as if WaterSmart had found it"
    advance(harness, timedelta(days=8))
    water_files.fetched(harness, "rejects")
    balance = f"{NUMBER},Ann,119.85,1,"
    water_files.send(harness, balance)
    assert dues(harness) == {"A1": "64.20", "A2": "119.85"}, "it may be an old one"
    advance(harness, timedelta(days=4))
    water_files.send(harness, balance, balance)
    assert dues(harness) == {"A1": "64.20", "A2": "55.65"}
