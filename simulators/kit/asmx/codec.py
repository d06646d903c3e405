"""
One codec per operation, compiled when a service is made from the messages that were generated from its declaration.

Reading goes once over the children of the operation's element and picks fields by their full tag; writing fills a
template. Spyne itself takes 25 times as long for the same, because it walks its declaration again at every call; it
stays the oracle these codecs are tested against.

What a handler gets is what XmlSerializer would have given it: unknown elements are ignored, order does not matter, of
a field that is sent twice the first counts, a value type that is missing has its default, a missing string is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from lxml import etree

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.asmx.message import Array, Complex, Message, Service, Simple, Type
from partnerlab.simulators.kit.asmx.types import SCALARS, Scalar

__all__ = ["Field", "FormValueInvalid", "OperationCodec", "ParameterMissing", "ValueUnreadable", "compile_service"]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
_NIL = f"{{{XSI}}}nil"


class ValueUnreadable(ValueError):
    """A value that is not of its type; `element` is where it stands, the text is .NET's."""

    def __init__(self, element: etree._Element, message: str) -> None:
        self.element = element
        super().__init__(message)


class ParameterMissing(ValueError):
    """A form without one of the parameters."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Missing parameter: {name}.")


class FormValueInvalid(ValueError):
    """A form value that .NET cannot convert."""

    def __init__(self, value: str, clr: str, reason: str) -> None:
        super().__init__(f"Cannot convert {value} to {clr}.\r\nParameter name: type ---> {reason}")


Read = Callable[[etree._Element], Any]
Write = Callable[[Any], str]
_ByTag = Mapping[str, tuple[str, Read]]


@dataclass(frozen=True, slots=True)
class Field:
    """
    A parameter, or a member of a complex type.

    `type_name` is its XML Schema type; `scalar` is None for complex types and arrays, whose members are `members`
    (one for an array). `read` and `write` work on the content of the field's element; `absent` is what None is
    written as, None where it may not be.
    """

    name: str
    tag: str
    type_name: str
    scalar: Scalar | None
    members: tuple[Field, ...]
    absent: str | None
    read: Read
    write: Write
    message: type[Message] | None = None
    is_array: bool = False


@dataclass(frozen=True, slots=True)
class OperationCodec:
    """
    One operation: how to read its request, call it and write its answer.

    `form_fields` are the fields of a form POST, None where a form cannot carry the arguments; `form_is_flat` says
    that they are the members of the one complex parameter.
    """

    name: str
    namespace: str
    action: str
    tag: str
    doc: str
    request: type[Message]
    parameters: tuple[Field, ...]
    result: Field | None
    form_fields: tuple[Field, ...] | None
    form_is_flat: bool
    _by_tag: _ByTag = field(repr=False)

    def read(self, element: etree._Element | None) -> Message:
        """
        The request in the operation's element.

        None, or the element of another operation, gives the defaults: the serialiser of .NET looks for its wrapper
        and finds nothing, which is what a sender with a wrong namespace sees. Raises `ValueUnreadable`.
        """
        if element is None or element.tag != self.tag:
            return self.request()
        return _read_message(element, self.request, self._by_tag)

    def read_form(self, form: Mapping[str, list[str]]) -> Message:
        """
        The request in a form whose names are in lower case.

        Raises `ParameterMissing`, `FormValueInvalid`; `TypeError` where a form cannot carry it.
        """
        if self.form_fields is None:
            raise TypeError(f"{self.name} takes no form")
        values = {}
        for one in self.form_fields:
            sent = _sent(one, form)
            if sent is not None:
                values[one.name] = _parsed(one, sent)
            elif not self.form_is_flat:  # where it is, a member that is not there has its default, as in XML
                raise ParameterMissing(one.name)
        if not self.form_is_flat:
            return self.request(**values)
        (parameter,) = self.parameters
        assert parameter.message is not None
        return self.request(**{parameter.name: parameter.message(**values)})

    def write(self, result: Any) -> str:
        """The response element with the result in it."""
        start = f'<{self.name}Response xmlns="{self.namespace}"'
        inner = "" if self.result is None else _write_field(self.result, result)
        return f"{start}>{inner}</{self.name}Response>" if inner else f"{start} />"


def compile_service(
    service: Service[Any], *, namespace: str | None = None, flat_forms: bool = False
) -> dict[str, OperationCodec]:
    """
    The operations of a service by name.

    Args:
        namespace: The target namespace where it is not the declared one.
        flat_forms: Whether a form may carry the members of a single complex parameter.
    """
    namespace = service.namespace if namespace is None else namespace
    operations = {}
    for declared in service.operations:
        name = declared.name
        parameters = _members(declared.request, namespace)
        flat = flat_forms and len(parameters) == 1 and parameters[0].message is not None
        fields = parameters[0].members if flat else parameters
        operations[name] = OperationCodec(
            name=name,
            namespace=namespace,
            action=(namespace if namespace.endswith("/") else namespace + "/") + name,
            tag=f"{{{namespace}}}{name}",
            doc=declared.doc,
            request=declared.request,
            parameters=parameters,
            result=None if declared.result is None else _field(f"{name}Result", declared.result, namespace),
            form_fields=fields if all(map(_fits_form, fields)) else None,
            form_is_flat=flat,
            _by_tag=_by_tag(parameters),
        )
    return operations


def _fits_form(field: Field) -> bool:
    return field.scalar is not None or (field.is_array and field.members[0].scalar is not None)


def _sent(field: Field, form: Mapping[str, list[str]]) -> list[str] | None:
    """A field's values in a form; those of a list may bear the name of its items too."""
    if not field.is_array:
        return form.get(field.name.lower())
    names = dict.fromkeys((field.name.lower(), field.members[0].name.lower()))
    found = [form[name] for name in names if name in form]
    return [one for values in found for one in values] if found else None


