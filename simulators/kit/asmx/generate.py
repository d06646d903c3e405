"""
Writes the module of messages that a Spyne declaration means: `render(CloudManagement, "https://…/CloudManagement/")`.

What Spyne makes of a declaration is read once, here; the codec and the handlers know the module that comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from partnerlab.simulators.kit.asmx import spyne_compat as spyne
from partnerlab.simulators.kit.asmx.message import Service

__all__ = ["load", "render"]

WIDTH = 120
XS = {
    # Name in XML Schema: our name in `xs`, the Python type, minOccurs as `xs` has it, what is not set.
    "string": ("String", "str", 0, "None"),
    "int": ("Int", "int", 1, "0"),
    "long": ("Long", "int", 1, "0"),
    "decimal": ("Decimal", "decimal.Decimal", 1, "xs.ZERO"),
    "boolean": ("Boolean", "bool", 1, "False"),
    "dateTime": ("DateTime", "datetime.datetime", 1, "xs.MIN_VALUE"),
    "date": ("Date", "datetime.date", 1, "xs.MIN_DATE"),
    "base64Binary": ("Base64Binary", "bytes", 0, "None"),
}
REQUEST = "from partnerlab.simulators.kit.http.messages import Request"
IMPORTS = (
    ("datetime.", "import datetime"),
    ("decimal.", "import decimal"),
    ("Sequence[", "from collections.abc import Sequence"),
    ("Annotated[", "from typing import Annotated, Protocol"),
    ("", "from typing import Protocol"),
)


def render(declared: type[Any], namespace: str) -> str:
    """
    The module's source.

    Raises:
        TypeError: a declared type has no codec, or an element may occur more than once outside an array.
    """
    classes: dict[str, str] = {}
    operations = []
    handlers = []
    for name, descriptor in declared.public_methods.items():
        request = f"{name}Request"
        classes[request] = _class(
            request, f"What {name} is sent.", descriptor.in_message._type_info, classes, place=name
        )
        results = list(descriptor.out_message._type_info.items())
        if results and results[0][0] != f"{name}Result":
            raise TypeError(f"{name}: the result is called {results[0][0]}, .NET calls it {name}Result")
        result, returned = ("None", "None") if not results else _type(results[0][1], classes, f"{name}.{results[0][0]}")
        doc = " ".join((descriptor.doc or "").split())
        operations.append(_call("Operation", _text(name), request, result, _text(doc), indent=4) + ",")
        handlers.append(_method(name, request, returned))
    body = "\n\n\n".join(
        [
            *classes.values(),
            f'class {declared.__name__}(Protocol):\n    """What answers the operations."""\n\n' + "\n".join(handlers),
        ]
    )
    service = "\n".join(
        [
            f"SERVICE: Service[{declared.__name__}] = Service(",
            f"    {_text(declared.__name__)},",
            f"    {_text(namespace)},",
            *operations,
            ")",
        ]
    )
    names = sorted(["SERVICE", *classes, declared.__name__], key=_sorting)
    return "\n".join(
        [
            f'"""The messages of {declared.__name__}. Made from its declaration by `make reference`; do not edit."""',
            "",
            *_imports(body + service),
            "",
            "__all__ = [",
            *(f"    {_text(one)}," for one in names),
            "]",
            "",
            "",
            body,
            "",
            "",
            service,
            "",
        ]
    )


def load(source: str) -> Service[Any]:
    """The service that a rendered module declares."""
    module: dict[str, Any] = {"__name__": "rendered"}
    exec(compile(source, "<rendered>", "exec", dont_inherit=True), module)  # noqa: S102 - our own text, made above
    service = module["SERVICE"]
    assert isinstance(service, Service)
    return service


def _class(name: str, doc: str, members: Any, classes: dict[str, str], *, place: str) -> str:
    lines = [f"class {name}(Message):", f'    """{doc}"""', ""]
    for key, model in members.items():
        lines.append(_member(key, *_annotation(model, classes, f"{place}.{key}")))
    return "\n".join(lines).rstrip()


def _member(name: str, annotation: tuple[str, ...], unset: str) -> str:
    """A member's line; of an annotation that is not in `xs`, both parts are given."""
    if len(annotation) == 1:
        return f"    {name}: {annotation[0]} = {unset}"
    line = f"    {name}: Annotated[{', '.join(annotation)}] = {unset}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"    {name}: Annotated[", *(f"        {one}," for one in annotation), f"    ] = {unset}"])


