"""
The partners' user stories against the running sandbox: the client's flows on one side, the simulated Invoice Cloud on
the other, a browser that fills in its pages and a partner that takes its postbacks between them.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from lxml import html

from partnerlab.client.http import Transport
from partnerlab.client.invoice_cloud import (
    CloudCustomer,
    CloudPaymentRequest,
    CloudSso,
    InvoiceCloudClient,
    NewCustomer,
    RestClient,
)
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox

USER, PASSWORD = "willows@example.com", "Sandbox!2345"
UTILITY = ("22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333", "sandbox-api-key")
INSURER = ("44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555", "sandbox-api-key-tccs")
WATER = ("66666666-6666-4666-8666-666666666666", "77777777-7777-4777-8777-777777777777", "sandbox-api-key-watersmart")
ANN = {"username": "ann", "email_address": "ann@example.com", "password": PASSWORD}
APPROVES, DECLINES = "4111111111111111", "4000000000000002"


class Partner:
    """A partner's web server: keeps the postbacks it gets, and answers every browser that comes back."""

    def __init__(self) -> None:
        self.posted: queue.Queue[tuple[str, bytes]] = queue.Queue()
        posted = self.posted

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posted.put((self.headers["Content-Type"], body))
                self.answer()

            def do_GET(self) -> None:
                self.answer()

            def answer(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def postback(self) -> tuple[str, bytes]:
        return self.posted.get(timeout=60)

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(60)
        self.server.server_close()


class Browser:
    """Opens pages, fills in their forms by the names of the fields, and follows where it is sent."""

    def __init__(self) -> None:
        self.http = httpx.Client(follow_redirects=True, timeout=60)
        self.page = httpx.Response(200)

    def get(self, url: str) -> str:
        self.page = self.http.get(url)
        return self.title

    def post(self, form: Any) -> str:
        """Submit a form that the client made: from its HTML, as a browser reads it."""
        (found,) = html.fragment_fromstring(form.html(), create_parent=True).iter("form")
        self.page = self.http.post(found.action, data=dict(found.form_values()))
        return self.title

    def submit(self, do: str = "", **fields: str) -> str:
        """Fill in the page's main form and press a button: the one with the value *do*, or the only one."""
        (form,) = html.fromstring(self.page.content).xpath("//main//form[last()]")
        data = {name: value for name, value in form.form_values() if name != "Do"}
        assert fields.keys() <= {field.name for field in form.inputs}, "the page has no such field"
        self.page = self.http.post(form.action, data=data | fields | ({"Do": do} if do else {}))
        for node in html.fromstring(self.page.content).xpath("//meta[@http-equiv='refresh']"):
            self.page = self.http.get(node.get("content").partition("url=")[2])
        return self.title

    def pay(self, url: str, card: str = APPROVES) -> str:
        """Go through a Cloud Payments page."""
        self.get(url)
        self.submit("go on")
        return self.submit(CardNumber=card, CardExpiry="09/39", CVV="123", CardHolder="Ann Example")

    @property
    def title(self) -> str:
        assert self.page.status_code == 200, self.page.text
        return str(html.fromstring(self.page.content).findtext(".//title")) if self.page.content else ""

    @property
    def text(self) -> str:
        return " ".join(html.fromstring(self.page.content).text_content().split())  # type: ignore[attr-defined]


class Portal:
    """A partner in a lane: its clients, its pages' origin, the sandbox's control API."""

    def __init__(self, sandbox: Sandbox, lane: str, biller: tuple[str, str, str], transport: Transport) -> None:
        self.url = f"{sandbox.url}/lane/{lane}"
        self.guid, key, api_key = biller
        self.rest = RestClient(self.url, api_key, transport=transport)
        self.soap = InvoiceCloudClient(self.url, self.guid, key, transport=transport)
        self.sso = CloudSso(self.url)
        self.control = Remote(sandbox.url, lane)


@pytest.fixture
def partner() -> Iterator[Partner]:
    running = Partner()
    yield running
    running.close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.http.close()


@pytest.fixture
def portal(request: pytest.FixtureRequest, sandbox: Sandbox, lane: str) -> Iterator[Portal]:
    """The utility's, unless the test says another biller by `parametrize`."""
    with Transport() as transport:
        found = Portal(sandbox, lane, getattr(request, "param", UTILITY), transport)
        yield found
        found.control.close()


insurer = pytest.mark.parametrize("portal", [INSURER], indirect=True, ids=["insurer"])
water = pytest.mark.parametrize("portal", [WATER], indirect=True, ids=["water"])


def guest_request(partner: Partner, reference: str = "r-1") -> CloudPaymentRequest:
    """The source's sample: a customer, and the invoices left to Invoice Cloud."""
    return CloudPaymentRequest(
        customers=(CloudCustomer("10000101", name="Willows Laundry"),),
        post_back_url=f"{partner.url}/SilentPost.aspx?transid=1&acctnum=10000101",
        return_url=f"{partner.url}/Receipt.aspx?transid=1",
        biller_reference=reference,
    )


def customers(portal: Portal, *numbers: str) -> None:
    for number in numbers:
        portal.rest.create_customer_record(NewCustomer(number, f"Customer {number}"))
