"""The WSDLs of Invoice Cloud: the .NET shape, the fields that are known, and what the simulator declares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import zeep
from lxml import etree

from partnerlab.contracts.data import read_bytes

BASE = "https://www.invoicecloud.com/portal/webservices/"
NS = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "http": "http://schemas.xmlsoap.org/wsdl/http/",
    "s": "http://www.w3.org/2001/XMLSchema",
}
XSD = f"{{{NS['s']}}}"

SERVICES = ("CloudInvoicing", "CloudManagement", "RemoteAuthenticationWS")

# What public integrations send and read.
VIEW_INVOICE = """
    Success ErrorMessage InvoiceNumber InvoiceDate InvoiceDueDate AutoPayCollectionDate TotalAmountDue BalanceDue
    MinimumAmountDue AllowPartialPayments FirstNotifyRequestedDate SecondNotifyRequestedDate ThirdNotifyRequestedDate
"""
VIEW_CUSTOMER = """
    Success ErrorMessage CustomerID AccountNumber CustomerName Address1 Address2 City State Zip Phone EmailAddress
    AutoPay PaperInvoices Registered RegistrationDate LoginName
"""
UPDATE_CUSTOMER = """
    BillerGUID WebServiceKey AccountNumber CustomerName CustomerName2 Address1 Address2 City State Zip Phone
    EmailAddress EmailAddressCC CustomerVATNumber RegistrationValue PIN BlockPaymentsCC BlockPaymentsEFT
"""
UPLOAD = "Success ErrorMessage UploadID InvoicesAccepted InvoicesRejected Problems"
# WaterSmart Technical Design, Payment/Lockbox File and Change Log File: an export has their columns in its rows.
LOCKBOX = """
    InvoiceNumber InvoiceGUID AccountNumber CustomerName PaymentGUID PaymentDate PaymentTypeID PaymentTypeDesc
    PaymentAmount ConvenienceFee PaymentReference PaymentMessage Approved BillerReference Offline LocationReference
    WSReportID CheckNumber
"""
CHANGE_LOG = """
    AccountNumber AutoPaySignUpDate AutoPayCancelDate EmailAddress EmailAddressChangeDate PhoneNumber
    PhoneNumberChangeDate PaperlessSignUpDate PaperlessCancelDate
"""
ROWS = {"ExportPayments": LOCKBOX, "ExportCustomerChanges": CHANGE_LOG}
OUTCOME = "Success ErrorMessage"
LOGIN = "BillerGUID WebServiceKey Username Password AccountNumber CustomerName EmailAddress"
REGISTRATION = "BillerGUID WebServiceKey LoginTypeID AccountNumber Username EmailAddress Password"
# What each takes and answers, where a source or names it. An operation that none names needs no row.
KNOWN = {
    "ExportPayments": ("BillerGUID WebServiceKey Since", f"{OUTCOME} Payments"),
    "ExportCustomerChanges": ("BillerGUID WebServiceKey Since", f"{OUTCOME} Changes"),
    "RemoteAuthentication": (LOGIN, f"{OUTCOME} RemoteAuthenticationToken CustomerGuid"),
    "KeepRemoteSessionAlive": ("BillerGUID WebServiceKey RemoteAuthenticationToken", f"{OUTCOME} ExpirationDate"),
    "RemoteRegistration": (REGISTRATION, f"{OUTCOME} CustomerGuid"),
    "UnregisterAccounts": ("BillerGUID WebServiceKey Username Accounts", OUTCOME),
    "LinkCustomerAccount": ("BillerGUID WebServiceKey Username AccountNumber", OUTCOME),
    "SetCustomerEmailAddress": ("BillerGUID WebServiceKey AccountNumber Username NewEmailAddress", OUTCOME),
    "ViewInvoiceByInvoiceNumber": ("BillerGUID WebServiceKey InvoiceNumber", VIEW_INVOICE),
    "ViewCustomerRecord": ("BillerGUID WebServiceKey AccountNumber", VIEW_CUSTOMER),
    "UpdateCustomerRecord": (UPDATE_CUSTOMER, "Success ErrorMessage"),
    "SetInvoiceBalance": (
        "BillerGUID WebServiceKey InvoiceNumber BalanceDue TotalAmountDue",
        "Success ErrorMessage",
    ),
    "UploadInvoiceFile": ("BillerGUID WebServiceKey FileName FileContent", UPLOAD),
}


def contract(service: str) -> etree._Element:
    return etree.fromstring(read_bytes(f"ic_webservices/{service}.wsdl"))


def operations(service: str) -> list[str]:
    """The operations of the WSDL's SOAP port type."""
    port_type = one(contract(service).findall(f"wsdl:portType[@name='{service}Soap']", NS))
    return [operation.get("name", "") for operation in port_type.findall("wsdl:operation", NS)]


def one(found: Any) -> etree._Element:
    (element,) = found
    assert isinstance(element, etree._Element)
    return element


class Schema:
    """A schema's elements, expanded: (name, minOccurs, maxOccurs, nillable, simple type or the fields in it)."""

    def __init__(self, schema: etree._Element) -> None:
        self.schema = schema

    def element(self, name: str) -> list[tuple[Any, ...]]:
        element = one(self.schema.findall(f"s:element[@name='{name}']", NS))
        meaning = self._type(element)
        assert isinstance(meaning, list)
        return meaning

    def _type(self, element: etree._Element) -> str | list[tuple[Any, ...]]:
        inline = element.find("s:complexType", NS)
        if inline is not None:
            return list(self._fields(inline))
        prefix, _, local = element.get("type", "").rpartition(":")
        if element.nsmap.get(prefix or None) == NS["s"]:
            return str(local)
        return list(self._fields(one(self.schema.findall(f"s:complexType[@name='{local}']", NS))))

    def _fields(self, complex_type: etree._Element) -> Iterator[tuple[Any, ...]]:
        for field in complex_type.iterfind("s:sequence/s:element", NS):
            yield (
                field.get("name"),
                field.get("minOccurs", "1"),
                field.get("maxOccurs", "1"),
                field.get("nillable", "false"),
                self._type(field),
            )


