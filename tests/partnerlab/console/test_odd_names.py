"""The console shows a payer's name as it is, and the name turns nothing around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from partnerlab.simulators.ic_webservices.store import CUSTOMERS
from tests.odd_names import ODD_NAMES, bare_places
from tests.partnerlab.console.conftest import Reader
from tests.partnerlab.console.test_pages import ACCOUNT, UTILITY, check_balance

ODD = pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES)


def rename(reader: Reader, name: str) -> None:
    """Of the payer of the seeded account, at Invoice Cloud."""
    with reader.sandbox.store.write() as tx:
        customer = CUSTOMERS.get(tx, "default", UTILITY, ACCOUNT)
        assert customer is not None
        CUSTOMERS.put(tx, "default", replace(customer, customer_name=name, email_address=f"{name[:60]}@example.com"))


@ODD
def test_an_account_and_the_mailbox_show_names_as_they_are(reader: Reader, name: str) -> None:
    rename(reader, name)
    reader.post("/console/try/pay")
    reader.settle()
    assert bare_places(reader.get(f"/console/books/{UTILITY}/{ACCOUNT}").raw, name) == []
    number = reader.api("/_sandbox/ic/mailbox")["messages"][0]["number"]
    assert bare_places(reader.get(f"/console/mailbox?number={number}").raw, name, f"{name[:60]}@example.com") == []


@ODD
def test_the_partners_names_are_shown_as_they_are(reader: Reader, name: str) -> None:
    reader.put("/_sandbox/inhance/accounts/77000001", {"customer_name": name})
    assert bare_places(reader.get(f"/console/books/{UTILITY}/77000001").raw, name) == []
    assert bare_places(reader.get(f"/console/books?biller={UTILITY}").raw, name) == []


@ODD
def test_the_partners_words_are_shown_as_they_are(reader: Reader, name: str) -> None:
    """What a partner answers is kept with the delivery, and told in a story, the deliveries and the audit."""
    rename(reader, name)
    reader.post("/console/try/lost")
    reader.settle()
    exported = reader.api("/_sandbox/lanes/default/export")
    said = reader.api("/_pump/deliveries?lane=default")["deliveries"][0]["message"]
    assert len(said) > 10
    reader.send("/_sandbox/lanes/default/import", swapped(exported, said, f"{said} {name}"))
    delivery = reader.api("/_pump/deliveries?lane=default")["deliveries"][0]
    assert name in delivery["message"]
    for page in ("deliveries", f"deliveries/{delivery['id']}", f"payments/{delivery['event_id']}", "audit?every=1"):
        assert bare_places(reader.get(f"/console/{page}").raw, name) == [], page


def swapped(value: Any, old: str, new: str) -> Any:
    """JSON with one text in the place of another."""
    if isinstance(value, dict):
        return {name: swapped(one, old, new) for name, one in value.items()}
    if isinstance(value, list):
        return [swapped(one, old, new) for one in value]
    return new if value == old else value


@ODD
def test_traffic_shows_what_callers_send_as_it_is(reader: Reader, name: str) -> None:
    id = check_balance(reader, name[:50])
    assert bare_places(reader.get(f"/console/traffic/{id}").raw, name[:50]) == []
    where = reader.call("/iCloud/iCloud.asmx", b"<x/>", **{"content-type": "text/xml", "soapaction": f'"{name}"'})
    for page in ("traffic", f"traffic/{where}"):
        assert "<script>alert" not in reader.get(f"/console/{page}").raw


@ODD
def test_files_show_their_names_and_problems_as_they_are(reader: Reader, name: str) -> None:
    water = next(row for row in reader.api("/_sandbox/ic/billers")["billers"] if row["partner"] == "watersmart")
    given = urlencode({"biller_guid": water["guid"], "file_name": f"{name[:60]}.csv"})
    row = f'20000201,"{name.replace(chr(34), "")}",x,1,0\n'.encode()
    reader.call(f"/_sandbox/ic/uploads?{given}", row, **{"content-type": "text/plain"})
    (upload,) = reader.api(f"/_sandbox/ic/uploads?biller_guid={water['guid']}")["uploads"]
    for page in ("files", f"files/in/{upload['upload_id']}"):
        assert bare_places(reader.get(f"/console/{page}").raw, upload["file_name"]) == [], page
