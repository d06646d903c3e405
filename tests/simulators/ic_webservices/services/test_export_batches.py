"""Files in batches: everything exactly once, the same bytes again, and no name or number twice."""

from __future__ import annotations

import csv
import io
import threading
from datetime import timedelta

import pytest

from partnerlab.contracts.files.csv import load_table
from partnerlab.simulators.ic_webservices import Settings
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.exports import Batch
from partnerlab.simulators.ic_webservices.services import export_batches
from partnerlab.simulators.ic_webservices.services.export_batches import ExportBatches
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    AMEX,
    DECLINED,
    RETURNS,
    UTILITY,
    Harness,
    advance,
    freeze,
)


def batches_of(harness: Harness) -> ExportBatches:
    return ExportBatches(harness.store)


def create(harness: Harness, kind: str = "payments", *, split: bool = False) -> Batch | None:
    return batches_of(harness).create(harness.lane, UTILITY, kind, split=split)


def files(harness: Harness, batch: Batch) -> dict[str, bytes]:
    """The batch's files by name."""
    exports = batches_of(harness)
    _, found = exports.get(harness.lane, batch.report_id)
    pages: dict[str, list[str]] = {file.name: [] for file in found}
    for name, held in pages.items():
        while (page := exports.page(harness.lane, batch.report_id, name, len(held))) is not None:
            held.append(page)
    return {name: "".join(held).encode() for name, held in pages.items()}


def rows(harness: Harness, batch: Batch | None) -> list[dict[str, str]]:
    """The rows of all the batch's files, by column."""
    if batch is None:
        return []
    names = [column.name for column in load_table(f"watersmart_{batch.kind}").columns]
    texts = (data.decode() for data in files(harness, batch).values())
    return [dict(zip(names, row, strict=True)) for text in texts for row in csv.reader(io.StringIO(text, newline=""))]


def guids(harness: Harness, batch: Batch | None) -> list[str]:
    return [row["PaymentGUID"] for row in rows(harness, batch)]


def paid(harness: Harness, **order: str) -> str:
    answer = harness.pay(amount="1.00", **order)
    assert answer.status == 201, answer
    return str(answer.json["payment_guid"])


def test_a_payment_has_the_columns_of_the_source(harness: Harness) -> None:
    freeze(harness)
    guid = paid(harness, service_fee="2.95", biller_reference="Case 7")
    batch = create(harness)
    assert batch is not None
    [row] = rows(harness, batch)
    assert len(row.pop("InvoiceGUID")) == 36
    assert row == {
        "InvoiceNumber": "500001",
        "AccountNumber": ACCOUNT,
        "CustomerName": "Willows Laundry",
        "PaymentGUID": guid,
        "PaymentDate": "06162026100000",
        "PaymentTypeID": "1",
        "PaymentTypeDesc": "Credit Card",
        "PaymentAmount": "1.00",
        "ConvenienceFee": "2.95",
        "PaymentReference": "IC0000000001",
        "PaymentMessage": "Approved",
        "Approved": "True",
        "BillerReference": "Case 7",
        "Offline": "False",
        "LocationReference": "",
        "WSReportID": "1",
        "CheckNumber": "",
    }
    assert list(files(harness, batch)) == ["ICPayments_20260616100000.csv"]


def test_each_payment_stands_in_exactly_one_batch(shared: Harness) -> None:
    expected: list[str] = []
    found: list[list[str]] = []
    for many in (2, 0, 3, 1):
        expected += [paid(shared) for _ in range(many)]
        found.append(guids(shared, create(shared)))
    assert [len(batch) for batch in found] == [2, 0, 3, 1]
    assert [guid for batch in found for guid in batch] == expected
    assert [batch.report_id for batch in batches_of(shared).find(shared.lane, UTILITY)] == [1, 2, 3]


def test_a_batch_of_nothing_has_no_number_and_no_file(harness: Harness) -> None:
    paid(harness, card_number=DECLINED)
    harness.pay(donation="inline", amount="1.00")
    assert create(harness) is None
    assert batches_of(harness).find(harness.lane, UTILITY) == []
    paid(harness)
    batch = create(harness)
    assert batch is not None
    assert batch.report_id == 1


def test_a_clock_that_is_set_back_loses_and_repeats_nothing(harness: Harness) -> None:
    freeze(harness)
    first = paid(harness)
    assert guids(harness, create(harness)) == [first]
    freeze(harness, "2026-05-16T14:00:00+00:00")
    second = paid(harness)
    assert guids(harness, create(harness)) == [second]
    assert create(harness) is None


def test_a_batch_is_the_same_bytes_whenever_it_is_asked_for(harness: Harness) -> None:
    paid(harness)
    batch = create(harness)
    assert batch is not None
    before = files(harness, batch)
    paid(harness)
    advance(harness, timedelta(days=5))
    create(harness)
    assert files(harness, batch) == before


