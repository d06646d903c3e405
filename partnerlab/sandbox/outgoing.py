"""What Invoice Cloud sends, in the journal: the data pump's calls, requests for balances and bills, postbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from partnerlab.client.settings import Biller
from partnerlab.partners import PARTNERS
from partnerlab.simulators.ic_webservices import PostbackSent
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.journal.journal import Journal, Sent
from partnerlab.simulators.kit.world.lanes import LaneNotFound, Lanes

if TYPE_CHECKING:
    from partnerlab.client.datapump.events import Event
    from partnerlab.client.http import HttpRequest, HttpResponse
    from partnerlab.client.http.watched import After

__all__ = ["Outgoing"]

POSTBACK = "postback"
NO_ANSWER = "-"


class Outgoing:
    """
    Notes the calls.

    *url* gives the sandbox's own origin: a call to it stands at its door too, and the two entries are tied. *new_id*
    gives the ids of entries.
    """

    def __init__(self, journal: Journal, lanes: Lanes, url: Callable[[], str], new_id: Callable[[], str]) -> None:
        self._journal, self._lanes, self._url, self._new_id = journal, lanes, url, new_id

    def pumped(
        self, event: Event, biller: Biller, request: HttpRequest, answer: HttpResponse | None, started_ns: int
    ) -> None:
        """A call of the data pump."""
        self._to_partner(event.lane, "data pump", event.id, biller, request, answer, started_ns)

    def asked(self, lane: str, sender: str, biller: Biller) -> After:
        """What notes the calls by which *sender* asks the biller's partner for something."""
        return partial(self._to_partner, lane, sender, "", biller)

    def posted_back(self, sent: PostbackSent) -> None:
        """An attempt to send a postback."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        response = None if sent.answer is None else Response(sent.answer.status, sent.answer.text.encode())
        about = Sent("postback", sent.postback.payment_guid)
        content = sent.postback.body.encode()
        self._note(
            sent.lane,
            POSTBACK,
            "CloudPaymentsPostback",
            "POST",
            sent.postback.url,
            headers,
            content,
            response,
            about,
            sent.started_ns,
        )

    def _to_partner(
        self,
        lane: str,
        sender: str,
        event: str,
        biller: Biller,
        request: HttpRequest,
        answer: HttpResponse | None,
        started_ns: int,
    ) -> None:
        response, peer = None, ""
        if answer is not None:
            response = Response(answer.status, answer.content, answer.headers.get("content-type", ""))
        if request.url.startswith(f"{self._url()}/"):
            peer = NO_ANSWER if answer is None else answer.headers.get("x-sandbox-request", NO_ANSWER)
        headers = {name.lower(): value for name, value in request.headers.items()}
        partner, about = PARTNERS.get(biller.partner), Sent(sender, event, peer)
        door = "" if partner is None else partner.door
        self._note(
            *(lane, door, request.operation, request.method, request.url),
            *(headers, request.content, response, about, started_ns),
        )

    def _note(
        self,
        lane: str,
        door: str,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes,
        response: Response | None,
        about: Sent,
        started_ns: int,
    ) -> None:
        try:
            found = self._lanes.existing(lane)
        except LaneNotFound:
            return  # it was dropped while the call was on its way
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        noted = Request(
            *(method, parts.path or "/", parts.query, headers, content, origin, self._new_id()),
            found,
        )
        self._journal.append(noted, method, door, operation, response, started_ns, sent=about)
