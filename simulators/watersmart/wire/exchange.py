"""
The daily jobs: take Invoice Cloud's files, send the invoice file, send the balance file.

A job that broke off begins again where it was: a file that is not known to have arrived is sent again, byte for byte,
and a batch that was taken is recognised.
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from partnerlab.simulators.kit.world.jobs import TimedJob, jobs_of
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.watersmart.domain.customers import Cause
from partnerlab.simulators.watersmart.domain.errors import FileRefused
from partnerlab.simulators.watersmart.domain.received import ExchangedFile
from partnerlab.simulators.watersmart.services.ports import Ports
from partnerlab.simulators.watersmart.wire.files import (
    read_changes,
    read_payments,
    read_rejects,
    render_balances,
    render_invoices,
)
from partnerlab.simulators.watersmart.world import World

__all__ = ["KINDS", "create_jobs"]

KINDS = ("payments", "rejects", "changes")
"""What is fetched, payments before the rejects of them."""


def create_jobs(world: World) -> list[TimedJob]:
    """The three jobs at the times of the contract; one that was paused catches up with one run [A-92]."""
    exchange = _Exchange(world)
    doing = {"collect": exchange.collect, "invoices": exchange.send_invoices, "balances": exchange.send_balances}
    return jobs_of("watersmart", ZoneInfo(world.settings.time_zone), lambda lane, name: doing[name](lane))


class _Exchange:
    def __init__(self, world: World) -> None:
        self._world = world
        self._ports: Ports = world.ports
        self._zone = ZoneInfo(world.settings.time_zone)

    def send_invoices(self, lane: Lane) -> str:
        """Send what was billed."""
        outgoing = self._world.outgoing
        return self._send(lane, lambda: outgoing.next_invoices(lane, render_invoices), "nothing was billed")

    def send_balances(self, lane: Lane) -> str:
        """Send the balances that the utility's own entries changed."""
        outgoing = self._world.outgoing
        return self._send(lane, lambda: outgoing.next_balances(lane, render_balances), "no balance changed")

    def collect(self, lane: Lane) -> str:
        """
        Take what Invoice Cloud has.

        A file that is refused stays there, and its batch with it, until somebody looks; the other kinds are taken.
        """
        said, refused = [], []
        for kind in KINDS:
            for batch in self._ports.fetch(lane.name, kind):
                try:
                    for name, content in batch.files:
                        said.append(f"{name}: {self._apply(lane, kind, name, content)}")
                except FileRefused as error:
                    refused.append(str(error))
                    break
                self._ports.fetched(lane.name, batch.report_id)
        if refused:
            raise FileRefused(f"{len(refused)} of Invoice Cloud's files", "; ".join(refused))
        return "; ".join(said) or "Invoice Cloud has nothing new"

    def _send(self, lane: Lane, next_file: Callable[[], ExchangedFile | None], nothing: str) -> str:
        said = []
        before = 0
        while (file := next_file()) is not None and file.number != before:
            before = file.number
            message = self._ports.send(lane.name, file.name, file.content.encode())
            self._world.outgoing.arrived(lane, file.number, message)
            said.append(f"{file.name}, {file.row_count} rows: {message}")
        return "; ".join(said) or nothing

    def _apply(self, lane: Lane, kind: str, name: str, content: bytes) -> str:
        cause, incoming = Cause(f"collect {name}", lane.now()), self._world.incoming
        if kind == "payments":
            return incoming.payments(lane, cause, name, content, read_payments(name, content, self._zone))
        if kind == "rejects":
            return incoming.rejects(lane, cause, name, content, read_rejects(name, content, self._zone))
        return incoming.changes(lane, cause, name, content, read_changes(name, content, self._zone))