def test_names_are_never_used_twice_though_the_second_is_the_same(harness: Harness) -> None:
    freeze(harness)
    names: list[str] = []
    for _ in range(3):
        paid(harness)
        batch = create(harness)
        assert batch is not None
        names += files(harness, batch)
    assert names == [f"ICPayments_2026061610000{second}.csv" for second in range(3)]


def test_one_file_of_a_split_whose_name_was_used_moves_them_all(harness: Harness) -> None:
    freeze(harness)
    names = []
    for tenders in ({"tender": "paypal"},), ({"tender": "paypal"}, {"tender": "ach"}), ({"tender": "ach"},):
        for order in tenders:
            paid(harness, **order)
        batch = create(harness, split=True)
        assert batch is not None
        names.append([*files(harness, batch)])
    assert names == [
        ["ICPayments_CC_20260616100000.csv"],
        ["ICPayments_Bank_20260616100001.csv", "ICPayments_CC_20260616100001.csv"],
        ["ICPayments_Bank_20260616100000.csv"],
    ]


def test_two_hours_of_one_name_when_clocks_go_back_are_two_files(harness: Harness) -> None:
    found: list[tuple[list[str], str]] = []
    for hour in (5, 6):  # 01:30 in New York twice
        freeze(harness, f"2026-11-01T0{hour}:30:00+00:00")
        paid(harness)
        batch = create(harness)
        assert batch is not None
        found.append((list(files(harness, batch)), rows(harness, batch)[0]["PaymentDate"]))
    assert [dates for _, dates in found] == ["11012026013000", "11012026013000"]
    assert [names for names, _ in found] == [["ICPayments_20261101013000.csv"], ["ICPayments_20261101013001.csv"]]


def test_a_split_is_a_partition(harness: Harness) -> None:
    freeze(harness)
    amex, visa = paid(harness, card_number=AMEX), paid(harness)
    paypal, bank = paid(harness, tender="paypal"), paid(harness, tender="ach")
    direct = paid(harness, tender="online_bank_direct")
    batch = create(harness, split=True)
    assert batch is not None
    found = {
        name: [line.split(",")[4] for line in data.decode().splitlines()]
        for name, data in files(harness, batch).items()
    }
    assert found == {
        "ICPayments_AMEX_20260616100000.csv": [amex],
        "ICPayments_Bank_20260616100000.csv": [bank, direct],
        "ICPayments_CC_20260616100000.csv": [visa, paypal],
    }
    assert batch.row_count == 5
    assert {row["WSReportID"] for row in rows(harness, batch)} == {"1"}


def test_a_return_is_a_reject_once(harness: Harness) -> None:
    freeze(harness)
    guid = paid(harness, tender="ach", bank_account=RETURNS)
    other = paid(harness, tender="ach")
    assert create(harness, "rejects") is None
    advance(harness, timedelta(days=10))
    [row] = rows(harness, create(harness, "rejects"))
    assert (row["AuthOrderNumber"], row["Code"], row["Amount"]) == (guid, "R01", "1.00")
    assert (row["TransactionDate"], row["AccountNumber"]) == ("06162026100000", ACCOUNT)
    assert row["RejectDate"] == "06222026090000", "three banking days later, around Juneteenth"
    assert create(harness, "rejects") is None
    assert sorted(guids(harness, create(harness))) == sorted([guid, other]), "a returned payment was a payment too"


def test_changes_are_one_row_an_account_with_the_last_moment_of_each(harness: Harness) -> None:
    freeze(harness)
    for enrolled in (True, False, True):
        assert harness.control("POST", f"customers/{ACCOUNT}/paperless", {"enrolled": enrolled}).status == 200
        advance(harness, timedelta(minutes=1))
    assert harness.control("POST", f"customers/{ACCOUNT}/autopay", {"enrolled": True}).status == 200
    [row] = rows(harness, create(harness, "changes"))
    assert (row["AccountNumber"], row["EmailAddress"]) == (ACCOUNT, "willows@example.com")
    assert (row["PaperlessSignUpDate"], row["PaperlessCancelDate"]) == ("06162026100200", "06162026100100")
    assert (row["AutoPaySignUpDate"], row["AutoPayCancelDate"]) == ("06162026100300", "")
    assert create(harness, "changes") is None


def test_what_was_changed_on_writing_is_kept_with_the_batch(harness: Harness) -> None:
    paid(harness, biller_reference="=1+1, twice")
    batch = create(harness)
    assert batch is not None
    assert '"field": "BillerReference", "rule": "formula"' in batch.warnings
    assert rows(harness, batch)[0]["BillerReference"] == " =1+1 twice"


