"""Which addresses a lane may be told to send to."""

from __future__ import annotations

import pytest

from partnerlab.simulators.kit.egress.allow_list import AddressRefused, Allowed, check_web_address

LOOPBACK = Allowed()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/back",
        "https://127.0.0.1:8443/back?x=1&y=2",
        "http://127.8.9.10:1/",
        "http://[::1]:8080/back",
        "http://localhost/back",
        "HTTP://LOCALHOST:65535/back",
        "http://shop.localhost:3000",
        "http://[::ffff:127.0.0.1]/mapped",
    ],
)
def test_the_loopback_is_allowed_without_a_list(url: str) -> None:
    LOOPBACK.check(url)
    assert LOOPBACK.targets(url)


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.20",
        "169.254.169.254",  # a cloud's metadata
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fe80::1%25eth0]",
        "0.0.0.0",
        "[::]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "8.8.8.8",
        "[2001:db8::1]",
        "2130706433",  # 127.0.0.1 as a number
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "127.0.0.1.",
        "localhost.",
        "127.0.0.1.example",
        "metadata.example",
        "localhost.example",
        "notlocalhost",
        "exa%6dple.com",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "a b",
        "-",
        "a" * 64,
    ],
)
def test_every_other_host_is_refused(host: str) -> None:
    for url in (f"http://{host}/", f"https://{host}:8443/x"):
        with pytest.raises(AddressRefused):
            LOOPBACK.check(url)
        with pytest.raises(AddressRefused):
            LOOPBACK.targets(url, lambda *_: pytest.fail("nothing that is not listed is looked up"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1",
        "//127.0.0.1/",
        "/back",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/_x",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:127.0.0.1",
        "http:///back",
        "http://user@127.0.0.1/",
        "http://user:word@127.0.0.1/",
        "http://@127.0.0.1/",
        "http://127.0.0.1@10.0.0.1/",
        "http://10.0.0.1#@127.0.0.1/",
        "http://10.0.0.1\\@127.0.0.1/",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:65536/",
        "http://127.0.0.1:x/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nHost: other",
        "http://127.0.0.1/\n",
        "http://127.0.0.1/\t",
        "http://127.0.0.1/\x00",
        "http://127.0.0.1/\ud800",
        " http://127.0.0.1/",
        "http://[::1/",
        "http://[nonsense]/",
        "http://127.0.0.1/" + "x" * 2_000,
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        LOOPBACK.check(url)


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(AddressRefused) as refused:
        LOOPBACK.check("http://user:hunter2@127.0.0.1/")
    assert "hunter2" not in str(refused.value)


def test_a_listed_network_is_allowed_and_its_neighbour_is_not() -> None:
    allowed = Allowed(["192.168.1.0/28", "fd00::/64"])
    allowed.check("http://192.168.1.15/")
    allowed.check("http://[::ffff:192.168.1.15]/")
    allowed.check("http://[fd00::9]/")
    for url in ("http://192.168.1.16/", "http://127.0.0.1/", "http://localhost/", "http://[fd00:0:0:1::]/"):
        with pytest.raises(AddressRefused, match="allow-list"):
            allowed.check(url)


def test_a_name_needs_itself_and_each_of_its_addresses_on_the_list() -> None:
    allowed = Allowed(["127.0.0.0/8", "10.1.0.0/16", "Portal.Example"])
    allowed.check("https://portal.example/back")
    (target,) = allowed.targets("https://PORTAL.example/back?x=1", lambda *_: ["10.1.2.3"])
    assert (target.address, target.port, target.host) == ("10.1.2.3", 443, "portal.example")
    assert (target.path, target.authority) == ("/back?x=1", "portal.example")
    with pytest.raises(AddressRefused, match=r"10\.2\.0\.1"):
        allowed.targets("https://portal.example/", lambda *_: ["10.1.2.3", "10.2.0.1"])
    with pytest.raises(AddressRefused):
        allowed.check("https://other.example/")
    with pytest.raises(AddressRefused):
        allowed.check("https://sub.portal.example/")


def test_a_name_that_begins_to_point_elsewhere_is_refused_when_it_is_used() -> None:
    """DNS rebinding: allowed when given, then the name resolves to the metadata service."""
    allowed = Allowed(["10.1.0.0/16", "portal.example"])
    allowed.check("http://portal.example/")
    with pytest.raises(AddressRefused, match=r"169\.254\.169\.254"):
        allowed.targets("http://portal.example/", lambda *_: ["169.254.169.254"])
    with pytest.raises(AddressRefused, match=r"169\.254\.169\.254"):
        allowed.targets("http://portal.example/", lambda *_: ["::ffff:169.254.169.254"])


def test_the_host_header_carries_a_port_only_where_it_is_not_the_usual_one() -> None:
    assert LOOPBACK.targets("http://127.0.0.1")[0].authority == "127.0.0.1"
    assert LOOPBACK.targets("http://127.0.0.1:80/")[0].authority == "127.0.0.1"
    assert LOOPBACK.targets("https://[::1]:80/")[0].authority == "[::1]:80"
    assert LOOPBACK.targets("http://127.0.0.1")[0].path == "/"


@pytest.mark.parametrize(
    "listed", [[1], [None], ["10.0.0.0/33"], ["a b"], [""], ["*"], ["2130706433"], [["127.0.0.1"]]]
)
def test_a_list_that_cannot_be_read_refuses_everything(listed: list[object]) -> None:
    with pytest.raises(AddressRefused, match=r"Egress\.Allow"):
        Allowed.of({"Egress": {"Allow": listed}})


def test_the_list_stands_in_the_configuration_of_the_biller() -> None:
    Allowed.of({}).check("http://127.0.0.1/")
    Allowed.of({"Egress": {}}).check("http://127.0.0.1/")
    with pytest.raises(AddressRefused):
        Allowed.of({"Egress": {"Allow": []}}).check("http://127.0.0.1/")
    for wrong in ("127.0.0.1", 7, None, {}):
        with pytest.raises(AddressRefused, match="not a list"):
            Allowed.of({"Egress": {"Allow": wrong}})
    with pytest.raises(AddressRefused, match="not a list"):
        Allowed.of({"Egress": "127.0.0.1"})


@pytest.mark.parametrize("url", ["https://partner.example/return?x=1#done", "http://10.0.0.1:3000/", "http://[::1]/"])
def test_a_browser_may_be_sent_to_any_plain_web_address(url: str) -> None:
    check_web_address(url)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://a:b@c/", "//c", "http://c/\r\nx", "", "http://"])
def test_a_browser_is_sent_to_no_other(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_web_address(url)


def test_an_origin_that_passed_once_opens_no_other_and_no_other_list() -> None:
    allowed = Allowed(["portal.example"])
    for url in ("http://portal.example/a?n=1", "http://portal.example/b?n=2"):
        allowed.check(url)
    for url in ("http://portal.example:pass@evil.example/", "http://portal.example.evil/", "http://evil.example/"):
        for _ in range(2):
            with pytest.raises(AddressRefused):
                allowed.check(url)
    with pytest.raises(AddressRefused):
        Allowed().check("http://portal.example/a?n=1")
    with pytest.raises(AddressRefused, match="blank"):
        allowed.check("http://portal.example/a b")
