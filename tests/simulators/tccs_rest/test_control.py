"""The control routes, and that their contract says what they do."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from partnerlab.simulators.kit.control.contract import merged
from partnerlab.simulators.tccs_rest.control.faults import STATUSES
from partnerlab.simulators.tccs_rest.domain import errors
from partnerlab.simulators.tccs_rest.seeds import QUOTES, SEEDS
from tests.simulators.control_answers import Answers
from tests.simulators.tccs_rest.insurer import BOUND, POLICY, QUOTE, Insurer

ANSWERS = Answers("tccs_rest/control.yaml")
CONTRACT, conforms, refused = ANSWERS.contract, ANSWERS.conforms, ANSWERS.refused
NEW, NEW_QUOTE = "700001-05/01/2028", "Q700001-05/01/2028"


def test_the_contract_joins_the_kits(insurer: Insurer) -> None:
    assert "/_sandbox/tccs/policies" in merged([insurer.simulator])["paths"]


def test_every_refusal_of_a_route_has_a_status() -> None:
    classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.DomainError)}
    of_the_calls = {errors.CredentialsWrong, errors.PaymentConflict, errors.QuoteHasNone, errors.ReturnUnmatched}
    assert set(STATUSES) == classes - {errors.DomainError} - of_the_calls


# Policy terms


def test_policies_are_listed_in_pages(insurer: Insurer) -> None:
    status, first = insurer.api("GET", "/policies", query="limit=3")
    numbers = [policy["invoice_number"] for policy in first["policies"]]
    assert (status, len(numbers), first["next"]) == (200, 3, numbers[-1])
    _, rest = insurer.api("GET", "/policies", query=f"after={first['next']}")
    assert rest["next"] is None
    for policy in rest["policies"]:
        conforms("Policy", policy)
    numbers += [policy["invoice_number"] for policy in rest["policies"]]
    assert numbers == sorted(seed.invoice_number for seed in SEEDS)


def test_a_policy_is_shown_with_what_the_balance_call_says_and_what_happened(insurer: Insurer) -> None:
    insurer.pay("150.00", guid="a-1")
    policy = insurer.policy()
    conforms("PolicyDetail", policy)
    assert (policy["record_bal"], policy["total_balance"]) == insurer.balances() == ("0.00", "190.00")
    assert (policy["policy_number"], policy["paid"], policy["late_fee"]) == ("454100010", "150.00", "10.00")
    assert (policy["effective_on"], policy["expires_on"]) == ("2019-06-16", "2020-06-16")
    assert policy["billed_on"] == (insurer.today() - timedelta(days=10)).isoformat()
    assert policy["due_on"] == (insurer.today() + timedelta(days=20)).isoformat()
    assert [event["kind"] for event in policy["events"]] == ["policy_opened", "payment_posted"]
    assert [(one["number"], one["open"], one["billed"]) for one in policy["charges"]] == [
        (1, "0.00", True),
        (2, "80.00", False),
        (3, "110.00", False),
    ]


def test_a_number_in_a_path_has_its_slashes(insurer: Insurer) -> None:
    """Encoded ones too: the site decodes a path before a door sees it, so both spellings arrive alike."""
    assert POLICY == "454100010-06/16/2020"
    assert insurer.api("GET", "/policies/454100010-06/16/2020")[1]["invoice_number"] == POLICY


def test_a_policy_can_be_opened_and_changed(insurer: Insurer) -> None:
    body = {"insured_name": "  Test Insured ", "city": "Barre", "late_fee": "15"}
    status, policy = insurer.api("PUT", f"/policies/{NEW}", body=body)
    assert (status, policy["insured_name"], policy["total_balance"]) == (201, "Test Insured", "0.00")
    conforms("PolicyDetail", policy)
    assert (policy["effective_on"], policy["expires_on"]) == ("2027-05-01", "2028-05-01")
    status, policy = insurer.api(
        "PUT", f"/policies/{NEW}", body={"paperless": True, "late_fee": "0.00", "city": "Barre"}
    )
    assert (status, policy["insured_name"], policy["paperless"], policy["late_fee"]) == (
        200,
        "Test Insured",
        True,
        "0.00",
    )
    assert [(event["kind"], event["detail"]) for event in policy["events"]] == [
        ("policy_opened", {"insured_name": "Test Insured", "city": "Barre", "late_fee": "15.00"}),
        ("policy_changed", {"late_fee": "0.00", "paperless": True}),
    ]


def test_a_change_that_changes_nothing_is_no_event(insurer: Insurer) -> None:
    before = insurer.policy()
    assert insurer.api("PUT", f"/policies/{POLICY}", body={"city": "Gloucester"})[0] == 200
    assert insurer.api("PUT", f"/policies/{POLICY}", body={})[0] == 200
    assert insurer.policy() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"insured_name": None}, "insured_name"),
        ({"insured_name": "a\nb"}, "insured_name"),
        ({"insured_name": "\ud800"}, "insured_name"),
        ({"city": "x" * 101}, "city"),
        ({"zip": 6016}, "zip"),
        ({"late_fee": 10}, "late_fee"),
        ({"late_fee": "-1.00"}, "late_fee"),
        ({"late_fee": "1.001"}, "late_fee"),
        ({"late_fee": "99999999999"}, "late_fee"),
        ({"paperless": "yes"}, "paperless"),
        ({"recurring": 1}, "recurring"),
        ({"paid": "1.00"}, "paid"),
        ([], "body"),
        (None, "body"),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused_with_its_field(insurer: Insurer, body: Any, field: str) -> None:
    before = insurer.export()
    code = "not_json" if field == "body" else "field_invalid"
    refused(insurer.api("PUT", f"/policies/{POLICY}", body=body), 400, code, field)
    assert insurer.export() == before


@pytest.mark.parametrize("number", ["454100010", "454100010-13/01/2020", QUOTE, "x" * 60, "a\x00-01/01/2020"])
def test_what_is_no_number_of_a_policy_term_is_refused(insurer: Insurer, number: str) -> None:
    refused(insurer.api("PUT", f"/policies/{number}", body={}), 400, "field_invalid", "invoice_number")


@pytest.mark.parametrize("path", ["/policies/999-01/01/2030", "/quotes/Q999-01/01/2030"])
def test_an_unknown_invoice_is_not_found(insurer: Insurer, path: str) -> None:
    refused(insurer.api("GET", path), 404, "invoice_unknown")


@pytest.mark.parametrize("path", ["/policies/a\x00", "/policies/nobody's", "/quotes/\x07", f"/policies/{'x' * 62}"])
def test_what_no_number_can_be_is_refused(insurer: Insurer, path: str) -> None:
    refused(insurer.api("GET", path), 400, "field_invalid", "invoice_number")


def test_instalments_are_billed_a_month_apart(insurer: Insurer) -> None:
    insurer.api("PUT", f"/policies/{NEW}", body={})
    body = {"invoice_number": NEW, "amount": "75.5", "count": 3}
    status, policy = insurer.api("POST", "/instalments", body=body)
    assert status == 201
    conforms("PolicyDetail", policy)
    assert (policy["record_bal"], policy["total_balance"]) == ("75.50", "226.50")
    today = insurer.today()
    assert [(date.fromisoformat(one["billed_on"]) - today).days for one in policy["charges"]] == [0, 30, 60]
    assert [(date.fromisoformat(one["due_on"]) - today).days for one in policy["charges"]] == [20, 50, 80]
    assert [event["kind"] for event in policy["events"][1:]] == ["instalment_added"] * 3


def test_instalments_can_have_days_of_their_own(insurer: Insurer) -> None:
    body = {"invoice_number": POLICY, "amount": "1.00", "billed_on": "2026-01-15", "due_on": "2026-01-31", "count": 2}
    _, policy = insurer.api("POST", "/instalments", body=body)
    assert [(one["billed_on"], one["due_on"]) for one in policy["charges"][3:]] == [
        ("2026-01-15", "2026-01-31"),
        ("2026-02-14", "2026-03-02"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 5}, "amount"),
        ({"amount": "0.00"}, "amount"),
        ({"amount": "-5.00"}, "amount"),
        ({"amount": "1e3"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"count": 0}, "count"),
        ({"count": 25}, "count"),
        ({"count": True}, "count"),
        ({"count": "1"}, "count"),
        ({"invoice_number": ""}, "invoice_number"),
        ({"invoice_number": QUOTE}, "invoice_number"),
        ({"invoice_number": 7}, "invoice_number"),
        ({"billed_on": "11/21/2026"}, "billed_on"),
        ({"billed_on": "2026-02-30"}, "billed_on"),
        ({"billed_on": "9999-12-31"}, "billed_on"),
        ({"billed_on": "2026-02-20", "due_on": "2026-02-19"}, "due_on"),
        ({"open": "1.00"}, "open"),
    ],
)
def test_an_instalment_that_breaks_a_rule_is_refused_with_its_field(
    insurer: Insurer, change: dict[str, Any], field: str
) -> None:
    body = {"invoice_number": POLICY, "amount": "1.00", **change}
    refused(insurer.api("POST", "/instalments", body=body), 400, "field_invalid", field)
    assert insurer.balances() == ("120.00", "340.00")


def test_an_instalment_of_nobody_is_refused(insurer: Insurer) -> None:
    body = {"invoice_number": NEW, "amount": "1.00"}
    refused(insurer.api("POST", "/instalments", body=body), 404, "invoice_unknown")
    del body["amount"]
    refused(insurer.api("POST", "/instalments", body=body), 400, "field_invalid", "amount")


# Quotes


def test_quotes_are_listed_in_pages_and_shown(insurer: Insurer) -> None:
    status, first = insurer.api("GET", "/quotes", query="limit=1")
    assert (status, [one["invoice_number"] for one in first["quotes"]]) == (200, ["Q3272-12/11/2019"])
    _, rest = insurer.api("GET", "/quotes", query=f"after={first['next']}")
    assert [one["invoice_number"] for one in rest["quotes"]] == [QUOTE]
    assert len(QUOTES) == 2
    conforms("Quote", first["quotes"][0])
    insurer.deposit("10.00")
    quote = insurer.quote()
    conforms("QuoteDetail", quote)
    assert (quote["deposit"], quote["premium"], quote["instalments"]) == ("150.00", "600.00", 3)
    assert (quote["paid"], quote["policy"]) == ("10.00", None)
    assert [event["kind"] for event in quote["events"]] == ["quote_opened", "payment_posted"]


def test_a_quote_can_be_opened_and_bound(insurer: Insurer) -> None:
    body = {
        "invoice_number": NEW_QUOTE,
        "insured_name": "Test Insured",
        "state": "VT",
        "deposit": "80.00",
        "premium": "180.01",
        "instalments": 2,
        "late_fee": "5.00",
    }
    status, quote = insurer.api("POST", "/quotes", body=body)
    assert status == 201
    conforms("QuoteDetail", quote)
    assert [(event["kind"], event["detail"]) for event in quote["events"]] == [
        ("quote_opened", {"insured_name": "Test Insured", "deposit": "80.00", "premium": "180.01", "instalments": 2})
    ]
    insurer.deposit("80.00", NEW_QUOTE)
    policy = insurer.policy(NEW)
    assert [one["amount"] for one in policy["charges"]] == ["80.00", "50.01", "50.00"]
    assert (policy["insured_name"], policy["state"], policy["late_fee"]) == ("Test Insured", "VT", "5.00")
    conforms("PolicyDetail", policy)
    conforms("QuoteDetail", insurer.quote(NEW_QUOTE))


def test_a_quote_needs_a_deposit_only(insurer: Insurer) -> None:
    _, quote = insurer.api("POST", "/quotes", body={"invoice_number": NEW_QUOTE, "deposit": "80.00"})
    assert (quote["premium"], quote["instalments"]) == ("80.00", 0)
    other = {"invoice_number": "Q700002-05/01/2028", "deposit": "80.00", "premium": "100.00"}
    assert insurer.api("POST", "/quotes", body=other)[1]["instalments"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"invoice_number": NEW}, "invoice_number"),
        ({"invoice_number": "Q-05/01/2028"}, "invoice_number"),
        ({"deposit": "0"}, "deposit"),
        ({"premium": "79.99"}, "premium"),
        ({"premium": "80.00", "instalments": 1}, "instalments"),
        ({"premium": "90.00", "instalments": 0}, "instalments"),
        ({"instalments": 25}, "instalments"),
        ({"late_fee": 1}, "late_fee"),
        ({"insured_name": 1}, "insured_name"),
        ({"bound_on": None}, "bound_on"),
    ],
)
def test_a_quote_that_breaks_a_rule_is_refused_with_its_field(
    insurer: Insurer, change: dict[str, Any], field: str
) -> None:
    body = {"invoice_number": NEW_QUOTE, "deposit": "80.00", **change}
    refused(insurer.api("POST", "/quotes", body=body), 400, "field_invalid", field)
    refused(insurer.api("GET", f"/quotes/{NEW_QUOTE}"), 404, "invoice_unknown")


def test_a_quote_and_the_policy_it_becomes_exclude_each_other(insurer: Insurer) -> None:
    body = {"invoice_number": f"Q{POLICY}", "deposit": "80.00"}
    refused(insurer.api("POST", "/quotes", body=body), 409, "invoice_taken")
    refused(insurer.api("POST", "/quotes", body={"invoice_number": QUOTE, "deposit": "80.00"}), 409, "invoice_taken")
    refused(insurer.api("PUT", f"/policies/{BOUND}", body={}), 409, "invoice_taken")
    refused(insurer.api("GET", f"/policies/{BOUND}"), 404, "invoice_unknown")
    insurer.deposit("150.00")
    assert insurer.api("PUT", f"/policies/{BOUND}", body={"paperless": True})[0] == 200


# Payments and returns


def test_payments_are_listed_in_order_by_invoice_and_in_pages(insurer: Insurer) -> None:
    insurer.pay("1.00", type="CC")
    insurer.deposit("2.00", name="A Payer", guid="d-1")
    insurer.pay("3.00")
    found = insurer.payments()
    for payment in found:
        conforms("Payment", payment)
    assert [(one["amount"], one["type"], one["insured_name"]) for one in found] == [
        ("1.00", "CC", None),
        ("2.00", None, "A Payer"),
        ("3.00", "ACH", None),
    ]
    assert [one["amount"] for one in insurer.payments(POLICY)] == ["1.00", "3.00"]
    assert [one["number"] for one in insurer.payments(QUOTE)] == [1]
    _, page = insurer.api("GET", "/payments", query="limit=1&offset=1")
    assert [one["amount"] for one in page["payments"]] == ["2.00"]


def test_returns_are_listed_in_order_and_in_pages(insurer: Insurer) -> None:
    for amount in ("1.00", "2.00", "3.00"):
        insurer.pay(amount)
    for amount in ("3.00", "1.00"):
        insurer.give_back(amount)
    status, found = insurer.api("GET", "/returns")
    assert (status, [(one["payment"], one["amount"]) for one in found["returns"]]) == (200, [(3, "3.00"), (1, "1.00")])
    for one in found["returns"]:
        conforms("Return", one)
    assert insurer.api("GET", "/returns", query="limit=1&offset=1")[1]["returns"] == found["returns"][1:]


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/policies", "limit=0", "limit"),
        ("/policies", "limit=1001", "limit"),
        ("/policies", "limit=%C2%B2", "limit"),
        ("/policies", "after=%00", "after"),
        ("/quotes", "limit=x", "limit"),
        ("/quotes", f"after={'x' * 62}", "after"),
        ("/payments", "invoice_number=", "invoice_number"),
        ("/payments", "invoice_number=%00", "invoice_number"),
        ("/payments", "offset=-1", "offset"),
        ("/returns", "limit=", "limit"),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(insurer: Insurer, path: str, query: str, field: str) -> None:
    refused(insurer.api("GET", path, query=query), 400, "field_invalid", field)


def test_what_changes_of_a_bill_is_in_the_next_upload(insurer: Insurer) -> None:
    outgoing = insurer.simulator.world.outgoing

    def unsent() -> list[str]:
        return [str(number) for number in insurer.api("GET", "/unsent")[1]["invoice_numbers"]]

    def upload() -> None:
        lane = insurer.lanes.get("default")
        sent = [(one.policy.invoice_number, one.revision) for one in outgoing.terms(lane)]
        outgoing.terms_sent(lane, insurer.simulator.world.cause("test", lane), sent, {})

    assert unsent() == [], "Invoice Cloud has what is seeded"
    insurer.pay("24.00")
    assert unsent() == [], "a payment it knows of"
    changes: tuple[tuple[str, str, dict[str, object], list[str]], ...] = (
        ("PUT", f"/policies/{POLICY}", {"city": "Stowe"}, [POLICY]),
        ("PUT", f"/policies/{POLICY}", {"city": "Stowe"}, []),
        ("PUT", f"/policies/{NEW}", {"city": "Stowe"}, []),  # nothing is billed on it yet
        ("POST", "/instalments", {"invoice_number": NEW, "amount": "80.00"}, [NEW]),
    )
    for method, path, body, expected in changes:
        assert insurer.api(method, path, body=body)[0] in (200, 201)
        assert unsent() == expected, (path, body)
        upload()
        assert unsent() == []
