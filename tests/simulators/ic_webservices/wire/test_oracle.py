"""CloudInvoicing and CloudManagement answered by Spyne: the values and the changes of the codec's answers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from partnerlab.simulators.ic_webservices.wire.declarations.cloud_invoicing import CloudInvoicing
from partnerlab.simulators.ic_webservices.wire.declarations.cloud_management import CloudManagement
from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    INVOICING,
    MANAGEMENT,
    Harness,
    begin,
    bill_file,
    elements,
    group,
    keyed,
    schema,
)

FILE = base64.b64encode(bill_file([group("700001", "20000001"), group("700002", ACCOUNT)])).decode()
SINCE = "2026-06-01T00:00:00"
CUSTOMER = {"AccountNumber": ACCOUNT, "CustomerName": "Zoë & Co <1>", "State": "", "BlockPaymentsCC": "1"}

CALLS: dict[str, tuple[str, str, dict[str, str]]] = {
    "a bill file": (INVOICING, "UploadInvoiceFile", {**keyed(), "FileName": "b.bif", "FileContent": FILE}),
    "a bill file that is none": (
        INVOICING,
        "UploadInvoiceFile",
        {**keyed(), "FileName": "b.bif", "FileContent": "eA=="},
    ),
    "no bill file": (INVOICING, "UploadInvoiceFile", keyed()),
    "an invoice": (INVOICING, "ViewInvoiceByInvoiceNumber", {**keyed(), "InvoiceNumber": INVOICE}),
    "no such invoice": (INVOICING, "ViewInvoiceByInvoiceNumber", {**keyed(), "InvoiceNumber": "1"}),
    "a balance": (INVOICING, "SetInvoiceBalance", {**keyed(), "InvoiceNumber": INVOICE, "BalanceDue": "10.50"}),
    "a balance and a total": (
        INVOICING,
        "SetInvoiceBalance",
        {**keyed(), "InvoiceNumber": INVOICE, "BalanceDue": "1", "TotalAmountDue": "2"},
    ),
    "no balance": (INVOICING, "SetInvoiceBalance", {**keyed(), "InvoiceNumber": INVOICE}),
    "payments": (INVOICING, "ExportPayments", {**keyed(), "Since": SINCE}),
    "payments for a wrong key": (INVOICING, "ExportPayments", {**keyed(key="x"), "Since": SINCE}),
    "a customer": (MANAGEMENT, "ViewCustomerRecord", {**keyed(), "AccountNumber": ACCOUNT}),
    "a customer nobody named": (MANAGEMENT, "ViewCustomerRecord", keyed()),
    "a change": (MANAGEMENT, "UpdateCustomerRecord", {**keyed(), **CUSTOMER}),
    "a change that is refused": (MANAGEMENT, "UpdateCustomerRecord", {**keyed(), **CUSTOMER, "EmailAddress": "x"}),
    "changes": (MANAGEMENT, "ExportCustomerChanges", {**keyed(), "Since": SINCE}),
}


@pytest.fixture
def worlds() -> Any:
    stores = [Store("sqlite://"), Store("sqlite://")]
    harnesses = [Harness(store, Lanes(store)) for store in stores]
    for harness in harnesses:
        begin(harness)
        harness.pay(amount="10.00")
        harness.control("POST", f"customers/{ACCOUNT}/paperless", {"enrolled": True})
    answer_with_spyne(harnesses[1].door(INVOICING), CloudInvoicing)
    answer_with_spyne(harnesses[1].door(MANAGEMENT), CloudManagement)
    yield harnesses
    for harness, store in zip(harnesses, stores, strict=True):
        harness.close()
        store.close()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("call", CALLS)
def test_spyne_answers_with_the_same_values(worlds: list[Harness], call: str, version: int) -> None:
    namespace, operation, fields = CALLS[call]
    inner = elements(fields)
    content = f"<Req>{inner}</Req>" if namespace == INVOICING else inner
    answers = [world.call(namespace, operation, content, version=version) for world in worlds]
    assert [answer.status for answer in answers] == [200, 200], answers
    assert f"<tns:{operation}Response".encode() in answers[1].body
    trees = [etree.fromstring(answer.body)[0][0] for answer in answers]
    for tree in trees:
        schema(namespace).assertValid(tree)
    assert values(trees[0]) == values(trees[1])
    assert books(worlds[0]) == books(worlds[1])


MADE_UP = ("UploadID", "PaymentGUID", "PaymentReference", "CustomerID", "RegistrationDate")
"""Drawn anew in each world, or the moment it was made."""


def values(answer: etree._Element) -> list[Any]:
    read: dict[str, Callable[[str], Any]] = dict.fromkeys(MADE_UP, bool)
    return [
        (one.tag, read.get(etree.QName(one).localname, str)(one.text or "")) for one in answer.iter() if not len(one)
    ]


def books(world: Harness) -> Any:
    invoice, customer = world.invoice(), world.get(f"customers/{ACCOUNT}")
    return (
        invoice["balance_due"],
        invoice["total_amount_due"],
        customer["customer_name"],
        customer["block_payments_cc"],
    )
