"""The client's operations against the contract's WSDL: two readers of one agreement must read the same."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from partnerlab.client import tccs
from partnerlab.client.http import HttpRequest
from partnerlab.client.http.connected import Method
from partnerlab.client.inhance import AsyncInHanceClient, InHanceClient
from partnerlab.client.inhance import operations as inhance
from partnerlab.client.invoice_cloud import (
    Account,
    AsyncInvoiceCloudClient,
    AsyncRestClient,
    InvoiceCloudClient,
    RestClient,
)
from partnerlab.client.invoice_cloud.account import CLOUD_INVOICING, CLOUD_MANAGEMENT, REMOTE_AUTHENTICATION_WS
from partnerlab.client.invoice_cloud.operations import billing, cloud_payments, exports, remote_authentication, rest
from partnerlab.client.tccs import operations as tccs_operations
from partnerlab.client.wire.operation import Operation
from partnerlab.contracts.data import read_bytes

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
BINDINGS = {"1.1": "{http://schemas.xmlsoap.org/wsdl/soap/}", "1.2": "{http://schemas.xmlsoap.org/wsdl/soap12/}"}

ENDPOINT = inhance.Endpoint("https://example.com", "key")
ACCOUNT = Account("https://example.com", "guid", "key")
INVOICING = (billing.upload_invoice_file, billing.view_invoice, billing.set_invoice_balance, exports.export_payments)
MANAGEMENT = (billing.view_customer_record, billing.update_customer_record, exports.export_customer_changes)
SERVICES: list[tuple[str, str, Any, tuple[Operation[..., Any], ...]]] = [
    ("inhance_soap/iCloud.wsdl", inhance.NAMESPACE, ENDPOINT, inhance.OPERATIONS),
    ("ic_webservices/CloudInvoicing.wsdl", CLOUD_INVOICING, ACCOUNT, INVOICING),
    ("ic_webservices/CloudManagement.wsdl", CLOUD_MANAGEMENT, ACCOUNT, MANAGEMENT),
    ("ic_webservices/RemoteAuthenticationWS.wsdl", REMOTE_AUTHENTICATION_WS, ACCOUNT, remote_authentication.OPERATIONS),
]
CALLS = [(path, namespace, at, each) for path, namespace, at, operations in SERVICES for each in operations]
each_call = pytest.mark.parametrize(
    ("path", "namespace", "at", "operation"), CALLS, ids=lambda v: getattr(v, "name", "")
)


def request(at: Any, operation: Operation[..., Any]) -> HttpRequest:
    """A request with a text in place of each parameter."""
    return operation.door.request(at, operation.name, dict.fromkeys(operation.names, "x"), ())


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
def test_parameters_are_the_contract_s_in_its_order_and_casing(
    path: str, namespace: str, at: Any, operation: Operation[..., Any]
) -> None:
    (sent,) = etree.fromstring(request(at, operation).content)[0]
    parameters = declared(schema(path), operation.name)
    if list(parameters) == ["Req"]:
        parameters = typed(schema(path), parameters["Req"])
        (sent,) = sent
        assert sent.tag == f"{{{namespace}}}Req"
    assert [str(child.tag) for child in sent] == [f"{{{namespace}}}{name}" for name in parameters]


@each_call
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_action_and_namespace_are_the_contract_s(
    path: str, namespace: str, at: Any, operation: Operation[..., Any], version: Any
) -> None:
    document = etree.fromstring(read_bytes(path))
    assert document.get("targetNamespace") == namespace
    actions = {
        bound.get("name"): said.get("soapAction")
        for bound in document.iter(f"{WSDL}operation")
        for said in bound.iterfind(f"{BINDINGS[version]}operation")
    }
    headers = request(dataclasses.replace(at, soap=version), operation).headers
    assert f'"{actions[operation.name]}"' in " ".join(headers.values())


@each_call
def test_an_answer_holds_one_result_with_success_and_words(
    path: str, namespace: str, at: Any, operation: Operation[..., Any]
) -> None:
    answer = declared(schema(path), f"{operation.name}Response")
    assert list(answer) == [f"{operation.name}Result"]
    result = typed(schema(path), answer[f"{operation.name}Result"])
    assert result["Success"] == "s:boolean"
    assert result["ErrorMessage"] == "s:string"


@pytest.mark.parametrize(("path", "namespace", "at", "operations"), SERVICES)
def test_the_client_offers_every_operation_of_the_contract(
    path: str, namespace: str, at: Any, operations: tuple[Operation[..., Any], ...]
) -> None:
    port = etree.fromstring(read_bytes(path)).find(f"{WSDL}portType")
    assert port is not None
    assert {operation.name for operation in operations} == {o.get("name") for o in port.iterfind(f"{WSDL}operation")}


@pytest.mark.parametrize("path", [path for path, *_ in SERVICES[:3]])
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


SOAP = (*billing.OPERATIONS, *exports.OPERATIONS, *remote_authentication.OPERATIONS)
# Retrieve_Bill_Image is a stream: its methods do more than send and read.
FORMS = tuple(operation for operation in tccs_operations.OPERATIONS if operation is not tccs_operations.bill_image)


@pytest.mark.parametrize(
    ("plain", "asynchronous", "operations"),
    [
        (InHanceClient, AsyncInHanceClient, inhance.OPERATIONS),
        (tccs.TccsClient, tccs.AsyncTccsClient, FORMS),
        (InvoiceCloudClient, AsyncInvoiceCloudClient, SOAP),
        (RestClient, AsyncRestClient, (*rest.OPERATIONS, cloud_payments.create_cloud_payment)),
    ],
    ids=["inhance", "tccs", "invoice_cloud", "rest"],
)
def test_both_clients_have_every_operation_under_its_own_name(
    plain: type, asynchronous: type, operations: tuple[Any, ...]
) -> None:
    for client in (plain, asynchronous):
        members = {name: getattr(client, name) for name in dir(client)}
        methods = {name: found.operation for name, found in members.items() if isinstance(found, Method)}
        assert methods == {operation.__name__: operation for operation in operations}
    assert {n for n in vars(plain) if n[0] != "_"} == {n for n in vars(asynchronous) if n[0] != "_"}


def test_a_method_is_awaited_where_the_client_is_for_asyncio() -> None:
    with InHanceClient("https://example.com", "key") as plain:
        assert not inspect.iscoroutinefunction(plain.set_email)
    assert inspect.iscoroutinefunction(AsyncInHanceClient("https://example.com", "key").set_email)


def test_a_method_shows_the_signature_and_the_words_of_its_declaration() -> None:
    with InHanceClient("https://example.com", "key") as client:
        assert list(inspect.signature(client.make_payment).parameters)[:2] == ["account_number", "payment_date"]
        assert inspect.getdoc(client.set_email) == inspect.getdoc(inhance.set_email)
        assert inspect.getdoc(InHanceClient.set_email) == inspect.getdoc(inhance.set_email)
        with pytest.raises(TypeError, match="new_email"):
            client.set_email("1")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="fee"):
            client.set_email("1", "a@example.com", fee=1)  # type: ignore[call-arg]


EVERY = (*inhance.OPERATIONS, *FORMS, *SOAP, *rest.OPERATIONS)


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)
def test_every_parameter_has_a_kind(operation: Operation[..., Any]) -> None:
    assert list(operation.parameters) == list(inspect.signature(operation).parameters)[1:]
