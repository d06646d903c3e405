"""
Spyne 2.14, imported so that it works on Python 3.11 to 3.13. Nothing else imports `spyne`.

Spyne carries a copy of `six` whose import hook 3.12 no longer runs, so the real `six.moves` stands in under that name;
on 3.13 `legacy-cgi` supplies the `cgi` module it reads a header with. Its import is noisy, and its loggers write whole
payloads (names, keys) at ERROR: both are silenced here. Each second it would look through all of the process's memory
for garbage, for files that a call left open, and no call here has any: in a large process that takes the whole second.
"""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from collections.abc import Callable
from importlib.util import spec_from_loader
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if sys.version_info >= (3, 12):
    _VENDORED = "spyne.util.six.moves"
    for _part in (
        "",
        ".collections_abc",
        ".http_cookies",
        ".urllib",
        ".urllib.error",
        ".urllib.parse",
        ".urllib.request",
    ):
        sys.modules[_VENDORED + _part] = importlib.import_module("six.moves" + _part)

F = TypeVar("F", bound=Callable[..., Any])

if TYPE_CHECKING:
    # Spyne has no types. These say as much as its users here need.

    class ModelBase:
        """A type on the wire; an instance of a subclass is only ever made by Spyne."""

        Attributes: ClassVar[Any]

        @classmethod
        def customize(cls, **attributes: Any) -> type[Any]: ...
        @classmethod
        def get_type_name(cls) -> str: ...

    class ComplexModel(ModelBase):
        _type_info: ClassVar[Any]

        @classmethod
        def get_flat_type_info(cls, _cls: type[Any]) -> dict[str, type[Any]]: ...

    class Array(ComplexModel):
        def __new__(cls, member: type[Any], **attributes: Any) -> type[Any]: ...  # type: ignore[misc]

    class Unicode(ModelBase): ...

    class Boolean(ModelBase): ...

    class ByteArray(ModelBase): ...

    class Date(ModelBase): ...

    class DateTime(ModelBase): ...

    class Decimal(ModelBase): ...

    class Integer32(ModelBase): ...

    class Integer64(ModelBase): ...

    class ServiceBase:
        public_methods: ClassVar[dict[str, Any]]

    def rpc(*parameters: Any, **options: Any) -> Callable[[F], F]: ...
    def srpc(*parameters: Any, **options: Any) -> Callable[[F], F]: ...

    Application: Any
    Fault: Any
    Soap11: Any
    Soap12: Any
    Wsdl11: Any
    WsgiApplication: Any
else:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from spyne import (
            Application,
            Array,
            Boolean,
            ByteArray,
            ComplexModel,
            Date,
            DateTime,
            Decimal,
            Fault,
            Integer32,
            Integer64,
            ServiceBase,
            Unicode,
            const,
            rpc,
            srpc,
        )
        from spyne.interface.wsdl import Wsdl11
        from spyne.model import ModelBase
        from spyne.protocol.soap import Soap11, Soap12
        from spyne.server.wsgi import WsgiApplication
    const.MIN_GC_INTERVAL = float("inf")

logging.getLogger("spyne").setLevel(logging.CRITICAL + 1)

if sys.version_info < (3, 12):
    # Its hook is older than `find_spec`, which pytest asks of each hook, and Python warns of one that has none.
    _Hook: Any = sys.modules["spyne.util.six"]._SixMetaPathImporter
    _Hook.find_spec = lambda self, name, _path=None, _target=None: (
        spec_from_loader(name, self) if name in self.known_modules else None
    )
    _Hook.create_module = lambda self, spec: self.load_module(spec.name)
    _Hook.exec_module = lambda _self, _module: None

__all__ = [
    "Application",
    "Array",
    "Boolean",
    "ByteArray",
    "ComplexModel",
    "Date",
    "DateTime",
    "Decimal",
    "Fault",
    "Integer32",
    "Integer64",
    "ModelBase",
    "ServiceBase",
    "Soap11",
    "Soap12",
    "Unicode",
    "Wsdl11",
    "WsgiApplication",
    "rpc",
    "srpc",
]
