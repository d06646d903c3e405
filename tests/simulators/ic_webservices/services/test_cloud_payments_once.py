"""A Cloud Payments page pays once, however often, at once or late its form comes."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.simulators.ic_webservices.checkouts import (
    Checkout,
    request,
)
from tests.simulators.ic_webservices.harness import (
    DECLINED,
    INVOICE,
    Harness,
    advance,
    freeze,
)


def test_the_same_form_sent_twice_pays_once(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    first, second = checkout.pay(page), checkout.pay(page)
    assert first.heading.startswith("Thank you")
    assert second.heading.startswith("Thank you")
    assert len(checkout.payments()) == 1


def test_a_declined_form_sent_twice_is_tried_once(checkout: Checkout) -> None:
    page = checkout.to_payment(checkout.page(request()))
    for _ in range(2):
        assert "did not go through" in checkout.pay(page, CardNumber=DECLINED).words
    # Nor is a form that was tried before good for another card: it names its one attempt.
    assert "did not go through" in checkout.pay(page).words
    assert len(checkout.payments()) == 1


def test_a_declined_form_is_not_tried_again_after_another_was_declined(checkout: Checkout) -> None:
    first = checkout.to_payment(checkout.page(request()))
    second = checkout.visit.get(first.url)
    for page in (first, second, first, second):
        assert "did not go through" in checkout.pay(page, CardNumber=DECLINED).words
    assert len(checkout.payments()) == 2


def test_a_button_that_no_page_has_is_refused(checkout: Checkout) -> None:
    page = checkout.page(request())
    wrong = checkout.visit.submit(page, "Continue to payment", Do="zz")
    assert (wrong.status, wrong.heading) == (400, "There is no such button")


def test_eight_threads_with_one_form_pay_once(shared: Harness) -> None:
    checkout = Checkout(shared)
    page = checkout.to_payment(checkout.page(request()))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: checkout.pay(page, follow=False), range(8)))
    assert {answer.status for answer in answers} == {303}
    assert {answer.headers["Location"].rpartition("/")[2] for answer in answers} == {"receipt"}
    assert len(checkout.payments()) == 1
    assert shared.invoice()["balance_due"] == "0.00"


def test_eight_threads_with_forms_of_their_own_pay_once(shared: Harness) -> None:
    checkout = Checkout(shared)
    first = checkout.to_payment(checkout.page(request()))
    pages = [checkout.visit.get(first.url) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(checkout.pay, pages))
    assert len(checkout.payments()) == 1


def test_two_pages_for_one_bill_pay_it_once(checkout: Checkout) -> None:
    pages = [checkout.to_payment(checkout.page(request())) for _ in range(2)]
    answers = [checkout.pay(page) for page in pages]
    assert answers[0].heading.startswith("Thank you")
    assert answers[1].heading == "Pay your bill"
    assert Counter(payment["state"] for payment in checkout.payments()) == {"accepted": 1}


def test_the_back_button_after_paying_leads_to_the_receipt(checkout: Checkout) -> None:
    page = checkout.page(request())
    form = checkout.to_payment(page)
    checkout.pay(form)
    for url in (page.url, form.url, f"{page.url}/receipt"):
        assert checkout.visit.get(url).heading.startswith("Thank you"), url
    again = checkout.visit.post(f"{page.url}/bills", page.fields("Continue to payment"))
    assert again.heading.startswith("Thank you")
    assert len(checkout.payments()) == 1


def test_a_page_expires_after_thirty_minutes_and_a_paid_one_keeps_its_receipt(checkout: Checkout) -> None:
    freeze(checkout.harness)
    paid, open_page = checkout.pay(checkout.page(request())), checkout.url(request())
    form = checkout.visit.get(open_page)
    advance(checkout.harness, timedelta(minutes=30))
    late = checkout.visit.get(open_page)
    assert (late.status, late.heading) == (410, "Nothing can be paid here")
    for path, fields in (("bills", form), ("pay", form)):
        assert checkout.visit.post(f"{open_page}/{path}", {"CsrfToken": "x"}).status == 410, fields
    assert checkout.visit.get(paid.url).heading.startswith("Thank you")
    states = [view["state"] for view in checkout.harness.get("cloud-payments")["cloud_payments"]]
    assert sorted(states) == ["expired", "paid"]


def test_a_page_belongs_to_its_lane(checkout: Checkout) -> None:
    url = checkout.url(request())
    checkout.harness.lane_name = "other"
    assert checkout.visit.get(url.replace("127.0.0.1:9/", "127.0.0.1:9/lane/other/")).status == 404


@pytest.mark.parametrize("token", ["forged", "x" * 43, "0" * 54, "../x", "%00", "a" * 3_000, "%F0%9F%92%B3", ";--"])
def test_a_forged_token_opens_nothing(checkout: Checkout, token: str) -> None:
    for path in ("", "/pay", "/receipt", f"/statement/{INVOICE}"):
        assert checkout.visit.get(f"http://127.0.0.1:9/cloudpayments/{token}{path}").status == 404


def test_the_token_is_nowhere_in_the_store(checkout: Checkout) -> None:
    url = checkout.url(request())
    assert url.rpartition("/")[2] not in json.dumps(checkout.harness.lanes.export("default"))
