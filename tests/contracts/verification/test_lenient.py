"""What a service that reads leniently understands is told as a spelling; what it does not is wrong as before."""

from __future__ import annotations

import json

import pytest

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.verification.rest import verdict

IC = verdict(read_bytes("ic_webservices/openapi.yaml"))
HEADERS = {"content-type": "application/json", "authorization": "Basic eA=="}


def told(operation: str, body: object) -> list[tuple[str, str, str, str]]:
    found = IC(operation, json.dumps(body).encode(), HEADERS, 0, b"", "")
    return [(one.rule, one.where, one.expected, one.found) for one in found]


def page(**more: object) -> dict[str, object]:
    return {"ViewMode": 1, "Customers": [{"AccountNumber": "10000101"}], **more}


@pytest.mark.parametrize(
    ("operation", "body", "found"),
    [
        ("RetrieveCustomerGuid", {"AccountNumber": "1"}, []),
        (
            "RetrieveCustomerGuid",
            {"accountnumber": "1"},
            [("spelling", "AccountNumber", "AccountNumber", "accountnumber")],
        ),
        ("CloudPaymentsV2", page(PostbackURL="http://x.example/"),
         [("spelling", "PostBackURL", "PostBackURL", "PostbackURL")]),
        ("CloudPaymentsV2", page(CSSUrl="http://x.example/"), []),
        ("CloudPaymentsV2", page(CssUrl="http://x.example/"), []),
        ("CloudPaymentsV2", page(cssUrl="http://x.example/"), [("spelling", "CssUrl", "CssUrl", "cssUrl")]),
        ("CloudPaymentsV2", page(ViewMode="1"), [("spelling", "ViewMode", "a number", "a number as text")]),
        ("CloudPaymentsV2", page(CreateCustomerRecord="True"),
         [("spelling", "CreateCustomerRecord", "true or false", "true or false as text")]),
        (
            "CloudPaymentsV2",
            {
                "viewmode": 1,
                "customers": [{"accountnumber": "1", "invoices": [{"invoicenumber": "2", "balancedue": "3.50"}]}],
            },
            [
                ("spelling", "ViewMode", "ViewMode", "viewmode"),
                ("spelling", "Customers", "Customers", "customers"),
                ("spelling", "Customers/0/AccountNumber", "AccountNumber", "accountnumber"),
                ("spelling", "Customers/0/Invoices", "Invoices", "invoices"),
                ("spelling", "Customers/0/Invoices/0/InvoiceNumber", "InvoiceNumber", "invoicenumber"),
                ("spelling", "Customers/0/Invoices/0/BalanceDue", "BalanceDue", "balancedue"),
                ("spelling", "Customers/0/Invoices/0/BalanceDue", "a number", "a number as text"),
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_only_spelt_otherwise_is_told_as_that(
    operation: str, body: object, found: list[tuple[str, str, str, str]]
) -> None:
    assert told(operation, body) == found


@pytest.mark.parametrize(
    "body",
    [
        page(ViewMode="2"),
        page(ViewMode="one"),
        page(CreateCustomerRecord="yes"),
        page(Customers=[{"AccountNumber": 10000101}]),
        page(Customers=[{"AccountNumber": "1", "accountnumber": "2"}]),
        page(Customers=[{"AccountNumber": "1", "Invoices": [{"InvoiceNumber": "1", "BalanceDue": "1.005"}]}]),
        page(Customers=[{"AccountNumber": "1", "Invoices": [{"InvoiceNumber": "1", "BalanceDue": "1,00"}]}]),
        page(Customer=[]),
    ],
)
def test_what_a_lenient_reader_does_not_understand_breaks_the_schema(body: object) -> None:
    assert "schema" in [rule for rule, *_ in told("CloudPaymentsV2", body)]


def test_a_contract_that_says_nothing_of_leniency_is_read_as_it_stands() -> None:
    strict = verdict(read_bytes("ic_webservices/openapi.yaml").replace(b"x-lenient-requests: true", b""))
    found = strict("RetrieveCustomerGuid", b'{"accountnumber": "1"}', HEADERS, 0, b"", "")
    assert {one.rule for one in found} == {"schema"}
