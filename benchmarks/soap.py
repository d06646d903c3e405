"""W1 and W5 of the inHance service: BalanceCheck, and a payment with the balance after it."""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import product
from typing import NamedTuple

import httpx

from benchmarks.tools import (
    ROOT,
    Load,
    Row,
    child,
    free_port,
    leave_out,
    load,
    median,
    node_modules,
    row,
    start,
    wait_for,
)

KEY = "11111111-1111-4111-8111-111111111111"

PEERS = {"node": "node `soap` server", "spyne": "Spyne on granian"}
PEER_ACCOUNTS = [str(20000000 + n) for n in range(1000)]
TEXT = {"Content-Type": "text/plain"}
BALANCE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<BalanceCheck xmlns="http://tempuri.org/"><AccountNumber>{account}</AccountNumber>'
    f"<LastInvoiceNumber>0</LastInvoiceNumber><WebServiceKey>{KEY}</WebServiceKey></BalanceCheck>"
    "</soap:Body></soap:Envelope>"
)
PAYMENT = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<MakePaymentExtended xmlns="http://tempuri.org/"><AccountNumber>{account}</AccountNumber>'
    "<PaymentDate>2026-01-31T12:00:00</PaymentDate><PaymentReference>{reference}</PaymentReference>"
    "<DocumentNumber>0</DocumentNumber><PaymentTypeDesc>Credit Card</PaymentTypeDesc>"
    "<PaymentAmount>0.01</PaymentAmount><ConvenienceFee>0.00</ConvenienceFee>"
    f"<WebserviceKey>{KEY}</WebserviceKey></MakePaymentExtended></soap:Body></soap:Envelope>"
)

LUA = """
local accounts = {{{accounts}}}
local salt = "{salt}"
local n = 0
local function call(operation, body)
  return wrk.format("POST", nil, {{
    ["Content-Type"] = "text/xml; charset=utf-8",
    ["SOAPAction"] = '"http://tempuri.org/' .. operation .. '"'}}, body)
end
local balance = [[{balance}]]
local payment = [[{payment}]]
local ready = {{}}
init = function()
  for i = 1, #accounts do
    ready[i] = call("BalanceCheck", (balance:gsub("{{account}}", accounts[i])))
  end
end
request = function()
  n = n + 1
  local i = (n * 7919) % #accounts + 1
  if {pay} and n % 2 == 1 then
    return call("MakePaymentExtended", (payment:gsub("{{account}}", accounts[i]):gsub("{{reference}}", salt .. n)))
  end
  return ready[i]
end
"""


def script(accounts: list[str], *, pay: bool, salt: str) -> str:
    """A Lua script for wrk that asks for the balance of one of *accounts*, after a payment of a cent where *pay*."""
    quoted = ", ".join(f'"{number}"' for number in accounts)
    return LUA.format(accounts=quoted, balance=BALANCE, payment=PAYMENT, pay="true" if pay else "false", salt=salt)


class Server(NamedTuple):
    """A service under load: its address, the process that serves it, and the accounts it has."""

    url: str
    process_id: int
    accounts: list[str]


@contextmanager
def sandbox(*options: str) -> Iterator[Server]:
    """Our sandbox with 1,000 generated accounts."""
    with child(sys.executable, "-m", "partnerlab", "sandbox", "--port", "0", "--quiet", *options) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        yield Server(f"{url}/iCloud/iCloud.asmx", process.pid, load_accounts(url))


def load_accounts(url: str) -> list[str]:
    """Load 1,000 generated accounts into the sandbox at *url*; their numbers."""
    from partnerlab.contracts.files import load_layout, read_bif
    from partnerlab.generators.bif import generate_bif

    file = io.BytesIO()
    generate_bif(file, invoices=1000, seed=1, as_of=date(2026, 1, 31))
    file.seek(0)
    accounts = [group.customer.AccountNumber for group in read_bif(file, load_layout("inhance_v2"))]
    httpx.post(f"{url}/_sandbox/inhance/load", content=file.getvalue(), headers=TEXT, timeout=60).raise_for_status()
    return accounts


@contextmanager
def node() -> Iterator[Server]:
    """node's `soap` server on the same WSDL, with 1,000 accounts in memory."""
    folder = node_modules(ROOT / "benchmarks" / "node")
    wsdl = ROOT / "contracts" / "inhance_soap" / "iCloud.wsdl"
    with child("node", "server.js", str(wsdl), KEY, cwd=folder) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Server(f"http://127.0.0.1:{port}/iCloud.asmx", process.pid, PEER_ACCOUNTS)


@contextmanager
def spyne_on_granian() -> Iterator[Server]:
    """Plain Spyne on granian, 1,000 accounts in a dictionary."""
    port = free_port()
    command = ["-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-access-log", "--log-level", "error"]
    with child(sys.executable, *command, "benchmarks.spyne_peer:app", cwd=ROOT) as process:
        yield Server(wait_for(f"http://127.0.0.1:{port}/"), process.pid, PEER_ACCOUNTS)


