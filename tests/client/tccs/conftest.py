"""One way to call the TCCS client sync and async, and a bill."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from partnerlab.client.http import AsyncTransport, Transport
from partnerlab.client.tccs import AsyncTccsClient, TccsClient
from tests.client.conftest import PATIENT

GUID, KEY = "IC-SANDBOX", "sandbox-entry-key"


class Tccs:
    """The sync or the async client behind one blocking face."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.timeouts = PATIENT

    def __call__(self, call: str, url: str, *args: Any, **kw: Any) -> Any:
        """Make one call with a client of its own."""
        if self.name == "sync":
            with TccsClient(url, GUID, KEY, timeouts=self.timeouts) as client:
                return getattr(client, call)(*args, **kw)

        async def run() -> Any:
            async with AsyncTccsClient(url, GUID, KEY, timeouts=self.timeouts) as client:
                return await getattr(client, call)(*args, **kw)

        return asyncio.run(run())

    def twice_over_one_transport(self, call: str, url: str, *args: Any) -> list[Any]:
        """The same call by two clients that share a transport."""
        if self.name == "sync":
            with Transport(timeouts=self.timeouts) as shared:
                found = []
                for _ in range(2):
                    with TccsClient(url, GUID, KEY, transport=shared) as client:
                        found.append(getattr(client, call)(*args))
                return found

        async def run() -> list[Any]:
            async with AsyncTransport(timeouts=self.timeouts) as shared:
                found = []
                for _ in range(2):
                    async with AsyncTccsClient(url, GUID, KEY, transport=shared) as client:
                        found.append(await getattr(client, call)(*args))
                return found

        return asyncio.run(run())


@pytest.fixture(params=["sync", "async"])
def tccs(request: pytest.FixtureRequest) -> Tccs:
    return Tccs(request.param)


def make_bill(size: int) -> bytes:
    """Bytes that begin and end as a PDF does, with *size* bytes in all."""
    head, tail = b"%PDF-1.7\n", b"\nstartxref\n0\n%%EOF\n"
    return head + random.Random(size).randbytes(size - len(head) - len(tail)) + tail
