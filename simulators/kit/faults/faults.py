"""
Faults: what a lane gets wrong on purpose.

A fault is a name of the catalogue, given to a lane with an operation or path it is for, how often, and with what
probability; or asked for by one request's header `X-Sandbox-Fault: name;delay_s=1, other`. Those of the layer `file`
strike files on their way (`Faults.file`), all others requests. Whether a fault strikes is
decided in one transaction that also counts, so `remaining` is right whatever the number of callers and replicas.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from hashlib import blake2b

from partnerlab.contracts.doors import not_asked, not_passing, unknown
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.faults.effects import FAULTS, WAITING, Plan
from partnerlab.simulators.kit.faults.files import FILE_FAULTS, arrives
from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.holding import OBJECT
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Row, Statement

__all__ = ["Fault", "FaultInvalid", "FaultNotFound", "Faults", "TooManyFaults"]

HEADER = "x-sandbox-fault"
MAX_DELAY_S = 3600.0
MAX_FAULTS = 1_000
MAX_COUNT = 1_000_000_000

TABLES = schema.Tables()
TABLE = schema.Table(
    "faults",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("number", schema.Integer, primary_key=True),
    schema.Column("name", schema.Text, nullable=False),
    schema.Column("operation", schema.Text, nullable=False),
    schema.Column("path", schema.Text, nullable=False),
    schema.Column("remaining", schema.Integer),
    schema.Column("probability_ppm", schema.Integer, nullable=False),
    schema.Column("params", schema.Text, nullable=False),
    schema.Column("draws", schema.Integer, nullable=False),
    schema.Column("fired", schema.Integer, nullable=False),
)
TABLE.holds["params"] = OBJECT

_COLUMNS = ("number", "name", "operation", "path", "remaining", "probability_ppm", "params", "draws", "fired")
_OF_LANE = f"SELECT {', '.join(_COLUMNS)} FROM faults WHERE lane = :lane"
_LIST = Statement(f"{_OF_LANE} ORDER BY number")
_LIVE = Statement(f"{_OF_LANE} AND (remaining IS NULL OR remaining > 0) ORDER BY number")
# On PostgreSQL whoever changes a lane's faults locks the lane first; on SQLite the transaction is the only writer.
_LOCK = Statement("SELECT lane FROM lanes WHERE lane = :lane", locking=True)
_NEXT = Statement("SELECT coalesce(max(number), 0) + 1, count(*) FROM faults WHERE lane = :lane")
_ADD = Statement(
    "INSERT INTO faults (lane, number, name, operation, path, remaining, probability_ppm, params, draws, fired)"
    " VALUES (:lane, :number, :name, :operation, :path, :remaining, :probability_ppm, :params, 0, 0)"
)
_COUNT_UP = Statement(
    "UPDATE faults SET draws = draws + 1, fired = fired + :fired, remaining = remaining - :fired"
    " WHERE lane = :lane AND number = :number"
)
_DELETE = Statement("DELETE FROM faults WHERE lane = :lane AND number = :number")
_CLEAR = Statement("DELETE FROM faults WHERE lane = :lane")
_ACTIVE = Statement(
    "UPDATE lanes SET faults = (SELECT count(*) FROM faults WHERE faults.lane = :lane"
    " AND (remaining IS NULL OR remaining > 0)) WHERE lanes.lane = :lane"
)


class FaultInvalid(ValueError):
    """A fault that cannot be given: `field` is what is wrong, `rule` why."""

    def __init__(self, field: str, rule: str) -> None:
        self.field, self.rule = field, rule
        super().__init__(f"{field}: {rule}")


class TooManyFaults(RuntimeError):
    """The lane has as many faults as it may."""

    def __init__(self) -> None:
        super().__init__(f"the lane has {MAX_FAULTS} faults already; clear some")


class FaultNotFound(LookupError):
    """The lane has no fault of that number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"there is no fault {number} in this lane")


@dataclass(frozen=True, slots=True)
class Fault:
    """
    A fault a lane has.

    `operation` empty means any, `path` is a prefix compared without regard to case; `remaining` None means endless;
    `fired` counts how often it struck.
    """

    number: int
    name: str
    operation: str
    path: str
    remaining: int | None
    probability: float
    params: Mapping[str, float]
    fired: int


