"""
Spyne itself behind the front of an ASMX service: what `partnerlab sandbox --soap spyne` serves.

Addresses, routing, pages, form POST and every check of the envelope stay the front's; reading a SOAP message and
writing its answer are Spyne's. Its answers mean the same and look different: docs/sandbox.md lists how.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any

from lxml import etree

from partnerlab.simulators.kit.asmx import faults
from partnerlab.simulators.kit.asmx import spyne_compat as spyne
from partnerlab.simulators.kit.asmx.codec import Field, OperationCodec
from partnerlab.simulators.kit.asmx.faults import SOAP11, SOAP12, SoapFault, Version
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.asmx.message import Message
from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["answer_with_spyne"]

_log = logging.getLogger(__name__)
_REQUEST = "partnerlab.request"


def answer_with_spyne(service: AsmxService, declared: type[Any]) -> None:
    """Lets Spyne read and write the service's SOAP messages, by the declaration that they were generated from."""
    service.answer = _SpyneAnswers(service, declared)


class _SpyneAnswers:
    def __init__(self, service: AsmxService, declared: type[Any]) -> None:
        self._name = service.name
        self._apps = {
            version.name: spyne.WsgiApplication(_application(service, declared, protocol()))
            for version, protocol in ((SOAP11, spyne.Soap11), (SOAP12, spyne.Soap12))
        }

    def __call__(
        self,
        request: Request,
        operation: OperationCodec,
        version: Version,
        root: etree._Element,
        element: etree._Element | None,
    ) -> Response:
        statuses: list[str] = []
        # Written anew: Spyne gets what passed the checks of the front, in UTF-8, and nothing else.
        body = etree.tostring(root, encoding="utf-8")
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "SERVER_NAME": "spyne",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": version.content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "http",
            _REQUEST: request,
        }
        try:
            answer = b"".join(self._apps[version.name](environ, lambda status, _headers: statuses.append(status)))
        except Exception as error:  # noqa: BLE001 - Spyne raises a dozen kinds over messages that it cannot read
            _log.info("%s: Spyne could not read a call of %s (%s)", self._name, operation.name, type(error).__name__)
            raise faults.unable_to_read(f"{type(error).__name__}.") from None
        return Response(int(statuses[0].split()[0]), answer, version.content_type)


def _application(service: AsmxService, declared: type[Any], protocol: Any) -> Any:
    class Bound(spyne.Application):  # type: ignore[misc]  # Spyne has no types
        """Calls the service's handlers in place of the declaration's functions, which do nothing."""

        def call_wrapper(self, ctx: Any) -> Any:
            operation = service.operations[ctx.descriptor.name]
            values = dict(zip((one.name for one in operation.parameters), ctx.in_object, strict=True))
            sent = _message(operation.request, operation.parameters, values)
            try:
                return service.handlers[operation.name](ctx.transport.req_env[_REQUEST], sent)
            except SoapFault as fault:
                raise spyne.Fault(fault.code, fault.message) from fault
            except Exception as error:
                _log.exception("%s: %s failed", service.name, operation.name)
                raise spyne.Fault("Server", faults.unable_to_process().message) from error

    return Bound([declared], service.namespace, in_protocol=protocol, out_protocol=type(protocol)())


def _message(kind: type[Message], fields: tuple[Field, ...], values: dict[str, Any]) -> Message:
    """The message in what Spyne read: it has None for what was not sent, a message the default of its class."""
    return kind(**{one.name: _plain(one, values[one.name]) for one in fields if values[one.name] is not None})


def _plain(field: Field, value: Any) -> Any:
    if value is None:
        return None
    if field.is_array:
        return [_plain(field.members[0], one) for one in value]
    if field.message is not None:
        return _message(field.message, field.members, {one.name: getattr(value, one.name) for one in field.members})
    if field.type_name == "base64Binary":
        return value if isinstance(value, bytes) else b"".join(value)
    return value
