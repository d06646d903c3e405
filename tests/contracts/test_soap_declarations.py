"""
The simulators' declarations and the WSDLs in `contracts/` mean the same, whole against whole.

Compared are operations with their actions, the elements of requests and answers in order with namespace, type,
occurrence and nillability, and the fields of the forms: of the WSDL, of the modules that the codec reads, and of the
WSDL that Spyne itself makes of the declarations.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lxml import etree

from partnerlab import generated
from partnerlab.contracts.data import read_bytes
from partnerlab.simulators.ic_webservices.wire.declarations import cloud_invoicing as declared_invoicing
from partnerlab.simulators.ic_webservices.wire.declarations import cloud_management as declared_management
from partnerlab.simulators.ic_webservices.wire.declarations import remote_authentication as declared_remote
from partnerlab.simulators.ic_webservices.wire.messages import cloud_invoicing, cloud_management, remote_authentication
from partnerlab.simulators.inhance_soap.wire.declarations import icloud as declared_icloud
from partnerlab.simulators.inhance_soap.wire.messages import icloud
from partnerlab.simulators.kit.asmx.codec import compile_service
from partnerlab.simulators.kit.asmx.message import Array, Complex, Message, Service, Simple, Type
from partnerlab.simulators.kit.asmx.spyne_compat import Application, Soap11, Wsdl11

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = ("{http://schemas.xmlsoap.org/wsdl/soap/}", "{http://schemas.xmlsoap.org/wsdl/soap12/}")
FLAT_FORMS = "CloudInvoicing"
"""Its wrapped arguments may stand alone in a form."""

SERVICES: dict[str, tuple[str, Service[Any], type[Any]]] = {
    "ICloud": ("inhance_soap/iCloud.wsdl", icloud.SERVICE, declared_icloud.ICloud),
    "CloudInvoicing": (
        "ic_webservices/CloudInvoicing.wsdl",
        cloud_invoicing.SERVICE,
        declared_invoicing.CloudInvoicing,
    ),
    "CloudManagement": (
        "ic_webservices/CloudManagement.wsdl",
        cloud_management.SERVICE,
        declared_management.CloudManagement,
    ),
    "RemoteAuthenticationWS": (
        "ic_webservices/RemoteAuthenticationWS.wsdl",
        remote_authentication.SERVICE,
        declared_remote.RemoteAuthenticationWS,
    ),
}
each_service = pytest.mark.parametrize("name", SERVICES)


class Document:
    """What a WSDL says, read without any of the code under test."""

    def __init__(self, root: etree._Element) -> None:
        self.root = root
        self.schemas = {one.get("targetNamespace"): one for one in root.iterfind(f"{WSDL}types/{XSD}schema")}
        self.messages = {one.get("name"): one for one in root.iterfind(f"{WSDL}message")}

    def messages_of_operations(self) -> dict[str, Any]:
        """Request and answer of each operation, as trees of elements."""
        found: dict[str, Any] = {}
        for operation in self.port_type("Soap"):
            parts = [self.messages[self.message(operation, side)][0] for side in ("input", "output")]
            trees = [self.global_element(*self.name(part, part.get("element", ""))) for part in parts]
            found[operation.get("name", "")] = tuple(trees)
        return found

    def actions(self) -> dict[str, set[str]]:
        """The SOAPActions of each operation, over both SOAP versions."""
        found: dict[str, set[str]] = {}
        for operation in self.root.iterfind(f"{WSDL}binding/{WSDL}operation"):
            for soap in SOAP:
                for binding in operation.iterfind(f"{soap}operation"):
                    found.setdefault(operation.get("name", ""), set()).add(binding.get("soapAction", ""))
        return found

    def forms(self) -> dict[str, list[str]]:
        """The fields of each operation's form POST."""
        return {
            operation.get("name", ""): [
                part.get("name", "") for part in self.messages[self.message(operation, "input")]
            ]
            for operation in self.port_type("HttpPost")
        }

    def port_type(self, suffix: str) -> Iterator[etree._Element]:
        for one in self.root.iterfind(f"{WSDL}portType"):
            if one.get("name", "").endswith(suffix):
                yield from one.iterfind(f"{WSDL}operation")

    @staticmethod
    def message(operation: etree._Element, side: str) -> str:
        (one,) = operation.iterfind(f"{WSDL}{side}")
        return one.get("message", "").rpartition(":")[2]

    @staticmethod
    def name(element: etree._Element, qualified: str) -> tuple[str, str]:
        prefix, _, local = qualified.rpartition(":")
        return element.nsmap[prefix or None], local

    def global_element(self, namespace: str, name: str) -> Any:
        (element,) = self.schemas[namespace].iterfind(f"{XSD}element[@name='{name}']")
        return f"{{{namespace}}}{name}", self.content(element)[1]

    def content(self, element: etree._Element) -> tuple[str, Any]:
        """Type name, and the elements in it where it is complex."""
        inline = element.find(f"{XSD}complexType")
        if inline is not None:
            return "", list(self.elements(inline))
        namespace, local = self.name(element, element.get("type", ""))
        if namespace == XSD[1:-1]:
            return local, None
        (complex_type,) = self.schemas[namespace].iterfind(f"{XSD}complexType[@name='{local}']")
        return local, list(self.elements(complex_type))

    def elements(self, complex_type: etree._Element) -> Iterator[Any]:
        schema = next(one for one in complex_type.iterancestors(f"{XSD}schema"))
        namespace = schema.get("targetNamespace") if schema.get("elementFormDefault") == "qualified" else ""
        for one in complex_type.iterfind(f"{XSD}sequence/{XSD}element"):
            yield (
                f"{{{namespace}}}{one.get('name')}",
                int(one.get("minOccurs", "1")),
                one.get("maxOccurs", "1"),
                one.get("nillable", "false") == "true",
                *self.content(one),
            )


