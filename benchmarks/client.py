"""
The inHance client beside zeep and beside bare httpx with lxml: the same call to the same server, in turns.

The server is a bare asyncio protocol in a process of its own that answers every request with one canned balance, so
that what differs is the client.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

from benchmarks.tools import ROOT, Row, child, row

KEY = "11111111-1111-4111-8111-111111111111"
NAMESPACE = "http://tempuri.org/"
FIELDS = ("Balance", "FutureBalance", "Phone", "Email", "Success")
ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
    f'<BalanceCheckResponse xmlns="{NAMESPACE}"><BalanceCheckResult><Balance>125.50</Balance>'
    "<FutureBalance>182.75</FutureBalance><Phone>555-0100</Phone><Email>willows@example.com</Email>"
    "<Success>true</Success></BalanceCheckResult></BalanceCheckResponse></soap:Body></soap:Envelope>"
).encode()
BARE_BODY = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
    f'<soap:Body><BalanceCheck xmlns="{NAMESPACE}"><AccountNumber>{{}}</AccountNumber>'
    "<LastInvoiceNumber>{}</LastInvoiceNumber><WebServiceKey>{}</WebServiceKey></BalanceCheck></soap:Body>"
    "</soap:Envelope>"
)
BARE_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NAMESPACE}BalanceCheck"'}
CALLS = 150
IN_FLIGHT = 32


def run(scale: float) -> list[Row]:
    """Calls per second of one client after another, and of 32 asyncio tasks; medians of rounds taken in turns."""
    with child(sys.executable, "-m", "benchmarks.client", cwd=ROOT) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/iCloud/iCloud.asmx"
        rounds = max(3, round(12 * scale))
        return [*one_by_one(url, rounds), many_at_once(url, max(3, rounds // 3))]


def one_by_one(url: str, rounds: int) -> list[Row]:
    import httpx
    import zeep
    from lxml import etree

    from partnerlab.client.inhance import InHanceClient

    zeep_client = zeep.Client(str(ROOT / "contracts" / "inhance_soap" / "iCloud.wsdl"))
    binding = next(name for name in zeep_client.wsdl.bindings if name.endswith("Soap"))
    service = zeep_client.create_service(binding, url)

    def with_zeep() -> Decimal:
        balance: Decimal = service.BalanceCheck("10000101", 500001, KEY)["Balance"]
        return balance

    def bare() -> Decimal:
        response = plain.post(url, content=BARE_BODY.format("10000101", 500001, KEY).encode(), headers=BARE_HEADERS)
        root = etree.fromstring(response.content)
        values = [root.findtext(f".//{{{NAMESPACE}}}{name}", "") for name in FIELDS]
        return Decimal(values[0])

    with InHanceClient(url, KEY) as ours, httpx.Client() as plain, zeep_client.transport.session:
        contestants: dict[str, Callable[[], Decimal]] = {
            "ours": lambda: ours.balance_check("10000101", 500001).balance,
            "zeep": with_zeep,
            "bare": bare,
        }
        for call in contestants.values():
            assert call() == Decimal("125.50")
        speeds: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(rounds):
            for name, call in contestants.items():
                started = time.perf_counter()
                for _ in range(CALLS):
                    call()
                speeds[name].append(CALLS / (time.perf_counter() - started))
    middle = {name: statistics.median(found) for name, found in speeds.items()}
    note = "BalanceCheck, one call after another, connection kept"
    return [
        row("client", "zeep", ours=middle["ours"], theirs=middle["zeep"], unit="calls/s", aim=1.3, note=note),
        row(
            "client",
            "bare httpx + lxml",
            ours=middle["ours"],
            theirs=middle["bare"],
            unit="calls/s",
            aim=0.9,
            note=note,
        ),
    ]


def many_at_once(url: str, rounds: int) -> Row:
    import httpx
    from lxml import etree

    from partnerlab.client.inhance import AsyncInHanceClient

    async def measure() -> dict[str, list[float]]:
        limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
        async with AsyncInHanceClient(url, KEY) as ours, httpx.AsyncClient(limits=limits) as plain:

            async def our_call() -> Decimal:
                return (await ours.balance_check("10000101", 500001)).balance

            async def bare() -> Decimal:
                body = BARE_BODY.format("10000101", 500001, KEY).encode()
                response = await plain.post(url, content=body, headers=BARE_HEADERS)
                root = etree.fromstring(response.content)
                values = [root.findtext(f".//{{{NAMESPACE}}}{name}", "") for name in FIELDS]
                return Decimal(values[0])

            speeds: dict[str, list[float]] = {"ours": [], "bare": []}
            for _ in range(rounds):
                for name, call in (("ours", our_call), ("bare", bare)):
                    speeds[name].append(await in_flight(call))
            return speeds

    middle = {name: statistics.median(found) for name, found in asyncio.run(measure()).items()}
    note = f"BalanceCheck, asyncio, {IN_FLIGHT} in flight"
    return row(
        "client", "bare httpx + lxml", ours=middle["ours"], theirs=middle["bare"], unit="calls/s", aim=0.9, note=note
    )


async def in_flight(call: Callable[[], Awaitable[Decimal]]) -> float:
    """Calls per second of tasks that each call several times."""
    each = 2 * CALLS // IN_FLIGHT

    async def work() -> None:
        for _ in range(each):
            assert await call() == Decimal("125.50")

    started = time.perf_counter()
    await asyncio.gather(*[work() for _ in range(IN_FLIGHT)])
    return each * IN_FLIGHT / (time.perf_counter() - started)


class Canned(asyncio.Protocol):
    """Answers each request once it is there whole."""

    ANSWER = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(ANSWER) + ANSWER
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.pending = transport, b""

    def data_received(self, data: bytes) -> None:
        self.pending += data
        head, found, body = self.pending.partition(b"\r\n\r\n")
        if found and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0):
            self.pending = b""
            self.transport.write(self.ANSWER)


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
