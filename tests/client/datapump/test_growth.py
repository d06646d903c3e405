"""What is over costs nothing: the pump asks as much of SQLite beside thousands of settled deliveries as beside none."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from partnerlab.client.datapump import DataPump
from partnerlab.client.datapump.engine.durable import DurableEngine
from partnerlab.client.datapump.engine.in_process import InProcessEngine
from partnerlab.client.datapump.queries import DeliveryQueries
from partnerlab.client.datapump.states import State
from partnerlab.client.datapump.store import DeliveryStore
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import BILLER, MakePump, make_event, submit

SETTLED = 3_000
FILL = f"""
WITH RECURSIVE counting (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < {SETTLED})
INSERT INTO pump_deliveries (lane, event_id, kind, biller_guid, account_number, account, seq, event, state, run,
attempts, tries, message, accepted_at, updated_at)
SELECT lane, 'old-' || n, kind, biller_guid, account_number, account, -n, event, 'delivered', 1, 1, 1, '', n, n
FROM counting, pump_deliveries WHERE number = 1
"""


def first_in_lines(store: DeliveryStore) -> object:
    with store.database.connect() as connection:
        return store.first_in_lines(connection, [1])


ASKED: dict[str, Callable[[DeliveryStore], object]] = {
    "what is next in the shards": lambda store: store.next_in(range(8), 8, after=0, limit=100),
    "who is first in a line": first_in_lines,
    "whether anything is on its way": lambda store: store.on_its_way("default"),
    "what can be done": lambda store: store.ready("default"),
    "what is accepted in a lane": lambda store: store.accepted_in("default"),
    "which accounts have something to do": DeliveryQueries.ready_accounts,
    "in which lanes something waits": DeliveryQueries.waiting_lanes,
    "what waits in a lane": lambda store: store.waiting("default", 10**13),
    "what is due": lambda store: store.due("default", now=0),
    "what is brought forward": lambda store: store.bring_forward("default", 0, now=0),
    "what heads its line": lambda store: [store.heads(State.ACCEPTED, -60_000, n, 8) for n in range(8)],
    "how many stand where": DeliveryQueries.standing,
    "which payments are in doubt": lambda store: store.payments_in_doubt("default", BILLER, "10000101", None),
}


def steps(store: DeliveryStore, ask: Callable[[DeliveryStore], object]) -> int:
    """How many instructions SQLite executes."""
    count = 0

    def one() -> int:
        nonlocal count
        count += 1
        return 0

    with store.database.connect() as connection:
        driver = connection.connection.driver_connection
    assert driver is not None
    ask(store)
    driver.set_progress_handler(one, 1)
    ask(store)
    driver.set_progress_handler(None, 0)
    return count


def test_what_is_over_is_not_read() -> None:
    with DataPump("sqlite://", lambda lane, guid: Biller(guid, "", {}), engine=InProcessEngine).start(
        worker=False
    ) as pump:
        submit(pump, make_event(), make_event(), make_event(account_number="2"))
        store = pump._store
        with pump._database.begin() as tx:
            tx.execute(sa.text("UPDATE pump_deliveries SET state = 'waiting', retry_at = 5 WHERE number = 3"))
        before = {asked: steps(store, ask) for asked, ask in ASKED.items()}
        with pump._database.begin() as tx:
            tx.exec_driver_sql(FILL)
        after = {asked: steps(store, ask) for asked, ask in ASKED.items()}
    assert all(before.values())
    assert after == before


def test_a_look_does_not_read_what_stands_behind_the_heads_of_the_lines() -> None:
    """Of an account with thousands of events it reads as much as of one with three."""
    with DataPump("sqlite://", lambda lane, guid: Biller(guid, "", {}), engine=InProcessEngine).start(
        worker=False
    ) as pump:
        submit(pump, *(make_event(account_number=str(n)) for n in range(3)))
        store = pump._store

        def look(store: DeliveryStore) -> object:
            return store.next_in(range(8), 8, after=0, limit=100)

        before = steps(store, look)
        with pump._database.begin() as tx:
            tx.exec_driver_sql(FILL.replace("-n, event, 'delivered'", "n + 1, event, 'accepted'"))
        assert steps(store, look) == before


def test_bells_that_were_answered_are_not_read(make_pump: MakePump) -> None:
    """The engine keeps them until they are pruned, and each event that is accepted asks for one."""
    pump = make_pump(worker=False)
    engine, count = pump._engine, [0]
    assert isinstance(engine, DurableEngine)

    def ring() -> None:
        engine._seen_at.clear()  # else it would not ask again
        with pump._database.begin() as tx:
            engine.ring(tx, range(8))

    def one() -> int:
        count[0] += 1
        return 0

    def steps(ask: Callable[[], object]) -> int:
        ask()
        count[0] = 0
        ask()
        return count[0]

    asked = {
        "whether there is a bell": ring,
        "whether one is queued": engine._queued,
        "who answers one": engine._claims,
        "where there is none": engine.silent,
        "who answers any": engine._others,
        "what a process answers": lambda: engine._pending(1),
    }
    ring()
    sa.event.listen(
        pump._database, "checkout", lambda connection, record, proxy: connection.set_progress_handler(one, 1)
    )
    before = {name: steps(ask) for name, ask in asked.items()}
    with pump._database.begin() as tx:
        columns = [each["name"] for each in sa.inspect(tx).get_columns("workflow_status")]
        rest = ", ".join(name for name in columns if name not in ("workflow_uuid", "status", "completed_at"))
        tx.exec_driver_sql(
            f"WITH RECURSIVE counting (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counting WHERE n < {SETTLED})"
            f" INSERT INTO workflow_status (workflow_uuid, status, completed_at, {rest})"
            f" SELECT 'over-' || n, 'SUCCESS', n, {rest} FROM counting, (SELECT * FROM workflow_status LIMIT 1)"
        )
    after = {name: steps(ask) for name, ask in asked.items()}
    assert all(before.values())
    assert after == before
