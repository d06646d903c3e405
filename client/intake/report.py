"""What an intake found, for people and for programs."""

from __future__ import annotations

import json

from partnerlab.contracts.files import Report

__all__ = ["render_json", "render_text"]

SHOWN = 20


def render_text(report: Report, *, name: str = "the file", most: int = SHOWN) -> str:
    """
    The report in lines for a person, the first *most* problems in full.

        bills.bif: accepted. 1,000 invoices, total 84,120.55: 998 loaded, 2 quarantined.
          line 14, ID.LineItemTotal (79): '12,00' is not an amount with two decimals (Harris inHance v2, field 79)
    """
    total = f"{report.invoices:,} invoices, total {report.total_amount_due:,}"
    if report.accepted:
        lines = [f"{name}: accepted. {total}: {report.loaded:,} loaded, {report.quarantined:,} quarantined."]
    else:
        lines = [f"{name}: rejected, nothing loaded. {total}: {report.quarantined:,} broken."]
    problems = report.problems
    lines += [f"  {problem}" for problem in problems[:most]]
    kept = sum(len(entry.problems) for entry in report.quarantine)
    more = len(problems) - most
    if more > 0:
        lines.append(f"  and {more:,} more problems")
    if report.quarantined > len(report.quarantine):
        lines.append(f"  ({kept:,} problems of the first {len(report.quarantine):,} broken invoices are kept)")
    lines += [f"  note: {note}" for note in report.notes]
    return "\n".join(lines)


def render_json(report: Report, *, indent: int | None = 2) -> str:
    """The report as JSON; amounts are text. It holds the quarantined rows, to be mended and sent again."""
    return json.dumps(report.as_dict(), indent=indent, ensure_ascii=False)