def _annotation(model: type[Any], classes: dict[str, str], place: str) -> tuple[tuple[str, ...], str]:
    """The annotation of a member and its default: `("xs.Int",), "0"`, or the Python type and ours."""
    attributes = model.Attributes
    if attributes.max_occurs not in (0, 1):
        raise TypeError(f"{place}: max_occurs {attributes.max_occurs}; declare an array")
    xsd = _xsd(model)
    if xsd is None:
        expression, returned = _type(model, classes, place)
        return (returned, expression), "None"
    name, python, least, unset = XS[xsd]
    least_here, nillable = attributes.min_occurs, attributes.nillable
    if (least_here, nillable) == (least, False):
        return (f"xs.{name}",), unset
    if unset != "None" and (nillable if least_here else not nillable):
        unset = "None"  # it may be nil, or missing as a value with `XSpecified` of .NET may be
    annotated = f"{python} | None" if unset == "None" else python
    return (annotated, _simple(model, xsd)), unset


def _type(model: type[Any], classes: dict[str, str], place: str) -> tuple[str, str]:
    """The expression of a type, and how it is annotated; complex types are added to *classes*."""
    xsd = _xsd(model)
    if xsd is not None:
        python = XS[xsd][1]
        return _simple(model, xsd), f"{python} | None"
    options = _options(model, least=0)
    if issubclass(model, spyne.Array):
        ((item_name, item),) = model.get_flat_type_info(model).items()
        expression, returned = _type(item, classes, f"{place}.{item_name}")
        name = model.get_type_name()
        return f"Array({_text(name)}, {_text(item_name)}, {expression}{options})", f"Sequence[{returned}] | None"
    if not issubclass(model, spyne.ComplexModel):
        raise TypeError(f"{place}: no codec for {model.__name__}")
    name = model.get_type_name()
    if name.endswith("Request"):
        raise TypeError(f"{place}: a type called {name} could hide the message of an operation; .NET calls it …Req")
    if name not in classes:
        doc = " ".join((_doc(model) or name).split())
        classes[name] = _class(name, doc, model.get_flat_type_info(model), classes, place=place)
    return f"Complex({name}{options})", f"{name} | None"


def _doc(model: type[Any]) -> str | None:
    # A customised model is a subclass without a docstring of its own.
    return next((one.__doc__ for one in model.__mro__ if "__doc__" in vars(one) and one.__doc__), None)


def _simple(model: type[Any], xsd: str) -> str:
    return f"Simple({_text(xsd)}{_options(model, least=1)})"


def _options(model: type[Any], *, least: int) -> str:
    attributes = model.Attributes
    told = "" if attributes.min_occurs == least else f", least={attributes.min_occurs}"
    return told + (", nillable=True" if attributes.nillable else "")


def _xsd(model: type[Any]) -> str | None:
    """The XML Schema name of a simple type, None for a complex one or an array."""
    if not issubclass(model, spyne.ModelBase) or issubclass(model, spyne.ComplexModel):
        return None
    name = "base64Binary" if issubclass(model, spyne.ByteArray) else model.get_type_name()
    return name if name in XS else None


def _imports(text: str) -> Iterator[str]:
    standard = [line for sign, line in IMPORTS if sign and sign in text]
    if "Annotated[" not in text:
        standard.append(IMPORTS[-1][1])
    yield from (line for line in standard if line.startswith("import "))
    yield from (line for line in standard if line.startswith("from "))
    yield ""
    if "xs." in text:
        yield "from partnerlab.simulators.kit.asmx import xs"
    used = [name for name in ("Array", "Complex", "Message", "Operation", "Service", "Simple") if f"{name}(" in text]
    names = sorted({*used, "Message", "Service"})
    yield f"from partnerlab.simulators.kit.asmx.message import {', '.join(names)}"
    yield REQUEST


def _method(name: str, request: str, returned: str) -> str:
    arguments = f"self, request: Request, sent: {request}, /"
    line = f"    def {name}({arguments}) -> {returned}: ..."
    if len(line) <= WIDTH:
        return line
    return f"    def {name}(\n        {arguments}\n    ) -> {returned}: ..."


def _call(function: str, *arguments: str, indent: int) -> str:
    blank = " " * indent
    line = f"{blank}{function}({', '.join(arguments)})"
    if len(line) < WIDTH:
        return line
    inner = f"{blank}    {', '.join(arguments)}"
    if len(inner) <= WIDTH:
        return f"{blank}{function}(\n{inner}\n{blank})"
    return "\n".join([f"{blank}{function}(", *(f"{blank}    {one}," for one in arguments), f"{blank})"])


def _text(value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _sorting(name: str) -> tuple[int, str]:
    # As ruff sorts __all__: constants, then classes.
    return (0 if name.isupper() else 1, name)
