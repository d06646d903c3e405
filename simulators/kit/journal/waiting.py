"""An exchange until it is written into the journal: whole, or cut down where too much waits already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["Operation", "Sent", "Waiting", "as_tuple", "cut_down", "size_of"]


class Sent(NamedTuple):
    """
    What is known of a call that Invoice Cloud made: what in it made the call, and the event it is about.

    `peer` is the id of its entry at the sandbox's own door; see `Entry`.
    """

    sender: str
    event: str = ""
    peer: str = ""


Operation = str | Callable[[Request], str]
"""The partner's word for what was asked, or who can say it of the request when it is written."""


class Waiting(NamedTuple):
    """
    An exchange that is not written yet; `size` is about how many bytes it holds.

    `cut` is how long the bodies of request and answer were, where they are not held whole.
    """

    request: Request
    method: str
    door: str
    operation: Operation
    response: Response | None
    wall_s: float
    duration_us: int
    faults: tuple[str, ...]
    sent: Sent | None
    size: int
    cut: tuple[int, int] | None


as_tuple = tuple.__new__
"""Makes a `Waiting` of its fields, in half the time of its own constructor."""


def size_of(request: Request, response: Response | None) -> int:
    """About how many bytes an exchange holds."""
    size = len(request.body) + len(request.query) + sum(map(len, request.headers.values()))
    return size if response is None else size + len(response.body)


def cut_down(whole: Waiting, most: int) -> Waiting:
    """
    An exchange that is too large to hold until it is written, as no more than will be: *most* bytes of each body.

    With 0 the query and the headers go too, as a sender chooses how long those are.
    """
    request, response, operation = whole.request, whole.response, whole.operation
    cut = len(request.body), len(response.body) if response is not None else 0
    if not isinstance(operation, str):
        operation = operation(request)
    request = replace(request, body=request.body[:most])
    if not most:
        request = replace(request, query="", headers={})
    response = None if response is None else replace(response, body=response.body[:most])
    size = size_of(request, response)
    return whole._replace(request=request, operation=operation, response=response, size=size, cut=cut)
