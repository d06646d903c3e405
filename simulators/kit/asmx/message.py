"""
What the generated modules of messages consist of: messages, the types of their fields, operations, a service.

A simulator declares its services in Spyne, and `make reference` writes from each declaration a module in these terms.
The codec reads them, so a sandbox that is served by the codec imports no Spyne; a type checker reads them as well.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar, dataclass_transform

__all__ = ["Array", "Complex", "Handlers", "Message", "Operation", "Service", "Simple", "Type"]

Handlers = TypeVar("Handlers")


@dataclass_transform(kw_only_default=True)
class Message:
    """
    One message or complex type: an attribute for each element, in order, annotated with its type.

    What was not sent, or not set, has the default of its class, as a field of a .NET object has.
    """

    def __init__(self, **values: Any) -> None:
        self.__dict__ = values

    def __repr__(self) -> str:
        # Values may be secrets: keys and passwords are fields like any other.
        return f"{type(self).__name__}({', '.join(self.__dict__)})"


class Type:
    """
    The type of an element.

    `name` is its name in the schema, `least` its minOccurs (0 or 1), `nillable` whether it may be `xsi:nil`.
    """

    __slots__ = ("least", "name", "nillable")

    def __init__(self, name: str, *, least: int, nillable: bool) -> None:
        self.name, self.least, self.nillable = name, least, nillable


class Simple(Type):
    """A simple type of XML Schema. Values must be there unless *least* is 0; .NET's value types cannot be nil."""

    __slots__ = ()

    def __init__(self, name: str, *, least: int = 1, nillable: bool = False) -> None:
        super().__init__(name, least=least, nillable=nillable)


class Complex(Type):
    """A complex type, whose elements are those of a message."""

    __slots__ = ("message",)

    def __init__(self, message: type[Message], *, least: int = 0, nillable: bool = False, name: str = "") -> None:
        super().__init__(name or message.__name__, least=least, nillable=nillable)
        self.message = message


class Array(Type):
    """A complex type that holds any number of one element."""

    __slots__ = ("item", "item_name")

    def __init__(self, name: str, item_name: str, item: Type, *, least: int = 0, nillable: bool = False) -> None:
        super().__init__(name, least=least, nillable=nillable)
        self.item_name, self.item = item_name, item


class Operation:
    """An operation: its name, the message it takes, the type it gives back (None for nothing), and what it does."""

    __slots__ = ("doc", "name", "request", "result")

    def __init__(self, name: str, request: type[Message], result: Type | None, doc: str) -> None:
        self.name, self.request, self.result, self.doc = name, request, result, doc


class Service(Generic[Handlers]):
    """The operations of a service in its namespace, for an object that has a method for each."""

    __slots__ = ("name", "namespace", "operations")

    def __init__(self, name: str, namespace: str, *operations: Operation) -> None:
        self.name, self.namespace, self.operations = name, namespace, operations