class Faults:
    """The faults of the lanes of one store."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._store = lanes.store
        self._store.add(TABLES)

    def add(
        self,
        lane: str,
        name: str,
        *,
        operation: str = "",
        path: str = "",
        count: int | None = None,
        probability: float = 1.0,
        params: Mapping[str, float] | None = None,
    ) -> Fault:
        """
        Give a lane a fault, for *count* requests (None: endless), each with *probability*.

        Raises `FaultInvalid`, `TooManyFaults`.
        """
        params = dict(params or {})
        if name not in FAULTS and name not in FILE_FAULTS:
            raise FaultInvalid("name", unknown("fault", name, (*FAULTS, *FILE_FAULTS)))
        if count is not None and not 1 <= count <= MAX_COUNT:
            raise FaultInvalid("count", f"{count} is not between 1 and {MAX_COUNT}")
        if not 0 < probability <= 1:
            raise FaultInvalid("probability", f"{probability} is not above 0 and at most 1")
        if path and name in FILE_FAULTS:
            raise FaultInvalid("path", f"{name} strikes files, which have none; operation names the kind of file")
        if operation and (refused := not_passing(operation) if name in FILE_FAULTS else not_asked(operation)):
            raise FaultInvalid("operation", refused)
        for key, value in params.items():
            _check_param(name, key, value)
        self._lanes.get(lane)
        with self._store.write() as tx:
            tx.one(_LOCK, lane=lane)
            number, held = tx.all(_NEXT, lane=lane)[0]
            if held >= MAX_FAULTS:
                raise TooManyFaults
            tx.run(
                _ADD,
                lane=lane,
                number=number,
                name=name,
                operation=operation,
                path=path,
                remaining=count,
                probability_ppm=max(1, round(probability * 1_000_000)),
                params=json.dumps(params),
            )
            tx.run(_ACTIVE, lane=lane)
        self._lanes.refresh(lane)
        return next(fault for fault in self.all(lane) if fault.number == number)

    def all(self, lane: str) -> list[Fault]:
        """A lane's faults in the order they were given, those that are used up too."""
        with self._store.read() as tx:
            return [_fault(row) for row in tx.all(_LIST, lane=lane)]

    def clear(self, lane: str, number: int | None = None) -> int:
        """Take one fault, or every fault, from a lane; how many there were. Raises `FaultNotFound`."""
        self._lanes.get(lane)
        with self._store.write() as tx:
            tx.one(_LOCK, lane=lane)
            gone = tx.run(_CLEAR, lane=lane) if number is None else tx.run(_DELETE, lane=lane, number=number)
            if number is not None and not gone:
                raise FaultNotFound(number)
            tx.run(_ACTIVE, lane=lane)
        self._lanes.refresh(lane)
        return gone

    def plan(self, lane: Lane, operation: str, request: Request) -> Plan | None:
        """What the lane's faults and the request's own do to a request; None: nothing. Raises `FaultInvalid`."""
        asked = request.headers.get(HEADER)
        struck = [*(_asked_for(asked) if asked else ()), *(self._strike(lane, operation, request.path, FAULTS))]
        if not struck:
            return None
        plan = Plan()
        for name, params in struck:
            plan.apply(name, params)
        return plan

    def file(self, lane: Lane, operation: str, content: bytes) -> list[bytes]:
        """
        What arrives of a file on its way, each time that it does: an empty list where it never does.

        *operation* is the head of its name, `ICPayments`, or the operation that takes it, `UploadInvoiceFile`.
        """
        struck = [name for name, _ in self._strike(lane, operation, "", FILE_FAULTS)]
        if not struck:
            return [content]
        fired = sum(fault.fired for fault in self.all(lane.name))
        return arrives(struck, content, lambda below: _draw(lane.seed, 0, fired) % below)

    def _strike(
        self, lane: Lane, operation: str, path: str, of: Container[str]
    ) -> list[tuple[str, Mapping[str, float]]]:
        """The faults of that layer that strike this request, or file, counted."""
        if not lane.faults:
            return []
        struck = []
        used_up = False
        with self._store.write() as tx:
            tx.one(_LOCK, lane=lane.name)
            for row in tx.all(_LIVE, lane=lane.name):
                fault, draws = _fault(row), row[7]
                if fault.name not in of or not _concerns(fault, operation, path):
                    continue
                fired = int(_draw(lane.seed, fault.number, draws) < row[5])
                tx.run(_COUNT_UP, lane=lane.name, number=fault.number, fired=fired)
                if fired:
                    struck.append((fault.name, fault.params))
                    used_up = used_up or fault.remaining == 1
            if used_up:
                tx.run(_ACTIVE, lane=lane.name)
        if used_up:
            self._lanes.refresh(lane.name)
        return struck


def _fault(row: Row) -> Fault:
    number, name, operation, path, remaining, ppm, params, _, fired = row
    return Fault(number, name, operation, path, remaining, ppm / 1_000_000, json.loads(params), fired)


def _concerns(fault: Fault, operation: str, path: str) -> bool:
    return fault.operation in ("", operation) and path.lower().startswith(fault.path.lower())


def _draw(seed: int, number: int, draws: int) -> int:
    """The next number of a fault's random stream, 0 to 999,999: the same for the same lane seed, fault and draw."""
    digest = blake2b(f"{seed}/{number}/{draws}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 1_000_000


def _asked_for(header: str) -> Iterator[tuple[str, Mapping[str, float]]]:
    """`slow;delay_s=1, truncated` -> slow with its parameter, truncated."""
    for part in header.split(","):
        name, *pairs = (piece.strip() for piece in part.split(";"))
        if name not in FAULTS:
            raise FaultInvalid("X-Sandbox-Fault", unknown("fault of requests", name, FAULTS))
        params: dict[str, float] = {}
        for pair in pairs:
            key, _, text = pair.partition("=")
            try:
                params[key] = float(text)
            except ValueError:
                raise FaultInvalid(f"X-Sandbox-Fault: {key[:80]}", f"{text[:80]!r} is not a number") from None
            _check_param(name, key, params[key])
        yield name, params


def _check_param(name: str, key: str, value: float) -> None:
    if key != "delay_s":
        raise FaultInvalid(f"params.{key[:80]}", "the only parameter is delay_s")
    if name not in WAITING:
        raise FaultInvalid("params.delay_s", f"{name} does not wait; those that do are {', '.join(WAITING)}")
    if not 0 <= value <= MAX_DELAY_S:
        raise FaultInvalid("params.delay_s", f"{value} is not between 0 and {MAX_DELAY_S:.0f} seconds")
