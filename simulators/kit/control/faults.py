"""`/_sandbox/faults`: what a lane gets wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from partnerlab.contracts.doors import not_asked, not_passing
from partnerlab.simulators.kit.control.formats import Format
from partnerlab.simulators.kit.control.refusals import Invalid
from partnerlab.simulators.kit.faults.faults import Fault, FaultInvalid, Faults
from partnerlab.simulators.kit.http.messages import Request

__all__ = ["FORMATS", "FaultControls"]

Json = dict[str, Any]


class FaultControls:
    """The lane's faults: list, add, clear."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def list_faults(self, request: Request) -> Json:
        return {"faults": [asdict(fault) for fault in self._faults.all(request.lane.name)]}

    def add_fault(
        self,
        request: Request,
        name: str,
        operation: str,
        probability: float,
        path: str = "",
        params: Mapping[str, float] | None = None,
        count: int | None = None,
    ) -> Json:
        lane = request.lane.name
        try:
            fault: Fault = self._faults.add(
                lane, name, operation=operation, path=path, count=count, probability=probability, params=params or {}
            )
        except FaultInvalid as error:
            raise Invalid(error.field, error.rule) from error
        return asdict(fault)

    def clear_faults(self, request: Request) -> None:
        self._faults.clear(request.lane.name)

    def clear_fault(self, request: Request, number: int) -> None:
        self._faults.clear(request.lane.name, number)


def _named(not_known: Callable[[str], str]) -> Format:
    """A format whose texts are known names. *not_known* gives the reason to refuse a text; empty where it is known."""

    def read(field: str, text: str) -> str:
        if text and (refused := not_known(text)):
            raise Invalid(field, refused)
        return text

    return read


FORMATS: Mapping[str, Format] = {"operation": _named(not_asked), "passing": _named(not_passing)}
