"""A partner that asks for payment pages, and a small server of its own for what is posted back."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urldefrag

from partnerlab.simulators.ic_webservices import Settings
from tests.simulators.ic_webservices.harness import ACCOUNT, Answer, Harness, check_rest
from tests.simulators.ic_webservices.pages.visit import CARD, Shown, Visit

PATH = "/cloudpaymentsapi/v2"
API_KEY, TCCS_KEY = Settings().utility_api_key, Settings().insurance_api_key
INSURANCE, POLICY, POLICY_INVOICE = Settings().insurance_guid, Settings().policy_number, Settings().policy_invoice

# The sample request of the inHance Portal Technical Design, Cloud Payments V2.
SAMPLE: dict[str, Any] = {
    "CSSUrl": "https://www.invoicecloud.com",
    "AllowSwipe": True,
    "AllowCCPayment": True,
    "AllowACHPayment": True,
    "RemoteAuthenticationToken": "",
    "ReturnURL": "https://localhost/WebShare/Anonymous/Receipt.aspx?clientKey=001&viewID=3&noSpace=1"
    "&transid=a53cf8331ca44b1698ea758ec5bd1950&status=2&acctnum=10000101",
    "PostBackURL": "https://localhost/WebShare/Anonymous/SilentPost.aspx?clientKey=001&viewID=3&noSpace=1"
    "&transid=a53cf8331ca44b1698ea758ec5bd1950&status=2&acctnum=10000101",
    "BillerReference": "",
    "ViewMode": 1,
    "CreateCustomerRecord": True,
    "Customers": [
        {
            "AccountNumber": "10000101",
            "Name": "Willows Laundry",
            "Address": None,
            "City": None,
            "State": None,
            "Zip": None,
            "EmailAddress": None,
            "Invoices": None,
        }
    ],
    "PageResultOptions": {
        "AllowRegisterAccount": False,
        "InvoiceOptions": {
            "AllowViewStatement": False,
            "AllowRemove": True,
            "AllowViewRelated": False,
            "AllowRemindMe": False,
        },
    },
}


def request(**changes: Any) -> dict[str, Any]:
    """A plain request for the seeded account, without addresses; *changes* replace members."""
    return {"ViewMode": 0, "Customers": [{"AccountNumber": ACCOUNT}], **changes}


def of_invoice(**members: Any) -> dict[str, Any]:
    """A request for one invoice of the seeded account."""
    return request(Customers=[{"AccountNumber": ACCOUNT, "Invoices": [{"InvoiceNumber": "N1", **members}]}])


def options(**invoice_options: bool) -> dict[str, Any]:
    """PageResultOptions with those of its invoices."""
    return {"InvoiceOptions": invoice_options}


@dataclass
class Checkout:
    """A partner and its payer."""

    harness: Harness
    visit: Visit = field(init=False)

    def __post_init__(self) -> None:
        self.visit = Visit(self.harness)

    def ask(self, body: Any = None, *, key: str = API_KEY, headers: dict[str, str] | None = None) -> Answer:
        """Ask for a page; the answer is held against the contract."""
        data = body if isinstance(body, bytes) else json.dumps(deepcopy(SAMPLE) if body is None else body).encode()
        credential = base64.b64encode(key.encode()).decode("ascii")
        sent = {"authorization": f"Basic {credential}", "content-type": "application/json", **(headers or {})}
        response = self.harness.sim.doors[PATH](self.harness.request("POST", PATH, data, sent))
        answer = Answer(response.status, json.loads(response.body))
        check_rest("POST", PATH, answer)
        return answer

    def url(self, body: Any = None, *, key: str = API_KEY) -> str:
        """The address of a page."""
        answer = self.ask(body, key=key)
        assert answer.json["Success"], answer
        return str(answer.json["Data"]["CloudPaymentURL"])

    def refusal(self, body: Any, *, key: str = API_KEY) -> str:
        """The words of a refusal by the rules."""
        answer = self.ask(body, key=key)
        assert answer.status == 200, answer
        assert answer.json["Success"] is False
        assert answer.json["Data"] is None
        return str(answer.json["ErrorMessage"])

    def page(self, body: Any = None, *, key: str = API_KEY) -> Shown:
        """The bills of a page that was just asked for."""
        return self.visit.get(self.url(body, key=key))

    def to_payment(self, page: Shown, **values: str) -> Shown:
        """Go on to the question how to pay."""
        return self.visit.submit(page, "Continue to payment", **{"Do": "go on", **values})

    def pay(self, page: Shown, *, follow: bool = True, **values: str) -> Shown:
        """Pay, from either page."""
        if "Continue to payment" in page.text:
            page = self.to_payment(page)
        return self.visit.post(pay_action(page), pay_fields(page) | CARD | values, follow=follow)

    def payments(self) -> list[dict[str, Any]]:
        """Every payment of the lane, by reference."""
        found: list[dict[str, Any]] = self.harness.get("payments", limit="1000")["payments"]
        return found

    def postbacks(self, **query: str) -> list[dict[str, Any]]:
        """Every postback of the lane, the newest first."""
        found: list[dict[str, Any]] = self.harness.get("postbacks", limit="1000", **query)["postbacks"]
        return found


def pay_form(page: Shown) -> Any:
    """The form that pays."""
    (form,) = (one for one in page.tree.forms if urldefrag(one.get("action")).url.endswith("/pay"))
    return form


def pay_action(page: Shown) -> str:
    """Where it goes."""
    return str(pay_form(page).get("action"))


def pay_fields(page: Shown) -> dict[str, str]:
    """What a browser would send of it."""
    return {name: value for name, value in pay_form(page).form_values() if value is not None}


class Receiver:
    """
    The partner's PostBackURL. `answers` are the statuses it gives in turn, the last one from then on; `got` the forms.
    It keeps who asks waiting while `answering` is cleared.
    """

    def __init__(self, *answers: int, body: bytes = b"", slow_s: float = 0.0, location: str = "") -> None:
        receiver = self
        self.answers = list(answers) or [204]
        self.body, self.slow_s, self.location = body, slow_s, location
        self.got: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.requests: list[dict[str, str]] = []
        self.times: list[float] = []
        self.answering = threading.Event()
        self.answering.set()
        self._lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._lock:
                    receiver.raw.append(data)
                    receiver.got.append(
                        dict(parse_qsl(data.decode("ascii"), keep_blank_values=True, strict_parsing=True))
                    )
                    receiver.requests.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
                    receiver.times.append(time.monotonic())
                    status = receiver.answers.pop(0) if len(receiver.answers) > 1 else receiver.answers[0]
                receiver.answering.wait(60)
                time.sleep(receiver.slow_s)
                self.send_response(status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)

            do_GET = do_POST

            def log_message(self, format: str, *arguments: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/back?transid=1&acctnum=10000101"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def wait_until(happened: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
