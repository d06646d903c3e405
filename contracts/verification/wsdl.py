"""A WSDL as a contract: which operations there are, what their messages look like, how each is addressed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

__all__ = ["Contract", "Operation", "read_wsdl"]

WSDL = "http://schemas.xmlsoap.org/wsdl/"
SOAP11 = "http://schemas.xmlsoap.org/wsdl/soap/"
SOAP12 = "http://schemas.xmlsoap.org/wsdl/soap12/"
HTTP = "http://schemas.xmlsoap.org/wsdl/http/"
XSD = "http://www.w3.org/2001/XMLSchema"


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One operation; elements are full tags (`{http://tempuri.org/}BalanceCheck`).

    `form` names the fields of its form POST, None where it has no such port; `form_output` is the root of the answer.
    """

    name: str
    soap_action: str
    input: str
    output: str
    form: tuple[str, ...] | None
    form_output: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a WSDL says: operations by name and by input element, a schema by namespace, the members of each element."""

    operations: Mapping[str, Operation]
    schemas: Mapping[str, etree.XMLSchema]
    members: Mapping[str, tuple[str, ...]]

    def by_input(self, tag: str) -> Operation | None:
        """The operation whose request has that element."""
        return next((one for one in self.operations.values() if one.input == tag), None)

    def schema_of(self, element: etree._Element) -> etree.XMLSchema | None:
        """The schema of an element's namespace."""
        return self.schemas.get(etree.QName(element).namespace or "")


def read_wsdl(document: bytes) -> Contract:
    """
    The contract in a WSDL 1.1 document (document/literal, each schema on its own).

    Raises:
        ValueError: it is not a WSDL, or refers to a message it does not have.
    """
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    if root.tag != f"{{{WSDL}}}definitions":
        raise ValueError(f"{root.tag} is not a WSDL 1.1 definitions element")
    messages = {
        message.get("name", ""): list(message.iterfind(f"{{{WSDL}}}part"))
        for message in root.iterfind(f"{{{WSDL}}}message")
    }
    actions = dict(_soap_actions(root))
    soap: dict[str, tuple[str, str]] = {}
    forms: dict[str, tuple[tuple[str, ...], str]] = {}
    for name, input_name, output_name in _port_operations(root):
        try:
            sent, answered = messages[input_name], messages[output_name]
        except KeyError as missing:
            raise ValueError(f"operation {name}: there is no message {missing}") from None
        if sent and sent[0].get("element"):
            soap[name] = _element(sent), _element(answered)
        else:
            forms[name] = tuple(part.get("name", "") for part in sent), _element(answered)
    operations = {
        name: Operation(
            name,
            actions.get(name, ""),
            sent,
            answered,
            forms[name][0] if name in forms else None,
            forms.get(name, ((), ""))[1],
        )
        for name, (sent, answered) in soap.items()
    }
    described = {
        schema.get("targetNamespace", ""): schema for schema in root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema")
    }
    members = {
        f"{{{namespace}}}{element.get('name')}": tuple(
            inner.get("name", "") for inner in element.iterfind(f".//{{{XSD}}}element") if inner.get("name")
        )
        for namespace, schema in described.items()
        for element in schema.iterfind(f"{{{XSD}}}element")
    }
    schemas = {
        namespace: etree.XMLSchema(etree.fromstring(etree.tostring(schema))) for namespace, schema in described.items()
    }
    return Contract(operations, schemas, members)


def _soap_actions(root: etree._Element) -> Iterator[tuple[str, str]]:
    for operation in root.iterfind(f"{{{WSDL}}}binding/{{{WSDL}}}operation"):
        for namespace in (SOAP11, SOAP12):
            binding = operation.find(f"{{{namespace}}}operation")
            if binding is not None:
                yield operation.get("name", ""), binding.get("soapAction", "")


def _port_operations(root: etree._Element) -> Iterator[tuple[str, str, str]]:
    for operation in root.iterfind(f"{{{WSDL}}}portType/{{{WSDL}}}operation"):
        messages = [operation.find(f"{{{WSDL}}}{side}") for side in ("input", "output")]
        names = ["" if one is None else one.get("message", "").rpartition(":")[2] for one in messages]
        yield operation.get("name", ""), names[0], names[1]


def _element(parts: list[etree._Element]) -> str:
    """Full tag of the element a message's first part names."""
    if not parts:
        return ""
    prefix, _, local = parts[0].get("element", "").rpartition(":")
    return f"{{{parts[0].nsmap.get(prefix or None, '')}}}{local}"
