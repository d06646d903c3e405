"""An example of a SOAP answer, in the shape of the WSDL: only what a consumer reads need be in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from partnerlab.contracts.verification.pact.schema import Element, Types

__all__ = ["soap_answer"]

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def soap_answer(types: Types, tag: str, values: Mapping[str, Any]) -> str:
    """
    An envelope with the element *tag* and these values by name, nested as the elements are, in the WSDL's order.

    Raises `KeyError` for a value that the WSDL has no element for.
    """
    element = types.element(tag)
    inside = _children(element, values)
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{ENVELOPE}"><soap:Body>'
        f'<{element.name} xmlns="{element.namespace}">{inside}</{element.name}></soap:Body></soap:Envelope>'
    )


def _children(element: Element, values: Mapping[str, Any]) -> str:
    for name in values:
        element.child(name)
    return "".join(_rendered(child, values[child.name]) for child in element.children if child.name in values)


def _rendered(element: Element, value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(_rendered(element, one) for one in value)
    inside = _children(element, value) if isinstance(value, Mapping) else escape(str(value))
    return f"<{element.name}>{inside}</{element.name}>"
