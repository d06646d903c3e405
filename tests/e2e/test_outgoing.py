"""What Invoice Cloud sends stands in the journal, with what made it and the event it is about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from partnerlab.both_sides import InHanceSides
from partnerlab.contracts.verification.consumer.control import Control
from partnerlab.contracts.verification.consumer.roles import role
from partnerlab.contracts.verification.consumer.run import Options, verify
from partnerlab.contracts.verification.grading import Outcome
from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.sandbox import Sandbox


class _Partner(BaseHTTPRequestHandler):
    meanwhile: Callable[[], object] = bool

    def do_POST(self) -> None:
        type(self).meanwhile()
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(503)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"busy")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def partner() -> Iterator[str]:
    """A partner of another make, which is never ready."""
    server = HTTPServer(("127.0.0.1", 0), _Partner)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_payments_call_is_noted_at_both_ends_and_listed_once(sandbox: Sandbox, sides: InHanceSides) -> None:
    guid = sides.pay("10000101", "12.00")["payment_guid"]
    (listed,) = sides.journal("MakePaymentExtended")
    assert (listed["direction"], listed["sender"], listed["event"]) == ("in", "data pump", guid)
    assert listed["verdict"] == "valid"
    (sent,) = sides.control.get("/_sandbox/journal", event=guid, direction="out")["entries"]
    assert (sent["peer"], sent["door"], sent["findings"], sent["status"]) == (listed["id"], "inhance", [], 200)
    assert sent["base_url"] == sandbox.url


def test_a_balance_request_and_a_lost_answer_are_noted(sandbox: Sandbox, sides: InHanceSides, lane: str) -> None:
    with sides.fault("drop-before-commit", "BalanceCheck"):
        found = sandbox._enquiries.balances(lane, sides.biller["guid"], "10000101", "")
    assert found["problem"]
    entries = sides.control.get("/_sandbox/journal", direction="out")["entries"]
    assert [(row["sender"], row["operation"], row["peer"], row["verdict"]) for row in entries] == [
        ("balance request", "BalanceCheck", "-", "valid, no answer")
    ]
    assert len(sides.journal("BalanceCheck")) == 1


def test_a_call_to_a_partner_elsewhere_is_listed(sides: InHanceSides, partner: str) -> None:
    guid = sides.biller["guid"]
    sides.control.patch(f"/_sandbox/ic/billers/{guid}", {"settings": {"14": f"{partner}/iCloud.asmx"}})
    sides.control.post("/_sandbox/ic/customers/10000101/paperless", {"enrolled": True, "biller_guid": guid})
    sides.settle()
    found = sides.journal("SetPaperless")[0]
    assert (found["direction"], found["base_url"], found["status"], found["peer"]) == ("out", partner, 503, "")
    assert found["meaning"] == {"kind": "failed", "reason": "", "words": "busy"}
    assert found["event"]


def test_a_lane_that_is_dropped_while_a_partner_is_called_does_not_come_back(
    sandbox: Sandbox, sides: InHanceSides, lane: str, partner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    guid = sides.biller["guid"]
    sides.control.patch(f"/_sandbox/ic/billers/{guid}", {"settings": {"8": f"{partner}/iCloud.asmx"}})
    with monkeypatch.context() as patch:
        patch.setattr(_Partner, "meanwhile", staticmethod(lambda: sandbox.lanes.drop(lane)))
        assert sandbox._enquiries.balances(lane, guid, "10000101", "")["problem"]
    assert lane not in [one.name for one in sandbox.lanes.all()]


FORM = {
    **dict.fromkeys(("CustomerName", "CustomerAddress", "CustomerCity", "CustomerState", "CustomerZip"), "Willows"),
    "BillerReference": "cart-1",
    "CardType": "Visa",
    "RemoteIP": "127.0.0.1",
    "PaymentTypeID": "1",
    "PaymentDate": "11/21/2026 8:04:09 AM",
    "InvoiceNumber": "500001",
    "PaymentMessage": "Approved",
    "PaymentAmount": "12.00",
    "ConvenienceFee": "0.00",
    "PaymentDescription": "Visa ending in 1111",
}


def post_back(sandbox: Sandbox, sides: InHanceSides, lane: str, url: str, changes: dict[str, str]) -> None:
    """Send a postback as Invoice Cloud does."""
    postbacks, world = sandbox.ic.world.services.postbacks, sandbox.lanes.get(lane)
    guid = sides.biller["guid"]
    with sandbox.store.write() as tx:
        made = postbacks.add(tx, world, guid, url, {**FORM, "BillerGUID": guid, **changes})
    postbacks.send(world, [made])


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({"PaymentGUID": "p-1", "Approved": "True"}, [("response", "status", "2XX")]),
        (
            {"PaymentGUID": "p-2", "Approved": "1"},
            [("request", "Approved", "True or False"), ("response", "status", "2XX")],
        ),
    ],
)
def test_a_postback_is_noted_with_its_payment_and_held_to_its_contract(
    sandbox: Sandbox,
    sides: InHanceSides,
    lane: str,
    partner: str,
    changes: dict[str, str],
    findings: list[tuple[str, str, str]],
) -> None:
    post_back(sandbox, sides, lane, f"{partner}/back", changes)
    (found,) = sides.control.get("/_sandbox/journal", event=changes["PaymentGUID"])["entries"]
    assert (found["door"], found["sender"], found["path"], found["status"]) == ("postback", "postback", "/back", 503)
    assert found["operation"] == "CloudPaymentsPostback"
    told = sides.exchange(found["id"])
    assert [(one["side"], one["where"], one["expected"]) for one in told["findings"]] == findings
    assert "CustomerZip=Willows" in told["request"]


def test_what_a_partner_answers_to_invoice_clouds_own_postbacks_is_graded(
    sandbox: Sandbox, sides: InHanceSides, lane: str, partner: str
) -> None:
    """Without a postback of the run's own: what was posted back after a payment on the page is in the journal."""
    post_back(sandbox, sides, lane, f"{partner}/back", {"PaymentGUID": "p-3", "Approved": "True"})
    direct = Direct()
    try:
        control = Control(direct.send, sandbox.url, lane)
        run = verify(role("cloud-payments"), control, Options(), send=direct.send)
    finally:
        direct.close()
    (failed,) = (one for one in run.checks if one.outcome is Outcome.FAILED)
    wrong = failed.problems[-1]
    assert failed.check == "cloud-payments/postback-taken"
    assert (wrong.expected, wrong.received) == ("a status of 2xx", "status 503")
    exchange = run.exchanges[wrong.exchange - 1]
    assert (exchange.url, exchange.status, exchange.response_body) == (f"{partner}/back", 503, "busy")
