"""Where postbacks go and never go, and what a receiver may do to the sender."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from partnerlab.simulators.kit.egress.allow_list import Allowed, Target
from partnerlab.simulators.kit.egress.pinned_post import NoAnswer, post_form
from tests.simulators.ic_webservices.checkouts import Checkout, Receiver, request
from tests.simulators.ic_webservices.harness import DECLINED, UTILITY, Harness
from tests.simulators.ic_webservices.pages.visit import CARD


def allow(harness: Harness, *hosts: str) -> None:
    configuration = {"Egress": {"Allow": list(hosts)}}
    assert harness.control("PATCH", f"billers/{UTILITY}", {"configuration": configuration}).status == 200


def test_a_private_address_refuses_the_request_itself(checkout: Checkout) -> None:
    for url in ("http://192.168.1.20/back", "http://169.254.169.254/latest/meta-data", "http://[fd00::1]/"):
        told = checkout.refusal(request(PostBackURL=url))
        assert told.startswith("PostBackURL: ")
        assert "not on the allow-list (Egress.Allow)" in told


def test_the_allow_list_is_the_lanes_own_and_is_asked_again_when_it_is_sent(checkout: Checkout) -> None:
    with Receiver() as receiver:
        page = checkout.to_payment(checkout.page(request(PostBackURL=receiver.url)))
        allow(checkout.harness, "10.0.0.0/8")
        assert checkout.pay(page).heading.startswith("Thank you")
        assert receiver.got == []
        (view,) = checkout.postbacks()
        assert view["attempts"][0]["reason"].startswith("not sent: the PostBackURL goes to '127.0.0.1', which is not")
        allow(checkout.harness, "127.0.0.1")
        assert checkout.harness.control("POST", f"postbacks/{view['id']}/send").json["state"] == "delivered"
        assert len(receiver.got) == 1
    checkout.harness.lane_name = "other"
    assert checkout.ask(request(PostBackURL="http://127.0.0.1/")).json["Success"] is True


def test_addresses_that_passed_are_asked_about_again_once_they_or_the_list_are_others(checkout: Checkout) -> None:
    passed = {
        "ReturnURL": "http://localhost/receipt",
        "PostBackURL": "http://127.0.0.1/",
        "CssUrl": "http://a.example/",
    }
    bad = {"ReturnURL": "ftp://localhost/receipt", "PostBackURL": "http://10.0.0.1/", "CssUrl": "http://a@b.example/"}
    for name, url in bad.items():
        assert checkout.ask(request(**passed)).json["Success"] is True
        assert checkout.refusal(request(**{**passed, name: url})).startswith(f"{name}: ")
        assert checkout.refusal(request(**{**passed, name: url})).startswith(f"{name}: ")
    assert checkout.ask(request(**passed)).json["Success"] is True
    allow(checkout.harness, "10.0.0.1")
    assert checkout.refusal(request(**passed)).startswith("PostBackURL: ")
    assert checkout.ask(request(PostBackURL=bad["PostBackURL"])).json["Success"] is True


def test_a_broken_allow_list_allows_nothing(checkout: Checkout) -> None:
    checkout.harness.control("PATCH", f"billers/{UTILITY}", {"configuration": {"Egress": {"Allow": "everything"}}})
    assert "cannot be checked" in checkout.refusal(request(PostBackURL="http://127.0.0.1/"))
    assert checkout.ask(request()).json["Success"] is True


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: whatever the name resolves to by now, nobody asks again."""
    with Receiver() as receiver:
        url = f"http://portal.example:{receiver.port}/back"
        (target,) = Allowed(["127.0.0.1", "portal.example"]).targets(url, lambda *_: ["127.0.0.1"])
        asked: list[object] = []
        real = socket.getaddrinfo

        def resolve(host: str, *rest: object, **more: object) -> object:
            asked.append(host)
            return real(host, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert post_form([target], "a=1").status == 204
        assert asked in ([], ["127.0.0.1"])
        assert receiver.requests[0]["host"] == f"portal.example:{receiver.port}"


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert post_form(Allowed().targets(receiver.url), "a=1").status == 204
        assert (len(proxy.got), len(receiver.got)) == (0, 1)


@pytest.fixture
def dripping() -> Iterator[Target]:
    """A server that sends a header's letter every tenth of a second, for ever."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stop.wait(0.1):
                    connection.sendall(b"x")
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield Target("http", "127.0.0.1", "127.0.0.1", listener.getsockname()[1], "/")
    stop.set()
    thread.join()
    listener.close()


def test_a_receiver_that_drips_is_cut_at_the_deadline(dripping: Target) -> None:
    started = time.monotonic()
    with pytest.raises(NoAnswer, match=r"within 0\.5 s"):
        post_form([dripping], "a=1", deadline_s=0.5)
    assert time.monotonic() - started < 30


def test_a_huge_answer_is_read_up_to_a_limit(checkout: Checkout) -> None:
    with Receiver(500, body=b"x" * 5_000_000) as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)))
    (view,) = checkout.postbacks()
    assert len(view["attempts"][0]["reason"]) < 300


def test_what_is_no_http_is_told() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    target = Target("http", "127.0.0.1", "127.0.0.1", listener.getsockname()[1], "/")
    with pytest.raises(NoAnswer):
        post_form([target], "a=1", deadline_s=60)
    thread.join()
    listener.close()


def test_a_certificate_nobody_signed_is_refused() -> None:
    """A server without TLS at an https address is as far from one as it gets."""
    with Receiver() as receiver:
        target = Target("https", "localhost", "127.0.0.1", receiver.port, "/")
        with pytest.raises(NoAnswer, match="SSL"):
            post_form([target], "a=1", deadline_s=60)
        assert receiver.got == []


def test_the_second_address_of_a_host_is_tried_where_the_first_is_closed() -> None:
    with Receiver() as receiver, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = Target("http", "localhost", "127.0.0.1", free.getsockname()[1], "/")
        live = Target("http", "localhost", "127.0.0.1", receiver.port, "/")
        assert post_form([closed, live], "a=1").status == 204


def test_line_breaks_in_a_value_stay_in_the_value(checkout: Checkout) -> None:
    """Nothing with a line break gets into a request, but a biller's own record may hold one."""
    from dataclasses import replace

    from partnerlab.simulators.ic_webservices.store import CUSTOMERS

    lane = checkout.harness.lane.name
    with checkout.harness.store.write() as tx:
        standing = CUSTOMERS.get(tx, lane, UTILITY, "10000101")
        assert standing is not None
        CUSTOMERS.put(tx, lane, replace(standing, address1="1 Main\r\nApproved: True&Approved=True"))
    with Receiver() as receiver:
        checkout.pay(checkout.page(request(PostBackURL=receiver.url)), **CARD | {"CardNumber": DECLINED})
        (got,) = receiver.got
        assert receiver.raw[0].count(b"\n") == 0
    assert got["Approved"] == "False"
    assert got["CustomerAddress"] == "1 Main\r\nApproved: True&Approved=True"
