"""A problem says where it is and which rule it breaks, word for word: people look for these lines in their files."""

from __future__ import annotations

import pytest

from partnerlab.contracts.files import Layout, check
from partnerlab.contracts.files.problems import Problem


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (Problem("r", "is empty"), "the file: is empty"),
        (Problem("r", "is empty", source="Table 4"), "the file: is empty (Table 4)"),
        (Problem("r", "is wrong", 7, "IH", source="Table 4"), "line 7, IH: is wrong (Table 4)"),
        (
            Problem("r", "is wrong", 7, "IH", "BalanceDue", 93, source="Table 4"),
            "line 7, IH.BalanceDue (93): is wrong (Table 4, field 93)",
        ),
        (
            Problem("r", "is wrong", 7, "ID", "CustomField11", 93, source="Table 4", padded_id=208),
            "line 7, ID.CustomField11 (93/208): is wrong (Table 4, field 93/208)",
        ),
        (
            Problem("r", "is wrong", 7, field="AdjustmentAmount", column=3),
            "line 7, column 3, AdjustmentAmount: is wrong",
        ),
    ],
)
def test_a_problem_names_its_place(problem: Problem, said: str) -> None:
    assert str(problem) == said


@pytest.mark.parametrize(
    ("left_out", "rule", "said"),
    [("CR", "missing-customer", "has no CR row"), ("ID", "missing-detail", "has no ID row")],
)
def test_an_invoice_that_lacks_a_row_is_named_by_its_line_and_number(
    make_file, layout: Layout, left_out: str, rule: str, said: str
) -> None:
    """Of three invoices the second; the first and the third are loaded."""
    lines = make_file().splitlines(keepends=True)
    kept = [line for at, line in enumerate(lines) if not (4 <= at <= 6 and line.startswith(left_out.encode()))]
    report = check(b"".join(kept), layout)
    (problem,) = report.problems
    assert (report.loaded, report.quarantined) == (2, 1)
    assert (problem.rule, problem.line, problem.record, problem.invoice_number) == (rule, 5, "IH", "600002")
    assert str(problem) == f"line 5, IH: {said} ({layout.source})"
