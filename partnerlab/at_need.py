"""What a sandbox loads when it is first asked for, because no start waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from partnerlab.simulators.kit.control.controls import Controls
    from partnerlab.simulators.kit.http.site import Site
    from partnerlab.simulators.kit.journal.entries import Entry
    from partnerlab.simulators.kit.journal.repeat import Repeat

__all__ = ["auditing", "repeat"]


def repeat(entry: Entry, lane: str, language: str) -> Repeat:
    """An entry of the journal as a program; loads the client's declarations."""
    from partnerlab.repeating import repeat as written

    return written(entry, lane, language)


def auditing(site: Callable[[], Site]) -> Controls:
    """The audit's operations, which ask the control API of *site* as the console does."""
    from partnerlab.auditing.control import create_controls
    from partnerlab.console.api import Api

    return create_controls(lambda request: Api(site(), request))
