"""What a simulator adds to the control API, beside its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from partnerlab.simulators.kit.control.formats import Format
from partnerlab.simulators.kit.control.refusals import Refused

__all__ = ["Controls", "refuser"]


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
