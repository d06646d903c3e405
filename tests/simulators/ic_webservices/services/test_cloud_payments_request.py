"""Cloud Payments V2, the request: every parameter of the source's tables, read as partners send it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from partnerlab.contracts.seeds import utility_accounts
from tests.simulators.ic_webservices.checkouts import (
    PATH,
    SAMPLE,
    TCCS_KEY,
    Checkout,
    of_invoice,
    request,
)
from tests.simulators.ic_webservices.harness import ACCOUNT, INVOICE, UTILITY


def asked(checkout: Checkout) -> dict[str, Any]:
    """What the simulator kept of the newest request."""
    found = checkout.harness.get("cloud-payments")["cloud_payments"][0]["request"]
    assert isinstance(found, dict)
    return found


def test_the_request_of_the_source_gives_a_page_with_the_open_invoice(checkout: Checkout) -> None:
    answer = checkout.ask()
    assert answer.json["Success"] is True
    assert answer.json["ErrorMessage"] is None
    url = answer.json["Data"]["CloudPaymentURL"]
    assert url.startswith("http://127.0.0.1:9/cloudpayments/")
    page = checkout.visit.get(url)
    assert page.status == 200
    assert f"Bill {INVOICE}" in page.words
    assert "$125.50" in page.words


def test_a_page_of_another_lane_carries_the_lane_in_its_address(checkout: Checkout) -> None:
    checkout.harness.lane_name = "mine"
    assert checkout.url().startswith("http://127.0.0.1:9/lane/mine/cloudpayments/")


@pytest.mark.parametrize("credential", ["sandbox-api-key", "sandbox-api-key:"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_key_is_read_as_partners_encode_it(checkout: Checkout, credential: str, wrapped: bool) -> None:
    """Perl's encode_base64 ends, and breaks, lines."""
    text = base64.b64encode(credential.encode()).decode("ascii")
    text = f"{text[:5]}\r\n {text[5:]}\n" if wrapped else text
    answer = checkout.ask(headers={"authorization": f"Basic {text}"})
    assert answer.json["Success"] is True


def test_a_wrong_key_is_refused_and_nothing_is_made(checkout: Checkout) -> None:
    body = request(CreateCustomerRecord=True, Customers=[{"AccountNumber": "new"}])
    assert checkout.ask(body, key="wrong").status == 401
    assert checkout.ask(body, headers={"authorization": ""}).status == 401
    assert checkout.harness.control("GET", "customers/new").status == 404
    assert checkout.harness.get("cloud-payments")["cloud_payments"] == []


def test_a_key_opens_its_own_biller_only(checkout: Checkout) -> None:
    assert "There is no account '10000101'" in checkout.refusal(request(), key=TCCS_KEY)


def test_names_and_types_are_read_as_partners_send_them(checkout: Checkout) -> None:
    """As a public library plugin and a public demonstration send them: text for numbers and flags, other cases."""
    body = {
        "CREATECUSTOMERRECORD": "true",
        "viewmode": "1",
        "PostbackURL": "http://localhost:3137/postback",
        "ReturnUrl": "http://localhost:3137/success",
        "CssUrl": "http://localhost/own.css",
        "AllowCCPayment": "True",
        "AllowACHPayment": "0",
        "AllowSwipe": 0,
        "UserType": "2",
        "BillerReference": 51,
        "Customers": [
            {
                "AccountNumber": 4711,
                "Name": "Ada Willow",
                "Invoices": [
                    {
                        "InvoiceNumber": "B51T1587000000",
                        "TypeID": 164,
                        "BalanceDue": "12.50",
                        "CCServiceFee": "1.25",
                        "AchServiceFee": "",
                        "DueDate": "11/30/2026",
                        "InvoiceDate": "2026-11-21",
                    }
                ],
            }
        ],
    }
    checkout.url(body)
    kept = asked(checkout)
    assert kept["create_customer"] is True
    assert kept["view_mode"] == 1
    assert kept["postback_url"] == "http://localhost:3137/postback"
    assert kept["return_url"] == "http://localhost:3137/success"
    assert kept["css_url"] == "http://localhost/own.css"
    assert kept["allow_bank"] is False
    assert kept["biller_reference"] == "51"
    (customer,) = kept["customers"]
    assert customer["account_number"] == "4711"
    (invoice,) = customer["invoices"]
    assert invoice == {
        "number": "B51T1587000000",
        "type_id": "164",
        "invoice_date": "2026-11-21",
        "due_date": "2026-11-30",
        "balance_due_cents": 1250,
        "card_fee_cents": 125,
    }


