"""The clients over a real socket, sync and async with one body."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid, TransportError
from partnerlab.client.http import AsyncTransport, Transport
from partnerlab.client.inhance import Acknowledgement, AsyncInHanceClient, Balance, InHanceClient

KEY = "11111111-1111-4111-8111-111111111111"
CENTRAL = timezone(timedelta(hours=-5))

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("balance_check", ("10000101", 500001), {}),
    (
        "make_payment",
        (),
        {
            "account_number": "10000101",
            "payment_date": datetime(2026, 6, 16, 10, 30, tzinfo=CENTRAL),
            "payment_reference": "P-1",
            "document_number": "500001",
            "payment_type_desc": "ACH",
            "amount": Decimal("125.50"),
        },
    ),
    ("set_paperless", ("10000101", True), {}),
    ("set_autopay", ("10000101", False), {}),
    ("set_email", ("10000101", "a@example.com"), {}),
]
OPERATIONS = {
    "balance_check": "BalanceCheck",
    "make_payment": "MakePaymentExtended",
    "set_paperless": "SetPaperless",
    "set_autopay": "SetAutopay",
    "set_email": "SetEmail",
}
each_call = pytest.mark.parametrize(("call", "args", "kw"), CALLS, ids=[call for call, _, _ in CALLS])


def answer_to(operation: str) -> bytes:
    balances = "<Balance>125.50</Balance><FutureBalance>182.75</FutureBalance>" if operation == "BalanceCheck" else ""
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<{operation}Response xmlns="http://tempuri.org/"><{operation}Result>{balances}<Success>true</Success>'
        f"</{operation}Result></{operation}Response></soap:Body></soap:Envelope>"
    ).encode()


@each_call
def test_a_call_sends_its_operation_and_reads_its_answer(
    flavour: Any, serve: Callable[..., Any], call: str, args: tuple[Any, ...], kw: dict[str, Any]
) -> None:
    server = serve(answer_to(OPERATIONS[call]))
    result = flavour.inhance(call, server.url, KEY, *args, **kw)
    if call == "balance_check":
        assert result == Balance(Decimal("125.50"), Decimal("182.75"), "", "")
    else:
        assert result == Acknowledgement("")
    (received,) = server.requests
    assert f'SOAPAction: "http://tempuri.org/{OPERATIONS[call]}"'.encode() in received
    assert f"<{OPERATIONS[call]} xmlns".encode() in received
    assert KEY.encode() in received


@each_call
def test_the_answer_of_another_call_is_not_taken_for_its_own(
    flavour: Any, serve: Callable[..., Any], call: str, args: tuple[Any, ...], kw: dict[str, Any]
) -> None:
    other = "SetEmail" if call != "set_email" else "SetAutopay"
    with pytest.raises(ProtocolError, match=f"found .*{other}Response"):
        flavour.inhance(call, serve(answer_to(other)).url, KEY, *args, **kw)


def test_soap_12_and_a_namespace_of_its_own(flavour: Any, serve: Callable[..., Any]) -> None:
    server = serve(answer_to("SetEmail").replace(b"http://tempuri.org/", b"urn:own"))
    flavour.inhance("set_email", server.url, KEY, "1", "a@example.com", client={"soap": "1.2", "namespace": "urn:own"})
    (received,) = server.requests
    assert b'Content-Type: application/soap+xml; charset=utf-8; action="urn:own/SetEmail"' in received
    assert b"SOAPAction" not in received


def test_a_refusal_is_the_partner_s_own_words(
    flavour: Any, serve: Callable[..., Any], sample: Callable[[str], bytes]
) -> None:
    with pytest.raises(PartnerFault) as caught:
        flavour.inhance("balance_check", serve(sample("inhance/refused-200.xml")).url, KEY, "99", 0)
    assert (caught.value.code, caught.value.message) == ("Success=false", "Account 99 not found")


def test_a_payment_without_an_answer_is_sent_once_and_unknown(flavour: Any, serve: Callable[..., Any]) -> None:
    def read_and_close(connection: Any) -> None:
        connection.request()

    server = serve(read_and_close)
    call, args, kw = CALLS[1]
    with pytest.raises(TransportError) as caught:
        flavour.inhance(call, server.url, KEY, *args, **kw)
    assert caught.value.sent
    assert caught.value.operation == "MakePaymentExtended"
    assert len(server.requests) == 1


def test_a_payment_that_breaks_a_rule_is_not_sent(flavour: Any, serve: Callable[..., Any]) -> None:
    server = serve(answer_to("MakePaymentExtended"))
    call, args, kw = CALLS[1]
    with pytest.raises(RequestInvalid):
        flavour.inhance(call, server.url, KEY, *args, **{**kw, "amount": Decimal("1.001")})
    assert server.connections == 0


@pytest.mark.parametrize("kind", [InHanceClient, AsyncInHanceClient])
def test_a_client_for_plain_http_elsewhere_is_not_made(kind: Any) -> None:
    with pytest.raises(RequestInvalid, match="must be https"):
        kind("http://inhance.example.com/iCloud.asmx", KEY)


@pytest.mark.parametrize("kind", [InHanceClient, AsyncInHanceClient])
def test_a_client_shows_its_key_masked(kind: Any) -> None:
    shown = repr(kind("https://inhance.example.com/iCloud.asmx", KEY))
    assert shown == (
        f"{kind.__name__}(Endpoint('https://inhance.example.com/iCloud.asmx', key='•••1111', "
        "namespace='http://tempuri.org/', soap='1.1'))"
    )


def test_a_shared_transport_stays_open(serve: Callable[..., Any]) -> None:
    server = serve(answer_to("SetEmail"))
    with Transport() as shared:
        for _ in range(2):
            with InHanceClient(server.url, KEY, transport=shared) as client:
                client.set_email("1", "a@example.com")
    assert server.connections == 1


def test_a_shared_async_transport_stays_open(serve: Callable[..., Any]) -> None:
    import asyncio

    server = serve(answer_to("SetEmail"))

    async def run() -> None:
        async with AsyncTransport() as shared:
            for _ in range(2):
                async with AsyncInHanceClient(server.url, KEY, transport=shared) as client:
                    await client.set_email("1", "a@example.com")

    asyncio.run(run())
    assert server.connections == 1
