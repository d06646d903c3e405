"""An invoice file in the insurer's own books: what stands in it is what the insurer then answers."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.contracts.files import InvoiceGroup, load_layout, write_bif
from partnerlab.generators.damage import damage
from partnerlab.generators.tccs_bif import BILLER_GUID, generate_tccs_bif, generate_tccs_groups
from tests.simulators.tccs_rest.insurer import POLICY, QUOTE, Insurer

LAYOUT = load_layout("tccs")
NUMBER = "700001-05/01/2028"
OTHER = {"InvoiceNumber": "700002-05/01/2028"}


def bif(today: date, *changes: dict[str, Any]) -> bytes:
    """An invoice for each of the changes to a generated one: `NUMBER`, 300.00 outstanding and 100.00 of it billed."""
    whole = next(generate_tccs_groups(1, as_of=today))
    usual = {
        "InvoiceNumber": NUMBER,
        "InvoiceDate": today,
        "InvoiceDueDate": today + timedelta(days=20),
        "TotalAmountDue": Decimal("300.00"),
        "MinimumAmountDue": Decimal("100.00"),
    }
    invoices = [whole.invoice._replace(**usual | change) for change in changes]
    stream = io.BytesIO()
    groups = [InvoiceGroup(invoice, whole.customer, whole.details) for invoice in invoices]
    write_bif(stream, LAYOUT, LAYOUT.record("FH").make(BillerGuid=BILLER_GUID, FileCreationDate=today), groups)
    return stream.getvalue()


def load(insurer: Insurer, file: bytes, *, query: str = "") -> Any:
    return insurer.api("POST", "/load", file=file, query=query)


def test_each_policy_of_a_generated_file_owes_what_the_file_says(insurer: Insurer) -> None:
    today = insurer.today()
    file = io.BytesIO()
    generate_tccs_bif(file, 200, as_of=today)
    assert load(insurer, file.getvalue()) == (200, {"loaded": 200, "quarantined": 0, "problems": []})
    for group in generate_tccs_groups(200, as_of=today):
        invoice = group.invoice
        expected = (f"{invoice.MinimumAmountDue:.2f}", f"{invoice.TotalAmountDue:.2f}")
        assert insurer.balances(invoice.InvoiceNumber) == expected
    assert insurer.advance(timedelta(0)) == []


def test_what_is_not_billed_is_billed_in_a_month(insurer: Insurer) -> None:
    load(insurer, bif(insurer.today(), {"LateFeeAmount": Decimal(0)}))
    insurer.advance(timedelta(days=29))
    assert insurer.balances(NUMBER) == ("100.00", "300.00")
    insurer.advance(timedelta(days=1))
    assert insurer.balances(NUMBER) == ("300.00", "300.00")


def test_a_late_fee_of_the_past_is_in_the_file_and_one_to_come_is_charged(insurer: Insurer) -> None:
    today = insurer.today()
    fee, overdue = {"LateFeeAmount": Decimal("15.00")}, {"InvoiceDueDate": today - timedelta(days=1)}
    load(insurer, bif(today, fee, OTHER | fee | overdue))
    insurer.advance(timedelta(days=21))
    assert insurer.balances(NUMBER) == ("115.00", "315.00")
    assert insurer.balances(OTHER["InvoiceNumber"]) == ("100.00", "300.00")


@pytest.mark.parametrize(
    ("total", "minimum", "balances"),
    [
        ("300.00", None, ("300.00", "300.00")),
        ("300.00", "0.00", ("0.00", "300.00")),
        ("0.00", "0.00", ("0.00", "0.00")),
        ("-20.00", "0.00", ("-20.00", "-20.00")),
    ],
)
def test_a_total_is_billed_as_far_as_the_minimum_says(
    insurer: Insurer, total: str, minimum: str | None, balances: tuple[str, str]
) -> None:
    change = {"TotalAmountDue": Decimal(total), "MinimumAmountDue": None if minimum is None else Decimal(minimum)}
    assert load(insurer, bif(insurer.today(), change))[0] == 200
    assert insurer.balances(NUMBER) == balances


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"InvoiceNumber": POLICY}, 409, "invoice_taken"),
        ({"InvoiceNumber": QUOTE.removeprefix("Q")}, 409, "invoice_taken"),
        ({"InvoiceNumber": "Q700002-05/01/2028"}, 400, "field_invalid"),
        (OTHER | {"MinimumAmountDue": Decimal("300.01")}, 400, "field_invalid"),
        (OTHER | {"LateFeeAmount": Decimal("-1.00")}, 400, "field_invalid"),
    ],
)
def test_a_file_with_a_policy_that_cannot_be_opened_changes_nothing(
    insurer: Insurer, change: dict[str, Any], status: int, code: str
) -> None:
    """Each file holds one that could be."""
    before = insurer.export()
    answered, answer = load(insurer, bif(insurer.today(), {}, change))
    assert (answered, answer["error"]["code"]) == (status, code)
    assert insurer.export() == before


def test_a_broken_invoice_is_named_and_the_good_ones_load(insurer: Insurer) -> None:
    broken = damage(bif(insurer.today(), {}, OTHER), "impossible-date", layout=LAYOUT)
    status, report = load(insurer, broken)
    assert (status, report["loaded"], report["quarantined"]) == (200, 1, 1)
    assert report["problems"][0]["invoice_number"] in (NUMBER, OTHER["InvoiceNumber"])
    for query, code in (("strict=true", "file_rejected"), ("strict=yes", "field_invalid")):
        status, answer = load(insurer, broken, query=query)
        assert (status, answer["error"]["code"]) == (400, code)


def test_a_truncated_file_changes_nothing(insurer: Insurer) -> None:
    before = insurer.export()
    status, answer = load(insurer, damage(bif(insurer.today(), {}, OTHER), "truncated", layout=LAYOUT))
    assert (status, answer["error"]["code"]) == (400, "file_rejected")
    assert insurer.export() == before