def contract_schema(service: str) -> Schema:
    return Schema(one(contract(service).findall("wsdl:types/s:schema", NS)))


def names(fields: list[tuple[Any, ...]]) -> list[str]:
    return [field[0] for field in fields]


def arguments(service: str, operation: str) -> list[tuple[Any, ...]]:
    """What an operation takes; in CloudInvoicing it stands in a wrapper."""
    request = contract_schema(service).element(operation)
    if service != "CloudInvoicing":
        return request
    ((wrapper, _, _, _, fields),) = request
    assert wrapper == "Req"
    assert isinstance(fields, list)
    return fields


@pytest.mark.parametrize("service", SERVICES)
def test_the_fields_are_those_that_are_known_in_their_order(service: str) -> None:
    """Every operation takes the biller's keys and answers whether it succeeded; `KNOWN` names the rest."""
    unknown = ("BillerGUID WebServiceKey", OUTCOME)
    for operation in operations(service):
        takes, answers = (known.split() for known in KNOWN.get(operation, unknown))
        ((result, _, _, _, answer),) = contract_schema(service).element(f"{operation}Response")
        assert result == f"{operation}Result"
        request = names(arguments(service, operation))
        if operation in KNOWN:
            assert (request, names(answer)) == (takes, answers)
        else:
            assert (request[:2], names(answer)[:2]) == (takes, answers), operation
        if operation in ROWS:
            ((_, _, _, _, row),) = answer[-1][4]
            assert names(row) == ROWS[operation].split()


def test_every_operation_that_a_source_names_is_in_a_contract() -> None:
    assert set(KNOWN) <= {operation for service in SERVICES for operation in operations(service)}


@pytest.mark.parametrize("service", SERVICES)
def test_value_types_must_be_there_and_texts_may_be_missing(service: str) -> None:
    """As .NET's serialiser has it; TotalAmountDue of SetInvoiceBalance is the one optional value."""

    def check(fields: list[tuple[Any, ...]], where: str) -> None:
        for name, least, most, nillable, meaning in fields:
            place = f"{where}.{name}"
            if isinstance(meaning, list):
                assert least == "0", place
                check(meaning, place)
            elif most == "unbounded":
                assert (least, nillable) == ("0", "true"), place
            else:
                optional = meaning in ("string", "base64Binary") or place == "SetInvoiceBalance.Req.TotalAmountDue"
                assert (least, most, nillable) == ("0" if optional else "1", "1", "false"), place

    schema = contract_schema(service)
    for operation in operations(service):
        check(schema.element(operation), operation)
        check(schema.element(f"{operation}Response"), f"{operation}Response")


@pytest.mark.parametrize("service", SERVICES)
def test_each_operation_has_soap_11_and_12_under_its_action(service: str) -> None:
    document = contract(service)
    namespace = f"{BASE}{service}/"
    assert document.get("targetNamespace") == namespace
    for prefix, port in (("soap", "Soap"), ("soap12", "Soap12")):
        binding = one(document.findall(f"wsdl:binding[@name='{service}{port}']", NS))
        assert one(binding.findall(f"{prefix}:binding", NS)).get("transport") == "http://schemas.xmlsoap.org/soap/http"
        actions = {
            operation.get("name"): one(operation.findall(f"{prefix}:operation", NS)).get("soapAction")
            for operation in binding.findall("wsdl:operation", NS)
        }
        assert actions == {operation: namespace + operation for operation in operations(service)}
        address = one(document.findall(f"wsdl:service/wsdl:port[@name='{service}{port}']/{prefix}:address", NS))
        assert address.get("location") == f"http://127.0.0.1:8700/portal/webservices/{service}.asmx"


@pytest.mark.parametrize("service", SERVICES)
def test_a_form_post_port_has_every_operation_with_its_arguments(service: str) -> None:
    document = contract(service)
    binding = one(document.findall(f"wsdl:binding[@name='{service}HttpPost']", NS))
    locations = {operation.get("location") for operation in binding.iterfind("wsdl:operation/http:operation", NS)}
    assert locations == {f"/{operation}" for operation in operations(service)}
    for operation in operations(service):
        message = one(document.findall(f"wsdl:message[@name='{operation}HttpPostIn']", NS))
        assert [part.get("name", "") for part in message] == names(arguments(service, operation))


@pytest.mark.interop
@pytest.mark.parametrize("service", SERVICES)
def test_zeep_reads_every_port(service: str) -> None:
    path = str(read_path(f"ic_webservices/{service}.wsdl"))
    client = zeep.Client(path)
    (found,) = client.wsdl.services.values()
    ports = {name: sorted(port.binding.all()) for name, port in found.ports.items()}
    kinds = ("Soap", "Soap12", "HttpPost")
    assert ports == {f"{service}{kind}": sorted(operations(service)) for kind in kinds}
    client.transport.session.close()


def read_path(name: str) -> Any:
    from importlib.resources import files

    return files("partnerlab.contracts").joinpath(name)


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_assumed_is_marked(service: str) -> None:
    text = read_bytes(f"ic_webservices/{service}.wsdl").decode("utf-8")
    assert "Known from " in text
    assert "Assumed [A-18]" in text
