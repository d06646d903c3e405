"""A service with one operation for each manner of an ASMX service, and how its tests talk to it."""

# ruff: noqa: RUF012 - Spyne takes the lists away when it makes the classes

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from lxml import etree

from partnerlab.simulators.kit.asmx import spyne_compat as spyne
from partnerlab.simulators.kit.asmx.declare import (
    Amount,
    Bool,
    ComplexModel,
    Int,
    Long,
    Moment,
    ServiceBase,
    Text,
    operation,
)
from partnerlab.simulators.kit.asmx.front import AsmxService, SoapFault
from partnerlab.simulators.kit.asmx.generate import load, render
from partnerlab.simulators.kit.asmx.message import Complex
from partnerlab.simulators.kit.asmx.spyne_front import answer_with_spyne
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import Lane

NS = "urn:demo/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
PATH = "/demo/Demo.asmx"
FORM = "application/x-www-form-urlencoded"

MaybeInt = spyne.Integer32.customize(min_occurs=1, nillable=True)


class EchoResult(ComplexModel):
    __namespace__ = NS
    _type_info = [("text", Text), ("n", Int), ("big", Long), ("amount", Amount), ("when", Moment), ("flag", Bool)]


class Line(ComplexModel):
    __namespace__ = NS
    _type_info = [("Sku", Text), ("Quantity", Int), ("Price", Amount)]


class OrderReq(ComplexModel):
    __namespace__ = NS
    _type_info = [
        ("Customer", Text),
        ("Lines", spyne.Array(Line, type_name="ArrayOfLine")),
        ("Notes", spyne.Array(spyne.Unicode, type_name="ArrayOfString")),
        ("Limit", MaybeInt),
    ]


class OrderResult(ComplexModel):
    __namespace__ = NS
    _type_info = [
        ("Total", Amount),
        ("Lines", spyne.Array(Line, type_name="ArrayOfLine")),
        ("Notes", spyne.Array(spyne.Unicode, type_name="ArrayOfString")),
        ("Limit", MaybeInt),
    ]


class Demo(ServiceBase):
    @operation
    def Echo(ctx: Any, text: Text, n: Int, big: Long, amount: Amount, when: Moment, flag: Bool) -> EchoResult:
        """Give back what was sent."""

    @operation
    def Order(ctx: Any, Req: OrderReq) -> OrderResult:
        """Add up an order."""

    @operation
    def Who(ctx: Any) -> spyne.Unicode:
        """The lane and request."""

    @operation
    def Size(ctx: Any, data: spyne.ByteArray) -> spyne.Integer32:
        """How many bytes were sent."""

    @operation
    def Nothing(ctx: Any, text: Text) -> None:
        """Answer nothing."""

    @operation
    def Break(ctx: Any, text: Text) -> spyne.Unicode:
        """Break, as a bug of ours would."""

    @operation
    def Refuse(ctx: Any, text: Text) -> spyne.Unicode:
        """Answer a fault."""


MESSAGES = load(render(Demo, NS))
RESULTS = {one.name: one.result.message for one in MESSAGES.operations if isinstance(one.result, Complex)}


class Operations:
    """What the demo's operations do."""

    def Echo(self, request: Request, sent: Any) -> Any:
        return RESULTS["Echo"](
            text=sent.text, n=sent.n, big=sent.big, amount=sent.amount, when=sent.when, flag=sent.flag
        )

    def Order(self, request: Request, sent: Any) -> Any:
        order = sent.Req
        if order is None:
            return None
        total = sum((line.Quantity * line.Price for line in order.Lines or []), Decimal(0))
        return RESULTS["Order"](Total=total, Lines=order.Lines, Notes=order.Notes, Limit=order.Limit)

    def Who(self, request: Request, sent: Any) -> str:
        return f"{request.lane.name} {request.id}"

    def Size(self, request: Request, sent: Any) -> int:
        return len(sent.data or b"")

    def Nothing(self, request: Request, sent: Any) -> None: ...

    def Break(self, request: Request, sent: Any) -> str:
        raise RuntimeError(f"a secret of ours: {sent.text}")

    def Refuse(self, request: Request, sent: Any) -> str:
        raise SoapFault(f"refused: {sent.text}")


WSDL = f"""<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" targetNamespace="{NS}">
  <wsdl:service name="Demo">
    <wsdl:port name="A"><soap:address location="https://demo.example.com/Demo.asmx" /></wsdl:port>
    <wsdl:port name="B"><http:address location="https://demo.example.com/Demo.asmx" /></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
""".encode()

SERVICE = AsmxService(name="demo", service=MESSAGES, handlers=Operations(), wsdl=WSDL)
SPYNE = AsmxService(name="demo", service=MESSAGES, handlers=Operations(), wsdl=WSDL)
answer_with_spyne(SPYNE, Demo)


def request(
    method: str = "POST",
    path: str = PATH,
    *,
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes | str = b"",
    base_url: str = "http://127.0.0.1:8700",
) -> Request:
    raw = body.encode() if isinstance(body, str) else body
    return Request(method, path, query, dict(headers or {}), raw, base_url, "req-1", Lane("lane-1"))


def envelope(content: str, namespace: str = SOAP11, header: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{namespace}">{header}'
        f"<s:Body>{content}</s:Body></s:Envelope>"
    )


def soap(operation: str, inner: str = "", *, version: str = "1.1", namespace: str = NS, header: str = "") -> Request:
    """A well-addressed SOAP request for an operation."""
    content = f'<{operation} xmlns="{namespace}">{inner}</{operation}>'
    action = NS + operation
    if version == "1.1":
        headers = {"content-type": "text/xml; charset=utf-8", "soapaction": f'"{action}"'}
        return request(headers=headers, body=envelope(content, SOAP11, header))
    headers = {"content-type": f'application/soap+xml; charset=utf-8; action="{action}"'}
    return request(headers=headers, body=envelope(content, SOAP12, header))


def post(body: str | bytes, **headers: str) -> Response:
    """POST a body as SOAP 1.1 with headers of one's own; underscores in names stand for hyphens."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return SERVICE(request(headers={"content-type": "text/xml; charset=utf-8", **given}, body=body))


def answer(response: Response) -> etree._Element:
    """The first element of the answer's body."""
    root = etree.fromstring(response.body)
    namespace = etree.QName(root).namespace
    body = root.find(f"{{{namespace}}}Body")
    assert body is not None
    return body[0]


def values(response: Response) -> dict[str, str | None]:
    """Local names and texts of the leaves of an answer."""
    return {
        etree.QName(one).localname: one.text
        for one in answer(response).iter()
        if isinstance(one.tag, str) and not len(one)
    }


def fault(response: Response) -> tuple[str, str]:
    """Code and text of a fault, of either version."""
    found = answer(response)
    assert etree.QName(found).localname == "Fault", response.body
    texts = {etree.QName(one).localname: one.text or "" for one in found.iter() if isinstance(one.tag, str)}
    return texts.get("faultcode", texts.get("Value", "")), texts.get("faultstring", texts.get("Text", ""))
