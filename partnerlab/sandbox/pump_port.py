"""
The sandbox's data pump, as the simulators meet it: events in, payments in doubt, and its share of every lane.

The pump is made when it is first needed and started later still: its engine takes longer to import than everything else
together. What it holds can be asked, and is reset with its lane, before that.
"""

from __future__ import annotations

import random
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller, BillerDirectory
from partnerlab.contracts.first_use import importing
from partnerlab.simulators.ic_webservices import EventRefused
from partnerlab.simulators.kit.world.due import Due
from partnerlab.simulators.kit.world.lane_rows import LoadInvalid
from partnerlab.simulators.kit.world.lanes import Lane

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    import httpx
    import sqlalchemy as sa

    from partnerlab.client.datapump import DataPump
    from partnerlab.client.datapump.engine import Engine
    from partnerlab.client.datapump.routes import Told
    from partnerlab.client.datapump.tables import Delivery

__all__ = ["PumpPort", "service_of"]

EPOCH = datetime.fromtimestamp(0, UTC)
STARTING = frozenset(("/ready", "/metrics"))
"""What is asked for a pump that delivers, though it only looks."""
TABLES = frozenset({"pump_accounts", "pump_deliveries", "pump_attempts", "pump_notes", "pump_pruned"})


class PumpPort:
    """
    A pump on the database at *url*, delivering for *billers* to the addresses that *check* lets pass.

    *kept* says that the database may hold what a former process left; without it there is nothing in it until the pump
    was made. With *clock*, a lane's time, the pump is one of the process without threads, which delivers when `deliver`
    is called or that clock is advanced. *told* hears of each call; *trust* is whose certificates it takes; *dice* gives
    the jitter of its pauses, *http* stands in for its connections. Without *worker* it takes events and another
    process delivers them. *waits* says whether Invoice Cloud has an event still: one that was read before its lane was
    reset is of no world any more. Attached to the kit's `Lanes`.
    """

    names = TABLES

    def __init__(
        self,
        url: str,
        billers: BillerDirectory,
        check: Callable[[Biller, str], None],
        *,
        kept: bool,
        clock: Callable[[str], datetime] | None = None,
        told: Told | None = None,
        trust: ssl.SSLContext | None = None,
        dice: Callable[[], float] = random.random,
        http: httpx.BaseTransport | None = None,
        worker: bool = True,
        waits: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        self._worker, self._waits = worker, waits
        self._dice, self._http = dice, http
        self._url, self._billers, self._check, self._kept, self._clock = url, billers, check, kept, clock
        self._told, self._trust = told, trust
        self._making, self._starting = threading.Lock(), threading.Lock()
        self._pump: DataPump | None = None
        self._started = False

    def started(self) -> DataPump:
        """The pump, delivering where it is a worker."""
        pump = self.made()
        with self._starting:
            if not self._started:
                pump.start(worker=self._worker)
                self._started = True
            return pump

    def wind_down(self, within_s: float) -> None:
        """Begin no further call, and wait so long for those under way. Events are still taken."""
        with self._starting:
            self._worker = False
            if self._pump is not None:
                self._pump.wind_down(within_s)

    def stop(self) -> None:
        """Let what is under way end."""
        with self._starting:
            if self._pump is not None:
                self._pump.stop()
            self._pump, self._started = None, False

    def submit(self, event: dict[str, Any]) -> None:
        """Take an event; returns when it is durable. Raises `EventRefused` where no later try could change that."""
        with importing:
            from partnerlab.client.datapump import EventConflict

        try:
            still = None if self._waits is None else partial(self._waits, event)
            self.started().submit(event, still=still)
        except EventConflict as error:
            raise EventRefused(str(error), error.fields) from error
        except RequestInvalid as error:
            raise EventRefused(str(error)) from error

    def payments_in_doubt(
        self, lane: str, biller_guid: str, account_number: str, settled_since: datetime | None = None
    ) -> list[str]:
        """`DataPump.payments_in_doubt`."""
        if (pump := self._there()) is None:
            return []
        return pump.payments_in_doubt(lane, biller_guid, account_number, settled_since=settled_since)

    def bring_forward(self, lane: str, by: timedelta) -> None:
        """The lane's clock was advanced: what waits for its next attempt waits less."""
        if self._clock is None and (pump := self._there()) is not None:
            pump.wake(lane, by=by)

    def deliver(self, lane: str) -> None:
        """Without threads of its own the pump does now what is due in a lane; else nothing."""
        if self._clock is not None and self._started and self._pump is not None:
            self._pump.drain(lane, timeout_s=0)

    def due(self, lane: Lane, until: datetime) -> Iterator[Due]:
        """Without threads of its own: the attempts that are due at or before *until* on a lane's clock."""
        if self._clock is None or not self._started or self._pump is None:
            return
        for delivery in self._pump.waiting(lane.name, until):
            assert delivery.retry_at is not None
            label = f"the data pump tries again: {delivery.kind} of {delivery.account_number}"
            yield Due(datetime.fromtimestamp(delivery.retry_at / 1000, UTC), label, partial(self._try_again, delivery))

    def _try_again(self, delivery: Delivery) -> str:
        self.deliver(delivery.lane)
        now = self.started().delivery(delivery.id).delivery
        return f"{now.state}: {now.message}" if now.message else now.state.value

    # -- its share of a lane ------------------------------------------------------------------------------------

    @contextmanager
    def paused(self, *lanes: str) -> Iterator[None]:
        if (pump := self._there()) is None:
            yield
            return
        with pump.lane_paused(*lanes):
            yield

    def drop(self, lane: str) -> None:
        if (pump := self._there()) is not None:
            pump.drop_lane(lane)

    def fork(self, lane: str, copy: str) -> None:
        if (pump := self._there()) is not None:
            pump.fork_lane(lane, copy)

    @contextmanager
    def exporting(self, lane: str) -> Iterator[Iterator[tuple[str, Iterable[dict[str, Any]]]]]:
        if (pump := self._there()) is None:
            yield ((name, ()) for name in sorted(TABLES))
            return
        with pump.exporting_lane(lane) as tables:
            yield tables

    def load(self, lane: str, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        pump = self.made() if any(rows.values()) else self._there()
        if pump is None:
            return
        try:
            pump.load_lane(lane, rows)
        except RequestInvalid as error:
            raise LoadInvalid(error.field, error.rule) from error

    def prune(self, age: timedelta, *, dry_run: bool) -> Mapping[str, int]:
        if self._there() is None:
            return {"deliveries": 0, "engine runs": 0}
        gone = self.started().prune(age, dry_run=dry_run)
        return {"deliveries": gone.deliveries, "engine runs": gone.runs}

    def made(self) -> DataPump:
        """The pump, for what only looks: it need not deliver for that."""
        with self._making:
            if self._pump is None:
                with importing:
                    from partnerlab.client.datapump import DataPump, Router

                # The partners it delivers to are the sandbox's own, over http also where it listens beyond loopback.
                router = Router(
                    allow_http=True, check=self._check, told=self._told, ssl_context=self._trust, http=self._http
                )
                self._pump = DataPump(self._url, self._billers, router=router, dice=self._dice, engine=self._engine())
            return self._pump

    def _engine(self) -> Callable[[sa.Engine], Engine] | None:
        """What makes the engine; None for the durable one."""
        if (clock := self._clock) is None:
            return None
        with importing:
            from partnerlab.client.datapump.engine.in_process import InProcessEngine

        return partial(InProcessEngine, clock=lambda lane: (clock(lane) - EPOCH) // timedelta(milliseconds=1))

    def _there(self) -> DataPump | None:
        """The pump, if there can be anything in its database."""
        return self.made() if self._kept else self._pump


def service_of(port: PumpPort, path: str) -> WSGIApplication:
    """
    The pump's service below a path of the sandbox, which has checked token and host name already.

    Looking does not start the pump, which takes seconds on a busy machine; whatever else does.
    """
    with importing:
        from partnerlab.client.datapump import create_service

    service = create_service(port.made())

    def below(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = path
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(path)
        if environ["REQUEST_METHOD"] != "GET" or environ["PATH_INFO"] in STARTING:
            port.started()
        environ["HTTP_HOST"] = "127.0.0.1"
        environ["REMOTE_ADDR"] = "127.0.0.1"
        return service(environ, start_response)

    return below
