"""An account or invoice number is what it looks like, and of a length that every door takes; a name is a name."""

from __future__ import annotations

import pytest

from partnerlab.contracts.files import Layout, ValueRefused, check, read_bif


@pytest.mark.parametrize(("place", "line"), [("invoice", 2), ("customer", 3)])
def test_a_number_with_what_nobody_sees_is_quarantined(
    make_file, make_group, layout: Layout, place: str, line: int
) -> None:
    """It looks like another account's or invoice's, and is not [A-126]. In a name it is a name's."""
    name = "InvoiceNumber" if place == "invoice" else "AccountNumber"
    odd = make_group(1, **{place: {name: "1000#0101"}})
    data = make_file([odd, make_group(2, customer={"CustomerName": "علی\u200cرضا"})]).replace(b"#", "\u200b".encode())
    report = check(data, layout)
    assert (report.loaded, report.quarantined) == (1, 1)
    (problem,) = report.problems
    assert (problem.rule, problem.line, problem.field) == ("hidden-character", line, name)
    assert r"'1000\\u200b0101' holds a character that nobody sees" in str(problem)
    (kept,) = read_bif(data, layout)
    assert kept.customer.CustomerName == "علی\u200cرضا"


@pytest.mark.parametrize("many", [1, 300])
@pytest.mark.parametrize(("place", "offset"), [("invoice", 0), ("customer", 1)])
def test_such_a_number_is_not_written_either(
    make_file, make_group, layout: Layout, place: str, offset: int, many: int
) -> None:
    name = "InvoiceNumber" if place == "invoice" else "AccountNumber"
    groups = [make_group(number) for number in range(many)]
    with pytest.raises(ValueRefused) as refused:
        make_file([*groups, make_group("odd", **{place: {name: "1000\u200b0101"}})])
    problem = refused.value.problem
    assert (problem.rule, problem.line, problem.field) == ("hidden-character", 3 * many + 2 + offset, name)


@pytest.mark.parametrize("many", [1, 300])
@pytest.mark.parametrize(("place", "name"), [("invoice", "InvoiceNumber"), ("customer", "AccountNumber")])
def test_a_number_is_as_long_as_every_door_takes_it(
    make_file, make_group, layout: Layout, monkeypatch: pytest.MonkeyPatch, place: str, name: str, many: int
) -> None:
    groups = [make_group(number) for number in range(many)]
    longest = make_file([*groups, make_group("odd", **{place: {name: "9" * 250}})])
    with pytest.raises(ValueRefused, match="has 251 characters; 250 are allowed"):
        make_file([*groups, make_group("odd", **{place: {name: "9" * 251}})])
    for pure in ("0", "1"):
        monkeypatch.setenv("PARTNERLAB_PURE", pure)
        assert check(longest, layout).quarantined == 0
        report = check(longest.replace(b"9" * 250, b"9" * 251), layout)
        (problem,) = report.problems
        assert (problem.rule, problem.field, report.loaded) == ("number-too-long", name, many)
        assert len([*read_bif(longest.replace(b"9" * 250, b"9" * 251), layout)]) == many
