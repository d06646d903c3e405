"""What is set of a biller is checked then: a switch that nobody can read would be off in silence."""

from __future__ import annotations

from typing import Any

import pytest

from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices.checkouts import Checkout, request
from tests.simulators.ic_webservices.harness import UTILITY, Harness

INSURER = Settings().insurance_guid
WATERSMART = Settings().watersmart_guid


def changed(harness: Harness, biller: str, **changes: Any) -> Any:
    return harness.control("PATCH", f"billers/{biller}", changes)


def test_every_setting_of_a_kind_takes_its_values_and_no_others(harness: Harness) -> None:
    for biller, id, good, wrong, rule in (
        (WATERSMART, "29", "0", "yes", "must be 0 or 1"),
        (UTILITY, "129", "1", "true", "must be 0 or 1"),
        (UTILITY, "datapump_retry", "0", "off", "must be 0 or 1"),
        (INSURER, "35", "1", "3", "must be 1 or 2"),
        (UTILITY, "rtdr_version", "2", "two", "must be 1 or 2"),
        (UTILITY, "8", "https://inhance.example.com", "ftp://x", "must be an address"),
    ):
        assert changed(harness, biller, settings={id: good}).status == 200
        told = changed(harness, biller, settings={id: wrong})
        assert (told.status, told.json["error"]["field"]) == (400, f"settings.{id}")
        assert rule in told.json["error"]["message"]
        assert harness.get(f"billers/{biller}")["settings"][id] == good


@pytest.mark.parametrize(
    ("configuration", "field"),
    [
        ({"RTDR": {"UpdateEmail": "yes"}}, "RTDR.UpdateEmail"),
        ({"BIF": {"Strict": "no"}}, "BIF.Strict"),
        ({"BIF": 5}, "BIF"),
        ({"REST": {"Strict": 1}}, "REST.Strict"),
        ({"Postbacks": {"Declined": "false"}}, "Postbacks.Declined"),
        ({"Registration": {"RequirePassword": 1}}, "Registration.RequirePassword"),
        ({"Portal": {"ServiceFee": {"Card": "free"}}}, "Portal.ServiceFee.Card"),
        ({"Portal": {"ServiceFee": "2.95"}}, "Portal.ServiceFee"),
        ({"Portal": {"FrameAncestors": "https://portal.example"}}, "Portal.FrameAncestors"),
    ],
)
def test_a_configuration_that_cannot_be_read_is_refused_by_the_name_of_its_member(
    harness: Harness, configuration: dict[str, Any], field: str
) -> None:
    told = changed(harness, UTILITY, configuration=configuration)
    assert (told.status, told.json["error"]["field"]) == (400, f"configuration.{field}")
    assert harness.get(f"billers/{UTILITY}")["configuration"] == {}


@pytest.mark.parametrize("member", ["PageLoadOverride", "AllowSwipe", "AllowEMV", "CreateCustomerRecord"])
@pytest.mark.parametrize("value", ["maybe", 2, 1.5, [True], {"a": 1}])
def test_what_is_neither_true_nor_false_in_a_request_is_refused_by_name(
    harness: Harness, member: str, value: Any
) -> None:
    answer = Checkout(harness).ask(request(**{member: value}))
    assert (answer.status, answer.json["ErrorMessage"]) == (400, f"{member}: must be true or false")
