"""What is wrong with the set-up of a run rather than with the service, each by a name, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from partnerlab.contracts.verification.provider.exchange import Answered, NoAnswer
from partnerlab.contracts.verification.provider.line import Reply

__all__ = ["ADVICE", "Misconfigured", "check_address", "check_http", "claims_json", "claims_xml", "is_here", "reaching"]

ADVICE = {
    "plain-http": "Use https, or --allow-http where nobody else can read the line.",
    "host-unknown": "Check the address's spelling, and whether its name is known on this network.",
    "connection-refused": "Check host and port, and whether the service runs.",
    "no-connection-in-time": "Check host and port, and whether a firewall lets this machine through.",
    "no-answer-in-time": "Check whether the service runs: something takes the connection and does not answer.",
    "connection-broken": "Check the address and what stands before the service: a proxy, a firewall, an allow-list.",
    "answer-cut-off": "Mend the answer's Content-Length, or its last chunk, at the service or what stands before it.",
    "answer-too-large": "This is the address of something else: check its path.",
    "not-http": "Check the port: another protocol is spoken there.",
    "not-tls": "Check scheme and port: the address says https, and what answers speaks no TLS.",
    "certificate": "Give the certificate of the authority by --ca-file, or mend the server's; none is ever ignored.",
    "redirect": "Give the address that it leads to; redirects are not followed, because the key would go with them.",
    "wrong-path": "Check the path of the address.",
    "http-credentials": "Something before the service asks for credentials of its own: verify behind it.",
    "service-down": "Wait until the service is up; what answers is what stands before it.",
    "busy": "The service limits its callers: lower --rate, or wait.",
    "not-the-service": "Check the path: what answers there is something else.",
    "wrong-namespace": "Give the service's namespace by --namespace, if the biller's differs.",
    "wrong-service": "Check the path: a web service answers there, and it is not this one.",
    "wrong-key": "Check the key: the one of this biller, at this address, without blanks around it.",
    "wrong-account": "Give an account that exists at the service, and may be used for tests.",
    "wrong-invoice": "Give an invoice that exists at the service, and may be used for tests.",
    "key-or-account": "Check key and account: the service refuses them in the same words.",
    "wrong-biller": "Check BillerGUID and keys: all of one biller.",
    "bad-value": "Correct the value.",
    "no-sandbox": "Start one by `partnerlab sandbox`, or give another's origin by --url.",
    "not-a-sandbox": "Give the sandbox's origin by --url; `partnerlab sandbox` starts one.",
    "no-lane": "Give a lane that `partnerlab lanes list` shows; `partnerlab lanes create NAME` makes one.",
    "held-unknown": "Give an address or a command that answers with a number for a reference, or use --ask.",
    "sandbox-token": "Set PARTNERLAB_TOKEN to the sandbox's, or ask it by a host name that it knows.",
}


class Misconfigured(Exception):
    """The run is set up wrongly. `name` is a key of `ADVICE`; the text says what was seen."""

    def __init__(self, name: str, text: str, exchange: int = 0) -> None:
        self.name, self.exchange = name, exchange
        super().__init__(text)

    @property
    def advice(self) -> str:
        """What to do."""
        return ADVICE[self.name]


def check_address(url: str, *, allow_http: bool) -> None:
    """Refuse plain http to another machine: the key would be read on the way. Raises `Misconfigured`."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not allow_http and not is_here(parts.hostname or ""):
        raise Misconfigured("plain-http", f"{parts.hostname}: keys would go over the line in the clear")


@contextmanager
def reaching() -> Iterator[None]:
    """In the block no answer means that the service cannot be reached. Raises `Misconfigured`."""
    try:
        yield
    except NoAnswer as error:
        raise Misconfigured(error.name if error.name in ADVICE else "connection-broken", str(error)) from None


def check_http(reply: Reply) -> None:
    """What HTTP alone says about the set-up: nothing there, moved, guarded, down. Raises `Misconfigured`."""
    answer, number = reply.answer, reply.number
    status, where = answer.status, urlsplit(reply.asked.url).path or "/"
    if 300 <= status < 400:
        raise Misconfigured("redirect", f"{where} leads to {answer.headers.get('location', 'nowhere')}", number)
    if status in (404, 405, 410, 501):
        raise Misconfigured("wrong-path", f"nothing is served at {where}: status {status}", number)
    if status in (401, 407) and "www-authenticate" in answer.headers:
        scheme = answer.headers["www-authenticate"].split(" ")[0]
        raise Misconfigured("http-credentials", f"status {status}, and {scheme} credentials are asked for", number)
    if status == 403:
        raise Misconfigured("http-credentials", "status 403: the call was forbidden before the service saw it", number)
    if status == 429:
        raise Misconfigured("busy", "status 429: too many requests", number)
    if status in (502, 503, 504):
        raise Misconfigured("service-down", f"status {status}", number)


def claims_xml(answer: Answered) -> bool:
    """Whether an answer says that it is a SOAP message, and is no page: the service's own, however broken."""
    return answer.media_type in ("text/xml", "application/soap+xml") and not _is_page(answer)


def claims_json(answer: Answered) -> bool:
    """Whether an answer says that it is JSON, and is no page."""
    return answer.media_type == "application/json" and not _is_page(answer)


def _is_page(answer: Answered) -> bool:
    return "<html" in answer.text[:1000].lower() or not answer.body.strip()


def is_here(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
