"""Bill files: what is loaded, what is kept out, what rejects a file, and that a rejected file changes nothing."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.contracts.files import RULES, parse_layout
from partnerlab.contracts.seeds import utility_accounts
from partnerlab.simulators.ic_webservices.store import INVOICES
from tests.simulators.ic_webservices.harness import (
    ACCOUNT,
    INVOICE,
    INVOICING,
    UTILITY,
    Harness,
    bill_file,
    elements,
    group,
    keyed,
)

OTHER = "99999999-9999-4999-8999-999999999999"


def problems(harness: Harness, upload_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = harness.get(f"uploads/{upload_id}/problems", limit="1000")["problems"]
    return found


def states(harness: Harness) -> dict[str, str]:
    return {invoice["invoice_number"]: invoice["status"] for invoice in harness.own_invoices()}


@pytest.mark.parametrize("version", [1, 2], ids=["soap11", "soap12"])
def test_a_good_file_is_loaded_and_presented(harness: Harness, version: int) -> None:
    content = bill_file(
        [
            group(
                "700001", "20000001", "50.00", EmailAddress="a@example.com", Phone="555-0100", RegistrationValue="R1"
            ),
            group("700002", "20000002", "60.25", Custom1=Decimal("61.00")),
        ]
    )
    told = harness.upload(content, version=version)
    assert told == {
        "Success": "true",
        "UploadID": "U00000001",
        "InvoicesAccepted": "2",
        "InvoicesRejected": "0",
        "Problems": [],
    }
    invoice = harness.invoice("700001")
    assert (invoice["balance_due"], invoice["total_amount_due"]) == ("50.00", "50.00")
    assert (invoice["account_number"], invoice["upload_id"], invoice["status"]) == ("20000001", "U00000001", "open")
    assert invoice["allow_partial_payments"] is True
    assert invoice["balance_forward"] is True
    assert invoice["lines"] == [{"description": "Water", "total": "50.00", "fields": {}}]
    assert harness.invoice("700002")["fields"] == {"Custom1": "61.00"}
    customer = harness.get("customers/20000001")
    assert customer["customer_name"] == "Customer 20000001"
    assert (customer["email_address"], customer["phone"]) == ("a@example.com", "555-0100")
    assert customer["registration_value"] == "R1"
    assert customer["registered"] is False
    assert customer["customer_id"] != harness.get("customers/20000002")["customer_id"]
    (upload,) = harness.get("uploads")["uploads"]
    assert upload == harness.get("uploads/U00000001")
    assert (upload["state"], upload["accepted"], upload["rejected"]) == ("loaded", 2, 0)
    assert (upload["total_amount_due"], upload["size_bytes"]) == ("110.25", len(content))
    assert harness.raised == [], "what the partner sent is not told to the partner"
    assert harness.pay(account_number="20000001", amount="50.00").json["invoice_number"] == "700001"


def test_a_second_file_replaces_invoices_and_updates_customers(harness: Harness) -> None:
    harness.upload(bill_file([group("700001", "20000001", "50.00", EmailAddress="a@example.com", Address2="Apt 1")]))
    before = harness.get("customers/20000001")
    harness.control("POST", "customers/20000001/autopay", {"enrolled": True})
    harness.pay(account_number="20000001", amount="50.00")
    harness.upload(bill_file([group("700001", "20000001", "75.00", CustomerName="New Owner", Phone="555-0199")]))
    invoice = harness.invoice("700001")
    assert (invoice["balance_due"], invoice["status"], invoice["upload_id"]) == ("25.00", "open", "U00000002")
    after = harness.get("customers/20000001")
    assert after["customer_id"] == before["customer_id"]
    assert (after["customer_name"], after["phone"], after["address2"]) == ("New Owner", "555-0199", "")
    assert after["email_address"] == "a@example.com", "an empty address in the file leaves the one that is known"
    assert after["autopay"] is True
    assert len(harness.get("payments", account_number="20000001")["payments"]) == 1


def test_a_copy_of_a_lane_knows_the_same_file_again(harness: Harness) -> None:
    def content(lane: str) -> str:
        with harness.store.read() as tx:
            invoice = INVOICES.get(tx, lane, UTILITY, "600001")
        assert invoice is not None
        return invoice.content

    file = bill_file([group("600001", ACCOUNT)])
    harness.upload(file)
    known = content("default")
    harness.lanes.fork("default", "copy")
    harness.lane_name = "copy"
    harness.upload(file)
    assert content("copy") == known != ""


def test_a_later_bill_carries_the_balance_of_earlier_ones_forward(harness: Harness) -> None:
    first = date(2026, 3, 1)
    for month in range(3):
        on = first + timedelta(days=31 * month)
        harness.upload(
            bill_file([group(f"70000{month}", "20000001", on=on), group(f"80000{month}", "30000001", on=on)])
        )
    assert states(harness) == {
        INVOICE: "open",
        "700000": "closed",
        "700001": "closed",
        "700002": "open",
        "800000": "closed",
        "800001": "closed",
        "800002": "open",
    }
    refused = harness.pay(account_number="20000001", invoice_number="700000", amount="1.00")
    assert refused.json["error"]["code"] == "invoice_closed"


def test_an_earlier_bill_that_comes_late_is_closed_at_once(harness: Harness) -> None:
    harness.upload(bill_file([group("700002", "20000001", on=date(2026, 5, 1))]))
    harness.upload(bill_file([group("700001", "20000001", on=date(2026, 4, 1))]))
    assert states(harness) == {INVOICE: "open", "700001": "closed", "700002": "open"}


@pytest.mark.parametrize(("first", "last"), [("700001", "700002"), ("9999", "10000"), ("0099", "100")])
def test_of_bills_of_one_day_the_last_asks_for_all_alone(shared: Harness, first: str, last: str) -> None:
    """Each has in it what those before it left open, so both together would ask for it twice."""
    shared.upload(bill_file([group(last, "20000001", "80.00"), group(first, "20000001")]))
    assert states(shared) == {INVOICE: "open", first: "closed", last: "open"}
    assert shared.pay(account_number="20000001", amount="80.00").json["invoice_number"] == last


def test_broken_invoices_are_kept_out_and_reported_with_their_place(harness: Harness) -> None:
    content = bill_file([group(f"70000{number}", f"2000000{number}") for number in range(4)])
    lines = content.decode().splitlines(keepends=True)
    assert lines[4].startswith("IH|")
    lines[4] = lines[4].replace("06/01/2026", "06/31/2026")
    lines[8] = lines[8].replace("|20000002|", "||")
    told = harness.upload("".join(lines).encode())
    assert told["Success"] == "true"
    assert (told["InvoicesAccepted"], told["InvoicesRejected"]) == ("2", "2")
    assert told["ErrorMessage"] == "2 invoices were rejected, 2 loaded."
    first, second = told["Problems"]
    assert (first["Line"], first["Field"], first["FileSpecID"]) == ("5", "IH.InvoiceDate", "11")
    assert (first["Value"], first["InvoiceNumber"]) == ("06/31/2026", "700001")
    assert "06/31/2026" in first["Reason"]
    assert (second["Line"], second["Field"], second["FileSpecID"]) == ("9", "CR.AccountNumber", "59")
    assert (second["Value"], second["InvoiceNumber"]) == ("", "700002")
    kept = problems(harness, told["UploadID"])
    assert [(one["line"], one["rule"]) for one in kept] == [(5, "not-a-date"), (9, "required-empty")]
    assert all(one["rule"] in RULES for one in kept)
    assert states(harness) == {INVOICE: "open", "700000": "open", "700003": "open"}
    assert harness.control("GET", "customers/20000001").status == 404


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def cut_at_a_line(content: bytes) -> bytes:
    return b"".join(content.splitlines(keepends=True)[:-3])


def header(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        first, rest = content.split(b"\n", 1)
        assert old in first
        return first.replace(old, new) + b"\n" + rest

    return damage


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (cut, "truncated-row"),
        (cut_at_a_line, "wrong-invoice-count"),
        (header(b"|10|", b"|11|"), "wrong-invoice-count"),
        (header(b"|500.00", b"|500.01"), "wrong-total"),
        (header(UTILITY.encode(), OTHER.encode()), "wrong-biller-value"),
        (lambda content: content.split(b"\n", 1)[1], "missing-header"),
        (lambda _: b"", "empty-file"),
        (lambda _: b"\x89PNG\r\n\x1a\n\x00\x00", None),
        (lambda content: content.decode().encode("utf-16"), None),
    ],
    ids=["truncated", "whole rows missing", "count", "total", "biller", "no header", "empty", "picture", "UTF-16"],
)
def test_a_file_that_is_rejected_changes_nothing_and_is_kept_on_the_list(
    harness: Harness, damage: Callable[[bytes], bytes], rule: str | None
) -> None:
    good = bill_file([group(f"7000{number:02}", f"200000{number:02}") for number in range(10)])
    harness.lanes.get("default")
    before = harness.lanes.export("default")
    told = harness.upload(damage(good))
    assert told["Success"] == "false"
    assert told["InvoicesAccepted"] == "0"
    assert told["ErrorMessage"].startswith("The file was rejected: ")
    assert told["Problems"]
    after = harness.lanes.export("default")
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"ic_upload_chunks"} == {"ic_uploads", "ic_upload_problems", "ic_counters"}
    (upload,) = harness.get("uploads")["uploads"]
    assert (upload["state"], upload["message"]) == ("rejected", told["ErrorMessage"])
    kept = problems(harness, told["UploadID"])
    assert [one["position"] for one in kept] == list(range(1, len(kept) + 1))
    if rule:
        assert kept[0]["rule"] == rule
    assert states(harness) == {INVOICE: "open"}


@pytest.mark.parametrize(("field", "spec_id"), [("InvoiceFormatGuid", 9), ("InvoiceTypeID", 252)])
def test_an_invoice_of_a_foreign_format_or_type_is_kept_out(harness: Harness, field: str, spec_id: int) -> None:
    foreign = {"InvoiceFormatGuid": OTHER, "InvoiceTypeID": 2}
    content = bill_file([group("700001", "20000001"), group("700002", "20000002", **{field: foreign[field]})])
    told = harness.upload(content)
    assert (told["InvoicesAccepted"], told["InvoicesRejected"]) == ("1", "1")
    (problem,) = told["Problems"]
    assert (problem["Field"], problem["FileSpecID"]) == (f"IH.{field}", str(spec_id))
    assert problems(harness, told["UploadID"])[0]["rule"] == "wrong-biller-value"


def test_strict_mode_of_the_biller_rejects_the_file_for_one_invoice(harness: Harness) -> None:
    harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"BIF": {"Strict": True}}})
    content = bill_file([group("700001", "20000001"), group("700002", "20000002", InvoiceTypeID=2)])
    told = harness.upload(content)
    assert (told["Success"], told["InvoicesAccepted"]) == ("false", "0")
    assert states(harness) == {INVOICE: "open"}


def test_an_invoice_number_that_stands_twice_is_reported(harness: Harness) -> None:
    good = bill_file([group("700001", "20000001"), group("700002", "20000001")])
    told = harness.upload(good.replace(b"|700002|", b"|700001|"))
    assert told["InvoicesRejected"] == "1"
    assert problems(harness, told["UploadID"])[0]["rule"] == "duplicate-invoice"


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("", {}, "FileName: '': must not be empty"),
        ("bills.txt", {}, "FileName: 'bills.txt': must end with .bif or .csv"),
        ("adjustments.csv", {}, "no CSV files are taken from billers of inhance_v2"),
        ("bills.bif", {"key": "wrong"}, "The BillerGUID or the WebServiceKey is not valid."),
    ],
)
def test_what_is_no_bill_file_of_that_biller_is_refused_and_not_listed(
    harness: Harness, name: str, keys: dict[str, str], message: str
) -> None:
    told = harness.upload(bill_file([group("700001", "20000001")]), name, **keys)
    assert told["Success"] == "false"
    assert message in told["ErrorMessage"]
    assert "UploadID" not in told
    assert harness.get("uploads")["uploads"] == []


def test_a_file_name_ends_with_bif_in_any_case(harness: Harness) -> None:
    assert harness.upload(bill_file([group("700001", "20000001")]), "BILLS.BIF")["Success"] == "true"


def test_content_that_is_not_base64_is_a_fault_of_the_sender(harness: Harness) -> None:
    inner = elements({**keyed(), "FileName": "a.bif", "FileContent": "not base64!"})
    response = harness.call(INVOICING, "UploadInvoiceFile", f"<Req>{inner}</Req>")
    assert response.status == 500
    assert b"Base-64" in response.body
    assert harness.get("uploads")["uploads"] == []


def test_base64_may_be_broken_into_lines(harness: Harness) -> None:
    content = base64.encodebytes(bill_file([group("700001", "20000001")])).decode("ascii")
    inner = elements({**keyed(), "FileName": "a.bif", "FileContent": content.replace("\n", "\r\n")})
    response = harness.call(INVOICING, "UploadInvoiceFile", f"<Req>{inner}</Req>")
    assert b"<InvoicesAccepted>1</InvoicesAccepted>" in response.body


def test_more_problems_than_an_answer_carries_are_all_kept(harness: Harness) -> None:
    content = bill_file([group(str(700000 + number), "20000001", InvoiceTypeID=2) for number in range(1_003)])
    told = harness.upload(content)
    assert told["InvoicesRejected"] == "1003"
    assert len(told["Problems"]) == 1_000
    assert len(problems(harness, told["UploadID"])) == 1_000
    rest = harness.get(f"uploads/{told['UploadID']}/problems", after="1000")["problems"]
    assert [one["position"] for one in rest] == [1001, 1002, 1003]


def test_customers_are_numbered_once_across_files_and_batches(harness: Harness) -> None:
    harness.upload(bill_file([group(str(700000 + number), str(20000000 + number)) for number in range(1_201)]))
    harness.upload(bill_file([group(str(800000 + number), str(20000600 + number)) for number in range(1_201)]))
    found: list[str] = []
    after = ""
    while page := harness.get("customers", limit="1000", **({"after": after} if after else {}))["customers"]:
        found += [customer["customer_id"] for customer in page]
        after = page[-1]["account_number"]
    assert len(found) == len(set(found)) == len(utility_accounts()) + 1_801


def test_one_account_twice_in_a_batch_is_one_customer(harness: Harness) -> None:
    harness.upload(
        bill_file([group("700001", "20000001", CustomerName="First"), group("700002", "20000001", Phone="555-0100")])
    )
    customer = harness.get("customers/20000001")
    assert (customer["customer_name"], customer["phone"]) == ("Customer 20000001", "555-0100")


def test_the_seeded_account_is_billed_like_any_other(harness: Harness) -> None:
    later = date.fromisoformat(harness.invoice()["invoice_date"]) + timedelta(days=1)
    harness.upload(bill_file([group("500002", ACCOUNT, "200.00", on=later)]))
    assert harness.invoice()["status"] == "closed"
    assert harness.get(f"customers/{ACCOUNT}")["registered"] is True
    assert harness.get(f"customers/{ACCOUNT}")["login_name"] == "willows@example.com"


def test_a_file_of_12_megabytes_is_taken(filed: Harness) -> None:
    """Larger than the 10 MB that libxml2 allows a text by default."""
    blank = "x" * 900
    many = 10_000
    content = bill_file(
        group(str(700000 + number), str(20000000 + number), Custom7=blank, Custom80=str(number))
        for number in range(many)
    )
    assert len(content) > 10_000_000
    told = filed.upload(content)
    assert (told["Success"], told["InvoicesAccepted"]) == ("true", str(many))
    assert filed.invoice("709999")["fields"]["Custom80"] == "9999"


def test_lanes_do_not_see_each_others_files(harness: Harness) -> None:
    harness.upload(bill_file([group("700001", "20000001")]))
    harness.lane_name = "other"
    assert harness.get("uploads")["uploads"] == []
    assert harness.control("GET", "invoices/700001").status == 404
    assert harness.upload(bill_file([group("700001", "20000001", "1.00")]))["UploadID"] == "U00000001"
    harness.lane_name = "default"
    assert harness.invoice("700001")["balance_due"] == "50.00"


def own_layout(harness: Harness, layout: Any) -> None:
    answer = harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"BIF": {"Layout": layout}}})
    assert answer.status == 200, answer


def test_a_billers_own_layout_reads_its_files_and_nobody_elses(harness: Harness) -> None:
    """A filler column of its own behind the row's type: with the partner's layout each later cell is another's."""
    declared = bill_file([group("700001", "20000001")])
    filler = {"code": "IH", "fields": [{"id": 14, "name": "Filler14", "kind": "filler"}]}
    rows = []
    layout = parse_layout({"extends": "inhance_v2", "name": "own", "record": [filler]})
    place = [field.name for field in layout.record("IH").fields].index("Filler14")
    for row in declared.decode().splitlines():
        cells = row.split("|")
        rows.append("|".join([*cells[:place], "", *cells[place:]] if cells[0] == "IH" else cells))
    wide = "\n".join([*rows, ""]).encode()
    assert harness.upload(wide)["InvoicesRejected"] == "1"
    own_layout(harness, {"record": [filler]})
    assert harness.upload(wide)["InvoicesAccepted"] == "1"
    assert harness.invoice("700001")["balance_due"] == "50.00"
    assert harness.upload(declared)["InvoicesRejected"] == "1"


@pytest.mark.parametrize("layout", [{"columns": "wide"}, {"extends": "nobody"}, [], {"record": [{"code": "XX"}]}])
def test_a_layout_that_is_none_refuses_the_file_by_its_place(harness: Harness, layout: Any) -> None:
    own_layout(harness, layout)
    told = harness.upload(bill_file([group("700001", "20000001")]))
    assert told["Success"] == "false"
    assert "BIF.Layout" in told["ErrorMessage"]