def test_a_strict_biller_takes_the_exact_names_and_types_only(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"REST": {"Strict": True}}})
    assert checkout.ask().json["Success"] is True
    assert checkout.ask({**SAMPLE, "PostbackURL": "http://localhost/"}).status == 400
    assert checkout.ask({**SAMPLE, "ViewMode": "1"}).status == 400


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "body"),
        (b"{", "body, line 1"),
        (b"[]", "body"),
        (b"\xff\xfe", "body"),
        ({"Customers": [{"AccountNumber": "1"}]}, "ViewMode: is required"),
        ({"ViewMode": 1}, "Customers: is required"),
        (request(Customers=None), "Customers: is required"),
        (request(Customers=[]), "Customers: must have 1 to 100 items"),
        (request(Customers={}), "Customers: must be a list"),
        (request(Customers=[None]), "Customers[0]"),
        (request(Customers=["1"]), "Customers[0]: must be an object"),
        (request(Customers=[{}]), "Customers[0].AccountNumber: is required"),
        (request(Customers=[{"AccountNumber": "  "}]), "Customers[0].AccountNumber: is required"),
        (request(Customers=[{"AccountNumber": "1", "Invoices": [{}]}]), "Customers[0].Invoices[0].InvoiceNumber"),
        (request(Customers=[{"AccountNumber": "1", "Invoices": 7}]), "Customers[0].Invoices: must be a list"),
        (of_invoice(BalanceDue="12,50"), "Customers[0].Invoices[0].BalanceDue: must be a number"),
        (of_invoice(BalanceDue="NaN"), "Customers[0].Invoices[0].BalanceDue: must be a number"),
        (of_invoice(AllowPartialPayments="perhaps"), "Customers[0].Invoices[0].AllowPartialPayments"),
        (request(ViewMode="one"), "ViewMode"),
        (request(AllowSwipe="x"), "AllowSwipe: must be true or false"),
        (request(PageResultOptions=[]), "PageResultOptions: must be an object"),
        (request(Customers=[{"AccountNumber": str(n)} for n in range(101)]), "Customers: must have 1 to 100 items"),
        (request(BillerReference="x" * 5_000), "BillerReference: must have at most"),
        (request(ReturnURL={"a": 1}), "ReturnURL: must be text"),
        (request(CashierName="a\x00"), "CashierName"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(checkout: Checkout, body: Any, place: str) -> None:
    answer = checkout.ask(body)
    assert answer.status == 400, answer
    assert answer.json["ErrorMessage"].startswith(place), answer


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (request(ViewMode=2), "ViewMode: '2'"),
        (
            request(Customers=[{"AccountNumber": "1\u200b2"}]),
            r"Customers[0].AccountNumber: '1\u200b2': holds a character that nobody sees",
        ),
        (
            request(Customers=[{"AccountNumber": "1", "Invoices": [{"InvoiceNumber": "\u20602"}]}]),
            r"Customers[0].Invoices[0].InvoiceNumber: '\u20602': holds a character that nobody sees",
        ),
        (request(AllowCCPayment=False, AllowACHPayment=False), "AllowCCPayment and AllowACHPayment"),
        (request(BillerReference="x" * 251), "BillerReference"),
        (request(BillerReference="a\r\nX-Header: b"), "BillerReference"),
        (request(CashierName="a\x07"), "CashierName"),
        (request(Customers=[{"AccountNumber": ACCOUNT, "EmailAddress": "nobody"}]), "Customers[0].EmailAddress"),
        (request(Customers=[{"AccountNumber": ACCOUNT, "Name": "a\nb"}]), "Customers[0].Name"),
        (request(Customers=[{"AccountNumber": ACCOUNT}] * 2), "Customers[1].AccountNumber: '10000101': is there twice"),
        (of_invoice(), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=0), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=-1), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=1.005), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=10**16), "Customers[0].Invoices[0].BalanceDue"),
        (of_invoice(BalanceDue=1, CCServiceFee=-1), "Customers[0].Invoices[0].CCServiceFee"),
        (of_invoice(BalanceDue=1, DueDate="31/12/2026"), "Customers[0].Invoices[0].DueDate"),
        (of_invoice(BalanceDue=1, InvoiceDate="soon"), "Customers[0].Invoices[0].InvoiceDate"),
        (request(RemoteAuthenticationToken="forged"), "The RemoteAuthenticationToken is not known"),
        (request(PostBackURL="http://10.0.0.1/back"), "PostBackURL: '…': goes to '10.0.0.1'"),
        (request(PostBackURL="http://user:hunter2@127.0.0.1/"), "PostBackURL"),
        (request(PostBackURL="ftp://127.0.0.1/"), "PostBackURL"),
        (request(ReturnURL="javascript:alert(1)"), "ReturnURL"),
        (request(ReturnURL="http://a/\r\nSet-Cookie: x=1"), "ReturnURL"),
        (request(CSSUrl="http://a/'><script>"), "CssUrl"),
    ],
)
def test_what_is_not_taken_is_refused_by_its_name_and_nothing_is_made(
    checkout: Checkout, body: Any, place: str
) -> None:
    told = checkout.refusal({**body, "CreateCustomerRecord": True})
    assert told.startswith(place), told
    assert "hunter2" not in told
    assert checkout.harness.get("cloud-payments")["cloud_payments"] == []
    assert len(checkout.harness.get("customers")["customers"]) == len(utility_accounts())
    assert len(checkout.harness.own_invoices()) == 1


def test_a_name_of_a_megabyte_is_refused_quickly(checkout: Checkout) -> None:
    name = "x" * 1_000_000
    answer = checkout.ask(request(Customers=[{"AccountNumber": ACCOUNT, "Name": name}]))
    assert answer.status == 400
    assert len(json.dumps(answer.json)) < 500
    assert checkout.ask(request(Customers=[{"AccountNumber": ACCOUNT, "Name": name * 2}])).status == 413


def test_only_post_is_taken(checkout: Checkout) -> None:
    door = checkout.harness.sim.doors[PATH]
    refused = door(checkout.harness.request("GET", PATH, b"", {}))
    assert refused.status == 405
    assert dict(refused.headers)["Allow"] == "POST"
    assert door(checkout.harness.request("POST", f"{PATH}/more", b"", {})).status == 404
