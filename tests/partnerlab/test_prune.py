"""`partnerlab prune`: what was over long ago in a sandbox goes; the books stay, and agree as before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from partnerlab.auditing import audit, read_lane, reconcile
from partnerlab.cli import main
from partnerlab.remote import Remote
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.kit.world.store import Statement

WATER = "66666666-6666-4666-8666-666666666666"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        yield sandbox


@pytest.fixture
def remote(sandbox: Sandbox) -> Iterator[Remote]:
    remote = Remote(sandbox.url)
    yield remote
    remote.close()


def prune(sandbox: Sandbox, *options: str) -> Result:
    return CliRunner().invoke(main, ["prune", "--url", sandbox.url, *options])


def counts(result: Result) -> dict[str, int]:
    """What went, without what did not."""
    assert result.exit_code == 0, result.output
    rows = (line.removesuffix(" would go").rpartition(": ") for line in result.stdout.splitlines())
    return {what: int(count) for what, _, count in rows if count != "0"}


def pay(sandbox: Sandbox, remote: Remote, number: int) -> None:
    """A payment to inHance, and one to WaterSmart that is written to a file and fetched."""
    card: dict[str, Any] = {"tender": "credit_card", "card_number": "4111111111111111", "amount": "1.00"}
    for account, more in (("10000101", {}), ("20000202", {"biller_guid": WATER})):
        order = {"payment_guid": f"{account}-{number}", "account_number": account, **card, **more}
        remote.post("/_sandbox/ic/payments", order)
    assert sandbox.settle("default")
    remote.post("/_sandbox/clock/advance", {"duration": "2d"})


def test_what_is_old_goes_and_the_books_agree_as_before(sandbox: Sandbox, remote: Remote) -> None:
    remote.post("/_sandbox/clock/freeze")
    pay(sandbox, remote, 1)
    assert counts(prune(sandbox)) == {}
    remote.post("/_sandbox/clock/advance", {"duration": "100d"})
    pay(sandbox, remote, 2)
    before = read_lane(remote, "default")
    assert len(before.rows) == 2
    would = counts(prune(sandbox, "--dry-run"))
    gone = counts(prune(sandbox))
    assert (would["events"], would["exports"]) == (gone["events"], gone["exports"])
    assert gone["exports"] == gone["export files"] >= 1
    after = read_lane(remote, "default")
    assert after.payments == before.payments
    assert [row.key for row in after.rows] == ["20000202-2"]
    assert [event.payment_guid for event in after.events] == ["10000101-2", "20000202-2"]
    assert audit(after).counts == audit(before).counts
    assert reconcile(after).differences == reconcile(before).differences
    # Without a word that files were pruned, the older payment would be missed in them.
    unsaid = reconcile(replace(after, first_export=1))
    assert "row_missing" in [one.kind for one in unsaid.differences]


def test_a_lane_that_nobody_uses_is_dropped(sandbox: Sandbox, remote: Remote) -> None:
    httpx.get(f"{sandbox.url}/lane/idle/_sandbox/clock")
    with sandbox.store.write() as tx:
        tx.run(Statement("UPDATE lanes SET used_on = '2026-01-02'"))
    assert counts(prune(sandbox, "--lanes-unused", "40", "--dry-run")) == {"lanes": 1}
    assert counts(prune(sandbox, "--lanes-unused", "40")) == {"lanes": 1}
    assert [lane["name"] for lane in remote.get("/_sandbox/lanes")["lanes"]] == ["default"]


def test_ages_are_whole_days(sandbox: Sandbox) -> None:
    assert prune(sandbox, "--older-than", "0").exit_code == 2
    answer = httpx.post(f"{sandbox.url}/_sandbox/prune", json={"older_than_days": 0})
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "older_than_days")
