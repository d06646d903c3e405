"""
What an operation's request may be, drawn from the WSDL by a reader of its own: values of each type, optional elements
left out, and named ways in which a message is not what the schema says.

Messages are drawn as plain data and written at the end, so that Hypothesis shrinks a failing one to what it must hold.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from hypothesis import strategies as st
from lxml import etree

from partnerlab.contracts.verification.provider.soap import ENVELOPES
from partnerlab.contracts.verification.wsdl import WSDL, XSD

__all__ = ["MUTATIONS", "Message", "Parameters", "each_alone", "messages", "parameters"]

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40)
TYPES: Mapping[str, st.SearchStrategy[str]] = {
    "string": TEXT,
    "int": st.integers(-(2**31), 2**31 - 1).map(str),
    "decimal": st.decimals(-(10**9), 10**9, places=2, allow_nan=False, allow_infinity=False).map(
        lambda one: f"{one:f}"
    ),
    "boolean": st.sampled_from(["true", "false", "1", "0"]),
    "dateTime": st.datetimes().map(lambda one: one.isoformat(timespec="seconds")),
    "base64Binary": st.binary(max_size=60).map(lambda content: base64.b64encode(content).decode()),
}
SIMPLE = {
    "string": "a",
    "int": "0",
    "decimal": "1.00",
    "boolean": "true",
    "dateTime": "2026-01-01T00:00:00",
    "base64Binary": "YQ==",
}
ODD = ["", " ", "abc", "-1", "9" * 20, "NaN", "1E5", "1,5", "2026-13-45", "x" * 5_000, "'", "\u202e", "<![CDATA[x]]>"]
MUTATIONS = {
    "drop": "an element is left out",
    "double": "an element stands twice",
    "reverse": "the elements stand in another order",
    "unwrap": "the elements stand without the one that holds them",
    "unknown": "an element that the operation does not have",
    "child": "an element stands within a value",
    "odd": "a value of another kind",
    "namespace": "the elements are in another namespace",
    "none": "the elements are in no namespace",
    "action": "the SOAPAction is of no operation",
    "cut": "the message is cut off",
    "doctype": "the message declares an entity",
    "latin": "the message is in another encoding than it says",
}


@dataclass(frozen=True, slots=True)
class Parameters:
    """
    What an operation takes: of each parameter its name, its type and whether it may be left out. `wrapper` is the
    element that holds them (`Req`), empty where none does.
    """

    fields: tuple[tuple[str, str, bool], ...]
    wrapper: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """
    A request as data: `values` in order; `mutation` is a name of `MUTATIONS` or empty, `at` where it is done, `odd` the
    value that it puts there. `wrapper` is as in `Parameters`.
    """

    operation: str
    version: str
    values: tuple[tuple[str, str], ...]
    mutation: str = ""
    at: int = 0
    odd: str = ""
    wrapper: str = ""

    @property
    def described(self) -> str:
        """What it is, for a reader."""
        mutation = f", {MUTATIONS[self.mutation]}" if self.mutation else ""
        return f"{self.operation}, SOAP {self.version}{mutation}"

    def body(self, namespace: str) -> bytes:
        """The envelope's bytes."""
        fields = list(self.values)
        at = self.at % len(fields) if fields else 0
        if fields and self.mutation == "drop":
            del fields[at]
        elif fields and self.mutation == "double":
            fields.insert(at, fields[at])
        elif self.mutation == "reverse":
            fields.reverse()
        elif fields and self.mutation == "odd":
            fields[at] = (fields[at][0], self.odd)
        elements = [f"<{name}>{_text(value)}</{name}>" for name, value in fields]
        if self.mutation == "unknown":
            elements.insert(at, "<VerifyUnknown><a>1</a></VerifyUnknown>")
        elif elements and self.mutation == "child":
            elements[min(at, len(elements) - 1)] = f"<{fields[0][0]}><a>1</a></{fields[0][0]}>"
        if self.wrapper and self.mutation != "unwrap":
            elements = [f"<{self.wrapper}>{''.join(elements)}</{self.wrapper}>"]
        own = {"namespace": "urn:verify:other", "none": ""}.get(self.mutation, namespace)
        text = (
            f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPES[self.version]}"><soap:Body>'
            f'<{self.operation} xmlns="{escape(own)}">{"".join(elements)}</{self.operation}>'
            "</soap:Body></soap:Envelope>"
        )
        if self.mutation == "doctype":
            text = text.replace("<soap:Envelope", '<!DOCTYPE x [<!ENTITY v "w">]><soap:Envelope', 1)
        content = text.encode("latin-1", "replace") if self.mutation == "latin" else text.encode()
        return content[: len(content) * 2 // 3] if self.mutation == "cut" else content


def parameters(wsdl: bytes) -> dict[str, Parameters]:
    """
    The parameters of each operation, of those whose parameters, or the members of whose one parameter, are all of
    simple types that are known here.
    """
    root = etree.fromstring(wsdl, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    schemas = root.findall(f"{{{WSDL}}}types/{{{XSD}}}schema")
    types = {one.get("name", ""): one for schema in schemas for one in schema.iterfind(f"{{{XSD}}}complexType")}
    found = {}
    for element in (one for schema in schemas for one in schema.iterfind(f"{{{XSD}}}element")):
        name, fields, wrapper = element.get("name", ""), tuple(_fields(element.find(f"{{{XSD}}}complexType"))), ""
        if len(fields) == 1 and fields[0][1] in types:
            wrapper, fields = fields[0][0], tuple(_fields(types[fields[0][1]]))
        if fields and all(kind in TYPES for _, kind, _ in fields) and not name.endswith("Response"):
            found[name] = Parameters(fields, wrapper)
    return found


def each_alone(of: Parameters, operation: str, known: Mapping[str, str]) -> Iterator[Message]:
    """Every mutation once, and every odd value in every element: what is to be tried before chance has its turn."""
    values = tuple((name, known.get(name, SIMPLE[kind])) for name, kind, _ in of.fields)
    plain = Message(operation, "1.1", values, wrapper=of.wrapper)
    yield plain
    for at in range(len(of.fields)):
        yield from (replace(plain, mutation="odd", at=at, odd=odd) for odd in ODD)
        yield from (replace(plain, mutation=name, at=at) for name in ("drop", "double"))
    yield from (replace(plain, mutation=name) for name in MUTATIONS if name not in ("odd", "drop", "double"))


def messages(of: Parameters, operation: str, known: Mapping[str, str]) -> st.SearchStrategy[Message]:
    """Messages of an operation, about half of them mutated; *known* values stand where they are given, most times."""
    drawn = []
    for name, kind, optional in of.fields:
        value = TYPES[kind]
        if name in known:
            value = st.just(known[name]) | value
        one = value.map(lambda text, name=name: ((name, text),))  # type: ignore[misc]
        drawn.append(st.just(()) | one if optional and name not in known else one)
    values = st.tuples(*drawn).map(lambda parts: tuple(pair for part in parts for pair in part))
    mutation = st.just("") | st.sampled_from(sorted(MUTATIONS))
    return st.builds(
        Message,
        st.just(operation),
        st.sampled_from(["1.1", "1.2"]),
        values,
        mutation,
        st.integers(0, 9),
        st.sampled_from(ODD),
        st.just(of.wrapper),
    )


def _fields(holder: etree._Element | None) -> Iterator[tuple[str, str, bool]]:
    for one in () if holder is None else holder.iterfind(f"{{{XSD}}}sequence/{{{XSD}}}element"):
        yield one.get("name", ""), one.get("type", "").rpartition(":")[2], one.get("minOccurs") == "0"


def _text(value: str) -> str:
    return value if value.startswith("<![CDATA[") else escape(value).replace("\r", "&#13;")
