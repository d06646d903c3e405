"""Accepting an event: what is new, what is there already, what is refused."""

from __future__ import annotations

import json
import threading

import pytest

from partnerlab.client.datapump import DataPump, EventConflict, NotRunning, Receipt
from partnerlab.client.errors import RequestInvalid
from tests.client.datapump.conftest import MakePump, make_event
from tests.client.datapump.partner import Partner


def test_the_same_event_again_is_a_duplicate(pump: DataPump, partner: Partner) -> None:
    event = make_event()
    first = pump.submit(event)
    assert pump.submit(event) == Receipt(first.id, "duplicate")
    assert pump.drain()
    assert pump.submit(event).status == "duplicate"
    assert sum(partner.posted().values()) == 1


def test_spelling_a_default_out_makes_no_other_event(pump: DataPump) -> None:
    event = make_event(service_fee="0.00")
    short = {**event, "payment": {k: v for k, v in event["payment"].items() if k != "service_fee"}}
    del short["lane"]
    pump.submit(event)
    assert pump.submit(short).status == "duplicate"


@pytest.mark.parametrize("kind", ["paperless", "ach_reject"])
def test_a_field_that_came_into_use_later_makes_no_other_event(make_pump: MakePump, kind: str) -> None:
    """What stands in the database was written by the version that accepted it."""
    event = make_event(kind)
    del event.get(kind, event)["donation" if kind == "ach_reject" else "invoice_number"]
    pump = make_pump(worker=False)
    id = pump.submit(event).id
    with pump._database.begin() as connection:
        connection.exec_driver_sql("UPDATE pump_deliveries SET event = ?", (json.dumps(event),))
    assert pump.submit(event) == Receipt(id, "duplicate")
    with pytest.raises(EventConflict):
        pump.submit({**event, "account_number": "another"})


def test_the_same_id_with_other_content_is_refused(pump: DataPump, partner: Partner) -> None:
    event = make_event(amount="10.00")
    pump.submit(event)
    with pytest.raises(EventConflict, match=r"payment\.amount, lane|payment\.amount") as error:
        pump.submit({**event, "payment": {**event["payment"], "amount": "99.00"}})
    assert error.value.fields == ("payment.amount",)
    assert pump.drain()
    assert partner.seen[0].fields["PaymentAmount"] == "10.00"


def test_an_invalid_event_leaves_nothing_behind(pump: DataPump) -> None:
    with pytest.raises(RequestInvalid):
        pump.submit(make_event(amount="1"))
    assert pump.deliveries() == []


def test_many_at_once_are_accepted_once_each(pump: DataPump) -> None:
    event, receipts = make_event(), []
    threads = [threading.Thread(target=lambda: receipts.append(pump.submit(event))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.status for receipt in receipts) == ["accepted", *["duplicate"] * 7]


def test_a_pump_that_does_not_run_says_so(make_pump: MakePump) -> None:
    with pytest.raises(NotRunning):
        make_pump(start=False).submit(make_event())