def run(scale: float = 1.0) -> list[Row]:
    """W1 and W5 at 1 and 32 connections, rounds of each server taking turns; and W1 in process."""
    seconds = max(1, round(4 * scale))
    figures: dict[tuple[str, str, int], list[Load]] = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {
            "ours": stack.enter_context(sandbox()),
            "kept": stack.enter_context(sandbox("--db", f"{folder}/world.db")),
        }
        for name, make in (("node", node), ("spyne", spyne_on_granian)):
            if (peer := start(stack, PEERS[name], make)) is not None:
                servers[name] = peer
        for turn, (work, pay), connections in product(range(3), (("W1", False), ("W5", True)), (1, 32)):
            for name, (url, process_id, accounts) in list(servers.items()):
                if name == ("spyne" if pay else "kept"):
                    continue
                text = script(accounts, pay=pay, salt=f"{turn}-{connections}-{work}-")
                try:
                    found = load(process_id, url, text, connections=connections, seconds=seconds)
                except Exception as error:
                    if name not in PEERS:
                        raise
                    leave_out(PEERS[name], error)
                    del servers[name]
                else:
                    figures.setdefault((work, name, connections), []).append(found)
        middle = {key: median(found) for key, found in figures.items() if key[1] in servers}
    return [*rows(middle), in_process(scale)]


def rows(middle: dict[tuple[str, str, int], Load]) -> Iterator[Row]:
    """The report's rows, by work, server and connections; peers that were not there are left out."""
    for work, mine, name, more, aims in (
        ("W1", "ours", "node", "", {1: 1.5, 32: 1.8}),
        ("W1", "ours", "spyne", "", {1: None, 32: None}),
        ("W5", "ours", "node", " (memory only)", {1: None, 32: None}),
        ("W5", "kept", "node", " (memory only)", {1: 1.2, 32: 1.5}),
    ):
        title = "SOAP BalanceCheck" if work == "W1" else "SOAP payment, then balance"
        title += ", kept in a file" if mine == "kept" else ""
        for connections, aim in aims.items():
            if (work, name, connections) not in middle:
                continue
            ours, theirs = middle[work, mine, connections], middle[work, name, connections]
            yield row(
                f"{work} {title}, {connections} connection{'s' if connections > 1 else ''}",
                PEERS[name] + more,
                ours=ours.rate,
                theirs=theirs.rate,
                unit="requests/s",
                aim=aim,
                cpu_us=(ours.cpu_us, theirs.cpu_us),
            )


def in_process(scale: float) -> Row:
    """One BalanceCheck without a socket: our ASMX front with its ledger, plain Spyne with its dictionary."""
    from werkzeug.test import EnvironBuilder, run_wsgi_app

    from benchmarks.spyne_peer import app
    from partnerlab.simulators import inhance_soap
    from partnerlab.simulators.kit.http.messages import Request
    from partnerlab.simulators.kit.world.lanes import Lanes
    from partnerlab.simulators.kit.world.store import Store

    store = Store("sqlite://")
    lanes = Lanes(store)
    simulator = inhance_soap.create_simulator(inhance_soap.Settings(), store, lanes)
    lanes.seeders.append(simulator.seed)
    door = next(iter(simulator.doors.values()))
    lane = lanes.get("default")
    headers = {"content-type": "text/xml; charset=utf-8", "soapaction": '"http://tempuri.org/BalanceCheck"'}
    path = next(iter(simulator.doors))
    body = BALANCE.format(account="10000101").encode()

    def ours() -> None:
        answer = door(Request("POST", path, "", headers, body, "http://127.0.0.1", "1", lane))
        assert b"<Success>true</Success>" in answer.body

    theirs_body = BALANCE.format(account="20000000").encode()

    def theirs() -> None:
        environ = EnvironBuilder(method="POST", data=theirs_body, content_type="text/xml; charset=utf-8").get_environ()
        chunks, _, _ = run_wsgi_app(app, environ, buffered=True)
        assert b"Success>true</" in b"".join(chunks)

    calls = max(200, round(2000 * scale))
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(5):
        for name, call in (("ours", ours), ("theirs", theirs)):
            started = time.perf_counter()
            for _ in range(calls):
                call()
            times[name].append((time.perf_counter() - started) / calls * 1e6)
    store.close()
    return row(
        "W1 in process, ledger included",
        "plain Spyne",
        ours=min(times["ours"]),
        theirs=min(times["theirs"]),
        unit="µs",
        aim=8,
        less=True,
    )


if __name__ == "__main__":
    from benchmarks.__main__ import line

    for found in run(0.2):
        print(line(found))
