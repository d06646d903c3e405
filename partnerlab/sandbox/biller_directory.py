"""Billers as those who call for them see them: where their calls go, may go, and with which keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller, BillerUnknown
from partnerlab.contracts.first_use import importing
from partnerlab.parts import Parts
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.ic_webservices import InvoiceCloud
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.kit.egress.allow_list import AddressRefused, Allowed
from partnerlab.simulators.kit.world.lanes import LaneNotFound

__all__ = ["Directory"]


class Directory:
    """
    The billers of a sandbox, as they are now: of *ic*, which answers at *url*.

    *doors* has the part of each path that *parts* serve; an address in a biller's settings leads to the process with
    that part.
    """

    def __init__(
        self,
        settings: SandboxSettings,
        parts: Parts,
        doors: Mapping[str, str],
        ic: Callable[[], InvoiceCloud],
        url: Callable[[], str],
    ) -> None:
        self._hosts, self._parts, self._doors, self._ic, self._url = settings.hosts, parts, doors, ic, url

    def biller(self, lane: str, guid: str) -> Biller:
        """The data pump's directory: a biller as it is now; makes no lane that is gone. Raises `BillerUnknown`."""
        try:
            found = self._ic().biller(lane, guid)
        except (NotFound, LaneNotFound):
            raise BillerUnknown(lane, guid) from None
        directed = {
            id: self._parts.directed(value, self._url(), self._doors) for id, value in found["settings"].items()
        }
        return Biller(found["guid"], found["partner"], directed, found["configuration"])

    def check_egress(self, biller: Biller, url: str) -> None:
        """
        Check that a call may go where a biller's setting says: to the sandbox itself and its other parts, the loopback,
        or what the biller's `Egress.Allow` lists. Raises `RequestInvalid`.
        """
        with importing:
            from partnerlab.client.http import shown_url

        try:
            listed = Allowed.of(biller.configuration)
            known = urlsplit(url).hostname in (urlsplit(self._url()).hostname, *self._hosts)
            if not known and not self._parts.is_peer(url):
                listed.targets(url)
        except (AddressRefused, OSError, ValueError) as error:
            raise RequestInvalid("url", shown_url(url), str(error)) from None