def served(service: Service[Any]) -> dict[str, Any]:
    """The same of the messages that the codec reads."""

    def element(name: str, type: Type, most: str = "1") -> Any:
        tag = f"{{{service.namespace}}}{name}"
        return (tag, type.least, most, type.nillable, *content(type))

    def content(type: Type) -> tuple[str, Any]:
        if isinstance(type, Array):
            return type.name, [element(type.item_name, type.item, "unbounded")]
        if isinstance(type, Complex):
            return type.name, members(type.message)
        assert isinstance(type, Simple)
        return type.name, None

    def members(message: type[Message]) -> list[Any]:
        return [element(name, one.__metadata__[0]) for name, one in message.__annotations__.items()]

    return {
        one.name: (
            (f"{{{service.namespace}}}{one.name}", members(one.request)),
            (
                f"{{{service.namespace}}}{one.name}Response",
                [] if one.result is None else [element(f"{one.name}Result", one.result)],
            ),
        )
        for one in service.operations
    }


def contract(name: str) -> etree._Element:
    return etree.fromstring(read_bytes(SERVICES[name][0]))


def disagreements(name: str, root: etree._Element) -> list[str]:
    """Where the WSDL and what is served differ."""
    try:
        document = Document(root)
        service = SERVICES[name][1]
        compiled = compile_service(service, flat_forms=name == FLAT_FORMS)
        forms = {one.name: [field.name for field in one.form_fields or ()] for one in compiled.values()}
        pairs = {
            "namespace": (root.get("targetNamespace"), service.namespace),
            "operations": (list(document.messages_of_operations()), [one.name for one in service.operations]),
            "messages": (document.messages_of_operations(), served(service)),
            "actions": (document.actions(), {one.name: {one.action} for one in compiled.values()}),
            "forms": (document.forms(), forms),
        }
    except (KeyError, ValueError) as broken:
        return [f"the document refers to what is not there: {broken}"]
    return [what for what, (theirs, ours) in pairs.items() if theirs != ours]


@each_service
def test_what_is_served_is_what_the_wsdl_says(name: str) -> None:
    document = Document(contract(name))
    assert document.messages_of_operations() == served(SERVICES[name][1])
    assert disagreements(name, document.root) == []


