"""What a route makes of an event: a call, or nothing and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from partnerlab.client.datapump.events import Event
from partnerlab.client.http import Transport
from partnerlab.client.settings import Biller

__all__ = ["PartnerRequest", "Plan", "Route", "Skip"]


@dataclass(frozen=True, slots=True)
class PartnerRequest:
    """
    One call to a partner, ready to be made.

    `operation` is the partner's word; `description` shows what is sent, without secrets; `send` makes the call and
    returns the partner's remark or an empty string, or raises an error of `partnerlab.client.errors`; `idempotent` says
    that the partner ends in the same state if it gets the call twice.
    """

    operation: str
    description: str
    send: Callable[[], str]
    idempotent: bool


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is sent, and that is right: `reason` is what the delivery log says."""

    reason: str


Plan = PartnerRequest | Skip
Route = Callable[[Event, Biller, Transport], Plan]
"""What is to be done about an event of a biller, by these connections."""
