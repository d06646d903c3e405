"""No secret in any text: every way an object or a failure can be shown is looked through for the key."""

from __future__ import annotations

import copy
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from partnerlab.client import inhance, invoice_cloud
from partnerlab.client.errors import ClientError
from partnerlab.client.http import HttpRequest, HttpResponse, Transport
from partnerlab.client.inhance import operations
from partnerlab.client.invoice_cloud.operations import billing as ic_protocol
from partnerlab.client.rtdr import refresh
from partnerlab.client.settings import Biller

SECRET = "5e4ec0de-feed-4bad-8bad-5e4ec0de5e4e"
TELL_TALES = (SECRET, SECRET.upper(), SECRET[:-4], SECRET[4:-4])
URL = "https://inhance.example.com/iCloud/iCloud.asmx"

# What a partner or gateway may answer that repeats the request or its key.
ECHOES = {
    "whole request": lambda request: request.content,
    "cut request": lambda request: request.content[: request.content.index(SECRET.encode()) + 20],
    "html with key": lambda request: f"<html><title>Key {SECRET} rejected</title></html>".encode(),
    "form": lambda request: f"AccountNumber=1&WebserviceKey={SECRET}".encode(),
    "json": lambda request: f'{{"webServiceKey": "{SECRET}"}}'.encode(),
    "bare": lambda request: f"no such key: {SECRET.upper()}".encode(),
    "fault": lambda request: fault(f"Key '{SECRET}' is not valid").encode(),
    "element name": lambda request: f"<k{SECRET}/>".encode(),
    "refusal": lambda request: result(
        request, f"<Success>false</Success><ErrorMessage>{SECRET.upper()}</ErrorMessage>"
    ),
    "wrong value": lambda request: result(request, f"<Success>{SECRET}</Success>"),
    "wrong amount": lambda request: result(request, f"<Success>true</Success><Balance>{SECRET}</Balance>"),
    "remark": lambda request: result(request, f"<Success>true</Success><ErrorMessage>{SECRET}</ErrorMessage>"),
}


def fault(words: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
        f"<faultcode>s:Client</faultcode><faultstring>{words}</faultstring></s:Fault></s:Body></s:Envelope>"
    )


def result(request: HttpRequest, inner: str) -> bytes:
    name = request.operation
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{name}Response xmlns="http://tempuri.org/"><{name}Result>{inner}</{name}Result></{name}Response>'
        "</s:Body></s:Envelope>"
    ).encode()


def shown(thing: object) -> Iterator[str]:
    """Every text about an object that might reach a log or a screen."""
    yield repr(thing)
    yield str(thing)
    yield f"{thing!r:>10}"
    if isinstance(thing, BaseException):
        yield "".join(traceback.format_exception(thing))
        yield repr(vars(thing))
        yield repr(copy.copy(thing))


def assert_clean(*things: object) -> None:
    for thing in things:
        for text in shown(thing):
            for tale in TELL_TALES:
                assert tale not in text, text


ENDPOINT = inhance.Endpoint(URL, SECRET)
ACCOUNT = invoice_cloud.Account("https://ic.example.com", "guid", SECRET)
REQUESTS = {
    "balance check": operations.balance_check(ENDPOINT, "1", 1).request,
    "set email": operations.set_email(ENDPOINT, "1", "a@example.com").request,
}


def test_nothing_shows_its_key() -> None:
    biller = Biller("guid", "inhance_v2", {"8": URL, "10": SECRET, "13": SECRET, "16": SECRET, "19": SECRET})
    assert_clean(
        ENDPOINT,
        ENDPOINT.service,
        ACCOUNT,
        ACCOUNT.invoicing,
        biller,
        *REQUESTS.values(),
        ic_protocol.view_invoice(ACCOUNT, "1").request,
        inhance.InHanceClient(URL, SECRET),
        inhance.AsyncInHanceClient(URL, SECRET),
        invoice_cloud.InvoiceCloudClient("https://ic.example.com", "guid", SECRET),
        invoice_cloud.AsyncInvoiceCloudClient("https://ic.example.com", "guid", SECRET),
        HttpResponse(200, {}, SECRET.encode()),
    )


@pytest.mark.parametrize("status", [200, 302, 400, 404, 500, 503])
@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("name", REQUESTS)
def test_no_error_repeats_the_key_a_partner_echoes(
    name: str, echo: Callable[[HttpRequest], bytes], status: int
) -> None:
    response = HttpResponse(status, {"content-type": "text/html", "location": SECRET}, echo(REQUESTS[name]))
    read = operations.balance_check.read if name == "balance check" else operations.set_email.read
    try:
        found: Any = read(ENDPOINT, response)
    except ClientError as error:
        found = error
    assert_clean(found)


def test_a_pin_a_partner_repeats_is_not_shown() -> None:
    request = ic_protocol.update_customer_record(
        ACCOUNT, "1", block_payments_cc=False, block_payments_eft=False, pin="481516"
    ).request
    assert "481516" not in repr(request)
    assert request.secrets == (SECRET, "481516")


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_a_key_that_cannot_be_sent_is_not_shown(bad: str) -> None:
    endpoint = inhance.Endpoint(URL, SECRET + bad)
    with pytest.raises(ClientError) as caught:
        operations.balance_check(endpoint, "1", 1)
    assert_clean(caught.value)


def test_a_key_in_the_address_is_not_shown() -> None:
    for url in (f"https://{SECRET}:{SECRET}@example.com/", f"ftp://x/?WebServiceKey={SECRET}", f"https://{SECRET}@[/"):
        with pytest.raises(ClientError) as caught:
            inhance.InHanceClient(url, "another-key-0000")
        assert_clean(caught.value)


def test_no_log_line_holds_the_key(flavour: Any, serve: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    # httpcore's own trace prints headers at DEBUG, never a body, which is where the key is.
    caplog.set_level(logging.DEBUG)

    def echo(connection: Any) -> None:
        while received := connection.request():
            connection.answer(received, 500)

    server = serve(echo)
    with pytest.raises(ClientError) as caught:
        flavour.inhance("balance_check", server.url + f"?WebServiceKey={SECRET}", SECRET, "1", 1)
    with Transport() as transport:
        biller = Biller("guid", "inhance_v2", {"8": server.url, "13": SECRET})
        update = refresh(biller, "1", "1", send=transport.send)
    assert_clean(
        caught.value, update, [record.getMessage() for record in caplog.records if record.name == "partnerlab.client"]
    )
    assert any(record.name == "partnerlab.client" for record in caplog.records)


def test_a_key_is_never_cut_in_two_and_half_shown() -> None:
    for length in range(0, 2100, 5):
        words = "x" * length + SECRET
        for answer in (fault(words).encode(), result(REQUESTS["set email"], f"<Success>{words}</Success>")):
            for status in (200, 500):
                with pytest.raises(ClientError) as caught:
                    operations.set_email.read(ENDPOINT, HttpResponse(status, {}, answer))
                assert SECRET[:8] not in str(caught.value), length
