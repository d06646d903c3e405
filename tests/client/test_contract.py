"""The client's operations against the contract's WSDL: two readers of one agreement must read the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from partnerlab.client.inhance import operations as inhance
from partnerlab.client.invoice_cloud.operations import billing as invoice_cloud
from partnerlab.client.wire.soap import Operation, Service, build
from partnerlab.contracts.data import read_bytes

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
BINDINGS = {"1.1": "{http://schemas.xmlsoap.org/wsdl/soap/}", "1.2": "{http://schemas.xmlsoap.org/wsdl/soap12/}"}

SERVICES = [
    ("inhance_soap/iCloud.wsdl", inhance.NAMESPACE, inhance.OPERATIONS),
    ("ic_webservices/CloudInvoicing.wsdl", invoice_cloud.CLOUD_INVOICING, invoice_cloud.INVOICING_OPERATIONS),
    ("ic_webservices/CloudManagement.wsdl", invoice_cloud.CLOUD_MANAGEMENT, invoice_cloud.MANAGEMENT_OPERATIONS),
]
CALLS = [(path, namespace, operation) for path, namespace, operations in SERVICES for operation in operations]
each_call = pytest.mark.parametrize(("path", "namespace", "operation"), CALLS, ids=lambda v: getattr(v, "name", ""))


def schema(path: str) -> etree._Element:
    found = etree.fromstring(read_bytes(path)).find(f"{WSDL}types/{XS}schema")
    assert found is not None
    return found


def declared(schema: etree._Element, name: str) -> dict[str, str]:
    """The children of a global element by name, with their types."""
    for element in schema.findall(f"{XS}element"):
        if element.get("name") == name:
            inner = element.find(f"{XS}complexType")
            return children(inner) if inner is not None else typed(schema, str(element.get("type")))
    raise AssertionError(f"{name} is not declared")


def typed(schema: etree._Element, name: str) -> dict[str, str]:
    local = name.rpartition(":")[2]
    (found,) = [kind for kind in schema.findall(f"{XS}complexType") if kind.get("name") == local]
    return children(found)


def children(kind: etree._Element) -> dict[str, str]:
    return {str(child.get("name")): str(child.get("type")) for child in kind.iterfind(f"{XS}sequence/{XS}element")}


@each_call
def test_parameters_are_the_contract_s_in_its_order_and_casing(path: str, namespace: str, operation: Operation) -> None:
    parameters = declared(schema(path), operation.name)
    if operation.wrapper:
        assert list(parameters) == [operation.wrapper]
        parameters = typed(schema(path), parameters[operation.wrapper])
    assert list(parameters) == list(operation.parameters)


@each_call
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_action_and_namespace_are_the_contract_s(path: str, namespace: str, operation: Operation, version: Any) -> None:
    document = etree.fromstring(read_bytes(path))
    assert document.get("targetNamespace") == namespace
    actions = {
        bound.get("name"): said.get("soapAction")
        for bound in document.iter(f"{WSDL}operation")
        for said in bound.iterfind(f"{BINDINGS[version]}operation")
    }
    request = build(Service("https://example.com/", namespace, version), operation, [""] * len(operation.parameters))
    assert f'"{actions[operation.name]}"' in " ".join(request.headers.values())


@each_call
def test_an_answer_holds_one_result_with_success_and_words(path: str, namespace: str, operation: Operation) -> None:
    answer = declared(schema(path), f"{operation.name}Response")
    assert list(answer) == [f"{operation.name}Result"]
    result = typed(schema(path), answer[f"{operation.name}Result"])
    assert result["Success"] == "s:boolean"
    assert result["ErrorMessage"] == "s:string"


@pytest.mark.parametrize(("path", "namespace", "operations"), SERVICES)
def test_the_client_offers_every_operation_of_the_contract(
    path: str, namespace: str, operations: tuple[Operation, ...]
) -> None:
    port = etree.fromstring(read_bytes(path)).find(f"{WSDL}portType")
    assert port is not None
    assert {operation.name for operation in operations} == {o.get("name") for o in port.iterfind(f"{WSDL}operation")}


@pytest.mark.parametrize("path", [path for path, _, _ in SERVICES])
def test_samples_hold_only_what_the_contract_declares(path: str, sample: Callable[[str], bytes]) -> None:
    """The samples of good answers were written by hand; a field name mistyped there would prove nothing."""
    from lxml.etree import QName

    folder = {"inhance_soap": "inhance", "ic_webservices": "invoice_cloud"}[path.partition("/")[0]]
    names = {str(element.get("name")) for element in schema(path).iter(f"{XS}element")}
    namespace = str(schema(path).get("targetNamespace"))
    checked = 0
    for file in GOOD[folder]:
        for element in etree.fromstring(sample(f"{folder}/{file}")).iter(f"{{{namespace}}}*"):
            assert QName(element).localname in names | {"Remark"}, file
            checked += 1
    assert checked > 5


GOOD = {
    "inhance": ["balance-200.xml", "balance_other_prefixes-200.xml", "payment-200.xml"],
    "invoice_cloud": ["upload-200.xml", "invoice-200.xml", "balance_set-200.xml", "customer-200.xml"],
}
