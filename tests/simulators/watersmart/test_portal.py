"""What users do on the portal: WaterSmart's own books change, and Invoice Cloud is called as the source says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from partnerlab.simulators.watersmart import Told
from tests.simulators.watersmart.water import APARTMENTS, BROOK, LAUNDROMAT, NURSERY, PASSWORD, Water, payment


def story(water: Water) -> tuple[str, dict[str, Any]]:
    """The last call, without what is always in it."""
    name, values = water.cloud.calls[-1]
    return name, values


def test_a_sign_in_is_checked_here_first_and_then_made_at_invoice_cloud(water: Water) -> None:
    status, refused = water.ask("POST", f"/users/{BROOK}/sign-in", password="wrong password")
    assert (status, refused["error"]["code"], water.cloud.calls) == (403, "password_wrong", [])
    told = water.api("POST", f"/users/{BROOK.upper()}/sign-in", password=PASSWORD)
    assert told == {"ok": True, "steps": ["Call: done"], "problem": "", "url": ""}
    assert story(water) == (
        "sign_in",
        {
            "username": BROOK,
            "password": PASSWORD,
            "account_number": LAUNDROMAT,
            "email_address": BROOK,
            "customer_name": "Brook Street Laundromat",
            "sync_links": [],
        },
    )
    assert water.api("GET", f"/users/{BROOK}")["signed_in"] is True
    last = water.api("GET", f"/customers/{LAUNDROMAT}")["entries"][-1]
    assert last["detail"] == {"story": "sign_in", "steps": ["Call: done"], "problem": ""}


def test_every_page_keeps_the_session_alive_until_it_has_ended(water: Water) -> None:
    status, refused = water.ask("POST", f"/users/{BROOK}/pages", redirect_id=8)
    assert (status, refused["error"]["code"]) == (409, "signed_out")
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)
    for redirect_id in (0, 2, 3, 5, 8, 9, 11):
        water.api("POST", f"/users/{BROOK}/pages", redirect_id=redirect_id)
        assert story(water) == ("open_page", {"token": "token-1", "redirect_id": redirect_id})
    status, refused = water.ask("POST", f"/users/{BROOK}/pages", redirect_id=1)
    assert (status, refused["error"]["field"]) == (400, "redirect_id")
    water.cloud.answer = Told(("KeepRemoteSessionAlive: failed",), "no answer")
    water.api("POST", f"/users/{BROOK}/pages", redirect_id=0)
    assert water.api("GET", f"/users/{BROOK}")["signed_in"] is True, "it may live on: nobody said no"
    water.cloud.answer = Told(("KeepRemoteSessionAlive: refused",), "The session has ended.", refused=True)
    assert water.api("POST", f"/users/{BROOK}/pages", redirect_id=0)["problem"] == "The session has ended."
    assert water.api("GET", f"/users/{BROOK}")["signed_in"] is False


def test_who_registers_again_with_the_same_password_adds_the_account(water: Water) -> None:
    new = {"username": "Pond@Example.com", "password": "Sandbox!6789"}
    assert water.api("POST", "/users", **new, account_number=APARTMENTS)["ok"]
    assert water.api("POST", "/users", **new, account_number=NURSERY)["ok"]
    assert [name for name, _ in water.cloud.calls] == ["register", "register"]
    user = water.api("GET", "/users/pond@example.com")
    assert (user["account_numbers"], user["signed_in"]) == ([APARTMENTS, NURSERY], True)
    status, _ = water.ask("POST", "/users", **new | {"password": "another one"}, account_number=LAUNDROMAT)
    assert status == 403
    status, _ = water.ask("POST", "/users", **new, account_number="404")
    assert status == 404
    status, _ = water.ask("POST", "/users", **new | {"password": "short"}, account_number=LAUNDROMAT)
    assert (status, len(water.cloud.calls)) == (400, 2)


def test_accounts_are_added_and_removed_by_the_customer_and_reset_by_staff(water: Water) -> None:
    water.api("POST", f"/users/{BROOK}/accounts", account_number=APARTMENTS)
    assert story(water) == ("link_account", {"username": BROOK, "account_number": APARTMENTS})
    water.api("DELETE", f"/users/{BROOK}/accounts/{APARTMENTS}", "by=staff")
    assert story(water) == ("unregister", {"username": BROOK, "account_numbers": [APARTMENTS], "by": "staff"})
    status, refused = water.ask("DELETE", f"/users/{BROOK}/accounts/{APARTMENTS}")
    assert (status, refused["error"]["code"]) == (409, "account_not_linked")
    assert water.api("GET", f"/users/{BROOK}")["account_numbers"] == [LAUNDROMAT]


def test_an_e_mail_address_is_the_user_s_name_too(water: Water) -> None:
    water.api("POST", f"/customers/{LAUNDROMAT}/email", email="New@example.com", by="customer")
    told = {"account_number": LAUNDROMAT, "username": BROOK, "new_email_address": "New@example.com", "by": "customer"}
    assert story(water) == ("set_email", told)
    assert water.api("GET", "/users/new@example.com")["account_numbers"] == [LAUNDROMAT]
    assert water.ask("GET", f"/users/{BROOK}")[0] == 404
    status, refused = water.ask("POST", f"/customers/{LAUNDROMAT}/email", email="nursery@example.com")
    assert (status, refused["error"]["code"]) == (409, "user_taken")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["email"] == "New@example.com"
    water.api("POST", f"/customers/{LAUNDROMAT}/email", email="new@example.com", by="customer")
    assert water.api("GET", f"/customers/{LAUNDROMAT}")["email"] == "new@example.com", (
        "the same name, written otherwise"
    )
    nobody = water.api("POST", f"/customers/{APARTMENTS}/email", email="pond2@example.com", by="staff")
    assert (nobody["ok"], nobody["steps"], len(water.cloud.calls)) == (False, [], 2)


def test_a_new_password_goes_to_invoice_cloud_and_ends_the_session(water: Water) -> None:
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)
    status, _ = water.ask("POST", f"/users/{BROOK}/password", password="wrong", new_password="Sandbox!6789")
    assert (status, len(water.cloud.calls)) == (403, 1)
    water.api("POST", f"/users/{BROOK}/password", password=PASSWORD, new_password="Sandbox!6789")
    told = {"username": BROOK, "account_number": LAUNDROMAT, "email_address": BROOK, "new_password": "Sandbox!6789"}
    assert story(water) == ("change_password", told)
    assert water.api("GET", f"/users/{BROOK}")["signed_in"] is False
    assert water.ask("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)[0] == 403
    water.api("POST", f"/users/{BROOK}/sign-in", password="Sandbox!6789")


def test_renew_user_makes_the_latest_invoice_due_again_on_both_sides(water: Water) -> None:
    water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="counter_payment", amount="64.20")
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    name, values = story(water)
    assert (name, values["invoice_number"], f"{values['balance_due']}") == ("renew_demo_user", "20000201-0001", "64.20")
    assert water.balance() == "64.20"
    status, refused = water.ask("POST", f"/customers/{NURSERY}/renew")
    assert (status, refused["error"]["field"]) == (400, "account_number"), "Invoice Cloud has no invoice of it yet"


def test_renew_user_forgives_no_bill_that_has_not_gone_out(water: Water) -> None:
    """Invoice Cloud asks for it when its file comes, beside the latest that it has."""
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="1.01")
    water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="counter_payment", amount="4.20")
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    assert f"{story(water)[1]['balance_due']}" == "64.20"
    assert water.balance() == "65.21"


@pytest.mark.parametrize("paid", ["", "20000201-0001", "own-1"])
def test_renew_user_leaves_what_is_open_on_other_bills(water: Water, paid: str) -> None:
    """Invoice Cloud goes on to ask for the one that is not the latest, which is paid or not."""
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="1.01", invoice_number="own-1", invoiced_on="2026-01-05")
    water.run("invoices")
    if paid:
        amount = "1.01" if paid == "own-1" else "64.20"
        water.cloud.export("payments", 1, payment(1, amount, invoice=paid))
        water.run("collect")
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    assert story(water)[1]["invoice_number"] == "20000201-0001"
    assert water.balance() == ("64.20" if paid == "own-1" else "65.21")


def test_renew_user_takes_what_was_entered_beside_the_bills_for_the_latest(water: Water) -> None:
    """As Invoice Cloud does with a balance, whose order for the latest then replaces it [A-100]."""
    water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount="0.99")
    water.run("invoices")
    water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="adjusted", amount="1.01")
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    assert (f"{story(water)[1]['balance_due']}", water.balance()) == ("0.99", "65.19")


@pytest.mark.parametrize(
    ("told", "back"),
    [((), "0.00"), (("before",), "0.00"), (("after",), "-0.99"), (("before", "after"), "-0.99")],
)
def test_renew_user_counts_a_credit_bill_once(water: Water, told: tuple[str, ...], back: str) -> None:
    """Invoice Cloud has it beside the others until a balance has it in what the account owes [A-100]."""

    def tell() -> None:
        water.api("POST", f"/customers/{LAUNDROMAT}/entries", kind="adjusted", amount="2.00")
        water.run("balances")

    if "before" in told:
        tell()
    for amount in ("1.01", "-0.99", "-0.99"):
        water.api("POST", f"/customers/{LAUNDROMAT}/bills", amount=amount)
        water.run("invoices")
    if "after" in told:
        tell()
    before = Decimal(water.balance())
    water.api("POST", f"/customers/{LAUNDROMAT}/renew")
    assert f"{story(water)[1]['balance_due']}" == "-0.99"
    assert Decimal(water.balance()) - before == Decimal(back)


def test_what_the_user_did_stays_done_where_invoice_cloud_refuses(water: Water) -> None:
    water.cloud.answer = Told(("LinkCustomerAccount: refused",), "There is no customer.")
    told = water.api("POST", f"/users/{BROOK}/accounts", account_number=NURSERY)
    assert (told["ok"], told["problem"]) == (False, "There is no customer.")
    assert water.api("GET", f"/users/{BROOK}")["account_numbers"] == [LAUNDROMAT, NURSERY]
    assert water.api("GET", f"/customers/{NURSERY}")["entries"][-1]["detail"]["problem"] == "There is no customer."


@pytest.mark.parametrize("secret", ["token-1", PASSWORD])
def test_no_answer_shows_a_password_or_a_token(water: Water, secret: str) -> None:
    shown = [water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)]
    shown += [water.api("GET", path) for path in ("/users", f"/users/{BROOK}", f"/customers/{LAUNDROMAT}")]
    assert secret not in str(shown)
    assert secret not in repr(water.cloud.answer)


def test_an_exported_lane_has_no_token_and_its_user_signs_in_again(water: Water) -> None:
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)
    exported = water.lanes.export("default")
    assert [row["username"] for row in exported["watersmart_users"]].count(BROOK) == 1
    assert "token-1" not in str(exported)
    water.lanes.load("default", exported)
    assert water.api("GET", f"/users/{BROOK}")["signed_in"] is False
    water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD)
    water.lanes.fork("default", "copy")
    assert water.api("GET", f"/users/{BROOK}")["signed_in"] is True
