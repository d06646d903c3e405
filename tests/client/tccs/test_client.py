"""The clients over a real socket, sync and async with one body."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

import partnerlab.client.tccs
from partnerlab.client import tccs as package
from partnerlab.client.errors import ClientError, PartnerFault, ProtocolError, RequestInvalid, TransportError
from partnerlab.client.tccs import Acknowledgement, AsyncTccsClient, Balance, TccsClient, models
from partnerlab.client.tccs import client as clients
from tests.client.tccs.conftest import GUID, KEY, Tccs

INVOICE, QUOTE = "454100010-03/01/2019", "Q454100010-03/01/2019"
OWED = b'{"Record bal": 120.00, "Total Balance": 340.00}'
DONE = b'{"Success": true, "Message": "Done."}'

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str]] = [
    ("balance", (INVOICE,), {}, "/api/ARState_Output", INVOICE),
    ("pay", (INVOICE, Decimal("24.00"), "CC"), {}, "/api/Pay_Input", f"{INVOICE}|24.00:CC"),
    ("pay", (INVOICE, Decimal("24.00"), "ACH"), {"payment_guid": "a-1"}, "/api/Pay_Input", f"{INVOICE}|24.00:ACH@a-1"),
    ("deposit", (QUOTE, "Ada Willow", Decimal("5.10")), {}, "/api/Pay_Input", f"{QUOTE}|Ada Willow|5.10"),
    (
        "deposit",
        (QUOTE, "José & Söhne", Decimal("5.10")),
        {"payment_guid": "a-1"},
        "/api/Pay_Input",
        f"{QUOTE}|José & Söhne|5.10@a-1",
    ),
    (
        "report_insufficient_funds",
        (INVOICE, date(2020, 6, 22), Decimal("25.00")),
        {},
        "/api/Insufficient_Pay_Report",
        f"{INVOICE}:06/22/2020|25.00|IFR",
    ),
    ("set_paperless", (INVOICE, True), {}, "/api/Paperless_Bill", f"{INVOICE}:Y|PB"),
    ("set_recurring", (INVOICE, False), {}, "/api/Recurring_Pay", f"{INVOICE}:N|R"),
]
each_call = pytest.mark.parametrize(
    ("call", "args", "kw", "path", "content_info"), CALLS, ids=[f"{call} {content}" for call, *_, content in CALLS]
)


def base(server: Any) -> str:
    return f"http://127.0.0.1:{server.port}/InvCloudService_PROD"


def json_server(serve: Callable[..., Any], body: bytes, status: int = 200) -> Any:
    def handle(connection: Any) -> None:
        while connection.request():
            connection.answer(body, status, "Content-Type: application/json; charset=utf-8")

    return serve(handle)


@each_call
def test_a_call_sends_its_form_and_reads_its_answer(
    tccs: Tccs, serve: Callable[..., Any], call: str, args: Any, kw: Any, path: str, content_info: str
) -> None:
    server = json_server(serve, OWED if call == "balance" else DONE)
    found = tccs(call, base(server), *args, **kw)
    assert found == (Balance(Decimal("120.00"), Decimal("340.00")) if call == "balance" else Acknowledgement("Done."))
    (received,) = server.requests
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(f"POST /InvCloudService_PROD{path} HTTP/1.1".encode())
    assert parse_qs(body.decode(), strict_parsing=True) == {
        "consumerGUID": [GUID],
        "entryKey": [KEY],
        "contentInfo": [content_info],
    }


@each_call
def test_a_refusal_is_the_partner_s_own_words(
    tccs: Tccs, serve: Callable[..., Any], call: str, args: Any, kw: Any, path: str, content_info: str
) -> None:
    server = json_server(serve, b'{"Message": "No invoice was found."}', 404)
    with pytest.raises(PartnerFault) as caught:
        tccs(call, base(server), *args, **kw)
    assert (caught.value.operation, caught.value.code) == (path.rpartition("/")[2], "404")
    assert caught.value.message == "No invoice was found."
    assert len(server.requests) == 1


@each_call
def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(
    tccs: Tccs, serve: Callable[..., Any], call: str, args: Any, kw: Any, path: str, content_info: str
) -> None:
    server = serve(lambda connection: connection.request())
    with pytest.raises(TransportError) as caught:
        tccs(call, base(server), *args, **kw)
    assert caught.value.sent
    assert len(server.requests) == 1


def test_the_answer_of_a_balance_is_not_taken_for_a_payment(tccs: Tccs, serve: Callable[..., Any]) -> None:
    with pytest.raises(ProtocolError, match="Success is missing"):
        tccs("pay", base(json_server(serve, OWED)), INVOICE, Decimal(1), "CC")


@pytest.mark.parametrize(
    ("call", "args", "kw"),
    [
        ("pay", (INVOICE, Decimal("1.001"), "CC"), {}),
        ("pay", (INVOICE, Decimal(1), "CC"), {"payment_guid": "a b"}),
        ("pay", (QUOTE, Decimal(1), "CC"), {}),
        ("deposit", (QUOTE, "Ada|Willow", Decimal(1)), {}),
        ("deposit", (INVOICE, "Ada Willow", Decimal(1)), {}),
        ("report_insufficient_funds", (INVOICE, "06/22/2020", Decimal(1)), {}),
        ("set_paperless", ("1:Y|PB", True), {}),
        ("bill_image", ("1|2",), {}),
    ],
)
def test_what_breaks_a_rule_is_not_sent(
    tccs: Tccs, serve: Callable[..., Any], call: str, args: Any, kw: dict[str, Any]
) -> None:
    server = json_server(serve, DONE)
    with pytest.raises(RequestInvalid):
        tccs(call, base(server), *args, **kw)
    assert server.connections == 0


def test_the_address_of_one_endpoint_serves_that_endpoint_only(tccs: Tccs, serve: Callable[..., Any]) -> None:
    server = json_server(serve, DONE)
    tccs("pay", base(server) + "/api/Pay_input", INVOICE, Decimal(1), "CC")
    assert server.requests[0].startswith(b"POST /InvCloudService_PROD/api/Pay_input HTTP/1.1")
    with pytest.raises(RequestInvalid, match="another operation"):
        tccs("set_recurring", base(server) + "/api/Pay_input", INVOICE, True)


@pytest.mark.parametrize("kind", [TccsClient, AsyncTccsClient])
def test_a_client_for_plain_http_elsewhere_is_not_made(kind: Any) -> None:
    with pytest.raises(RequestInvalid, match="must be https"):
        kind("http://tccs.example.com/invoicecloudapi", GUID, KEY)


@pytest.mark.parametrize("kind", [TccsClient, AsyncTccsClient])
def test_a_client_shows_its_key_masked(kind: Any) -> None:
    shown = repr(kind("https://tccs.example.com/invoicecloudapi", GUID, KEY))
    assert shown == (
        f"{kind.__name__}(Endpoint('https://tccs.example.com/invoicecloudapi', consumer_guid='IC-SANDBOX',"
        " entry_key='•••-key'))"
    )


def test_a_shared_transport_stays_open(tccs: Tccs, serve: Callable[..., Any]) -> None:
    server = json_server(serve, DONE)
    assert tccs.twice_over_one_transport("set_paperless", base(server), INVOICE, True) == [Acknowledgement("Done.")] * 2
    assert server.connections == 1


def test_no_log_line_or_error_holds_the_key(
    tccs: Tccs, serve: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def echo(connection: Any) -> None:
        while received := connection.request():
            connection.answer(received, 500, f"X-Key: {KEY}")

    server = serve(echo)
    for call, args in (("balance", (INVOICE,)), ("bill_image", (INVOICE,))):
        with pytest.raises(ClientError) as caught:
            tccs(call, base(server), *args)
        assert KEY not in f"{caught.value!r} {caught.value} {vars(caught.value)}"
    ours = [record.getMessage() for record in caplog.records if record.name == "partnerlab.client"]
    assert ours
    assert not [line for line in ours if KEY in line]


def test_the_package_exports_its_clients_and_every_model() -> None:
    assert {*clients.__all__, *models.__all__, "Endpoint"} <= set(package.__all__)
    assert package.__all__ == sorted(package.__all__)
    assert partnerlab.client.tccs is package
