"""Where a request may go, and that certificates are verified."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.http import AsyncTransport, Transport, check_url
from tests.client.http.support import failure, request

CERTIFICATE = Path(__file__).resolve().parents[2] / "samples" / "client" / "tls" / "localhost.pem"

Serve = Callable[..., Any]


@pytest.mark.parametrize(
    "url",
    [
        "https://inhance.example.com/iCloud/iCloud.asmx",
        "http://127.0.0.1:8700/iCloud/iCloud.asmx",
        "http://localhost/x",
        "http://[::1]:8700/x",
        "https://inhance_1.example.com.:8443/x",
    ],
)
def test_https_and_this_machine_are_allowed(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://inhance.example.com/iCloud.asmx", "must be https: plain http is for this machine only"),
        ("http://127.0.0.1.example.com/", "must be https: plain http is for this machine only"),
        ("https://user:secret@example.com/", "must not carry a user name or password"),
        ("https://", "must be https://host/path"),
        ("ftp://example.com/", "must be https://host/path"),
        ("example.com/iCloud.asmx", "must be https://host/path"),
        ("", "must be https://host/path"),
        ("https://example.com/a b", "must be https://host/path"),
        ("https://example.com/\r\nX: y", "must be https://host/path"),
        ("https://exämple.com/", "must be https://host/path"),
        ("https://a..example.com/", "must name a host of letters, digits, dots and hyphens"),
        (f"https://{'a' * 64}.example.com/", "must name a host of letters, digits, dots and hyphens"),
        (f"https://{'a.' * 127}example.com/", "must name a host of letters, digits, dots and hyphens"),
        ("https://example.com\\@127.0.0.1/", "must not carry a user name or password"),
        ("https://exa%6dple.com/", "must name a host of letters, digits, dots and hyphens"),
        ("https://xn--a.example.com/", "is not a URL"),
        ("https://XN--/", "is not a URL"),
        ("https://example.com:port/", "is not a URL"),
        ("https://[::1/", "is not a URL"),
    ],
)
def test_any_other_place_is_refused_before_anything_is_sent(flavour: Any, url: str, rule: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        flavour.send(request(url))
    assert (caught.value.field, caught.value.rule) == ("url", rule)
    assert "secret" not in str(caught.value)


@given(st.text(max_size=40) | st.builds("https://{}".format, st.text(st.characters(codec="ascii"), max_size=40)))
def test_any_text_is_a_url_to_send_to_or_invalid(text: str) -> None:
    import httpx

    try:
        url = check_url(text)
    except RequestInvalid:
        return
    assert httpx.URL(url).host
    assert "@" not in httpx.URL(url).netloc.decode()


def test_plain_http_can_be_allowed() -> None:
    url = "http://inhance.example.com/iCloud.asmx"
    assert check_url(url, allow_http=True) == url


def test_the_proxies_of_the_environment_are_not_used(
    flavour: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(b"<proxy/>")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert flavour.send(request(serve(b"<ok/>").url))[0].content == b"<ok/>"
    assert proxy.connections == 0


def test_a_proxy_that_was_named_is_used(flavour: Any, serve: Serve) -> None:
    proxy = serve(b"<proxy/>")
    url = "http://inhance.example.com/iCloud.asmx"
    (response,) = flavour.send(request(url), allow_http=True, proxy=f"http://127.0.0.1:{proxy.port}")
    assert response.content == b"<proxy/>"
    assert proxy.requests[0].startswith(b"POST http://inhance.example.com/iCloud.asmx HTTP/1.1")


def tls_server(serve: Serve) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return serve(b"<ok/>", context)


def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_sent(flavour: Any, serve: Serve) -> None:
    server = tls_server(serve)
    error = failure(flavour, server.url)
    assert not error.sent
    assert "CERTIFICATE_VERIFY_FAILED" in error.reason
    assert server.requests == []


def test_a_certificate_of_ones_own_authority_is_accepted(flavour: Any, serve: Serve) -> None:
    context = ssl.create_default_context(cafile=str(CERTIFICATE))
    assert flavour.send(request(tls_server(serve).url), ssl_context=context)[0].content == b"<ok/>"


@pytest.mark.parametrize("kind", [Transport, AsyncTransport])
def test_verification_cannot_be_switched_off(kind: Any) -> None:
    blind = ssl.create_default_context()
    blind.check_hostname = False
    with pytest.raises(RequestInvalid, match="must verify certificates and host names"):
        kind(ssl_context=blind)
    blind.verify_mode = ssl.CERT_NONE
    with pytest.raises(RequestInvalid, match="must verify certificates and host names"):
        kind(ssl_context=blind)
