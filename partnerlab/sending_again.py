"""Recorded requests sent again to the sandbox's own doors, and the credentials that those ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields

from partnerlab.contracts.masking import is_secret
from partnerlab.own_keys import Settings
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.sent_again import Credentials, NotReplayable, Replayed, sent_again
from partnerlab.simulators.kit.world.lanes import Lane

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


def credentials(
    inhance: inhance_soap.Settings, tccs: tccs_rest.Settings, ic: ic_webservices.Settings
) -> dict[str, Credentials]:
    """The credentials of the doors that have their own; Invoice Cloud's share theirs."""
    keys = (ic.utility_web_service_key, *sorted(keys_of(ic)))
    return {
        "inhance": Credentials([inhance.key]),
        "tccs": Credentials([tccs.entry_key]),
        SHARED: Credentials(keys, ic.utility_api_key),
    }


def keys_of(*settings: Settings) -> frozenset[str]:
    """The keys and passwords of the simulators, which the journal masks wherever a caller puts them."""
    found = set()
    for one in settings:
        for field in fields(one):
            value = getattr(one, field.name)
            if isinstance(value, str) and value and (is_secret(field.name) or field.name.endswith("key")):
                found.add(value)
    return frozenset(found)
