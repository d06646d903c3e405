"""Damaged bill files, as many as the run has time for; only with `--fuzz`, `--layout` and `--format-guid`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from partnerlab.contracts.files import Layout, load_layout
from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import NoAnswer
from partnerlab.contracts.verification.provider.invoice_cloud.platform import INVOICING, SUITE, Platform
from partnerlab.contracts.verification.provider.line import BudgetSpent

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.files import Damaged

INVOICE = {"tccs": "VERIFY-01/31/2026"}
"""The number of an invoice that no damaged file may bring in; a policy's has a date."""


@SUITE.check(
    "invoice-cloud/fuzz-files",
    "ICWS-SOAP-6",
    kind="fuzz",
    writes=True,
    needs=("fuzz", "layout", "format_guid"),
)
def damaged_files_bring_nothing_in(platform: Platform) -> None:
    """Whatever in a bill file is damaged, its invoice is not taken, and the answer names the line and the field."""
    with importing:
        from partnerlab.contracts.verification.fuzz.files import damaged, each_damage
        from partnerlab.contracts.verification.fuzz.search import search

    target, seconds = platform.target, platform.line.share_of(platform.target.fuzz)
    layout = load_layout(target.layout).for_biller(
        BillerGuid=target.biller_guid, InvoiceFormatGuid=target.format_guid, InvoiceTypeID=target.invoice_type
    )
    invoice = INVOICE.get(target.layout, "VERIFY-1")
    problem = search(
        damaged(layout, invoice),
        lambda file: _problem(platform, layout, file),
        first=each_damage(layout, invoice),
        start=target.fuzz_seed,
        examples=platform.line.affordable(seconds),
        seconds=seconds,
    )
    if problem is not None:
        raise Failed([problem])


def _problem(platform: Platform, layout: Layout, file: Damaged) -> Problem | None:
    """What is wrong with the answer to a damaged file, or None; what breaks nothing is not sent."""
    broken = file.problems(layout)
    if not broken:
        return None
    content = base64.b64encode(file.content).decode("ascii")
    try:
        answer = platform.soap(
            INVOICING, "UploadInvoiceFile", [("FileName", "verify-damaged.bif"), ("FileContent", content)]
        )
    except BudgetSpent:
        return None
    except NoAnswer as error:
        return Problem(file.described, "an answer", str(error), len(platform.line.exchanges))
    for one in platform.findings(answer.reply):
        if one.rule != "unprefixed":
            return Problem(f"{file.described}: {one.where}", f"{one.expected} ({one.rule})", one.found, answer.number)
    taken = answer.result.get("InvoicesAccepted", "").strip()
    if taken not in ("", "0"):
        return Problem(f"{file.described}: InvoicesAccepted", f"0: {broken[0]}", taken, answer.number)
    fields = {str(one.spec_id) for one in broken if one.spec_id}
    rows = () if answer.element is None else answer.element.iterfind("{*}Problems/{*}UploadProblem/{*}FileSpecID")
    named = {one.text or "" for one in rows}
    said = answer.result.get("ErrorMessage", "")
    if fields and not fields & named and not any(one.field in said for one in broken if one.field):
        received = ", ".join(sorted(named)) or "nothing"
        return Problem(f"{file.described}: FileSpecID", " or ".join(sorted(fields)), received, answer.number)
    if not named and not said and not answer.fault:
        return Problem(f"{file.described}: ErrorMessage", "why nothing was taken", "nothing", answer.number)
    return None
