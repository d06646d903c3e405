"""The bill as PDF, opened and read as a payer's viewer does."""

from __future__ import annotations

import io
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from pypdf import PdfReader

from partnerlab.simulators.tccs_rest.seeds import SEEDS
from partnerlab.simulators.tccs_rest.wire.bill_image import render
from tests.simulators.tccs_rest.insurer import BASE, BOUND, POLICY, Insurer


def read(pdf: bytes) -> list[str]:
    """The lines of a bill of one page, in order; parts of a line are apart by more than one blank."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) == 1
    return [line.strip() for line in pages[0].extract_text(extraction_mode="layout").splitlines() if line.strip()]


def parts(line: str) -> list[str]:
    return [part.strip() for part in line.split("  ") if part.strip()]


def rows(lines: list[str], first: str) -> list[str]:
    """A row of a table without the name it begins with."""
    return next(parts(line)[1:] for line in lines if parts(line)[0] == first)


def day(one: date) -> str:
    return f"{one:%m/%d/%Y}"


def figures(lines: list[str]) -> tuple[str, str]:
    """The two sums that stand in large type."""
    at = next(number for number, line in enumerate(lines) if parts(line) == ["Billed and due", "Total outstanding"])
    billed, outstanding = parts(lines[at + 1])
    return billed, outstanding


def value(lines: list[str], label: str) -> str:
    """What stands after a label."""
    return next(line.split(label, 1)[1].strip() for line in lines if label in line)


def test_the_bill_shows_the_policys_figures(insurer: Insurer) -> None:
    today = insurer.today()
    billed, due = today - timedelta(days=10), today + timedelta(days=20)
    lines = read(insurer.pdf())
    assert parts(lines[0]) == ["Sandbox Insurance", "Premium bill"]
    text = "\n".join(lines)
    for line in ("Harbor Street Bakery", "4 Harbor Street", "Gloucester, MA 01930", "978-555-0110"):
        assert line in text
    assert value(lines, "Policy number") == "454100010"
    assert value(lines, "Invoice number") == POLICY
    assert value(lines, "Policy term") == "06/16/2019 – 06/16/2020"
    assert (value(lines, "Bill date"), value(lines, "Due date")) == (day(billed), day(due))
    assert (value(lines, "Billing"), value(lines, "Recurring payments")) == ("By mail", "Off")
    assert figures(lines) == ("$120.00", "$340.00")
    assert "A late fee of $10.00 is charged for an instalment that is open after its due date." in text
    later = [today + timedelta(days=count) for count in (20, 50, 80)]
    assert rows(lines, "Instalment 1") == [day(billed), day(due), "Due", "$120.00", "$120.00"]
    assert rows(lines, "Instalment 2") == [day(later[0]), day(later[1]), "To come", "$110.00", "$110.00"]
    assert rows(lines, "Instalment 3") == [day(later[1]), day(later[2]), "To come", "$110.00", "$110.00"]
    assert value(lines, "Amount due") == "$120.00"
    assert f"As of {day(today)}." in text


def test_the_bill_changes_with_what_is_paid_and_what_comes_back(insurer: Insurer) -> None:
    today = insurer.today()
    guid = "e99fc166-9d990-4a99-bb16-99fe155ebf99"
    insurer.pay("150.00", guid=guid)
    insurer.pay("5.25", type="CC")
    lines = read(insurer.pdf())
    assert figures(lines) == ("$0.00", "$184.75")
    assert rows(lines, "Instalment 1")[2:] == ["Paid", "$120.00", "$0.00"]
    assert rows(lines, "Instalment 2")[2:] == ["To come", "$110.00", "$74.75"]
    assert [parts(line) for line in lines if line.startswith(day(today))] == [
        [day(today), "ACH", guid, "$150.00"],
        [day(today), "CC", "No. 2", "$5.25"],
    ]
    insurer.give_back("150.00")
    lines = read(insurer.pdf())
    assert figures(lines) == ("$114.75", "$334.75")
    assert f"Returned {day(today)}: {guid}" in "\n".join(lines)


def test_the_bill_shows_a_late_fee_and_what_is_overdue(insurer: Insurer) -> None:
    lines = read(insurer.pdf("454100012-01/15/2028"))
    today = insurer.today()
    assert figures(lines) == ("$430.00", "$430.00")
    fee_day = day(today - timedelta(days=14))
    assert rows(lines, "Late fee") == [fee_day, fee_day, "Overdue", "$10.00", "$10.00"]
    assert rows(lines, "Instalment 1")[2] == "Overdue"
    assert rows(lines, "Instalment 2")[2] == "Due"


def test_a_bound_quote_has_a_bill(insurer: Insurer) -> None:
    insurer.deposit("150.00")
    assert figures(read(insurer.pdf(BOUND))) == ("$0.00", "$450.00")


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.invoice_number)
def test_every_seed_has_a_bill_of_what_the_balance_call_says(insurer: Insurer, seed: object) -> None:
    number = getattr(seed, "invoice_number", "")
    shown = tuple(amount.replace("$", "").replace(",", "") for amount in figures(read(insurer.pdf(number))))
    assert shown == insurer.balances(number)


def test_accents_come_out_right(insurer: Insurer) -> None:
    text = "\n".join(read(insurer.pdf("454100013-09/30/2027")))
    assert "Café Zoë & Søn" in text
    assert "8 Rue Saint-André" in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ångström, Ñandú & Łoś <Œuvre>", "Ångström, Ñandú & Łos <Œuvre>"),
        ("Ame\u0301lie", "Amélie"),
        ("Dvořák & Śliwa", "Dvorák & Sliwa"),
        ("Жук & Co", "??? & Co"),
        ("5 € – “quoted”…", "5 € – “quoted”…"),
        ("ﬁve ½", "ﬁve ½"),
        ("A\u00a0B\u200dC \u0301D", "A BC D"),
        ("Zoë \U0001f469\U0001f3fd\u200d\U0001f692\ufe0f & Søn", "Zoë ?? & Søn"),
        ("Ada \u202eLovelace", "Ada Lovelace"),
        ("Ad\u200ba Wil\u2060low", "Ada Willow"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("יעל בן (2)", "??? ?? (2)"),
    ],
)
def test_a_letter_that_the_font_lacks_loses_its_accent_and_no_more(insurer: Insurer, name: str, shown: str) -> None:
    insurer.open("700001-05/01/2028", "1.00", insured_name=name)
    assert shown in "\n".join(read(insurer.pdf("700001-05/01/2028")))


def test_a_long_name_stays_on_its_half_of_the_page(insurer: Insurer) -> None:
    insurer.open("700001-05/01/2028", "1.00", insured_name="W" * 100, address1="Long Street " * 8)
    lines = read(insurer.pdf("700001-05/01/2028"))
    shown = next(line for line in lines if line.startswith("WWW"))
    assert "…" in shown
    assert value(lines, "Invoice number") == "700001-05/01/2028"


def test_a_name_of_many_words_stands_on_two_lines(insurer: Insurer) -> None:
    name = "Wholesale & Provisions of the Greater Northern Lakes, Incorporated"
    insurer.open("700001-05/01/2028", "1.00", insured_name=name)
    lines = read(insurer.pdf("700001-05/01/2028"))
    at = next(number for number, line in enumerate(lines) if line.startswith("Wholesale"))
    shown = [parts(line)[0] for line in lines[at : at + 4] if not line.startswith("Policy")]
    assert " ".join(shown).startswith(name)


def test_what_does_not_fit_is_summed_up(insurer: Insurer) -> None:
    number = "700001-05/01/2028"
    insurer.open(number, *["10.00"] * 24, billed=-400, late_fee="0")
    for _ in range(30):
        insurer.pay("1.00", number)
    lines = read(insurer.pdf(number))
    assert figures(lines) == ("$110.00", "$210.00")
    charges, payments = (parts(line) for line in lines if "earlier" in line)
    assert charges == ["11 earlier", "$110.00", "$80.00"]
    assert payments == ["23 earlier", "$23.00"]
    assert [parts(line)[0] for line in lines if line.startswith("Instalment ")] == [
        f"Instalment {count}" for count in range(12, 25)
    ]
    assert sum(line.startswith(day(insurer.today())) for line in lines) == 7


def test_a_policy_without_charges_has_a_bill(insurer: Insurer) -> None:
    insurer.open("700001-05/01/2028")
    lines = read(insurer.pdf("700001-05/01/2028"))
    assert figures(lines) == ("$0.00", "$0.00")
    assert value(lines, "Bill date") == "05/01/2027", "the effective date, where nothing is billed"
    assert sum(line == "None" for line in lines) == 2


def test_the_same_figures_on_the_same_day_give_the_same_bytes(insurer: Insurer) -> None:
    pdf = insurer.pdf()
    assert insurer.pdf() == pdf
    insurer.pay("0.01")
    assert insurer.pdf() != pdf


def test_bills_made_at_once_do_not_disturb_each_other(insurer: Insurer) -> None:
    numbers = [seed.invoice_number for seed in SEEDS] * 4
    alone = {number: insurer.pdf(number) for number in numbers}
    start = threading.Barrier(8)

    def work(number: str) -> bytes:
        start.wait()
        return insurer.pdf(number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, numbers)) == [alone[number] for number in numbers]


def test_the_file_says_what_it_is(insurer: Insurer) -> None:
    reader = PdfReader(io.BytesIO(insurer.pdf()))
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == (f"Bill {POLICY}", "Sandbox Insurance")
    fonts = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    embedded = [font for font in fonts.values() if "/FontDescriptor" in font.get_object()]
    assert len(embedded) == 2, "regular and bold, so that every viewer shows the same letters"
    response = insurer.call("Retrieve_Bill_Image", POLICY, base=BASE)
    assert response.headers == (("Content-Disposition", 'inline; filename="454100010-06-16-2020.pdf"'),)


def test_another_insurers_name_stands_on_its_bills(insurer: Insurer) -> None:
    lane, world = insurer.lanes.get("default"), insurer.simulator.world
    view = world.ledger.policy(lane, POLICY)
    view = replace(view, payments=[])
    assert "Pay to Mutual of Nowhere" in "\n".join(
        read(render(view, insurer="Mutual of Nowhere", days=world.days, now=lane.now()))
    )


def test_an_error_is_no_pdf(insurer: Insurer) -> None:
    response = insurer.call("Retrieve_Bill_Image", "999-01/01/2030", base=BASE)
    assert (response.status, response.content_type) == (404, "application/json; charset=utf-8")
    assert "Message" in json.loads(response.body)
