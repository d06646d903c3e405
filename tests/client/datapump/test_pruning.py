"""What was over long ago goes, beside running workers; what is needed to know its event again stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.client.datapump import DataPump, EventConflict, pruning
from partnerlab.client.datapump.engine.rounds import SHARDS
from partnerlab.client.datapump.states import State
from partnerlab.client.settings import Biller
from tests.client.datapump.conftest import QUICK, make_event, state_of, submit, wait_for
from tests.client.datapump.partner import OK, REFUSE, Partner

Billers = Callable[[str, str], Biller]
AGE = timedelta(days=90)


def age(pump: DataPump, *ids: str, days: int = 91) -> None:
    """Make these deliveries, and all of the engine's rows, so much older."""
    ms, store = days * 86_400_000, pump._store
    table = "workflow_status" if store.named else "dbos.workflow_status"
    with pump._database.begin() as tx:
        for id in ids:
            number = pump.delivery(id).delivery.number
            store.run(tx, "UPDATE pump_deliveries SET updated_at = updated_at - :ms WHERE number = :n", ms=ms, n=number)
        tx.exec_driver_sql(f"UPDATE {table} SET completed_at = completed_at - {ms}")


def size(pump: DataPump) -> dict[str, int]:
    names = ["pump_deliveries", "pump_attempts", "pump_notes", "pump_pruned"]
    names.append("workflow_status" if pump._store.named else "dbos.workflow_status")
    with pump._database.connect() as tx:
        return {
            name.removeprefix("dbos."): tx.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in names
        }


def test_what_is_old_and_over_goes_and_its_event_stays_known(url: str, billers: Billers, partner: Partner) -> None:
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        old, young = make_event(account_number="1"), make_event(account_number="2")
        ids = submit(pump, old, young)
        assert pump.drain()
        # Both rounds are over.
        wait_for(lambda: len(pump._engine.silent()) == SHARDS)  # type: ignore[attr-defined]
        age(pump, ids[0])
        gone = pump.prune(AGE)
        assert (gone.deliveries, gone.runs) == (1, 2)
        assert size(pump) == {
            "pump_deliveries": 1,
            "pump_attempts": 1,
            "pump_notes": 0,
            "pump_pruned": 1,
            "workflow_status": 0,
        }
        assert pump.submit(old).status == "duplicate"
        assert pump.submit(young).status == "duplicate"
        with pytest.raises(EventConflict, match="is over and was pruned"):
            pump.submit({**old, "account_number": "3"})
        with pytest.raises(EventConflict, match="with other content: account_number") as conveyed:
            pump.submit({**old, "account_number": "1CV-20270101053000"})
        assert conveyed.value.fields == ("account_number",), "its account was conveyed since it was accepted"
        assert pump.prune(AGE).deliveries == 0
        # Of the account that went everything new goes its way.
        [later] = submit(pump, make_event(account_number="1"))
        wait_for(lambda: state_of(pump, later) is State.DELIVERED)
    assert sum(partner.posted().values()) == 3


def test_what_waits_for_a_person_stays_and_so_does_what_came_after_it(
    url: str, billers: Billers, partner: Partner
) -> None:
    """A dead e-mail change that is replayed must still find that a newer one was delivered."""
    wills = iter([REFUSE])
    partner.will = lambda operation, fields: next(wills, OK)
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        dead, newer = submit(pump, make_event("email"), make_event("email"))
        wait_for(lambda: state_of(pump, newer) is State.DELIVERED)
        age(pump, dead, newer)
        assert pump.prune(AGE).deliveries == 0
        pump.replay(dead, "the account is open again")
        wait_for(lambda: state_of(pump, dead) is State.SKIPPED)
        age(pump, dead)
        assert pump.prune(AGE).deliveries == 2
        assert size(pump)["pump_notes"] == 0


def test_what_came_after_one_that_is_replayed_while_it_is_pruned_stays(
    url: str, billers: Billers, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    wills = iter([REFUSE])
    partner.will = lambda operation, fields: next(wills, OK)
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        dead, newer = submit(pump, make_event("email"), make_event("email"))
        wait_for(lambda: state_of(pump, newer) is State.DELIVERED)
        pump.dismiss(dead, "the account is closed")
        age(pump, dead, newer)
        forget = pruning._forget

        def replayed_first(*given: Any) -> int:
            with pump._database.begin() as tx:
                sql = "UPDATE pump_deliveries SET state = 'waiting', retry_at = :at WHERE number = :n"
                pump._store.run(tx, sql, at=1 << 50, n=pump.delivery(dead).delivery.number)
            return forget(*given)

        monkeypatch.setattr(pruning, "_forget", replayed_first)
        assert pump.prune(AGE).deliveries == 0
        assert state_of(pump, newer) is State.DELIVERED


def test_the_return_of_a_payment_that_was_pruned_is_known_to_have_been_posted_or_not(
    url: str, billers: Billers, partner: Partner
) -> None:
    with DataPump(url, billers, QUICK, poll_s=0.02) as pump:
        posted, given_up = make_event(account_number="1"), make_event(account_number="2", reference="x" * 300)
        ids = submit(pump, posted, given_up)
        wait_for(lambda: [state_of(pump, id) for id in ids] == [State.DELIVERED, State.DEAD])
        pump.dismiss(ids[1], "nothing to post")
        age(pump, *ids)
        assert pump.prune(AGE).deliveries == 2
        assert [pump._store.pruned("default", e["id"]) for e in (posted, given_up)] != [None, None]
        assert pump._store.pruned("default", posted["id"])[0] is State.DELIVERED  # type: ignore[index]
        assert pump._store.pruned("default", given_up["id"])[0] is State.DISMISSED  # type: ignore[index]


def test_the_command_prunes_beside_a_running_worker(tmp_path: Path, billers: Billers, partner: Partner) -> None:
    path = tmp_path / "pump.db"
    with DataPump(f"sqlite:///{path}", billers, QUICK, poll_s=0.02) as pump:
        ids = submit(pump, make_event(), make_event())
        assert pump.drain()
        age(pump, *ids, days=8)
        assert "forgotten: 0 deliveries" in CliRunner().invoke(main, ["pump", "prune", "--db", str(path)]).output
        found = CliRunner().invoke(main, ["pump", "prune", "--db", str(path), "--days", "7"])
        assert found.exit_code == 0, found.output
        assert "forgotten: 2 deliveries" in found.output
        [more] = submit(pump, make_event())
        wait_for(lambda: state_of(pump, more) is State.DELIVERED)


def test_there_must_be_something_to_prune(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["pump", "prune", "--db", str(tmp_path / "none.db")])
    assert (found.exit_code, "there is no such file" in found.output) == (1, True)
    assert list(tmp_path.iterdir()) == []
