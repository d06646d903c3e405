"""What answers where nothing is served: the journal has the call, and says which path was probably meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from partnerlab.contracts.verification.findings import Finding, Verdict
from partnerlab.contracts.verification.near import nearest_path
from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["NAME", "Nowhere", "no_such_path"]

NAME = "nowhere"
SHOWN = 200

Paths = Callable[[], Sequence[str]]


class Nowhere:
    """The door of every path that is no door's; *paths* gives those that are."""

    name = NAME
    inline = True

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def operation(self, request: Request) -> str:
        """The path that was asked for."""
        return request.path

    def __call__(self, request: Request) -> Response:
        """Status 404, and what there is."""
        meant = nearest_path(request.path, self._paths())
        hint = f" Did you mean {request.base_url}{meant}?" if meant else ""
        doors = "".join(f"  {request.base_url}{path}\n" for path in self._paths())
        text = f"Nothing is served at {request.path[:SHOWN]!r}.{hint} These are the doors:\n{doors}"
        return Response(404, text.encode("utf-8", "replace"))


def no_such_path(paths: Paths) -> Verdict:
    """The verdict on such a call: the path is wrong, whatever was sent to it."""

    def judge(operation: str, *_: object) -> list[Finding]:
        expected = "a path at which something is served"
        return [Finding("request", "path", "path", expected, operation, nearest_path(operation, paths()))]

    return judge
