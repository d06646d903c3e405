"""W2 and W3: a form POST that looks a policy up, and a JSON request that is kept and answered with an address."""

from __future__ import annotations

import base64
import json
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

import httpx

from benchmarks.flask_peer import INVOICES
from benchmarks.http_peers import flask_on_granian, flask_on_ours, java, mockserver, prism, wiremock
from benchmarks.tools import ROOT, Row, Served, child, on_core, row, wrk

LOOK_UP, CREATE = "/invoicecloudapi/api/ARState_Output", "/cloudpaymentsapi/v2"
API_KEY = "sandbox-api-key"
ONE_CORE = "one core each, 32"
WARM_UP_S = 12
"""Of load for the Java peers, which are slow until their code is compiled."""

REQUEST = {
    "CSSUrl": "",
    "AllowSwipe": True,
    "AllowCCPayment": True,
    "AllowACHPayment": True,
    "RemoteAuthenticationToken": "",
    "ReturnURL": "http://127.0.0.1:9000/receipt?acctnum=10000101",
    "PostBackURL": "http://127.0.0.1:9000/silent-post?acctnum=10000101",
    "BillerReference": "bench",
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
"""The sample of the inHance Portal's document, with addresses of this machine."""

PAGE = "http://127.0.0.1/cloudpayments/{{randomValue type='UUID'}}"
ANSWER = json.dumps({"Success": True, "ErrorMessage": None, "Data": {"CloudPaymentURL": PAGE}})
CANNED = {"Record bal": 120.00, "Total Balance": 340.00}

FORM_LUA = """
local invoices = {{{invoices}}}
local n = 0
local headers = {{["Content-Type"] = "application/x-www-form-urlencoded"}}
request = function()
  n = n + 1
  local body = "{credentials}&contentInfo=" .. invoices[(n * 7919) % #invoices + 1]
  return wrk.format("POST", nil, headers, body)
end
"""
JSON_LUA = """
wrk.method = "POST"
wrk.body = [[{body}]]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Basic {credential}"
"""


def scripts() -> dict[str, str]:
    """A Lua script for wrk by work."""
    quoted = ", ".join(f'"{number.replace("/", "%2F")}"' for number in INVOICES)
    credentials = urlencode({"consumerGUID": "IC-SANDBOX", "entryKey": "sandbox-entry-key"})
    credential = base64.b64encode(f"{API_KEY}:".encode()).decode()
    return {
        "W2": FORM_LUA.format(invoices=quoted, credentials=credentials),
        "W3": JSON_LUA.format(body=json.dumps(REQUEST), credential=credential),
    }


@contextmanager
def sandbox() -> Iterator[Served]:
    """Our sandbox with the 1,000 policies that the peers have, too."""
    with child(sys.executable, "-m", "partnerlab", "sandbox", "--port", "0", "--quiet") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        load(url)
        yield Served(url, process.pid)


def load(url: str) -> None:
    """Put the 1,000 policies that the peers have, too, into the sandbox at *url*."""
    with httpx.Client(base_url=url, timeout=60) as control:
        for number in INVOICES:
            control.put(f"/_sandbox/tccs/policies/{number}", json={}).raise_for_status()
            instalment = {"invoice_number": number, "amount": "120.00"}
            control.post("/_sandbox/tccs/instalments", json=instalment).raise_for_status()


def run(scale: float = 1.0) -> list[Row]:
    """Each server in turn, in rounds, at 1 and at 32 connections; those on Java and ours also on a core each."""
    seconds = max(1, round(3 * scale))
    lua = scripts()
    figures: dict[tuple[str, str, str], list[float]] = {}
    with ExitStack() as stack:
        ours, flask, on_ours = (stack.enter_context(make()) for make in (sandbox, flask_on_granian, flask_on_ours))
        everywhere = {"ours": ours, "granian": flask, "kit": on_ours}
        # Prism serves the document's paths without the server's base path.
        forms = stack.enter_context(prism(ROOT / "contracts" / "tccs_rest" / "openapi.yaml"))
        paths = {"W2": LOOK_UP, "W3": CREATE}
        servers = {"W2": {**everywhere, "prism": forms}, "W3": dict(everywhere)}
        if java():
            canned = stack.enter_context(mockserver(LOOK_UP, CANNED))
            servers["W2"]["mockserver"] = canned
            servers["W3"]["wiremock"] = stack.enter_context(wiremock(CREATE, ANSWER))
            for work, name in (("W2", "mockserver"), ("W3", "wiremock")):
                url = servers[work][name].origin + paths[work]
                wrk(url, lua[work], connections=32, seconds=max(2, WARM_UP_S * scale))
        for _ in range(3):
            for work, named in servers.items():
                for name, served in named.items():
                    path = paths[work].removeprefix("/invoicecloudapi") if name == "prism" else paths[work]
                    for connections in (1, 32):
                        rate = wrk(served.origin + path, lua[work], connections=connections, seconds=seconds)
                        figures.setdefault((work, name, str(connections)), []).append(rate)
                    if name in ("ours", "mockserver", "wiremock") and java() and hasattr(os, "sched_setaffinity"):
                        with on_core(served.process_id, 0):
                            rate = wrk(served.origin + path, lua[work], connections=32, seconds=seconds, core=1)
                        figures.setdefault((work, name, ONE_CORE), []).append(rate)
    return list(rows({key: statistics.median(values) for key, values in figures.items()}))


def rows(best: dict[tuple[str, str, str], float]) -> Iterator[Row]:
    """The report's rows, by work, server and connections; peers that were not there are left out."""
    titles = {"W2": "form POST look-up", "W3": "JSON in, kept, unique address out"}
    for work, name, peer, aims in (
        ("W2", "kit", "bare Flask route on our server", {"1": None, "32": None}),
        ("W2", "granian", "bare Flask route on granian", {"1": 2.0, "32": None}),
        ("W2", "prism", "Prism", {"1": None, "32": None}),
        ("W2", "mockserver", "MockServer, warm (one canned answer)", {"1": None, "32": None, ONE_CORE: 1.2}),
        ("W3", "kit", "bare Flask route on our server (memory only)", {"1": None, "32": None}),
        ("W3", "granian", "bare Flask route on granian (memory only)", {"1": 2.0, "32": 2.0}),
        ("W3", "wiremock", "WireMock, warm (keeps nothing)", {"1": None, "32": None, ONE_CORE: 0.8}),
    ):
        for connections, aim in aims.items():
            if (work, name, connections) in best:
                yield row(
                    f"{work} {titles[work]}, {connections} connection{'' if connections == '1' else 's'}",
                    peer,
                    ours=best[work, "ours", connections],
                    theirs=best[work, name, connections],
                    unit="requests/s",
                    aim=aim,
                )


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for found in run(0.2):
        print(line(found))
