"""
WaterSmart's calls by the production client: an upload, and a flow for each of the portal's moments.

Imported with the first call: the flows take longer to import than the rest of a sandbox that nobody calls this way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from partnerlab.client.errors import ClientError, PartnerFault
from partnerlab.client.flows import FlowFailed, watersmart
from partnerlab.client.flows.story import Report
from partnerlab.client.flows.watersmart import Occasion
from partnerlab.client.http import Transport
from partnerlab.client.invoice_cloud import CloudSso, InvoiceCloudClient, Redirect, RestClient
from partnerlab.client.jobs.ways import UploadWay
from partnerlab.simulators.watersmart import Told

__all__ = ["WaterSmartCalls"]


class _Clients(NamedTuple):
    soap: InvoiceCloudClient
    rest: RestClient
    sso: CloudSso


Story = Callable[[_Clients, dict[str, Any]], Told]


class WaterSmartCalls:
    """Calls one biller of one lane, over connections that are shared."""

    def __init__(
        self, base_url: str, biller_guid: str, web_service_key: str, api_key: str, transport: Transport
    ) -> None:
        self._clients = _Clients(
            InvoiceCloudClient(base_url, biller_guid, web_service_key, allow_http=True, transport=transport),
            RestClient(base_url, api_key, allow_http=True, transport=transport),
            CloudSso(base_url, allow_http=True),
        )
        self.way = UploadWay(self._clients.soap)

    def tell(self, story: str, values: Mapping[str, Any]) -> Told:
        """Run one of `STORIES`; a refusal is told, not raised."""
        try:
            return STORIES[story](self._clients, dict(values))
        except FlowFailed as failed:
            refused = isinstance(failed.error, PartnerFault) and failed.error.refused
            return Told(tuple(map(str, failed.steps)), str(failed.error), refused=refused)
        except ClientError as error:
            return Told((), str(error))


def _told(report: Report, *, token: str = "") -> Told:
    return Told(tuple(map(str, report.steps)), token=token)


def _register(clients: _Clients, values: dict[str, Any]) -> Told:
    report = watersmart.register(clients.soap, **values)
    return _told(report, token=report.session.token)


def _sign_in(clients: _Clients, values: dict[str, Any]) -> Told:
    report = watersmart.sign_in(clients.soap, **values)
    told = _told(report, token=report.session.token)
    try:
        found = watersmart.find_account(
            clients.rest,
            account_number=values["account_number"],
            username=values["username"],
            session=report.session,
        )
    except FlowFailed as failed:
        return Told((*told.steps, *map(str, failed.steps)), str(failed.error), token=told.token)
    problem = "" if found.same_customer else "the session belongs to another customer: nothing was linked"
    return Told((*told.steps, *map(str, found.steps)), problem, token=told.token)


def _open_page(clients: _Clients, values: dict[str, Any]) -> Told:
    kept = watersmart.keep_alive(clients.soap, values["token"])
    if not values["redirect_id"]:
        return _told(kept)
    page = watersmart.open_page(clients.sso, values["token"], Redirect(values["redirect_id"]))
    return Told((*map(str, kept.steps), *map(str, page.steps)), url=page.url)


def _done(story: Callable[..., Report]) -> Story:
    """A flow that only reports; `by` says who did it."""

    def run(clients: _Clients, values: dict[str, Any]) -> Told:
        if by := values.pop("by", ""):
            values["occasion"] = Occasion[by.upper()]
        return _told(story(clients.soap, **values))

    return run


STORIES: Mapping[str, Story] = {
    "register": _register,
    "sign_in": _sign_in,
    "open_page": _open_page,
    "link_account": _done(watersmart.link_account),
    "unregister": _done(watersmart.unregister),
    "set_email": _done(watersmart.set_email),
    "change_password": _done(watersmart.change_password),
    "renew_demo_user": _done(watersmart.renew_demo_user),
}
