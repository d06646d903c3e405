"""The network: one request over HTTP, certificates verified, no redirect followed, no proxy of the environment used."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import httpx

from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer

__all__ = ["Direct"]

MOST_BYTES = 4 << 20


class Direct:
    """
    Sends each request over a connection of its own, but those that are to be kept over one; *ca_file* holds
    certificates to trust beside the system's. No encoding of an answer is asked for, as the production client does.

    A request that takes longer than it may is given up, wherever it hangs: in the name's resolution, the handshake,
    or an answer that drips. Raises `ValueError` where *ca_file* holds no certificate.
    """

    def __init__(self, *, ca_file: str | None = None) -> None:
        context = httpx.create_ssl_context(trust_env=False)
        if ca_file is not None:
            try:
                context.load_verify_locations(ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ValueError(f"{ca_file}: {error.strerror or error}") from error
        # A connection of its own for each call: one that the service closed meanwhile would be taken for its failure.
        limits = httpx.Limits(max_keepalive_connections=0)
        headers = {"user-agent": f"partnerlab-verify/{version('partnerlab')}", "accept-encoding": "identity"}
        self._http, self._kept = (
            httpx.Client(verify=context, trust_env=False, follow_redirects=False, limits=one, headers=headers)
            for one in (limits, httpx.Limits(max_connections=1))
        )

    def send(self, asked: Asked, timeout_s: float) -> Answered:
        """Send one request. Raises `NoAnswer`."""
        outcome: list[Answered | NoAnswer] = []
        reached = threading.Event()

        def work() -> None:
            outcome.append(self._sent(asked, timeout_s, reached))

        # A thread of its own, because neither the resolver nor a stream of single bytes can be interrupted.
        worker = threading.Thread(target=work, name="verify-send", daemon=True)
        worker.start()
        worker.join(timeout_s)
        if not outcome:
            raise _late(timeout_s, reached)
        if isinstance(outcome[0], NoAnswer):
            raise outcome[0]
        return outcome[0]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._kept.close()

    def _sent(self, asked: Asked, timeout_s: float, reached: threading.Event) -> Answered | NoAnswer:
        until = time.monotonic() + timeout_s

        def trace(event: str, _: Any) -> None:
            if event == "connection.connect_tcp.complete":
                reached.set()

        try:
            with (self._kept if asked.kept else self._http).stream(
                asked.method,
                asked.url,
                headers=dict(asked.headers),
                content=asked.body or None,
                timeout=timeout_s,
                extensions={"trace": trace},
            ) as answer:
                body = bytearray()
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > MOST_BYTES:
                        return NoAnswer("answer-too-large", f"the answer is over {MOST_BYTES >> 20} MiB")
                    if time.monotonic() > until:
                        return _late(timeout_s, reached)
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Answered(answer.status_code, headers, bytes(body))
        except httpx.TimeoutException:
            return _late(timeout_s, reached)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return _named(error, asked.url)


def _late(timeout_s: float, reached: threading.Event) -> NoAnswer:
    within = f"within {round(timeout_s, 1):g} s"
    if reached.is_set():
        return NoAnswer("no-answer-in-time", f"no whole answer {within}")
    return NoAnswer("no-connection-in-time", f"no connection {within}")


def _named(error: Exception, url: str) -> NoAnswer:
    """What an error of the network on the way to *url* is called, and how it is told."""
    chain = list(_causes(error))
    for one in chain:
        if isinstance(one, ssl.SSLCertVerificationError):
            return NoAnswer("certificate", f"the certificate is not trusted: {one.verify_message}")
    for one in chain:
        if isinstance(one, ssl.SSLError):
            return NoAnswer("not-tls", f"no TLS is spoken there: {one.reason or one}")
        if isinstance(one, socket.gaierror):
            return NoAnswer("host-unknown", "the host's name has no address")
        if isinstance(one, ConnectionRefusedError):
            return NoAnswer("connection-refused", f"nothing listens at {urlsplit(url).netloc.rpartition('@')[2]}")
    if isinstance(error, httpx.RemoteProtocolError) and "illegal" in str(error):
        return NoAnswer("not-http", f"what answers does not speak HTTP: {error}")
    text = str(error)
    if "without sending complete message body" in text:
        return NoAnswer("answer-cut-off", "the connection ended before the answer was as long as it said")
    for word, name in (
        ("Name or service", "host-unknown"),
        ("getaddrinfo", "host-unknown"),
        ("refused", "connection-refused"),
    ):
        if word in text:
            return NoAnswer(name, text)
    return NoAnswer("connection-broken", text or type(error).__name__)


def _causes(error: BaseException) -> Iterator[Any]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
