"""`iCloud.wsdl`: the shape .NET gives it, and the names of the source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from lxml import etree

from partnerlab.contracts.data import read_bytes

WSDL = read_bytes("inhance_soap/iCloud.wsdl")
TNS = "http://tempuri.org/"
NS = {
    "wsdl": "http://schemas.xmlsoap.org/wsdl/",
    "soap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "http": "http://schemas.xmlsoap.org/wsdl/http/",
    "mime": "http://schemas.xmlsoap.org/wsdl/mime/",
    "s": "http://www.w3.org/2001/XMLSchema",
}
ROOT = etree.fromstring(WSDL)

# The tables of the v2 technical design, by hand: name and type in order.
TEXT, WHOLE, AMOUNT, MOMENT, FLAG = "string", "int", "decimal", "dateTime", "boolean"
OUTCOME = [("Success", FLAG), ("ErrorMessage", TEXT)]
OPERATIONS: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {
    "BalanceCheck": (
        [("AccountNumber", TEXT), ("LastInvoiceNumber", WHOLE), ("WebServiceKey", TEXT)],
        [("Balance", AMOUNT), ("FutureBalance", AMOUNT), ("Phone", TEXT), ("Email", TEXT), *OUTCOME],
    ),
    "MakePaymentExtended": (
        [
            ("AccountNumber", TEXT),
            ("PaymentDate", MOMENT),
            ("PaymentReference", TEXT),
            ("DocumentNumber", TEXT),
            ("PaymentTypeDesc", TEXT),
            ("PaymentAmount", AMOUNT),
            ("ConvenienceFee", AMOUNT),
            ("WebserviceKey", TEXT),
        ],
        OUTCOME,
    ),
    "SetPaperless": ([("Accountnumber", TEXT), ("PaperlessOnOff", TEXT), ("WebserviceKey", TEXT)], OUTCOME),
    "SetAutopay": ([("Accountnumber", TEXT), ("AutoPayOnOff", TEXT), ("WebserviceKey", TEXT)], OUTCOME),
    "SetEmail": ([("Accountnumber", TEXT), ("NewEmail", TEXT), ("WebserviceKey", TEXT)], OUTCOME),
}


def find(path: str, within: etree._Element = ROOT) -> list[etree._Element]:
    return within.findall(path, NS)


def fields(element: etree._Element) -> Iterator[tuple[str, str, str, str]]:
    """Name, local type, minOccurs and maxOccurs of the members of a complex type."""
    for one in find("s:sequence/s:element", element):
        yield (
            one.get("name", ""),
            one.get("type", "").rpartition(":")[2],
            one.get("minOccurs", "1"),
            one.get("maxOccurs", "1"),
        )


def meaning(root: etree._Element) -> dict[str, Any]:
    """Operations with the fields of request and result, whatever the document's style."""
    schema = f"wsdl:types/s:schema[@targetNamespace='{TNS}']"
    types = {one.get("name"): one for one in find(f"{schema}/s:complexType", root)}

    def type_of(element: etree._Element) -> etree._Element:
        inline = find("s:complexType", element)
        return inline[0] if inline else types[element.get("type", "").rpartition(":")[2]]

    elements = {one.get("name"): one for one in find(f"{schema}/s:element", root)}
    found: dict[str, Any] = {}
    for operation in find("wsdl:portType", root)[0].iterfind("wsdl:operation", NS):
        name = operation.get("name", "")
        ((result, result_type, _, _),) = fields(type_of(elements[f"{name}Response"]))
        found[name] = (
            list(fields(type_of(elements[name]))),
            result,
            result_type,
            list(fields(types[result_type])),
        )
    return found


def test_operations_parameters_and_results_are_those_of_the_source() -> None:
    found = meaning(ROOT)
    assert list(found) == list(OPERATIONS)
    for name, (parameters, results) in OPERATIONS.items():
        sent, result, result_type, answered = found[name]
        assert [(field, kind) for field, kind, _, _ in sent] == parameters
        assert [(field, kind) for field, kind, _, _ in answered] == results
        assert result == result_type == f"{name}Result"


def test_value_types_are_there_and_strings_may_be_missing() -> None:
    for sent, _, _, answered in meaning(ROOT).values():
        for name, kind, least, most in [*sent, *answered]:
            assert (least, most) == ("0" if kind == TEXT else "1", "1"), name


def test_requests_and_responses_are_inline_anonymous_types() -> None:
    for name in OPERATIONS:
        for element in (name, f"{name}Response"):
            (one,) = find(f"wsdl:types/s:schema/s:element[@name='{element}']")
            assert one.get("type") is None
            assert len(find("s:complexType", one)) == 1