@each_service
def test_what_spyne_makes_of_the_declaration_is_what_the_wsdl_says(name: str) -> None:
    _, service, declared = SERVICES[name]
    wsdl = Wsdl11(Application([declared], service.namespace, in_protocol=Soap11(), out_protocol=Soap11()).interface)
    wsdl.build_interface_document("http://127.0.0.1/")
    made = Document(etree.fromstring(wsdl.get_interface_document()))
    made.port_type = lambda _: iter(made.root.find(f"{WSDL}portType").iterfind(f"{WSDL}operation"))  # type: ignore[method-assign,union-attr]
    assert made.messages_of_operations() == Document(contract(name)).messages_of_operations()


Change = Callable[[etree._Element], None]


def _set(attribute: str, value: str) -> Change:
    return lambda one: one.set(attribute, value)


def _flip(attribute: str, usual: str, other: str) -> Change:
    return lambda one: one.set(attribute, other if one.get(attribute, usual) == usual else usual)


def _remove(one: etree._Element) -> None:
    parent = one.getparent()
    assert parent is not None
    parent.remove(one)


def _twice(one: etree._Element) -> None:
    one.addnext(copy.deepcopy(one))


CHANGES: dict[str, Change] = {
    "renamed": _set("name", "Otherwise"),
    "another case": lambda one: one.set("name", one.get("name", "").swapcase()),
    "removed": _remove,
    "twice": _twice,
    "minOccurs": _flip("minOccurs", "1", "0"),
    "maxOccurs": _flip("maxOccurs", "1", "unbounded"),
    "nillable": _flip("nillable", "false", "true"),
}


@each_service
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_any_element_of_the_wsdl_is_noticed(name: str, change: str) -> None:
    """Each element of the schema changed in turn, in each manner: none may go unnoticed."""
    root = contract(name)
    local = [at for at, one in enumerate(root.iter()) if one.tag == f"{XSD}element" and not _is_form_answer(one)]
    assert len(local) > 20
    for at in local:
        changed = copy.deepcopy(root)
        one = next(one for here, one in enumerate(changed.iter()) if here == at)
        before = etree.tostring(one)
        if _is_global(one) and change in ("minOccurs", "maxOccurs", "nillable"):
            continue  # occurrence has no meaning for the element of a message
        CHANGES[change](one)
        assert disagreements(name, changed), (change, before)


@each_service
def test_a_change_of_a_type_an_action_a_form_field_or_a_namespace_is_noticed(name: str) -> None:
    root = contract(name)
    places = [
        (at, attribute, value)
        for at, one in enumerate(root.iter())
        for attribute, value in _meanings(one)
        if isinstance(one.tag, str)
    ]
    assert len(places) > 50
    for at, attribute, value in places:
        changed = copy.deepcopy(root)
        one = next(one for here, one in enumerate(changed.iter()) if here == at)
        before = etree.tostring(one)
        one.set(attribute, value)
        assert disagreements(name, changed), (attribute, value, before)


def _meanings(one: etree._Element) -> Iterator[tuple[str, str]]:
    if one.tag == f"{XSD}element" and one.get("type") and not _is_form_answer(one):
        yield "type", "s:byte"
    if one.tag in [f"{soap}operation" for soap in SOAP]:
        yield "soapAction", (one.get("soapAction") or "") + "x"
    if one.tag == f"{XSD}schema":
        yield "elementFormDefault", "unqualified"
        yield "targetNamespace", "urn:another"
    if one.tag == f"{WSDL}definitions":
        yield "targetNamespace", "urn:another"
    parent = one.getparent()
    if one.tag == f"{WSDL}part" and parent is not None and parent.get("name", "").endswith("HttpPostIn"):
        yield "name", "Otherwise"


def _is_global(one: etree._Element) -> bool:
    parent = one.getparent()
    return parent is not None and parent.tag == f"{XSD}schema"


def _is_form_answer(one: etree._Element) -> bool:
    """An element of the schema that only a form's answer has, named as its type."""
    return _is_global(one) and not one.get("name", "").endswith("Response") and one.find(f"{XSD}complexType") is None


def test_the_modules_are_what_the_declarations_make() -> None:
    """`make reference` writes them anew."""
    for path, text in generated.render().items():
        assert path.read_text("utf-8") == text, f"{path} is stale"


def test_no_module_of_messages_is_left_over() -> None:
    made = set(generated.render())
    folders = {path.parent for path in made}
    there = {path for folder in folders for path in folder.glob("*.py") if path.name != "__init__.py"}
    assert there == made
