"""Payment options, scheduled payments, paperless, AutoPay, Pay By Text and the account switcher."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from partnerlab.simulators.ic_webservices.domain.users import Link
from partnerlab.simulators.ic_webservices.store import CUSTOMERS, LINKS
from tests.simulators.ic_webservices.harness import ACCOUNT, DECLINED, INVOICE, UTILITY, Harness, advance, begin, freeze
from tests.simulators.ic_webservices.pages.visit import BANK, CARD, USER, Shown, Visit, add_bill

DAY = "2026-06-24"


def add_card(visit: Visit, page: Shown, **own: str) -> Shown:
    return visit.submit(visit.page(page, "payment-options/new/card"), "Save", **CARD | own)


def add_bank(visit: Visit, page: Shown) -> Shown:
    return visit.submit(visit.page(page, "payment-options/new/bank-account"), "Save", **BANK)


def link_account(harness: Harness, account: str) -> None:
    """Another account of the same user, with a bill of its own."""
    lane = harness.lane.name
    with harness.store.write() as tx:
        like = CUSTOMERS.get(tx, lane, UTILITY, ACCOUNT)
        assert like is not None
        CUSTOMERS.put(tx, lane, replace(like, account_number=account, customer_id="2", customer_guid="c-2"))
        LINKS.put(tx, lane, Link(UTILITY, USER, account, 99, "2026-01-01T00:00:00+00:00"))
    add_bill(harness, "900", "40.00", account=account)


# --- payment options ---


def test_methods_are_added_preferred_changed_and_removed(visit: Visit, harness: Harness) -> None:
    page = visit.connect("5")
    assert "No payment method is saved yet" in page.words
    page = add_card(visit, page)
    assert "The payment method was added." in page.words
    page = add_bank(visit, page)
    assert "Visa ending in 1111 Ada Willow, expires 09/49 Default" in page.words
    assert "Bank account ending in 6789" in page.words
    page = visit.submit(page, "Make the Bank account ending in 6789 the default")
    assert "Bank account ending in 6789 Ada Willow Default" in page.words
    form = visit.click(page, "Change the Visa ending in 1111")
    page = visit.submit(form, "Save the change", Holder="Ada W.", CardExpiry="1/30")
    assert "Visa ending in 1111 Ada W., expires 01/30" in page.words
    page = visit.submit(page, "Remove the Bank account ending in 6789")
    assert "Bank account" not in page.words.replace("Add a bank account", "")
    (method,) = harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)
    assert method.preferred
    assert harness.raised == []


def test_the_same_form_twice_saves_one_method(visit: Visit, harness: Harness) -> None:
    form = visit.page(visit.connect("5"), "payment-options/new/card")
    for _ in range(2):
        visit.submit(form, "Save", **CARD)
    assert len(harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)) == 1


def test_a_method_that_something_relies_on_is_not_removed(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    page = add_card(visit, visit.connect("5"))
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", When="later", Day=DAY)
    refused = visit.submit(visit.page(page, "payment-options"), "Remove the Visa ending in 1111")
    assert refused.status == 409
    assert "is set to pay invoice 500001" in refused.errors[""]
    visit.submit(visit.page(page, "scheduled-payments"), f"Cancel the payment of bill {INVOICE} on June 24, 2026")
    visit.submit(visit.page(page, "autopay"), "Switch AutoPay on", Method=_method(harness))
    refused = visit.submit(visit.page(page, "payment-options"), "Remove the Visa ending in 1111")
    assert f"pays account {ACCOUNT} by AutoPay" in refused.errors[""]
    visit.submit(visit.page(page, "autopay"), "Switch AutoPay off")
    page = visit.submit(visit.page(page, "payment-options"), "Remove the Visa ending in 1111")
    assert "No payment method is saved yet" in page.words


def test_a_form_with_mistakes_names_each(visit: Visit) -> None:
    page = visit.page(visit.connect("5"), "payment-options/new/bank-account")
    page = visit.submit(page, "Save", RoutingNumber="123456789", BankAccountNumber="55555", AccountHolder="")
    assert page.errors == {
        "RoutingNumber": "Enter the nine digits of a routing number; 110000000 will do here.",
        "BankAccountNumber": "Use a test account number, such as 000123456789. No other number is taken.",
        "AccountHolder": "Enter the name on the account.",
    }
    assert "55555" not in page.markup


# --- scheduled payments ---


def test_a_payment_is_scheduled_changed_and_runs_on_its_day(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    page = visit.submit(visit.page(visit.connect(), f"pay/{INVOICE}"), "Pay", **CARD, When="later", Day="06/23/2026")
    assert page.heading == "Scheduled payments"
    assert "Your payment is scheduled." in page.words
    assert "June 23, 2026" in page.words
    assert harness.raised == []
    bill = visit.page(page, f"bill/{INVOICE}")
    assert "$125.50 is scheduled for June 23, 2026." in bill.words
    form = visit.click(page, f"Change the payment of bill {INVOICE} on June 23, 2026")
    page = visit.submit(form, "Save the change", Amount="50.00", Day=DAY)
    assert "Your scheduled payment was changed." in page.words
    assert "$50.00" in page.words
    assert "scheduled payment of 50.00 for invoice 500001 of account 10000101: paid (IC0000000001)" in advance(
        harness, timedelta(days=9)
    )
    page = visit.connect("9")
    assert "No payment is scheduled" in page.words
    receipt = visit.click(page, f"Receipt of the payment of bill {INVOICE} on June 24, 2026")
    assert "June 24, 2026, 7:00 AM EDT" in receipt.words
    (event,) = harness.raised
    assert event["payment"]["paid_at"] == "2026-06-24T07:00:00-04:00"
    assert harness.get("events")["events"][0]["cause"].startswith("clock 2026-06-24T11:00:00")


def test_a_cancelled_payment_never_runs(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    page = visit.submit(visit.page(visit.connect(), f"pay/{INVOICE}"), "Pay", **CARD, When="later", Day=DAY)
    button = f"Cancel the payment of bill {INVOICE} on June 24, 2026"
    after = visit.submit(page, button)
    assert "Your scheduled payment was cancelled." in after.words
    assert visit.submit(page, button).status == 200  # pressed twice
    assert advance(harness, timedelta(days=30)) == []
    assert harness.invoice()["balance_due"] == "125.50"


def test_the_same_form_twice_schedules_once(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    form = visit.page(visit.connect(), f"pay/{INVOICE}")
    visit.submit(form, "Pay", **CARD, When="later", Day=DAY)
    again = visit.submit(form, "Pay", **CARD, When="later", Day=DAY)
    assert "your payment is scheduled once" in again.words
    now = visit.submit(form, "Pay", **CARD, When="now")
    assert now.heading == "Scheduled payments"
    assert harness.raised == []
    assert len(harness.sim.world.services.schedules.of_user(harness.lane, UTILITY, USER)) == 1


def test_a_day_must_lie_ahead(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    form = visit.page(visit.connect(), f"pay/{INVOICE}")
    for day, said in (
        ("2026-06-16", "must be a later day"),
        ("2025-01-01", "must be a later day"),
        ("2027-12-31", "must be within 366 days"),
        ("9999-12-31", "must be within 366 days"),
        ("0001-01-01", "must be a later day"),
        ("2026-02-30", "Enter a date"),
        ("tomorrow", "Enter a date"),
        ("", "Enter a date"),
    ):
        page = visit.submit(form, "Pay", **CARD, When="later", Day=day)
        assert page.status == 400, day
        assert said in page.errors["Day"]
    assert harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER) == []


def test_more_than_the_balance_cannot_be_scheduled_in_parts(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    page = visit.connect()
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **CARD, Amount="100.00", When="later", Day=DAY)
    form = visit.page(page, f"pay/{INVOICE}")
    again = visit.submit(form, "Pay", Amount="25.51", When="later", Day=DAY)
    assert again.errors == {"Amount": "Bill 500001: $100.00 of the $125.50 due is scheduled already."}
    assert visit.submit(form, "Pay", Amount="25.50", When="later", Day=DAY).heading == "Scheduled payments"


def test_a_payment_that_could_not_be_scheduled_keeps_no_card_and_the_next_try_takes_the_card_of_then(
    visit: Visit, harness: Harness
) -> None:
    freeze(harness)
    page = visit.connect()
    visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay", **BANK, Amount="100.00", When="later", Day=DAY)
    form = visit.page(page, f"pay/{INVOICE}")
    refused = visit.submit(form, "Pay", **CARD, Amount="50.00", When="later", Day=DAY)
    assert list(refused.errors) == ["Amount"]
    assert len(harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)) == 1
    declines = CARD | {"CardNumber": DECLINED}
    visit.submit(refused, "Pay", **declines, Amount="25.00", When="later", Day=DAY)
    advance(harness, timedelta(days=30))
    (declined,) = harness.get("payments", state="declined")["payments"]
    assert (declined["amount"], declined["last_four"]) == ("25.00", "0002")


def test_a_wallet_that_is_full_is_told_and_nothing_is_scheduled(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    page = visit.connect()
    for _ in range(20):
        add_bank(visit, page)
    form = visit.page(page, f"pay/{INVOICE}")
    refused = visit.submit(form, "Pay", **CARD, When="later", Day=DAY)
    assert refused.errors == {"": "At most 20 payment methods can be kept; remove one first."}
    assert harness.sim.world.services.schedules.of_user(harness.lane, UTILITY, USER) == []
    paid = visit.submit(form, "Pay", **CARD, SaveMethod="1")  # paying now needs no room
    assert paid.heading == "Thank you for your payment"
    assert "The payment method was not saved: 20 are kept already." in paid.words
    assert "sent before" not in paid.words


# --- paperless ---


def test_paperless_is_switched_on_and_off_each_with_its_event(visit: Visit, harness: Harness) -> None:
    page = visit.connect("2")
    on = visit.submit(page, "Switch paperless billing on")
    assert "Paperless billing is on." in on.words
    visit.submit(page, "Switch paperless billing on")  # the page before, sent again: nothing changes
    off = visit.submit(on, "Switch paperless billing off")
    assert "Paperless billing is off." in off.words
    assert [(event["kind"], event["enrolled"]) for event in harness.raised] == [
        ("paperless", True),
        ("paperless", False),
    ]


# --- AutoPay ---


def _method(harness: Harness) -> str:
    return harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)[0].method_id


def test_autopay_needs_a_method_and_collects_the_bill_on_its_day(visit: Visit, harness: Harness) -> None:
    begin(harness)
    page = visit.connect("3")
    assert "AutoPay needs a saved payment method" in page.words
    add_card(visit, page)
    page = visit.page(page, "autopay")
    assert page.fields("Switch AutoPay on")["Method"] == _method(harness), "the only saved card is chosen"
    none = visit.submit(page, "Switch AutoPay on", Method="")
    assert none.errors == {"Method": "Choose what AutoPay pays with."}
    page = visit.submit(page, "Switch AutoPay on", Method=_method(harness))
    assert "AutoPay is on." in page.words
    assert [(event["kind"], event["enrolled"]) for event in harness.raised] == [("autopay", True)]
    advance(harness, timedelta(days=365))
    assert harness.invoice()["balance_due"] == "0.00"
    assert harness.raised[1]["payment"]["amount"] == "125.50"
    past = visit.connect("9")
    assert "bill 500001, AutoPay" in past.words


def test_autopay_can_pay_with_another_method_and_be_left(visit: Visit, harness: Harness) -> None:
    page = add_card(visit, visit.connect("5"))
    add_bank(visit, page)
    first, second = harness.sim.world.services.wallet.methods(harness.lane, UTILITY, USER)
    page = visit.submit(visit.page(page, "autopay"), "Switch AutoPay on", Method=first.method_id)
    assert page.fields("Save the change")["Method"] == first.method_id
    page = visit.submit(page, "Save the change", Method=second.method_id)
    assert "AutoPay pays with another method now." in page.words
    page = visit.submit(page, "Switch AutoPay off")
    assert "AutoPay is off." in page.words
    assert [event["enrolled"] for event in harness.raised] == [True, False]


def test_autopay_switched_on_elsewhere_says_that_a_method_is_missing(visit: Visit, harness: Harness) -> None:
    harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True})
    assert "there is no payment method for it yet" in visit.connect("3").words


# --- Pay By Text ---


def test_pay_by_text_counts_once_the_message_is_answered(visit: Visit, harness: Harness) -> None:
    page = visit.connect("11")
    for wrong in ("555-0100", "013-555-0101", "+44 20 7946 0000", "<b>", ""):
        refused = visit.submit(page, "Send me a message", Phone=wrong)
        assert refused.status == 400
        assert "must be a telephone number of the United States" in refused.errors["Phone"]
    page = visit.submit(page, "Send me a message", Phone="(413) 555-0101")
    assert "Answer the message with Y." in page.words
    assert _phone(harness) == ""
    no = visit.submit(page, "Send the answer", Reply="N")
    assert no.errors == {"Reply": "Only Y confirms it. Nothing was changed."}
    assert _phone(harness) == ""
    page = visit.submit(page, "Send the answer", Reply="y")
    assert "Messages go to +14135550101." in page.words
    assert _phone(harness) == "+14135550101"
    page = visit.submit(page, "Switch pay by text off")
    assert "Pay by text is off." in page.words
    assert _phone(harness) == ""


def test_a_number_that_was_only_asked_can_be_forgotten(visit: Visit, harness: Harness) -> None:
    page = visit.submit(visit.connect("11"), "Send me a message", Phone="4135550101")
    page = visit.submit(page, "Use no number")
    assert page.fields("Send me a message")["Phone"] == ""
    assert _phone(harness) == ""


def _phone(harness: Harness) -> str:
    rows = harness.lanes.export("default")["ic_users"]
    return str(next(row["text_phone"] for row in rows if row["username"] == USER))


# --- several accounts ---


def test_the_switcher_shows_another_account_of_the_user(visit: Visit, harness: Harness) -> None:
    link_account(harness, "10000102")
    page = visit.connect("2")
    page = visit.submit(page, "Show this account", AccountNumber="10000102")
    assert page.heading == "Paperless billing"
    assert "Account 10000102" in page.words
    visit.submit(page, "Switch paperless billing on")
    assert harness.raised[0]["account_number"] == "10000102"
    bills = visit.page(page, "bills")
    assert "Bill 900" in bills.links()
    assert f"Bill {INVOICE}" not in bills.links()
    assert visit.page(page, f"bill/{INVOICE}").status == 200  # it is the user's too


def test_a_form_changes_the_account_it_was_shown_for_whatever_another_window_looks_at(
    visit: Visit, harness: Harness
) -> None:
    link_account(harness, "10000102")
    first = add_card(visit, visit.connect("5"))
    paperless, autopay = visit.page(first, "paperless"), visit.page(first, "autopay")
    visit.submit(first, "Show this account", AccountNumber="10000102")
    assert f"Account {ACCOUNT}" in visit.submit(paperless, "Switch paperless billing on").words
    visit.submit(first, "Show this account", AccountNumber="10000102")
    assert f"Account {ACCOUNT}" in visit.submit(autopay, "Switch AutoPay on", Method=_method(harness)).words
    assert [event["account_number"] for event in harness.raised] == [ACCOUNT, ACCOUNT]
    visit.submit(first, "Show this account", AccountNumber="10000102")
    wrong = visit.submit(autopay, "Switch AutoPay on", Method="none")
    assert wrong.status == 400
    assert wrong.fields("Save the change")["AccountNumber"] == ACCOUNT


def test_one_account_has_no_switcher(visit: Visit) -> None:
    assert not visit.connect().tree.xpath("//select")


def test_an_account_that_is_unlinked_meanwhile_is_seen_no_more(visit: Visit, harness: Harness) -> None:
    page = visit.connect()
    with harness.store.write() as tx:
        LINKS.delete(tx, "default", UTILITY, USER, ACCOUNT)
    for path in ("bills", "paperless", "autopay"):
        assert visit.page(page, path).status == 403
    assert visit.page(page, f"bill/{INVOICE}").status == 404


def test_a_card_that_declines_is_kept_as_one(visit: Visit, harness: Harness) -> None:
    page = add_card(visit, visit.connect("5"), CardNumber=DECLINED)
    receipt = visit.submit(visit.page(page, f"pay/{INVOICE}"), "Pay")
    assert receipt.heading == "The payment was not made"
    assert harness.invoice()["balance_due"] == "125.50"
