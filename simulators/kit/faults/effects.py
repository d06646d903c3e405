"""
What each fault of the catalogue does to one request.

A fault changes a `Plan`, so that several compose: the site carries out what a plan says about handling the request,
the connection what it says about the socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.kit.http.messages import Request, Response

__all__ = ["FAULTS", "WAITING", "Plan"]


@dataclass(slots=True)
class Plan:
    """
    What happens to one request, as its faults together say.

    `handled` is false where the request never reaches the app, else `calls` is how often; `roll_back` undoes what it
    changed; `answer` and `content_type` replace the answer's. The answer waits `delay_s`; then it is dropped by a
    `reset` or a `close` of the connection, or sent: cut in its middle, or spread over `dribble_s`.
    """

    names: tuple[str, ...] = ()
    handled: bool = True
    calls: int = 1
    roll_back: bool = False
    answer: Callable[[Request], Response] | None = None
    content_type: str | None = None
    delay_s: float = 0.0
    drop: str = ""
    cut: bool = False
    dribble_s: float = 0.0

    def apply(self, name: str, params: Mapping[str, float]) -> None:
        """Add a fault of the catalogue to the plan."""
        self.names += (name,)
        FAULTS[name](self, params)

    def dropped(self, how: str) -> None:
        """Nothing is sent; a reset wins over a close."""
        self.drop = "reset" if "reset" in (how, self.drop) else how


def _reset(plan: Plan, _: Mapping[str, float]) -> None:
    plan.handled = False
    plan.dropped("reset")


def _empty(plan: Plan, _: Mapping[str, float]) -> None:
    plan.handled = False
    plan.dropped("close")


def _truncated(plan: Plan, _: Mapping[str, float]) -> None:
    plan.cut = True


def _slow(plan: Plan, params: Mapping[str, float]) -> None:
    plan.delay_s = max(plan.delay_s, params.get("delay_s", 5.0))


def _dribble(plan: Plan, params: Mapping[str, float]) -> None:
    plan.dribble_s = max(plan.dribble_s, params.get("delay_s", 5.0))


def _answered_by(answer: Callable[[Request], Response]) -> Callable[[Plan, Mapping[str, float]], None]:
    def change(plan: Plan, _: Mapping[str, float]) -> None:
        plan.handled = False
        plan.answer = answer

    return change


def _wrong_content_type(plan: Plan, _: Mapping[str, float]) -> None:
    plan.content_type = "text/plain"


def _drop_before_commit(plan: Plan, _: Mapping[str, float]) -> None:
    plan.roll_back = True
    plan.dropped("reset")


def _commit_then_drop(plan: Plan, _: Mapping[str, float]) -> None:
    plan.dropped("reset")


def _commit_then_timeout(plan: Plan, params: Mapping[str, float]) -> None:
    plan.delay_s = max(plan.delay_s, params.get("delay_s", 120.0))
    plan.dropped("close")


def _answer_twice(plan: Plan, _: Mapping[str, float]) -> None:
    plan.calls = 2


_WORDS = "System.Web.Services.Protocols.SoapException: Server was unable to process request. ---> System.Exception: {}"
_WHY = "An error was injected by the sandbox."

_SOAP_11 = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
    "<soap:Fault><faultcode>soap:Server</faultcode><faultstring>{}</faultstring><detail /></soap:Fault>"
    "</soap:Body></soap:Envelope>"
)
_SOAP_12 = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>'
    '<soap:Fault><soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">'
    "{}</soap:Text></soap:Reason><soap:Detail /></soap:Fault></soap:Body></soap:Envelope>"
)
_ERROR_PAGE = (
    "<!DOCTYPE html>\r\n<html>\r\n    <head>\r\n        <title>Runtime Error</title>\r\n    </head>\r\n"
    "    <body>\r\n        <h1>Server Error in '/' Application.</h1>\r\n        <h2><i>Runtime Error</i></h2>\r\n"
    "        <p>An application error occurred on the server.</p>\r\n    </body>\r\n</html>\r\n"
)
_MAINTENANCE = (
    "<!DOCTYPE html>\n<html><head><title>Scheduled maintenance</title></head>\n"
    "<body><h1>We'll be back soon</h1><p>The site is down for scheduled maintenance.</p></body></html>\n"
)
_HTML = "text/html; charset=utf-8"


def _soap_fault(request: Request) -> Response:
    """ASP.NET's words in the caller's protocol: SOAP 1.2, form POST (plain text) or SOAP 1.1."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type == "application/x-www-form-urlencoded":
        return Response(500, f"System.Exception: {_WHY}\r\n".encode())
    version_12 = media_type == "application/soap+xml"
    text = _WORDS.format(_WHY).replace(">", "&gt;")
    body = (_SOAP_12 if version_12 else _SOAP_11).format(text)
    return Response(500, body.encode(), ("application/soap+xml" if version_12 else "text/xml") + "; charset=utf-8")


def _http_500(_: Request) -> Response:
    return Response(500, _ERROR_PAGE.encode(), _HTML)


def _http_503(_: Request) -> Response:
    return Response(503, b"Service Unavailable", _HTML, (("Retry-After", "1"),))


def _html(_: Request) -> Response:
    return Response(200, _MAINTENANCE.encode(), _HTML)


FAULTS: dict[str, Callable[[Plan, Mapping[str, float]], None]] = {
    "reset": _reset,
    "empty": _empty,
    "truncated": _truncated,
    "slow": _slow,
    "dribble": _dribble,
    "soap-fault": _answered_by(_soap_fault),
    "http-500": _answered_by(_http_500),
    "http-503": _answered_by(_http_503),
    "html": _answered_by(_html),
    "wrong-content-type": _wrong_content_type,
    "drop-before-commit": _drop_before_commit,
    "commit-then-drop": _commit_then_drop,
    "commit-then-timeout": _commit_then_timeout,
    "answer-twice": _answer_twice,
}
"""How each fault of the catalogue changes a plan; a test holds the two lists together."""

WAITING = ("slow", "dribble", "commit-then-timeout")
"""Faults that wait: they take `delay_s`, how long."""