def test_messages_are_named_as_dotnet_names_them() -> None:
    messages = {
        one.get("name"): [(part.get("name"), part.get("element"), part.get("type")) for part in one]
        for one in find("wsdl:message")
    }
    for name, (parameters, _) in OPERATIONS.items():
        assert messages.pop(f"{name}SoapIn") == [("parameters", f"tns:{name}", None)]
        assert messages.pop(f"{name}SoapOut") == [("parameters", f"tns:{name}Response", None)]
        assert messages.pop(f"{name}HttpPostIn") == [(field, None, "s:string") for field, _ in parameters]
        assert messages.pop(f"{name}HttpPostOut") == [("Body", f"tns:{name}Result", None)]
    assert messages == {}


def test_the_service_has_three_ports_on_one_address() -> None:
    ports = {
        port.get("name"): (port.get("binding"), etree.QName(port[0]).namespace, port[0].get("location"))
        for port in find("wsdl:service/wsdl:port")
    }
    address = "https://inhance.example.com/iCloud/iCloud.asmx"
    assert ports == {
        "ICloudSoap": ("tns:ICloudSoap", NS["soap"], address),
        "ICloudSoap12": ("tns:ICloudSoap12", NS["soap12"], address),
        "ICloudHttpPost": ("tns:ICloudHttpPost", NS["http"], address),
    }


@pytest.mark.parametrize(("binding", "prefix"), [("ICloudSoap", "soap"), ("ICloudSoap12", "soap12")])
def test_a_soap_binding_is_document_literal_with_the_actions_of_the_namespace(binding: str, prefix: str) -> None:
    (one,) = find(f"wsdl:binding[@name='{binding}']")
    assert one.get("type") == "tns:ICloudSoap"
    (transport,) = find(f"{prefix}:binding", one)
    assert transport.get("transport") == "http://schemas.xmlsoap.org/soap/http"
    operations = find("wsdl:operation", one)
    assert [operation.get("name") for operation in operations] == list(OPERATIONS)
    for operation in operations:
        (addressed,) = find(f"{prefix}:operation", operation)
        assert dict(addressed.attrib) == {"soapAction": TNS + operation.get("name", ""), "style": "document"}
        for side in ("input", "output"):
            (body,) = find(f"wsdl:{side}/{prefix}:body", operation)
            assert body.get("use") == "literal"


def test_the_form_binding_posts_to_a_path_for_each_operation() -> None:
    (one,) = find("wsdl:binding[@name='ICloudHttpPost']")
    assert [binding.get("verb") for binding in find("http:binding", one)] == ["POST"]
    for operation in find("wsdl:operation", one):
        assert [at.get("location") for at in find("http:operation", operation)] == [f"/{operation.get('name')}"]
        (content,) = find("wsdl:input/mime:content", operation)
        assert content.get("type") == "application/x-www-form-urlencoded"
        assert find("wsdl:output/mime:mimeXml", operation)[0].get("part") == "Body"


def test_every_name_it_refers_to_is_in_it() -> None:
    """zeep resolves each port, binding, message, element and type when it loads the document."""
    import io

    from zeep import Client
    from zeep.transports import Transport

    class Offline(Transport):  # type: ignore[misc]
        def load(self, url: str) -> bytes:
            raise AssertionError(f"the document refers to {url}")

    client = Client(io.BytesIO(WSDL), transport=Offline())
    (service,) = client.wsdl.services.values()
    assert service.name == "ICloud"
    for port in service.ports.values():
        assert sorted(port.binding.all()) == sorted(OPERATIONS)


def test_the_schema_takes_the_source_s_example_and_refuses_a_wrong_case() -> None:
    schema = etree.XMLSchema(etree.fromstring(etree.tostring(find("wsdl:types/s:schema")[0])))
    good = f'<SetEmail xmlns="{TNS}"><Accountnumber>1</Accountnumber><NewEmail>a@b.co</NewEmail></SetEmail>'
    assert schema.validate(etree.fromstring(good))
    assert not schema.validate(etree.fromstring(good.replace("Accountnumber", "AccountNumber")))


def test_no_real_host_stands_in_it() -> None:
    hosts = {word.split("/")[2] for word in WSDL.decode().replace('"', " ").split() if word.startswith("http")}
    assert hosts == {"www.w3.org", "schemas.xmlsoap.org", "tempuri.org", "inhance.example.com"}
