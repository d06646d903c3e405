"""The network itself: what goes wrong on it has a name, redirects are not followed, and nothing waits for ever."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from partnerlab.contracts.verification.provider.direct import Direct
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer

TLS = Path(__file__).parent.parent.parent / "samples" / "client" / "tls"


@contextmanager
def answering(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port on which one connection is served by *serve*."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def work() -> None:
            try:
                connection, _ = listening.accept()
                with connection:
                    serve(connection)
            except (OSError, ssl.SSLError):
                pass

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield listening.getsockname()[1]


def after_request(answer: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return serve


def fetch(url: str, timeout_s: float = 120, ca_file: str | None = None) -> tuple[int, dict[str, str], bytes]:
    with closing(Direct(ca_file=ca_file)) as direct:
        answer = direct.send(Asked("page", "GET", url), timeout_s)
        return answer.status, dict(answer.headers), answer.body


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b"220 mail.example ready\r\n\r\n", "not-http"),
        (b"", "connection-broken"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "answer-cut-off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "answer-cut-off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 5_000_000, "answer-too-large"),
    ],
    ids=["another protocol", "nothing", "half an answer", "no last chunk", "five megabytes"],
)
def test_what_is_no_answer_has_a_name(answer: bytes, name: str) -> None:
    with answering(after_request(answer)) as port, pytest.raises(NoAnswer) as failed:
        fetch(f"http://127.0.0.1:{port}/")
    assert failed.value.name == name


def test_a_redirect_is_an_answer() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://example.invalid/\r\nContent-Length: 0\r\n\r\n"
    with answering(after_request(moved)) as port:
        status, headers, _ = fetch(f"http://127.0.0.1:{port}/")
    assert (status, headers["location"]) == (302, "http://example.invalid/")


def test_nobody_listening_has_a_name() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # so that nobody else listens there
        with pytest.raises(NoAnswer) as failed:
            fetch(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    assert failed.value.name == "connection-refused"


def test_a_firewall_that_swallows_has_a_name() -> None:
    """A port whose queue is full takes no connection, and does not refuse it either."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as listening:
        where = listening.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(where)
        with pytest.raises(NoAnswer) as failed:
            fetch(f"http://127.0.0.1:{where[1]}/", timeout_s=0.5)
        for one in waiting:
            one.close()
    assert failed.value.name == "no-connection-in-time"


def test_a_host_without_an_address_has_a_name() -> None:
    with pytest.raises(NoAnswer) as failed:
        fetch("http://verify.invalid/")
    assert failed.value.name == "host-unknown"


def test_what_never_ends_is_given_up_in_time() -> None:
    done = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not done.wait(0.02):
            connection.sendall(b"x")

    with answering(drip) as port, pytest.raises(NoAnswer) as failed:
        fetch(f"http://127.0.0.1:{port}/", timeout_s=3)
    done.set()
    assert failed.value.name == "no-answer-in-time"


def _answers(connection: socket.socket, behind: bytes) -> int:
    """Answer calls over one connection until it is closed, with *behind* after each answer; how many there were."""
    calls = 0
    while b"\r\n\r\n" in connection.recv(65536):
        calls += 1
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + behind)
    return calls


def test_calls_are_kept_over_one_connection_where_they_are_to_be() -> None:
    calls: list[int] = []
    with answering(lambda connection: calls.append(_answers(connection, b""))) as port, closing(Direct()) as direct:
        asked = Asked("page", "GET", f"http://127.0.0.1:{port}/", kept=True)
        assert [direct.send(asked, 120).body for _ in range(3)] == [b"ok"] * 3
    for _ in range(1_200):
        if calls:
            break
        threading.Event().wait(0.05)
    assert calls == [3]


def test_an_answer_that_is_longer_than_it_says_spoils_the_next() -> None:
    serve = lambda connection: _answers(connection, b"\r\n<!-- 3 ms -->")  # noqa: E731
    with answering(serve) as port, closing(Direct()) as direct:
        asked = Asked("page", "GET", f"http://127.0.0.1:{port}/", kept=True)
        assert direct.send(asked, 120).body == b"ok"
        with pytest.raises(NoAnswer) as failed:
            direct.send(asked, 120)
    assert failed.value.name in ("not-http", "connection-broken")  # as much as had come when the second was sent


def test_no_encoding_of_an_answer_is_asked_for() -> None:
    heads: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        heads.append(connection.recv(65536).lower())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with answering(serve) as port:
        fetch(f"http://127.0.0.1:{port}/")
    assert b"accept-encoding: identity\r\n" in heads[0]


def _over_tls(connection: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem")
    with context.wrap_socket(connection, server_side=True) as secured:
        after_request(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")(secured)


def test_a_certificate_must_be_trusted() -> None:
    with answering(_over_tls) as port, pytest.raises(NoAnswer) as failed:
        fetch(f"https://127.0.0.1:{port}/")
    assert failed.value.name == "certificate"


def test_https_to_a_port_without_tls_has_a_name() -> None:
    refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    with answering(after_request(refusal)) as port, pytest.raises(NoAnswer) as failed:
        fetch(f"https://127.0.0.1:{port}/")
    assert failed.value.name == "not-tls"


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ValueError, match=r"ca\.pem"):
        Direct(ca_file=str(tmp_path / "ca.pem"))
