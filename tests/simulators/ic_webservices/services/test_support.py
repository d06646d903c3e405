"""What an integration does not support is refused where it is asked for, with the row of its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from partnerlab.contracts.capabilities import capabilities, integrations
from partnerlab.simulators.ic_webservices.store import BILLERS
from tests.simulators.ic_webservices.checkouts import Checkout
from tests.simulators.ic_webservices.harness import ACCOUNT, PASSWORD, USER, UTILITY, Harness


@pytest.fixture
def v1(harness: Harness) -> Harness:
    """The utility, integrated as inHance v1 is."""
    harness.pay(payment_guid="paid-1")
    with harness.store.write() as tx:
        biller = BILLERS.get(tx, harness.lane_name, UTILITY)
        assert biller is not None
        BILLERS.put(tx, harness.lane_name, replace(biller, partner="inhance_v1"))
    return harness


def refused(harness: Harness, method: str, path: str, body: object = None, **query: str) -> str:
    answer = harness.control(method, path, body, **query)
    assert (answer.status, answer.json["error"]["code"]) == (409, "not_supported"), answer
    return str(answer.json["error"]["message"])


SOURCE = "Harris inHance v1 Integration Software Details"
ASKED: dict[str, Callable[[Harness], str]] = {
    "Void": lambda it: refused(it, "POST", "payments/paid-1/void"),
    "ACH rejects": lambda it: refused(it, "POST", "exports", {"kind": "rejects"}),
    "ACH rejects by setting": lambda it: refused(it, "PATCH", f"billers/{UTILITY}", {"settings": {"101": "/rejects"}}),
    "Open Item Billing": lambda it: refused(
        it, "PATCH", f"billers/{UTILITY}", {"configuration": {"Questionnaire": {"BalanceForward": False}}}
    ),
    "SSO": lambda it: str(
        it.rest(
            "remoteauthentication/RemoteAuthentication", {"Username": USER, "Password": PASSWORD, "BillerGUID": UTILITY}
        ).json["ErrorMessage"]
    ),
    "CloudPay": lambda it: Checkout(it).refusal({"ViewMode": 0, "Customers": [{"AccountNumber": ACCOUNT}]}),
    "Magtek REV Devices": lambda it: refused(it, "GET", f"billers/{UTILITY}/support", feature="Magtek REV Devices"),
}


@pytest.mark.parametrize("asked", ASKED)
def test_it_is_refused_with_the_row(v1: Harness, asked: str) -> None:
    said = ASKED[asked](v1)
    feature = asked.partition(" by ")[0]
    assert said.startswith(f"Harris inHance v1 does not support {feature}: Not Supported ({SOURCE}"), said


def test_other_partners_are_asked_the_same_and_get_what_their_source_says(harness: Harness) -> None:
    harness.pay(payment_guid="paid-1")
    assert refused(harness, "POST", "payments/paid-1/void") == (
        "No source of inhance_v2 tells how a payment is voided."
    )
    assert harness.control("POST", "exports", {"kind": "rejects"}).status == 200
    assert harness.control("GET", f"billers/{UTILITY}/support", feature="Teleport").status == 404


@pytest.mark.parametrize("partner", integrations())
def test_every_row_of_the_tables_answers_for_itself(harness: Harness, partner: str) -> None:
    """CAP-…: a feature is answered or refused with its row; a question is on the questionnaire or refused with it."""
    assert harness.lane.name
    with harness.store.write() as tx:
        biller = BILLERS.get(tx, harness.lane_name, UTILITY)
        assert biller is not None
        BILLERS.put(tx, harness.lane_name, replace(biller, partner=partner))
    tables = capabilities(partner)
    for feature in tables.features:
        answer = harness.control("GET", f"billers/{UTILITY}/support", feature=feature.name)
        assert answer.status == (200 if feature.supported else 409), feature
        said = answer.json["source"] if feature.supported else answer.json["error"]["message"]
        assert tables.source in said
        assert feature.row in said
    for row in tables.bif_customizations:
        given = {"Date": 3, "Message": "Call", "MinimumAmountDue": "5.00"}
        value = next((one for end, one in given.items() if row.feature.endswith(end)), True)
        configuration = {"Questionnaire": {row.feature: value}}
        answer = harness.control("PATCH", f"billers/{UTILITY}", {"configuration": configuration})
        assert answer.status == (200 if "questionnaire" in row.given else 400), row


def test_an_integration_without_ach_rejects_has_its_other_exports(v1: Harness) -> None:
    for kind, made in (("payments", True), ("changes", False)):
        answer = v1.control("POST", "exports", {"kind": kind})
        assert answer.status in (200, 201), answer
        assert (answer.json["export"] is not None) is made


def test_each_setting_of_what_is_not_supported_is_refused(v1: Harness) -> None:
    for id in ("101", "102", "103"):
        assert "ACH" in refused(v1, "PATCH", f"billers/{UTILITY}", {"settings": {id: "/rejects"}}), id
