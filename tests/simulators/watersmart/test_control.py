"""The control routes answer as their contract says; each of the domain's errors has a status."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from partnerlab.contracts.data import read_yaml
from partnerlab.simulators.watersmart import Settings
from partnerlab.simulators.watersmart.control.faults import STATUSES
from partnerlab.simulators.watersmart.domain import errors
from tests.simulators.watersmart.water import BROOK, LAUNDROMAT, PASSWORD, Water, payment, reject

CONTRACT = read_yaml("watersmart/control.yaml")


def conforms(schema: str, value: Any) -> Any:
    document = {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]}
    Draft202012Validator(document).validate(value)
    return value


def test_every_answer_is_as_the_contract_has_it(water: Water) -> None:
    water.cloud.export("payments", 1, payment(1, "20.00"))
    water.advance(days=1)
    made = conforms("CustomerDetail", water.api("PUT", "/customers/3000", customer_name="New", block_bank=True))
    assert (made["balance"], made["block_bank"]) == ("0.00", True)
    conforms("CustomerDetail", water.api("POST", "/customers/3000/bills", amount="7.5"))
    conforms("CustomerDetail", water.api("POST", "/customers/3000/entries", kind="adjusted", amount="-1.00", note="x"))
    conforms("Told", water.api("POST", f"/users/{BROOK}/sign-in", password=PASSWORD))
    conforms("User", water.api("GET", f"/users/{BROOK}"))
    conforms("Books", water.api("GET", "/books"))
    detail = conforms("CustomerDetail", water.api("GET", f"/customers/{LAUNDROMAT}"))
    assert [(one["state"], one["report_id"]) for one in detail["payments"]] == [("posted", 1)]
    water.cloud.export("rejects", 2, reject(1, "1.00"))
    water.run("collect")
    (waiting,) = water.api("GET", "/rejects")["rejects"]
    assert conforms("Reject", waiting)["applied"] is False
    for one in water.api("GET", "/files")["files"]:
        conforms("File", one)


def test_lists_go_on_where_they_stopped(water: Water) -> None:
    first = water.api("GET", "/customers", "limit=2")
    rest = water.api("GET", "/customers", f"limit=2&after={first['next']}")
    assert [one["account_number"] for one in first["customers"] + rest["customers"]] == [
        "20000201",
        "20000202",
        "20000203",
    ]
    assert rest["next"] is None
    users = water.api("GET", "/users", "limit=1")
    assert (users["users"][0]["username"], users["next"]) == (BROOK, BROOK)


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/customers/404/bills", {"amount": "1.00"}, 404, ""),
        (f"/customers/{LAUNDROMAT}/bills", {"amount": "1.00", "invoice_number": "20000201-0001"}, 409, ""),
        (
            f"/customers/{LAUNDROMAT}/bills",
            {"amount": "1.00", "invoiced_on": "2026-09-15", "due_on": "2026-09-14"},
            400,
            "due_on",
        ),
        (f"/customers/{LAUNDROMAT}/bills", {"amount": "9999999999.00"}, 400, "amount"),
        (f"/customers/{LAUNDROMAT}/entries", {"kind": "adjusted", "amount": "0"}, 400, "amount"),
        (f"/customers/{LAUNDROMAT}/entries", {"kind": "counter_payment", "amount": "-1"}, 400, "amount"),
        (f"/customers/{LAUNDROMAT}/email", {"email": "nobody"}, 400, "email"),
        ("/users/404@example.com/sign-in", {"password": "x"}, 404, ""),
    ],
)
def test_what_breaks_a_rule_is_refused_with_its_place(
    water: Water, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    found, answer = water.ask("POST", path, **body)
    assert found == status, answer
    assert conforms("Error", answer)["error"].get("field", "") == field


def test_a_bill_may_be_due_on_its_own_day(water: Water) -> None:
    body = {"amount": "1.00", "invoiced_on": "2026-09-15", "due_on": "2026-09-15"}
    assert water.ask("POST", f"/customers/{LAUNDROMAT}/bills", **body)[0] in (200, 201)


def test_every_refusal_has_its_status() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DomainError)}
    assert kinds - {errors.DomainError, errors.FileRefused} == set(STATUSES), "a refused file is a job's, not a route's"


def test_settings_that_cannot_be_are_named() -> None:
    wrong = Settings(time_zone="Nowhere", password_cost=1000, user_password="")
    assert set(wrong.problems()) == {"time_zone", "password_cost", "user_password"}
    assert Settings().problems() == {}
