"""Under which names a server answers, and to pages of which sites."""

from __future__ import annotations

import pytest

from partnerlab.simulators.kit.http.guard import host_allowed, origin_allowed


@pytest.mark.parametrize(
    ("host", "hosts", "allowed"),
    [
        (None, (), True),
        ("LOCALHOST:1", (), True),
        ("app.localhost", (), True),
        ("localhost.", (), True),
        ("127.1.2.3", (), True),
        ("notlocalhost", (), False),
        ("sandbox.example.com", ("Sandbox.example.com",), True),
        ("10.0.0.1:8700", ("10.0.0.1",), True),
        ("10.0.0.2:8700", ("10.0.0.1",), False),
        ("10.0.0.2:8700", ("0.0.0.0",), True),
        ("evil.example", ("0.0.0.0",), False),
        ("[fe80::1]", ("::",), True),
        ("[x", (), False),
    ],
)
def test_a_host_is_this_machine_or_named(host: str | None, hosts: tuple[str, ...], allowed: bool) -> None:
    assert host_allowed(host, hosts) is allowed


def test_an_origin_is_compared_whole() -> None:
    assert origin_allowed(None, "http://a")
    assert origin_allowed("http://A:1", "http://a:1/lane/x")
    assert not origin_allowed("https://a:1", "http://a:1")
    assert not origin_allowed("http://a:1", "http://a:2")
