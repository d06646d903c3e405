"""A simulated WaterSmart of a test's own, and an Invoice Cloud that only listens."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from partnerlab.client.jobs import ReceivedBatch
from partnerlab.simulators.kit.control.app import ControlApp
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.clock import Clock, Done
from partnerlab.simulators.kit.world.jobs import TimedJobs
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.watersmart import Settings, Told, WaterSmart, create_simulator
from partnerlab.simulators.watersmart.world import World
from partnerlab.systems import watersmart_books

LAUNDROMAT, APARTMENTS, NURSERY = "20000201", "20000202", "20000203"
BROOK, PASSWORD = "brook@example.com", "Sandbox!2345"
NOON = datetime(2026, 9, 15, 16, tzinfo=UTC)  # noon in New York

_ids = itertools.count(1)


class Listener:
    """Stands for Invoice Cloud: keeps what is sent, hands out the batches it was given, answers each call alike."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.batches: dict[str, list[ReceivedBatch]] = {"payments": [], "changes": [], "rejects": []}
        self.fetched: list[str | int] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer = Told(("Call: done",), token="token-1")
        self.out_of_reach = False
        self.dies_at, self._steps = -1, 0

    def run(self, world: World, lane: Lane, name: str) -> str:
        return watersmart_books.run(world, lane, name, self, self)

    def _step(self) -> None:
        """The process is killed at one of its steps: what runs next does not know it."""
        self._steps += 1
        if self._steps - 1 == self.dies_at:
            raise ConnectionError("killed")

    def send(self, name: str, content: bytes) -> str:
        self._step()
        self.sent.append((name, content.decode()))
        self._step()
        if self.out_of_reach:
            raise ConnectionError("no answer")
        return "U1: all accepted"

    def waiting(self, kind: str) -> Iterator[ReceivedBatch]:
        self._step()
        yield from [batch for batch in self.batches[kind] if batch.key not in self.fetched]

    def taken(self, batch: ReceivedBatch) -> None:
        self._step()
        self.fetched.append(batch.key)
        self._step()

    def call(self, lane: Lane, story: str, values: Mapping[str, Any]) -> Told:
        self.calls.append((story, dict(values)))
        return self.answer

    def export(self, kind: str, report_id: int, *rows: str, name: str = "") -> None:
        """Have a batch of one file waiting."""
        content = "".join(f"{row}\r\n" for row in rows).encode()
        self.batches[kind].append(ReceivedBatch(report_id, [(name or f"{kind}{report_id}.csv", content)]))


@dataclass
class Water:
    """The simulator over one store; the lane's clock stands still but for `advance`."""

    store: Store
    settings: Settings = field(default_factory=Settings)
    cloud: Listener = field(default_factory=Listener)
    lanes: Lanes = field(init=False)
    simulator: WaterSmart = field(init=False)
    control: ControlApp = field(init=False)
    clock: Clock = field(init=False)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.store)
        self.simulator = create_simulator(
            self.settings, self.store, self.lanes, call=self.cloud.call, exchange=self.cloud
        )
        self.store.create()
        self.clock = Clock(self.lanes, [self.simulator])
        self.clock.set("default", NOON, frozen=True)
        lane = self.lane
        with self.store.write() as tx:
            self.simulator.seed(tx, lane)
        self.control = ControlApp(lambda: [(self.simulator.control_contract, self.simulator.control())])

    @property
    def lane(self) -> Lane:
        return self.lanes.get("default")

    @property
    def jobs(self) -> TimedJobs:
        (found,) = self.simulator.jobs
        return found

    def run(self, job: str) -> str:
        return self.jobs.run_now(self.lane, job)

    def advance(self, **by: int) -> list[Done]:
        return self.clock.advance("default", timedelta(**by))

    def api(self, method: str, path: str, query: str = "", **body: Any) -> Any:
        """The JSON of a control route that answers well."""
        status, answer = self.ask(method, path, query, **body)
        assert status in (200, 201), answer
        return answer

    def ask(self, method: str, path: str, query: str = "", **body: Any) -> tuple[int, Any]:
        """Status and JSON of a control route below `/_sandbox/watersmart`."""
        response = self.control(
            Request(
                method,
                f"/_sandbox/watersmart{path}",
                query,
                {"content-type": "application/json"},
                json.dumps(body).encode() if body else b"",
                "http://127.0.0.1:8700",
                f"r{next(_ids)}",
                self.lane,
            )
        )
        return response.status, json.loads(response.body)

    def balance(self, account: str = LAUNDROMAT) -> str:
        return str(self.api("GET", f"/customers/{account}")["balance"])


def payment(number: int, amount: str, account: str = LAUNDROMAT, **cells: str) -> str:
    """A row of a payment file, 18 cells."""
    row = {
        "invoice": f"{account}-0001",
        "invoice_guid": "g",
        "account": account,
        "name": "Brook Street Laundromat",
        "guid": f"guid-{number}",
        "date": "09152026120000",
        "type": "1",
        "words": "Credit Card",
        "amount": amount,
        "fee": "0.00",
        "reference": f"IC{number:08}",
        "message": "Approved",
        "approved": "True",
        "biller_reference": "",
        "offline": "False",
        "location": "",
        "report": "1",
        "check": "",
    } | cells
    return ",".join(row.values())


def reject(number: int, amount: str, account: str = LAUNDROMAT) -> str:
    """A row of a rejects file, 11 cells."""
    return f"09152026120000,09172026090000,{account},Name,{account}-0001,1,{amount},R01,guid-{number},IC{number:08},"
