"""
SOAP envelopes and faults as ASP.NET's web services write them, in SOAP 1.1 and 1.2.

The texts stand as a .NET Framework service with custom errors on writes them: messages of nested exceptions joined by
` ---> `, no class names, no stack. [A-23: drawn from public traces; there was no .NET to compare with.]
"""

from __future__ import annotations

from functools import cached_property

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.asmx.types import escape

__all__ = [
    "SOAP11",
    "SOAP12",
    "SoapFault",
    "Version",
    "action_not_recognised",
    "action_required",
    "content_type_unexpected",
    "header_not_understood",
    "soap_action_not_recognised",
    "unable_to_process",
    "unable_to_read",
    "version_mismatch",
]

_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'
_INSTANCE = (
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
)
_END = "</soap:Body></soap:Envelope>"


@dataclass(frozen=True)
class Version:
    """A SOAP version: its envelope namespace, media type and names of fault codes."""

    name: str
    namespace: str
    media_type: str
    codes: dict[str, str]
    next_actor: str
    actor: str

    @cached_property
    def start(self) -> str:
        """Everything before the content of the body."""
        return f'{_DECLARATION}<soap:Envelope xmlns:soap="{self.namespace}"{_INSTANCE}'

    @cached_property
    def content_type(self) -> str:
        """Content type of an answer."""
        return f"{self.media_type}; charset=utf-8"

    @cached_property
    def header_tag(self) -> str:
        """Full tag of the header."""
        return f"{{{self.namespace}}}Header"

    @cached_property
    def body_tag(self) -> str:
        """Full tag of the body."""
        return f"{{{self.namespace}}}Body"

    def envelope(self, content: str) -> bytes:
        """An envelope around *content*."""
        return f"{self.start}{content}{_END}".encode()

    def fault(self, fault: SoapFault) -> bytes:
        """The envelope of a fault."""
        code, text = f"soap:{self.codes[fault.code]}", escape(fault.message)
        # A fault about a header has no detail, so that the sender sees that the body was not looked at.
        if self is SOAP11:
            detail = "" if fault.code == "MustUnderstand" else "<detail />"
            inner = f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring>{detail}"
        else:
            detail = "" if fault.code == "MustUnderstand" else "<soap:Detail />"
            inner = (
                f"<soap:Code><soap:Value>{code}</soap:Value></soap:Code>"
                f'<soap:Reason><soap:Text xml:lang="en">{text}</soap:Text></soap:Reason>{detail}'
            )
        return self.envelope(f"<soap:Fault>{inner}</soap:Fault>")


SOAP11 = Version(
    "1.1",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "text/xml",
    {name: name for name in ("Client", "Server", "MustUnderstand", "VersionMismatch")},
    "http://schemas.xmlsoap.org/soap/actor/next",
    "actor",
)
SOAP12 = Version(
    "1.2",
    "http://www.w3.org/2003/05/soap-envelope",
    "application/soap+xml",
    {
        "Client": "Sender",
        "Server": "Receiver",
        "MustUnderstand": "MustUnderstand",
        "VersionMismatch": "VersionMismatch",
    },
    "http://www.w3.org/2003/05/soap-envelope/role/next",
    "role",
)


class SoapFault(Exception):
    """
    A fault to answer with; a handler may raise it too.

    `code` is `Client`, `Server`, `MustUnderstand` or `VersionMismatch`; `status` is the HTTP status.
    """

    def __init__(self, message: str, code: str = "Server", status: int = 500) -> None:
        self.message, self.code, self.status = message, code, status
        super().__init__(message)


def soap_action_not_recognised(action: str) -> SoapFault:
    """SOAP 1.1: the SOAPAction header names no operation."""
    return SoapFault(f"Server did not recognize the value of HTTP Header SOAPAction: {action}.", "Client")


def action_required() -> SoapFault:
    """No action was sent, and the body's element names no operation."""
    return SoapFault(
        "Unable to handle request without a valid action parameter. Please supply a valid soap action.", "Client"
    )


def action_not_recognised(action: str) -> SoapFault:
    """SOAP 1.2: neither the action nor the body's element names an operation."""
    return SoapFault(f"Unable to handle request. The action '{action}' was not recognized.", "Client")


def unable_to_read(reason: str, *, status: int = 500) -> SoapFault:
    """The request cannot be read; *reason* is the message of the inner exception."""
    return SoapFault(f"Server was unable to read request. ---> {reason}", "Client", status)


def unable_to_process() -> SoapFault:
    """An error of ours: the log has the details, the answer does not."""
    return SoapFault("Server was unable to process request.", "Server")


def version_mismatch(namespace: str) -> SoapFault:
    """The envelope is of neither SOAP version."""
    return SoapFault(
        f"Possible SOAP version mismatch: Envelope namespace {namespace} was unexpected. Expecting {SOAP11.namespace}.",
        "VersionMismatch",
    )


def header_not_understood(name: str) -> SoapFault:
    """A header with mustUnderstand, which no operation here knows."""
    return SoapFault(f"SOAP header {name} was not understood.", "MustUnderstand")


def content_type_unexpected(found: str, expected: str) -> SoapFault:
    """The media type is not that of the message."""
    return SoapFault(
        f"Server found request content type to be '{found}', but expected '{expected}'.", "Client", status=415
    )
