"""What a simulator adds to the control API, beside its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from partnerlab.contracts.files import FileRejected, Report
from partnerlab.contracts.masking import mask_text
from partnerlab.simulators.kit.control.formats import Format
from partnerlab.simulators.kit.control.refusals import Refused

__all__ = ["Controls", "domain_refuser", "loaded", "refuser"]

MOST_PROBLEMS = 1_000


@dataclass(frozen=True, slots=True)
class Controls:
    """
    The functions of a contract's operations: the public methods of *groups*.

    *refuse* gives the answer to an error that a function raised, None to one it does not know; *formats* are those of
    the contract that the kit has not.
    """

    groups: Sequence[object]
    refuse: Callable[[Exception], Refused | None]
    formats: Mapping[str, Format] = field(default_factory=dict)


def refuser(table: Mapping[type[Exception], tuple[int, str, str]]) -> Callable[[Exception], Refused | None]:
    """A `refuse` by a table of status, code and field; an error is answered in its own words."""

    def refuse(error: Exception) -> Refused | None:
        for kind in type(error).__mro__:
            if kind in table:
                status, code, field = table[kind]
                return Refused(status, code, str(error), field)
        return None

    return refuse


def domain_refuser(statuses: Mapping[type[Exception], int]) -> Callable[[Exception], Refused | None]:
    """
    A `refuse` for errors of a domain, which have a `code` of their own and, where they are about one, a `field`.

    A bill file that is rejected as a whole is `file_rejected`.
    """

    def refuse(error: Exception) -> Refused | None:
        if isinstance(error, FileRejected):
            return Refused(400, "file_rejected", str(error))
        status = statuses.get(type(error))
        if status is None:
            return None
        return Refused(status, getattr(error, "code", "refused"), mask_text(str(error)), getattr(error, "field", ""))

    return refuse


def loaded(count: int, report: Report) -> dict[str, Any]:
    """What came of a bill file that was loaded: how many invoices, and what was wrong with the others."""
    problems = [
        {"line": one.line, "invoice_number": one.invoice_number, "rule": one.rule, "message": str(one)}
        for one in report.problems[:MOST_PROBLEMS]
    ]
    return {"loaded": count, "quarantined": report.quarantined, "problems": problems}
