"""A pump, a partner it talks to, and events to give it."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from partnerlab.client.datapump import DataPump, RetryPolicy
from partnerlab.client.datapump.places import Places
from partnerlab.client.datapump.queries import now_ms
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.worker import Worker
from partnerlab.client.settings import Biller, BillerUnknown
from tests.client.datapump.partner import OK, THROTTLE, Partner
from tests.postgres import drop_database, new_database

BILLER = "22222222-2222-4222-8222-222222222222"
KEY = "11111111-1111-4111-8111-111111111111"

MakePump = Callable[..., DataPump]

_numbers = itertools.count(1)


def make_event(kind: str = "payment", **own: Any) -> dict[str, Any]:
    """An event as JSON, of an id of its own; *own* replaces fields, those of a payment without nesting."""
    number = next(_numbers)
    event: dict[str, Any] = {
        "id": f"event-{number}",
        "kind": kind,
        "lane": "default",
        "biller_guid": BILLER,
        "account_number": "10000101",
        "occurred_at": "2026-06-16T10:00:00-04:00",
    }
    match kind:
        case "payment":
            event["payment"] = {
                "invoice_number": "500001",
                "amount": "125.50",
                "service_fee": "2.95",
                "tender": "credit_card",
                "reference": f"ref-{number}",
                "donation": "none",
                "payer_name": "",
                "paid_at": "2026-06-16T10:00:00-04:00",
            }
        case "paperless" | "autopay":
            event["enrolled"] = True
            event["invoice_number"] = "500001"
        case "email":
            event["email_address"] = "willows@example.com"
        case "ach_reject":
            event["ach_reject"] = {
                "payment_guid": "abc",
                "invoice_number": "500001",
                "amount": "125.50",
                "paid_on": "2026-06-16",
                "code": "R01",
                "donation": "none",
            }
    inner = event.get(kind, {})
    for name, value in own.items():
        (inner if name in inner else event)[name] = value
    return event


def settings_for(url: str) -> dict[str, str]:
    """Every setting the inHance routes read."""
    return {"8": url, "11": url, "13": KEY, "14": url, "16": KEY, "17": url, "19": KEY}


def wait_for(true: Callable[[], bool], timeout_s: float = 120.0) -> None:
    """Wait until something holds; fail the test where it never does."""
    ends = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < ends, "it did not come true"
        time.sleep(0.01)


@pytest.fixture
def partner() -> Iterator[Partner]:
    with Partner() as partner:
        yield partner


@pytest.fixture
def billers(partner: Partner) -> Callable[[str, str], Biller]:
    """A directory of one biller, in every lane, of that partner."""

    def directory(lane: str, guid: str) -> Biller:
        if guid != BILLER:
            raise BillerUnknown(lane, guid)
        return Biller(guid, "inhance_v2", settings_for(partner.url))

    return directory


QUICK = RetryPolicy(attempts=5, first_s=0.05, longest_s=0.2)
PATIENT = RetryPolicy(attempts=5, first_s=600.0)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables: to make them takes most of a test's time, to copy them none."""
    path = tmp_path_factory.mktemp("pump") / "empty.db"
    DataPump(f"sqlite:///{path}", lambda lane, guid: Biller(guid, "", {})).start(worker=False).stop()
    return path


@pytest.fixture(scope="session")
def empty_postgres(postgres_server: str) -> str:
    """The URL of such a database in PostgreSQL."""
    url = new_database(postgres_server)
    DataPump(url, lambda lane, guid: Biller(guid, "", {})).start(worker=False).stop()
    return url


@pytest.fixture
def make_pump(
    billers: Callable[[str, str], Biller], tmp_path: Path, empty_database: Path
) -> Iterator[Callable[..., DataPump]]:
    """Makes and starts pumps on one database of the test's own; stops them at its end."""
    made: list[DataPump] = []
    shutil.copy(empty_database, tmp_path / "pump.db")

    def make(policy: RetryPolicy = QUICK, *, worker: bool = True, start: bool = True, **options: Any) -> DataPump:
        options = {"poll_s": 0.02, **options}
        pump = DataPump(f"sqlite:///{tmp_path / 'pump.db'}", options.pop("billers", billers), policy, **options)
        if start:
            pump.start(worker=worker)
            made.append(pump)
        return pump

    yield make
    for pump in reversed(made):
        pump.stop()


@pytest.fixture
def pump(make_pump: Callable[..., DataPump]) -> DataPump:
    """A working pump that tries again quickly."""
    return make_pump()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path, empty_database: Path) -> Iterator[str]:
    """An empty database of each kind the pump may have."""
    if request.param == "postgres":
        server, empty = (request.getfixturevalue(name) for name in ("postgres_server", "empty_postgres"))
        database = new_database(server, like=empty)
        yield database
        drop_database(server, database)
    else:
        shutil.copy(empty_database, tmp_path / "either.db")
        yield f"sqlite:///{tmp_path / 'either.db'}"


def state_of(pump: DataPump, id: str) -> State:
    return pump.delivery(id).delivery.state


def submit(pump: DataPump, *events: dict[str, Any]) -> list[str]:
    """Give the pump these events; their deliveries' ids."""
    return [pump.submit(event).id for event in events]


def waiting(make_pump: MakePump, partner: Partner, **own: Any) -> tuple[DataPump, str]:
    """A pump with one delivery that waits for ten minutes."""
    wills = iter([THROTTLE])
    partner.will = lambda operation, fields: next(wills, OK)
    pump = make_pump(PATIENT)
    [id] = submit(pump, make_event(**own))
    wait_for(lambda: state_of(pump, id) is State.WAITING)
    return pump, id


def worker_of(pump: DataPump, *, places: int = 8) -> Worker:
    """What does the work of a pump, for tests that do it by hand."""
    return Worker(
        pump._store,
        pump._writing,
        pump._billers,
        pump.router,
        pump.policy,
        places=Places(places),
        gate=pump._gate,
        resume=lambda runs: None,
        holds=lambda account: True,
        stopping=threading.Event(),
        over=threading.Event(),
        dice=lambda: 0.0,
        now=lambda lane: now_ms(),
    )
