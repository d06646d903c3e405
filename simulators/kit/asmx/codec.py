"""
One codec per operation, compiled at start from the Spyne declaration of a service.

Reading goes once over the children of the operation's element and picks fields by their full tag; writing fills a
template. Spyne itself takes 25 times as long for the same, because it walks its declaration again at every call; it
stays the oracle these codecs are tested against.

What a handler gets is what XmlSerializer would have given it: unknown elements are ignored, order does not matter, of
a field that is sent twice the first counts, a value type that is missing has its default, a missing string is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from lxml import etree

from partnerlab.simulators.kit.asmx import spyne_compat as spyne
from partnerlab.simulators.kit.asmx.types import Scalar, scalar

__all__ = ["Field", "FormValueInvalid", "Operation", "ParameterMissing", "ValueUnreadable", "compile_service"]

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


@dataclass(frozen=True, slots=True)
class Field:
    """
    A parameter, or a member of a complex type.

    `type_name` is its XML Schema type; `scalar` is None for complex types and arrays, whose members are `members`
    (one for an array). `read` and `write` work on the content of the field's element.
    """

    name: str
    tag: str
    type_name: str
    scalar: Scalar | None
    members: tuple[Field, ...]
    default: Any
    absent: str | None
    read: Read
    write: Write
    is_array: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
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
    parameters: tuple[Field, ...]
    result: Field | None
    function: Callable[..., Any]
    takes_context: bool
    form_fields: tuple[Field, ...] | None
    form_is_flat: bool
    _positions: Mapping[str, int] = field(repr=False)
    _defaults: tuple[Any, ...] = field(repr=False)

    def read(self, element: etree._Element | None) -> list[Any]:
        """
        The arguments in the operation's element.

        None, or the element of another operation, gives the defaults: the serialiser of .NET looks for its wrapper
        and finds nothing, which is what a sender with a wrong namespace sees. Raises `ValueUnreadable`.
        """
        values = list(self._defaults)
        if element is None or element.tag != self.tag:
            return values
        _read_members(element, self.parameters, self._positions, values)
        return values

    def read_form(self, form: Mapping[str, list[str]]) -> list[Any]:
        """
        The arguments in a form whose names are in lower case.

        Raises `ParameterMissing`, `FormValueInvalid`; `TypeError` where a form cannot carry them.
        """
        if self.form_fields is None:
            raise TypeError(f"{self.name} takes no form")
        if not self.form_is_flat:
            return [_form_value(one, form) for one in self.form_fields]
        values = {}
        for one in self.form_fields:  # as in XML, a member that is not there has its default
            sent = _sent(one, form)
            values[one.name] = one.default if sent is None else _parsed(one, sent)
        return [SimpleNamespace(**values)]

    def call(self, context: Any, arguments: list[Any]) -> Any:
        """Run the handler."""
        return self.function(context, *arguments) if self.takes_context else self.function(*arguments)

    def write(self, result: Any) -> str:
        """The response element with the result in it."""
        start = f'<{self.name}Response xmlns="{self.namespace}"'
        inner = "" if self.result is None else _write_field(self.result, result)
        return f"{start}>{inner}</{self.name}Response>" if inner else f"{start} />"


def compile_service(service: type[Any], namespace: str, *, flat_forms: bool = False) -> dict[str, Operation]:
    """
    The operations of a Spyne service by name; *flat_forms* lets a form carry the members of a single complex parameter.

    Raises `TypeError` for a declared type that has no codec.
    """
    operations = {}
    for name, descriptor in service.public_methods.items():
        parameters = tuple(
            _field(key, model, namespace, f"{name}.{key}") for key, model in descriptor.in_message._type_info.items()
        )
        results = [
            _field(key, model, namespace, f"{name}.{key}") for key, model in descriptor.out_message._type_info.items()
        ]
        flat = flat_forms and len(parameters) == 1 and bool(parameters[0].members) and not parameters[0].is_array
        fields = parameters[0].members if flat else parameters
        operations[name] = Operation(
            name=name,
            namespace=namespace,
            action=(namespace if namespace.endswith("/") else namespace + "/") + name,
            tag=f"{{{namespace}}}{name}",
            doc=" ".join((descriptor.doc or "").split()),
            parameters=parameters,
            result=results[0] if results else None,
            function=descriptor.function,
            takes_context=not descriptor.no_ctx,
            form_fields=fields if all(map(_fits_form, fields)) else None,
            form_is_flat=flat,
            _positions={parameter.tag: at for at, parameter in enumerate(parameters)},
            _defaults=tuple(parameter.default for parameter in parameters),
        )
    return operations


def _fits_form(field: Field) -> bool:
    return field.scalar is not None or (field.is_array and field.members[0].scalar is not None)


def _form_value(field: Field, form: Mapping[str, list[str]]) -> Any:
    sent = _sent(field, form)
    if sent is None:
        raise ParameterMissing(field.name)
    return _parsed(field, sent)


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


def _field(name: str, model: type[Any], namespace: str, place: str, *, of_array: bool = False) -> Field:
    tag = f"{{{namespace}}}{name}"
    attributes = model.Attributes
    if attributes.max_occurs not in (0, 1) and not of_array:
        raise TypeError(f"{place}: max_occurs {attributes.max_occurs}; declare an Array")
    nullable = attributes.nillable and attributes.min_occurs > 0
    simple = scalar(model)
    if simple is not None:
        value_type = simple.default is not None
        # A value type that may be missing (`XSpecified` in .NET) is declared with min_occurs 0 and not nillable.
        optional = not attributes.min_occurs and not attributes.nillable
        default = None if nullable or optional else simple.default
        absent = _absent(name, nullable=nullable, required=value_type and attributes.min_occurs > 0)
        return Field(
            name, tag, simple.xsd, simple, (), default, absent, _simple_reader(simple, nullable=nullable), simple.render
        )
    is_array = issubclass(model, spyne.Array)
    if not is_array and not issubclass(model, spyne.ComplexModel):
        raise TypeError(f"{place}: no codec for {model.__name__}")
    members = tuple(
        _field(key, member, namespace, f"{place}.{key}", of_array=is_array)
        for key, member in model.get_flat_type_info(model).items()
    )
    absent = _absent(name, nullable=nullable, required=False)
    read, write = (
        (_array_reader(members[0]), _array_writer(members[0]))
        if is_array
        else (_complex_reader(members), _complex_writer(members))
    )
    return Field(name, tag, model.get_type_name(), None, members, None, absent, read, write, is_array)


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


def _complex_reader(members: tuple[Field, ...]) -> Read:
    positions = {member.tag: at for at, member in enumerate(members)}
    names = [member.name for member in members]
    defaults = [member.default for member in members]

    def read(element: etree._Element) -> Any:
        if element.attrib and _is_nil(element):
            return None
        values = list(defaults)
        _read_members(element, members, positions, values)
        return SimpleNamespace(**dict(zip(names, values, strict=True)))

    return read


def _array_reader(member: Field) -> Read:
    tag, read_one = member.tag, member.read

    def read(element: etree._Element) -> Any:
        if element.attrib and _is_nil(element):
            return None
        return [read_one(child) for child in element if child.tag == tag]

    return read


def _read_members(
    element: etree._Element, members: tuple[Field, ...], positions: Mapping[str, int], values: list[Any]
) -> None:
    seen = 0
    for child in element:
        at = positions.get(child.tag)
        if at is None or seen >> at & 1:
            continue
        seen |= 1 << at
        values[at] = members[at].read(child)


def _write_field(member: Field, value: Any) -> str:
    if value is None:
        if member.absent is None:
            raise TypeError(f"{member.name} has no value and cannot be null")
        return member.absent
    text = member.write(value)
    return f"<{member.name}>{text}</{member.name}>" if text else f"<{member.name} />"


def _complex_writer(members: tuple[Field, ...]) -> Write:
    # An answer is written far more often than declared: everything that is the same each time is made here.
    table = [(member.name, f"<{member.name}>", f"</{member.name}>", member.write) for member in members]
    by_name = {member.name: member for member in members}

    def write(value: Any) -> str:
        parts = []
        for name, start, end, text_of in table:
            one = getattr(value, name, None)
            text = None if one is None else text_of(one)
            parts.append(f"{start}{text}{end}" if text else _write_field(by_name[name], one))
        return "".join(parts)

    return write


def _array_writer(member: Field) -> Write:
    return lambda values: "".join(_write_field(member, value) for value in values)
