"""An account or invoice number is what it looks like; a name holds what names hold."""

from __future__ import annotations

import pytest

from partnerlab.contracts.files import Layout, check, read_bif


@pytest.mark.parametrize(("place", "line"), [("invoice", 2), ("customer", 3)])
def test_a_number_with_what_nobody_sees_is_quarantined(
    make_file, make_group, layout: Layout, place: str, line: int
) -> None:
    """It looks like another account's or invoice's, and is not [A-126]. In a name it is a name's."""
    name = "InvoiceNumber" if place == "invoice" else "AccountNumber"
    odd = make_group(1, **{place: {name: "1000\u200b0101"}})
    data = make_file([odd, make_group(2, customer={"CustomerName": "علی\u200cرضا"})])
    report = check(data, layout)
    assert (report.loaded, report.quarantined) == (1, 1)
    (problem,) = report.problems
    assert (problem.rule, problem.line, problem.field) == ("hidden-character", line, name)
    assert r"'1000\\u200b0101' holds a character that nobody sees" in str(problem)
    (kept,) = read_bif(data, layout)
    assert kept.customer.CustomerName == "علی\u200cرضا"
