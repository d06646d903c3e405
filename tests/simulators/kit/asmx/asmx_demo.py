"""A service with one operation for each manner of an ASMX service, and how its tests talk to it."""

# ruff: noqa: RUF012 - Spyne takes the lists away when it makes the classes

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from lxml import etree

from partnerlab.simulators.kit.asmx.front import AsmxService, SoapFault
from partnerlab.simulators.kit.asmx.spyne_compat import (
    Array,
    Boolean,
    ByteArray,
    ComplexModel,
    DateTime,
    Integer32,
    Integer64,
    ServiceBase,
    Unicode,
    rpc,
    srpc,
)
from partnerlab.simulators.kit.asmx.spyne_compat import Decimal as SpyneDecimal
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import Lane

NS = "urn:demo/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
PATH = "/demo/Demo.asmx"
FORM = "application/x-www-form-urlencoded"

Text = Unicode.customize(min_occurs=0, nillable=False)
Int = Integer32.customize(min_occurs=1, nillable=False)
Long = Integer64.customize(min_occurs=1, nillable=False)
Amount = SpyneDecimal.customize(min_occurs=1, nillable=False)
When = DateTime.customize(min_occurs=1, nillable=False)
Flag = Boolean.customize(min_occurs=1, nillable=False)
MaybeInt = Integer32.customize(min_occurs=1, nillable=True)


class EchoResult(ComplexModel):
    __namespace__ = NS
    _type_info = [("text", Text), ("n", Int), ("big", Long), ("amount", Amount), ("when", When), ("flag", Flag)]


class Line(ComplexModel):
    __namespace__ = NS
    _type_info = [("Sku", Text), ("Quantity", Int), ("Price", Amount)]


class OrderRequest(ComplexModel):
    __namespace__ = NS
    _type_info = [
        ("Customer", Text),
        ("Lines", Array(Line, type_name="ArrayOfLine")),
        ("Notes", Array(Unicode, type_name="ArrayOfString")),
        ("Limit", MaybeInt),
    ]


class OrderResult(ComplexModel):
    __namespace__ = NS
    _type_info = [
        ("Total", Amount),
        ("Lines", Array(Line, type_name="ArrayOfLine")),
        ("Notes", Array(Unicode, type_name="ArrayOfString")),
        ("Limit", MaybeInt),
    ]


class Demo(ServiceBase):
    @rpc(Text, Int, Long, Amount, When, Flag, _returns=EchoResult)
    def Echo(ctx: Any, text: str, n: int, big: int, amount: Decimal, when: datetime, flag: bool) -> Any:
        """Give back what was sent."""
        return SimpleNamespace(text=text, n=n, big=big, amount=amount, when=when, flag=flag)

    @rpc(OrderRequest, _returns=OrderResult)
    def Order(ctx: Any, Req: Any) -> Any:
        """Add up an order."""
        if Req is None:
            return None
        total = sum((line.Quantity * line.Price for line in Req.Lines or []), Decimal(0))
        return SimpleNamespace(Total=total, Lines=Req.Lines, Notes=Req.Notes, Limit=Req.Limit)

    @rpc(_returns=Unicode)
    def Who(ctx: Any) -> str:
        """The lane and request."""
        return f"{ctx.udc.lane.name} {ctx.udc.id}"

    @srpc(ByteArray, _returns=Integer32)
    def Size(data: Any) -> int:
        """How many bytes were sent."""
        return len(data if isinstance(data, bytes) else b"".join(data or []))

    @rpc(Text)
    def Nothing(ctx: Any, text: str) -> None:
        """Answer nothing."""

    @rpc(Text, _returns=Unicode)
    def Break(ctx: Any, text: str) -> str:
        """Break, as a bug of ours would."""
        raise RuntimeError(f"a secret of ours: {text}")

    @rpc(Text, _returns=Unicode)
    def Refuse(ctx: Any, text: str) -> str:
        """Answer a fault."""
        raise SoapFault(f"refused: {text}")


WSDL = f"""<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" targetNamespace="{NS}">
  <wsdl:service name="Demo">
    <wsdl:port name="A"><soap:address location="https://demo.example.com/Demo.asmx" /></wsdl:port>
    <wsdl:port name="B"><http:address location="https://demo.example.com/Demo.asmx" /></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
""".encode()

SERVICE = AsmxService(name="demo", service=Demo, namespace=NS, wsdl=WSDL)


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
