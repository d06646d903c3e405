"""What every route of the control API reads of a request: its lane, body, biller, and which page of a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from flask import request

from partnerlab.simulators.ic_webservices.domain.billers import normal_guid
from partnerlab.simulators.ic_webservices.domain.customers import check_text
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.world import Services
from partnerlab.simulators.kit.control.body import Body
from partnerlab.simulators.kit.http.wsgi import current_request
from partnerlab.simulators.kit.world.lanes import Lane

__all__ = [
    "MOST",
    "asked_after",
    "asked_biller",
    "asked_filters",
    "asked_limit",
    "asked_page",
    "current_lane",
    "one_of",
    "read_body",
    "read_text",
]

T = TypeVar("T")

MOST = 1_000
"""Rows of one answer."""


def current_lane() -> Lane:
    """The lane of the request."""
    return current_request().lane


def read_body(*known: str) -> Mapping[str, Any]:
    """The request's JSON object; `biller_guid` may stand in every one. Refuses members that are not known."""
    return Body(*known, "biller_guid").values


def read_text(body: Mapping[str, Any], name: str) -> str:
    """A text of the body, empty where it is absent. Raises `ValueRefused`."""
    return check_text(body.get(name, ""), name)


def one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    """A value that must be one of some words. Raises `ValueRefused`."""
    if value not in known:
        raise ValueRefused(name, value, f"must be one of {', '.join(known)}")
    return str(value)


def asked_biller(services: Services, body: Mapping[str, Any] | None = None) -> str:
    """The GUID of the biller that query or body name, else of the utility biller."""
    given = request.args.get("biller_guid") or read_text(body or {}, "biller_guid")
    return normal_guid(given or services.settings.utility_guid)


def asked_filters(*names: str) -> dict[str, str]:
    """The query parameters of those names that are given, as columns to search by."""
    found = {name: check_text(request.args[name], name) for name in names if request.args.get(name)}
    if "biller_guid" in found:
        found["biller_guid"] = normal_guid(found["biller_guid"])
    return found


def asked_limit() -> int:
    """How many are asked for."""
    text = request.args.get("limit", "100")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise ValueRefused("limit", text, f"must be a number from 1 to {MOST}")
    return int(text)


def asked_after(*, numbered: bool) -> str | int:
    """Beyond which one is asked for; a *numbered* list goes by a number."""
    text = check_text(request.args.get("after", ""), "after")
    if not numbered or not text:
        return text
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueRefused("after", text, "must be a number")
    return int(text)


def asked_page(records: Callable[..., Sequence[T]], search: Mapping[str, str]) -> Sequence[T]:
    """What a list of `Records` gives for the request's `after` and `limit`."""
    return records(current_lane(), search, after=asked_after(numbered=False), limit=asked_limit())