def test_many_payments_fill_many_pages(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_batches, "PAGE", 2)
    expected = [paid(harness) for _ in range(7)]
    assert guids(harness, create(harness)) == expected


def test_a_batch_that_fails_takes_nothing(shared: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [paid(shared) for _ in range(3)]

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(export_batches._Making, "_name_files", fail)
        with pytest.raises(OSError, match="disk is full"):
            create(shared)
    batch = create(shared)
    assert batch is not None
    assert (batch.report_id, guids(shared, batch)) == (1, expected)


def test_two_at_once_make_batches_that_share_nothing(shared: Harness) -> None:
    expected = [paid(shared) for _ in range(20)]
    made: list[Batch | None] = []

    def run() -> None:
        made.append(create(shared))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(guid for batch in made for guid in guids(shared, batch)) == sorted(expected)
    assert sum(batch is not None for batch in made) == 1


def test_each_biller_and_lane_has_its_own(harness: Harness) -> None:
    guid = paid(harness)
    other = harness.settings.insurance_guid
    assert batches_of(harness).create(harness.lane, other, "payments") is None
    harness.lanes.fork(harness.lane_name, "copy")
    assert guids(harness, create(harness)) == [guid]
    harness.lane_name = "copy"
    assert guids(harness, create(harness)) == [guid], "a fork exports what it took along"


@pytest.mark.parametrize(("kind", "split"), [("letters", False), ("rejects", True)])
def test_a_kind_that_there_is_not_or_that_cannot_be_split_is_refused(harness: Harness, kind: str, split: bool) -> None:
    with pytest.raises(ValueRefused):
        create(harness, kind, split=split)


def test_a_batch_that_there_is_not_is_not_found(harness: Harness) -> None:
    exports = batches_of(harness)
    with pytest.raises(NotFound):
        exports.get(harness.lane, 1)
    with pytest.raises(NotFound):
        exports.delivered(harness.lane, UTILITY, 1)
    paid(harness)
    create(harness)
    with pytest.raises(NotFound):
        exports.page(harness.lane, 1, "ICPayments_none.csv", 0)


# --- the control API ---


def test_an_export_is_made_listed_fetched_and_noted_as_delivered(harness: Harness) -> None:
    freeze(harness)
    assert harness.control("POST", "exports", {"kind": "payments"}).json == {"export": None}
    guid = paid(harness, biller_reference="a, b")
    made = harness.control("POST", "exports", {"kind": "payments"})
    assert made.status == 201
    export = made.json["export"]
    name = "ICPayments_20260616100000.csv"
    assert export["files"] == [{"name": name, "part": "", "rows": 1}]
    assert (export["report_id"], export["rows"], export["delivered_at"]) == (1, 1, "")
    assert [warning["field"] for warning in export["warnings"]] == ["BillerReference"]
    assert harness.get("exports", waiting="true")["exports"] == [export]
    page = harness.get(f"exports/1/files/{name}")
    assert guid in page["content"]
    assert page["next"] == 1
    assert harness.get(f"exports/1/files/{name}", page="1") == {"content": "", "next": None}
    whose = {"biller_guid": export["biller_guid"], "world": export["world"]}
    assert harness.control("POST", "exports/1/delivered", whose).json["delivered_at"]
    assert harness.get("exports", waiting="true")["exports"] == []
    assert harness.get("exports")["exports"][0]["report_id"] == 1


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"biller_guid": Settings().insurance_guid}, 404, "not_found"),
        ({"world": "2026-01-01T00:00:00+00:00"}, 409, "lane_replaced"),
        ({"world": None}, 400, "field_invalid"),
        ({"biller_guid": None}, 400, "field_invalid"),
    ],
)
def test_a_batch_is_delivered_only_with_the_word_whose_it_is(
    harness: Harness, wrong: dict[str, str | None], status: int, code: str
) -> None:
    """Its number alone is that of another batch after a reset, and a caller may take it for another biller's."""
    paid(harness)
    export = harness.control("POST", "exports", {"kind": "payments"}).json["export"]
    said = {"biller_guid": export["biller_guid"], "world": export["world"]} | wrong
    body = {name: value for name, value in said.items() if value is not None}
    answer = harness.control("POST", "exports/1/delivered", body)
    assert (answer.status, answer.json["error"]["code"]) == (status, code)
    assert harness.get("exports", waiting="true")["exports"] == [export]


@pytest.mark.parametrize(
    ("body", "field"), [({"kind": "letters"}, "kind"), ({}, "kind"), ({"kind": "rejects", "split": True}, "split")]
)
def test_an_export_that_cannot_be_made_is_refused_with_the_field(
    harness: Harness, body: dict[str, object], field: str
) -> None:
    answer = harness.control("POST", "exports", body)
    assert (answer.status, answer.json["error"]["field"]) == (400, field)