def _parsed(field: Field, sent: list[str]) -> Any:
    """
    A form field's value. A text that is sent twice is joined by a comma, as by .NET's NameValueCollection; a list may
    be sent either way, its name repeated or its items with commas between them, which .NET would not take apart.
    """
    text = ",".join(sent)
    if field.is_array:
        item = field.members[0]
        return [_parsed(item, [one.strip()]) for one in text.split(",") if one.strip()]
    assert field.scalar is not None
    try:
        return field.scalar.parse_form(text)
    except ValueError as error:
        raise FormValueInvalid(text, field.scalar.clr, str(error)) from None


def _members(message: type[Message], namespace: str) -> tuple[Field, ...]:
    """The fields of a message, whose annotations say what each is: `Annotated[int, Simple("int")]`."""
    annotations = message.__annotations__
    return tuple(_field(name, annotation.__metadata__[0], namespace) for name, annotation in annotations.items())


def _by_tag(fields: tuple[Field, ...]) -> _ByTag:
    return {one.tag: (one.name, one.read) for one in fields}


def _field(name: str, type: Type, namespace: str) -> Field:
    tag = f"{{{namespace}}}{name}"
    nullable = type.nillable and type.least > 0
    if isinstance(type, Simple):
        simple = SCALARS[type.name]
        absent = _absent(name, nullable=nullable, required=type.least > 0 and simple.default is not None)
        read = _simple_reader(simple, nullable=nullable)
        return Field(name, tag, type.name, simple, (), absent, read, simple.render)
    absent = _absent(name, nullable=nullable, required=False)
    if isinstance(type, Array):
        item = _field(type.item_name, type.item, namespace)
        reader, writer = _array_reader(item), _array_writer(item)
        return Field(name, tag, type.name, None, (item,), absent, reader, writer, is_array=True)
    assert isinstance(type, Complex)
    members = _members(type.message, namespace)
    reader, writer = _complex_reader(type.message, members), _complex_writer(members)
    return Field(name, tag, type.name, None, members, absent, reader, writer, message=type.message)


def _absent(name: str, *, nullable: bool, required: bool) -> str | None:
    """What None is written as; None where it may not be."""
    if nullable:
        return f'<{name} xsi:nil="true" />'
    return None if required else ""


def _is_nil(element: etree._Element) -> bool:
    return element.get(_NIL) in ("true", "1")


def _simple_reader(simple: Scalar, *, nullable: bool) -> Read:
    parse = simple.parse
    is_text = simple.default is None

    def read(element: etree._Element) -> Any:
        text = element.text
        if len(element):
            raise ValueUnreadable(element, f"'Element' is an invalid XmlNodeType: {element.tag} holds elements.")
        if text is None:
            if (nullable or is_text) and _is_nil(element):
                return None
            text = ""
        try:
            return parse(text)
        except ValueError as error:
            raise ValueUnreadable(element, str(error)) from None

    return read


def _complex_reader(message: type[Message], members: tuple[Field, ...]) -> Read:
    by_tag = _by_tag(members)

    def read(element: etree._Element) -> Any:
        if element.attrib and _is_nil(element):
            return None
        return _read_message(element, message, by_tag)

    return read


def _read_message(element: etree._Element, message: type[Message], by_tag: _ByTag) -> Message:
    values: dict[str, Any] = {}
    for child in element:
        found = by_tag.get(child.tag)
        if found is not None and found[0] not in values:
            values[found[0]] = found[1](child)
    made = message.__new__(message)
    made.__dict__ = values
    return made


def _array_reader(member: Field) -> Read:
    tag, read_one = member.tag, member.read

    def read(element: etree._Element) -> Any:
        if element.attrib and _is_nil(element):
            return None
        return [read_one(child) for child in element if child.tag == tag]

    return read


def _write_field(member: Field, value: Any) -> str:
    if value is None:
        if member.absent is None:
            raise TypeError(f"{member.name} has no value and cannot be null")
        return member.absent
    text = member.write(value)
    return f"<{member.name}>{text}</{member.name}>" if text else f"<{member.name} />"


def _complex_writer(members: tuple[Field, ...]) -> Write:
    # An answer is written far more often than declared: everything that is the same each time is made here.
    table = [
        (member, member.name, f"<{member.name}>", f"</{member.name}>", member.absent, member.write)
        for member in members
    ]

    def write(value: Any) -> str:
        parts = []
        for member, name, start, end, absent, text_of in table:
            one = getattr(value, name)
            if one is None and absent is not None:
                parts.append(absent)
                continue
            text = None if one is None else text_of(one)
            parts.append(f"{start}{text}{end}" if text else _write_field(member, one))
        return "".join(parts)

    return write


def _array_writer(member: Field) -> Write:
    return lambda values: "".join(_write_field(member, value) for value in values)
