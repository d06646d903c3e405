"""W2 and W3: a form POST that looks a policy up, and a JSON request that is kept and answered with an address."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date
from functools import cache
from io import BytesIO
from itertools import product
from urllib.parse import urlencode

import httpx

from benchmarks.flask_peer import INVOICES
from benchmarks.http_peers import flask_on_granian, flask_on_ours, mockserver, prism, wiremock
from benchmarks.tools import ROOT, Load, Row, Served, child, leave_out, load, median, on_core, row, start, wrk
from partnerlab.generators.tccs_bif import generate_tccs_bif, generate_tccs_groups

LOOK_UP, CREATE = "/invoicecloudapi/api/ARState_Output", "/cloudpaymentsapi/v2"
COLD = "W2-cold"
PATHS = {"W2": LOOK_UP, COLD: LOOK_UP, "W3": CREATE}
ASKED_ONCE = 20_000
"""Policies of `W2-cold`, which come in turn: more than anybody remembers, so each call is as if for the first time."""
AS_OF = date(2026, 11, 1)
PEERS = {
    "kit": "bare Flask route on our server",
    "granian": "bare Flask route on granian",
    "prism": "Prism",
    "mockserver": "MockServer",
    "wiremock": "WireMock",
}
API_KEY, ACCOUNT = "sandbox-api-key", "10000101"
ONE_CORE = "one core each, 32"
WARM_UP_S = 12
"""Of load for the Java peers, which are slow until their code is compiled."""

REQUEST = {
    "CSSUrl": "",
    "AllowSwipe": True,
    "AllowCCPayment": True,
    "AllowACHPayment": True,
    "RemoteAuthenticationToken": "",
    "ReturnURL": f"http://127.0.0.1:9000/receipt?acctnum={ACCOUNT}",
    "PostBackURL": f"http://127.0.0.1:9000/silent-post?acctnum={ACCOUNT}",
    "BillerReference": "bench",
    "ViewMode": 1,
    "CreateCustomerRecord": True,
    "Customers": [
        {
            "AccountNumber": ACCOUNT,
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
local ready = {{}}
local headers = {{["Content-Type"] = "application/x-www-form-urlencoded"}}
init = function()
  for i = 1, #invoices do
    ready[i] = wrk.format("POST", nil, headers, "{credentials}&contentInfo=" .. invoices[i])
  end
end
request = function()
  n = n + 1
  return ready[(n * 7919) % #ready + 1]
end
"""
JSON_LUA = """
local body = [[{body}]]
local n = 0
local ready = {{}}
local headers = {{["Content-Type"] = "application/json", ["Authorization"] = "Basic {credential}"}}
init = function()
  for i = 1, 1000 do
    ready[i] = wrk.format("POST", nil, headers, (body:gsub("{account}", tostring(20000000 + i))))
  end
end
request = function()
  n = n + 1
  return ready[(n * 7919) % #ready + 1]
end
"""
"""Of one of 1,000 accounts, which the first requests make. Requests are made before the load begins."""


def scripts() -> dict[str, str]:
    """A Lua script for wrk by work."""
    credentials = urlencode({"consumerGUID": "IC-SANDBOX", "entryKey": "sandbox-entry-key"})
    credential = base64.b64encode(f"{API_KEY}:".encode()).decode()
    return {
        "W2": FORM_LUA.format(invoices=_quoted(INVOICES), credentials=credentials),
        COLD: FORM_LUA.format(invoices=_quoted(_asked_once()), credentials=credentials),
        "W3": JSON_LUA.format(body=json.dumps(REQUEST), account=ACCOUNT, credential=credential),
    }


@cache
def _asked_once() -> list[str]:
    return [group.invoice.InvoiceNumber for group in generate_tccs_groups(ASKED_ONCE, as_of=AS_OF)]


def _quoted(numbers: Iterable[str]) -> str:
    return ", ".join(f'"{number.replace("/", "%2F")}"' for number in numbers)


@contextmanager
def sandbox() -> Iterator[Served]:
    """Our sandbox with the 1,000 policies that the peers have, too."""
    with child(sys.executable, "-m", "partnerlab", "sandbox", "--port", "0", "--quiet") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        load_policies(url)
        yield Served(url, process.pid)


def load_policies(url: str) -> None:
    """Put the 1,000 policies that the peers have, too, into the sandbox at *url*, and those of `W2-cold`."""
    file = BytesIO()
    generate_tccs_bif(file, ASKED_ONCE, as_of=AS_OF)
    with httpx.Client(base_url=url, timeout=60) as control:
        for number in INVOICES:
            control.put(f"/_sandbox/tccs/policies/{number}", json={}).raise_for_status()
            instalment = {"invoice_number": number, "amount": "120.00"}
            control.post("/_sandbox/tccs/instalments", json=instalment).raise_for_status()
        loaded = control.post("/_sandbox/tccs/load", content=file.getvalue(), headers={"Content-Type": "text/plain"})
        loaded.raise_for_status()


