"""A rule of a source document."""

from __future__ import annotations

from typing import Literal

from partnerlab.contracts.records import dataclass

__all__ = ["Requirement"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """
    One rule of a source document.

    `id` as in `INH2-PAY-3`; `text` is one sentence; `source` names the document, `row` the place in it;
    `assumption` is the decision it rests on (`A-5`) or empty. `level` is `must`, `should` or `may`: what verification
    makes of an implementation that does not hold it.
    """

    id: str
    text: str
    source: str
    row: str
    assumption: str = ""
    level: Literal["must", "should", "may"] = "must"
