"""Cloud Payments for a registered payer, with the partner's balance, and in the control API."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from partnerlab.simulators.ic_webservices.services.wallet import NewMethod
from tests.simulators.ic_webservices.checkouts import (
    API_KEY,
    SAMPLE,
    TCCS_KEY,
    Checkout,
    request,
)
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY, freeze


def asked(checkout: Checkout) -> dict[str, Any]:
    """What the simulator kept of the newest request."""
    found = checkout.harness.get("cloud-payments")["cloud_payments"][0]["request"]
    assert isinstance(found, dict)
    return found


def of_invoice(**members: Any) -> dict[str, Any]:
    """A request for one invoice of the seeded account."""
    return request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": "N1", **members}]}])


# --- the registered payer ---


def test_a_registered_payer_is_offered_the_saved_methods_and_pays_with_one(checkout: Checkout) -> None:
    """inHance Portal + CPV2, Registered User Quick Payment."""
    services, lane = checkout.harness.sim.world.services, checkout.harness.lane
    kept = services.wallet.add(lane, UTILITY, "willows@example.com", NewMethod("card", "378282246310005", "W"))
    token = checkout.visit.token()
    page = checkout.to_payment(checkout.page(request(RemoteAuthenticationToken=token)))
    assert "Amex ending in 0005" in page.words
    receipt = checkout.pay(page, Method=kept.method_id)
    assert receipt.heading.startswith("Thank you")
    assert "Amex ending in 0005" in receipt.words
    (view,) = checkout.harness.get("cloud-payments")["cloud_payments"]
    assert view["username"] == "willows@example.com"
    assert token not in json.dumps(checkout.harness.lanes.export("default"))


def test_a_guest_sees_and_uses_nobodys_saved_methods(checkout: Checkout) -> None:
    services, lane = checkout.harness.sim.world.services, checkout.harness.lane
    kept = services.wallet.add(lane, UTILITY, "willows@example.com", NewMethod("card", "378282246310005", "W"))
    page = checkout.to_payment(checkout.page(request()))
    assert "Amex" not in page.words
    assert checkout.pay(page, Method=kept.method_id).errors == {"Method": "Choose how to pay."}
    assert checkout.payments() == []


def test_a_token_of_another_biller_or_a_past_one_is_refused(checkout: Checkout) -> None:
    token = checkout.visit.token()
    assert "is not known" in checkout.refusal(request(RemoteAuthenticationToken=token), key=TCCS_KEY)
    checkout.harness.sim.world.services.authentication.end(checkout.harness.lane, token)
    assert "was ended" in checkout.refusal(request(RemoteAuthenticationToken=token))


def test_an_account_is_offered_on_the_result_page_and_made(checkout: Checkout) -> None:
    customer = {"AccountNumber": "A1", "Name": "Ada", "Invoices": [{"InvoiceNumber": "F-1", "BalanceDue": 10}]}
    body = request(
        CreateCustomerRecord=True,
        ReturnURL="http://localhost:1/return",
        Customers=[customer],
        PageResultOptions={"AllowRegisterAccount": True},
    )
    receipt = checkout.pay(checkout.page(body))
    assert receipt.links()["Return"] == "http://localhost:1/return"
    wrong = checkout.visit.submit(receipt, "Register", Username="ada@example.com", Password="short")
    assert list(wrong.errors) == ["Password"]
    done = checkout.visit.submit(receipt, "Register", Username="ada@example.com", Password="long-enough-1")
    assert "ada@example.com is registered" in done.words
    assert "Register" not in [button.text_content() for button in done.tree.xpath("//button")]
    _, session = checkout.harness.sim.world.services.authentication.authenticate(
        checkout.harness.lane, UTILITY, "ada@example.com", "long-enough-1"
    )
    assert session.account_numbers == ("A1",)


def test_nobody_registers_where_it_is_not_offered(checkout: Checkout) -> None:
    page = checkout.page(request())
    fields = page.fields("Continue to payment")
    receipt = checkout.pay(page)
    assert "Register" not in receipt.words
    form = {"CsrfToken": fields["CsrfToken"], "Username": "x@example.com", "Password": "long-enough-1"}
    assert checkout.visit.post(f"{page.url}/register", form).status == 403


# --- balances ---


def test_opening_the_page_asks_the_partner_for_the_balance(checkout: Checkout) -> None:
    checkout.harness.balance = lambda *_: {"balance_due": "77.77", "total_amount_due": None}
    page = checkout.page(request())
    assert "$77.77" in page.words
    assert checkout.harness.asked == [("default", UTILITY, ACCOUNT, INVOICE)]


def test_a_partner_that_is_away_does_not_fail_the_payer(checkout: Checkout) -> None:
    def away(*_: str) -> dict[str, Any]:
        raise ConnectionError("away")

    checkout.harness.balance = away
    page = checkout.page(request())
    assert page.status == 200
    assert "$125.50" in page.words
    assert "away" in checkout.harness.invoice()["asked_problem"]


def test_what_the_partner_put_into_the_request_is_not_asked_for(checkout: Checkout) -> None:
    checkout.harness.balance = lambda *_: {"balance_due": "999.00"}
    page = checkout.page(of_invoice(BalanceDue=5))
    assert "$5.00" in page.words
    assert checkout.harness.asked == []


# --- the control API ---


def test_the_control_api_shows_the_pages_that_were_asked_for(checkout: Checkout) -> None:
    freeze(checkout.harness)
    url = checkout.url(deepcopy(SAMPLE))
    (view,) = checkout.harness.get("cloud-payments")["cloud_payments"]
    assert view["state"] == "open"
    assert view["expires_at"] == "2026-06-16T14:30:00.000000+00:00"
    assert view["request"]["allow_remove"] is True
    assert checkout.harness.get(f"cloud-payments/{view['id']}") == view
    assert url.rpartition("/")[2] not in json.dumps(view)
    assert checkout.harness.control("GET", "cloud-payments/nothing").status == 404
    assert API_KEY not in json.dumps(view)