def run(scale: float = 1.0) -> list[Row]:
    """Each server in turn, in rounds, at 1 and at 32 connections; those on Java and ours also on a core each."""
    seconds = max(1, round(3 * scale))
    lua = scripts()
    figures: dict[tuple[str, str, str], list[Load]] = {}
    with ExitStack() as stack:
        servers = _started(stack, max(2, WARM_UP_S * scale), lua)
        for _, (work, named) in product(range(3), servers.items()):
            for name, served in list(named.items()):
                try:
                    for connections, found in _under_load(work, name, served, lua[work], seconds):
                        figures.setdefault((work, name, connections), []).append(found)
                except Exception as error:
                    if name == "ours":
                        raise
                    leave_out(PEERS[name], error)
                    del named[name]
        middle = {key: median(found) for key, found in figures.items() if key[1] in servers[key[0]]}
    return list(rows(middle))


def _started(stack: ExitStack, warm_up_s: float, lua: dict[str, str]) -> dict[str, dict[str, Served]]:
    """The servers by work and name, those on Java warm; peers that cannot be started are left out."""
    ours = stack.enter_context(sandbox())
    servers = {work: {"ours": ours} for work in PATHS}
    for name, works, make in (
        ("granian", ("W2", "W3"), flask_on_granian),
        ("kit", ("W2", "W3"), flask_on_ours),
        ("prism", ("W2",), lambda: prism(ROOT / "contracts" / "tccs_rest" / "openapi.yaml")),
        ("mockserver", ("W2", COLD), lambda: _warm("W2", mockserver(LOOK_UP, CANNED), lua, warm_up_s)),
        ("wiremock", ("W3",), lambda: _warm("W3", wiremock(CREATE, ANSWER), lua, warm_up_s)),
    ):
        peer = start(stack, PEERS[name], make)
        if peer is not None:
            for work in works:
                servers[work][name] = peer
    return servers


@contextmanager
def _warm(work: str, peer: AbstractContextManager[Served], lua: dict[str, str], seconds: float) -> Iterator[Served]:
    """A peer after so many seconds of load."""
    with peer as served:
        wrk(served.origin + PATHS[work], lua[work], connections=32, seconds=seconds)
        yield served


def _under_load(work: str, name: str, served: Served, script: str, seconds: int) -> Iterator[tuple[str, Load]]:
    """One round of a server: what it did, by the name of the connections."""
    # Prism serves the document's paths without the server's base path.
    url = served.origin + (PATHS[work].removeprefix("/invoicecloudapi") if name == "prism" else PATHS[work])
    for connections in (1, 32):
        yield str(connections), load(served.process_id, url, script, connections=connections, seconds=seconds)
    if name in ("ours", "mockserver", "wiremock") and hasattr(os, "sched_setaffinity"):
        with on_core(served.process_id, 0):
            yield ONE_CORE, load(served.process_id, url, script, connections=32, seconds=seconds, core=1)


def rows(middle: dict[tuple[str, str, str], Load]) -> Iterator[Row]:
    """The report's rows, by work, server and connections; peers that were not there are left out."""
    titles = {
        "W2": "form POST look-up",
        COLD: "form POST look-up, each of 20,000 in turn",
        "W3": "JSON in, kept, unique address out",
    }
    for work, name, more, aims in (
        ("W2", "kit", "", {"1": None, "32": None}),
        ("W2", "granian", "", {"1": 2.0, "32": None}),
        ("W2", "prism", "", {"1": None, "32": None}),
        ("W2", "mockserver", ", warm (one canned answer)", {"1": None, "32": None, ONE_CORE: 1.2}),
        (COLD, "mockserver", ", warm (one canned answer)", {"1": None, "32": None, ONE_CORE: None}),
        ("W3", "kit", " (memory only)", {"1": None, "32": None}),
        ("W3", "granian", " (memory only)", {"1": 2.0, "32": 2.0}),
        ("W3", "wiremock", ", warm (keeps nothing)", {"1": None, "32": None, ONE_CORE: 0.8}),
    ):
        for connections, aim in aims.items():
            if (work, name, connections) in middle:
                ours, theirs = middle[work, "ours", connections], middle[work, name, connections]
                yield row(
                    f"{work[:2]} {titles[work]}, {connections} connection{'' if connections == '1' else 's'}",
                    PEERS[name] + more,
                    ours=ours.rate,
                    theirs=theirs.rate,
                    unit="requests/s",
                    aim=aim,
                    cpu_us=(ours.cpu_us, theirs.cpu_us),
                )


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for found in run(0.2):
        print(line(found))
