"""Many at once: no update is lost, no rule is passed, lanes do not see each other."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    INVOICING,
    KEY,
    UTILITY,
    Harness,
    elements,
    keyed,
)

EVER = datetime(1, 1, 1, tzinfo=UTC)


def test_32_threads_pay_one_invoice_to_the_cent_and_not_beyond(shared: Harness) -> None:
    """125.50 due, 32 × 5 payments of 1.00: 125 are taken, 35 refused."""
    shared.get("billers")
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda n: shared.pay(amount="1.00", payment_guid=f"p{n}"), range(160)))
    assert Counter(answer.status for answer in answers) == {201: 125, 409: 35}
    assert {answer.json["error"]["code"] for answer in answers if answer.status == 409} == {"over_balance"}
    assert shared.invoice()["balance_due"] == "0.50"
    references = [answer.json["reference"] for answer in answers if answer.status == 201]
    assert len(set(references)) == 125
    assert len(shared.raised) == len({event["id"] for event in shared.raised}) == 125


def test_events_of_one_account_leave_in_the_order_of_their_changes(shared: Harness) -> None:
    shared.get("billers")

    def switch(number: int) -> None:
        if number % 2:
            shared.pay(amount="0.01")
        else:
            shared.control("POST", f"customers/{ACCOUNT}/email", {"email_address": f"a{number}@example.com"})

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(switch, range(100)))
    listed = [entry["event"]["id"] for entry in shared.get("events", limit="1000")["events"]]
    assert len(listed) == 100
    # Two threads may offer the same event; the data pump tells it by its id. What counts is the first time.
    first_seen = list(dict.fromkeys(event["id"] for event in shared.raised))
    assert first_seen == listed


def test_the_same_payment_guid_at_once_pays_once(shared: Harness) -> None:
    shared.get("billers")
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: shared.pay(payment_guid="once"), range(16)))
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 15}
    assert shared.invoice()["balance_due"] == "115.50"


def test_lanes_at_once_do_not_see_each_other(shared: Harness) -> None:
    def work(number: int) -> Any:
        mine = Harness.__new__(Harness)
        mine.__dict__.update(shared.__dict__)
        mine.lane_name = f"lane-{number}"
        for _ in range(number % 5 + 1):
            assert mine.pay(amount="1.00").status == 201
        inner = elements({**keyed(), "InvoiceNumber": INVOICE})
        result = mine.soap(INVOICING, "ViewInvoiceByInvoiceNumber", f"<Req>{inner}</Req>")
        return number, result.findtext(f"{{{INVOICING}}}BalanceDue")

    with ThreadPoolExecutor(16) as threads:
        for number, balance in threads.map(work, range(40)):
            assert balance == f"{125.50 - (number % 5 + 1):.2f}"
    assert shared.invoice()["balance_due"] == "125.50"


@pytest.mark.parametrize("by", ["web service", "batch"])
def test_what_commits_late_is_in_no_export_that_was_answered_before_and_in_the_next(
    shared: Harness, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """
    Who pays or changes something has its number and moment, and has not committed, while somebody exports: an answer
    without it would be newer than it, and the next one would begin after it.
    """
    services, freed = shared.sim.world.services, threading.Event()
    shared.sim.world.runner.by_hand = True
    add, begun = services.outbox.add, threading.Semaphore(0)

    def late(*args: Any, **named: Any) -> None:
        add(*args, **named)
        begun.release()
        assert freed.wait(30)

    def exported() -> list[str]:
        if by == "web service":
            rows = services.exports.payments(shared.lane, UTILITY, KEY, EVER)
            changed = services.exports.changes(shared.lane, UTILITY, KEY, EVER)
            return [row.payment.payment_guid for row in rows] + [row.account_number for row in changed]
        made = [services.export_batches.create(shared.lane, UTILITY, kind) for kind in ("payments", "changes")]
        return [f"{batch.kind} {batch.row_count}" for batch in made if batch is not None]

    shared.pay(payment_guid="early")
    with ThreadPoolExecutor(2) as pool, monkeypatch.context() as patched:
        patched.setattr(services.outbox, "add", late)
        paying = pool.submit(shared.pay, payment_guid="late")
        assert begun.acquire(timeout=30)
        asked = pool.submit(exported)
        time.sleep(0.2)
        assert not asked.done(), "it waits for who is about to commit"
        freed.set()
        assert paying.result().status == 201
        first = asked.result(30)
    assert first == (["early", "late"] if by == "web service" else ["payments 2"])
    assert exported() == (first if by == "web service" else [])

    freed.clear()
    with ThreadPoolExecutor(2) as pool, monkeypatch.context() as patched:
        patched.setattr(services.outbox, "add", late)
        path = f"customers/{ACCOUNT}/paperless"
        changing = pool.submit(shared.control, "POST", path, {"enrolled": True})
        assert begun.acquire(timeout=30)
        asked = pool.submit(exported)
        time.sleep(0.2)
        assert not asked.done()
        freed.set()
        assert changing.result().status == 200
        assert asked.result(30)[-1] == (ACCOUNT if by == "web service" else "changes 1")
