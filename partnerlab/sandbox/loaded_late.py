"""What is loaded when it is first asked for: no start waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls
    from partnerlab.simulators.kit.http.site import Site
    from partnerlab.simulators.kit.journal.as_program import Program
    from partnerlab.simulators.kit.journal.entries import Entry

__all__ = ["as_program", "auditing"]


def as_program(entry: Entry, lane: str, language: str) -> Program:
    """An entry of the journal as a program; loads the client's declarations."""
    with importing:
        from partnerlab.programs import as_program as written

    return written(entry, lane, language)


def auditing(site: Callable[[], Site]) -> Controls:
    """The audit's operations, which ask the control API of *site* as the console does."""
    with importing:
        from partnerlab.auditing.control import create_controls
        from partnerlab.console.api import Api

    return create_controls(lambda request: Api(site(), request))
