"""Recorded requests sent again to the sandbox's own doors, and the credentials that those ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING

from partnerlab.contracts.masking import is_secret
from partnerlab.simulators import ic_webservices
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.sent_again import Credentials, NotReplayable, Replayed, sent_again
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.systems import SYSTEMS, Every

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["Resending", "credentials", "keys_of"]

SHARED = "ic"


class Resending:
    """The port `Resend` over the site that *site* gives. Doors that *given* does not name have those of `ic`."""

    def __init__(self, site: Callable[[], Site], given: Mapping[str, Credentials]) -> None:
        self._site, self._given = site, given

    def __call__(self, lane: Lane, entry: Entry, body: str | None) -> Replayed:
        """Send it to its door, as if its caller did. Raises `NotReplayable`."""
        if entry.direction == "out":
            raise NotReplayable("the sandbox itself sent it, to somebody else; the entry of the door can be sent again")
        again = sent_again(entry, self._given.get(entry.door, self._given[SHARED]), body)
        headers = {**again.headers, "x-sandbox-lane": lane.name}
        origin = "/".join(entry.base_url.split("/", 3)[:3])  # the lane is the one that was asked for
        exchange = self._site().accept(again.method, again.target, headers, again.body, origin)
        response, _ = exchange.run()
        return Replayed(exchange.id, response.status if response is not None else 0, again.filled_in, again.masked)


def credentials(settings: Every) -> dict[str, Credentials]:
    """The credentials of the doors that have their own; Invoice Cloud's share theirs."""
    ic = settings.of(ic_webservices.Settings)
    shared = Credentials((ic.utility_web_service_key, *sorted(keys_of([ic]))), ic.utility_api_key)
    own = {one.section: one.credentials(settings.of(one.settings)) for one in SYSTEMS if one.credentials is not None}
    return {**own, SHARED: shared}


def keys_of(settings: Iterable[DataclassInstance]) -> frozenset[str]:
    """The keys and passwords of the simulators, which the journal masks wherever a caller puts them."""
    found = set()
    for one in settings:
        for field in fields(one):
            value = getattr(one, field.name)
            if isinstance(value, str) and value and (is_secret(field.name) or field.name.endswith("key")):
                found.add(value)
    return frozenset(found)
