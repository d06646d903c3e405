"""The site: doors by path, lanes by path or header, and what is journalled."""

from __future__ import annotations

import json
import random
import threading

import pytest

from partnerlab.contracts.masking import has_card_number
from partnerlab.simulators.kit.http.exchange import Exchange, Refusal
from partnerlab.simulators.kit.http.guard import Guard
from partnerlab.simulators.kit.http.known_heads import Head
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.http.site import Site
from partnerlab.simulators.kit.journal.journal import Journal
from partnerlab.simulators.kit.world import lanes as lanes_module
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Door, Kit, make_kit


@pytest.fixture
def site(memory: Store) -> Site:
    return make_kit(memory).site


def accept(site: Site, target: bytes, *, method: str = "GET", **headers: str) -> Exchange | Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return site.accept(method, target, named, b"", "http://127.0.0.1:8700")


def answer(site: Site, target: bytes, *, method: str = "GET", **headers: str) -> Response:
    response, _ = accept(site, target, method=method, **headers).run()
    assert response is not None
    return response


def asked(site: Site, target: bytes, **headers: str) -> Request:
    """The request as the door at /door sees it."""
    assert answer(site, target, **headers).status == 200
    door = site._mounts["door",].app
    assert isinstance(door, Door)
    return door.asked[-1]


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/door", "/door", ""),
        (b"/DOOR/x?WSDL", "/DOOR/x", "WSDL"),
        (b"/door/?a=1&b=%20", "/door/", "a=1&b=%20"),
        (b"/do%6Fr/%E2%82%AC", "/door/€", ""),
        (b"/door/%ff", "/door/\ufffd", ""),
        (b"/door/a%2Fb", "/door/a/b", ""),
        (b"http://other.example/door/x?y", "/door/x", "y"),
        (b"/door/lane/x", "/door/lane/x", ""),
    ],
)
def test_a_target_is_taken_apart(site: Site, target: bytes, path: str, query: str) -> None:
    for _ in range(2):  # parsed, then from the cache
        request = asked(site, target)
        assert (request.path, request.query, request.lane.name) == (path, query, "default")


@pytest.mark.parametrize(
    ("target", "header", "lane", "base_url"),
    [
        (b"/door", None, "default", "http://127.0.0.1:8700"),
        (b"/door", "a", "a", "http://127.0.0.1:8700"),
        (b"/lane/b/door", None, "b", "http://127.0.0.1:8700/lane/b"),
        (b"/LANE/b.1/DOOR", "a", "b.1", "http://127.0.0.1:8700/lane/b.1"),
    ],
)
def test_a_lane_comes_from_the_path_else_the_header(
    site: Site, target: bytes, header: str | None, lane: str, base_url: str
) -> None:
    request = asked(site, target, **({} if header is None else {"x_sandbox_lane": header}))
    assert (request.lane.name, request.base_url) == (lane, base_url)
    assert request.path.lower() == "/door"


def _known(target: bytes, **headers: str) -> Head:
    return Head("GET", target, {name.replace("_", "-"): value for name, value in headers.items()}, True, False, 0)


def _answered(site: Site, head: Head, **more: str) -> int:
    headers = {**head.headers, **more}
    exchange = site.accept(head.method, head.target, headers, b"", "http://127.0.0.1:8700", "", head)
    response, _ = exchange.run()
    assert response is not None
    return response.status


def test_a_known_head_goes_where_it_went_until_something_else_is_mounted(site: Site) -> None:
    door = site._mounts["door",].app
    assert isinstance(door, Door)
    head = _known(b"/lane/b/door/x?y", host="other.example")
    for _ in range(2):
        assert _answered(site, head) == 200
        request = door.asked[-1]
        assert (request.path, request.query, request.lane.name) == ("/door/x", "y", "b")
        assert request.base_url == "http://other.example/lane/b"
    assert head in site._places
    other = Door(site.lanes.store, name="other", answer=Response(202, b""))
    site.mount("/door/x", other)
    assert _answered(site, head) == 202


@pytest.mark.parametrize(
    ("head", "straight"),
    [
        (_known(b"/door", host="x"), True),
        (_known(b"/lane/b/door", host="x", x_sandbox_lane="c", authorization="Basic eA=="), True),
        (_known(b"/door", host="x", x_sandbox_fault="wrong-content-type"), False),
        (_known(b"/door", host="x", x_sandbox_world="2026"), False),
        (_known(b"/thread", host="x"), False),
        (_known(b"/nothing", host="x"), False),
        (_known(b"/control", host="x"), False),
        (Head("HEAD", b"/door", {"host": "x"}, True, False, 0), False),
        (Head("GET", b"/door", {"host": "x"}, True, True, 0), False),
    ],
)
def test_what_is_answered_at_once_is_called_in_the_loop_and_noted_and_nothing_else(
    memory: Store, head: Head, *, straight: bool
) -> None:
    kit = make_kit(memory)
    for path, inline, door in (("/thread", False, True), ("/control", True, False)):
        kit.site.mount(path, Door(memory, inline=inline), door=door)
    kit.lanes.get("b")
    assert kit.site.answer_at_once(head, head.headers, b"", "") is None, "its place is not known yet"
    _answered(kit.site, head)
    answered = kit.site.answer_at_once(head, head.headers, b"", "127.0.0.9")
    assert (answered is not None) is straight
    if answered is not None:
        assert kit.door.asked[-1].remote == "127.0.0.9"
        assert kit.journal.get(kit.door.asked[-1].lane.name, answered[1]) is not None
        kit.faults.add("default", "soap-fault")
        kit.faults.add("b", "soap-fault")
        assert kit.site.answer_at_once(head, head.headers, b"", "") is None, "a fault of the lane may strike it"


def test_a_known_head_lets_nobody_in_without_the_token(memory: Store) -> None:
    site = make_kit(memory).site
    site.guard = Guard(token="secret")
    site.mount("/control", Door(memory, name="control"), door=False)
    head = _known(b"/control", host="127.0.0.1:8700")
    for given, status in (("secret", 200), ("", 401), ("wrong", 401), ("secret", 200)):
        assert _answered(site, head, authorization=f"Bearer {given}") == status
    foreign = _known(b"/door", host="127.0.0.1:8700", origin="http://other.example")
    assert [_answered(site, foreign) for _ in range(2)] == [403, 403]


@pytest.mark.parametrize("target", [b"/lane/-x/door", b"/lane/a%20b/door", b"/lane/" + b"x" * 65 + b"/door"])
def test_a_bad_lane_is_refused_with_its_rule(site: Site, target: bytes) -> None:
    refused = answer(site, target)
    assert (refused.status, refused.content_type) == (400, "application/json")
    error = json.loads(refused.body)["error"]
    assert (error["code"], error["field"]) == ("lane_invalid", "lane")
    assert "1 to 64 letters" in error["message"]
    for name in ("a b", ""):
        assert answer(site, b"/door", x_sandbox_lane=name).status == 400


def test_too_many_lanes_are_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes_module, "MAX_LANES", 1)
    assert answer(site, b"/lane/one-more/door").status == 409


def test_the_longest_mount_wins_in_any_case(site: Site, memory: Store) -> None:
    inner = Door(memory, name="inner")
    site.mount("/door/Inner.asmx/", inner)
    answer(site, b"/Door/INNER.ASMX/Echo")
    assert [request.path for request in inner.asked] == ["/Door/INNER.ASMX/Echo"]
    assert asked(site, b"/door/inner.asmx2").path == "/door/inner.asmx2"
    with pytest.raises(ValueError, match="inner is mounted there already"):
        site.mount("/DOOR/inner.asmx", inner)


def test_an_unknown_path_lists_the_doors_and_is_noted_in_its_lane(site: Site) -> None:
    refused = answer(site, b"/lane/new/nowhere", host="sandbox.example.com:80")
    assert refused.status == 404
    assert refused.body.decode().splitlines() == [
        "Nothing is served at '/nowhere'. These are the doors:",
        "  http://sandbox.example.com:80/lane/new/door",
    ]
    assert "Did you mean http://x/door?" in answer(site, b"/dor", host="x").body.decode()
    assert [(entry.door, entry.operation) for entry in site.journal.find("new")] == [("nowhere", "/nowhere")]
    answer(site, b"/favicon.ico")
    assert [entry.path for entry in site.journal.find("default")] == ["/dor"]


def test_the_root_is_served_exactly(site: Site, memory: Store) -> None:
    assert answer(site, b"/").status == 404
    root = Door(memory, name="root")
    site.mount("/", root, door=False)
    assert answer(site, b"/").status == 200
    assert answer(site, b"/nowhere").status == 404


@pytest.mark.parametrize("host", ["a<script>", "a b", "a/b", "", "[::1", "a:b", "a:123456"])
def test_a_host_that_is_none_never_gets_into_addresses(site: Site, host: str) -> None:
    assert answer(site, b"/door", host=host).status == 400


@pytest.mark.parametrize("host", ["localhost:8700", "[::1]:8700", "partner_1.example.com"])
def test_addresses_carry_the_host_that_was_asked(site: Site, host: str) -> None:
    assert asked(site, b"/door", host=host).base_url == f"http://{host}"


def test_an_exchange_is_inline_where_door_and_lane_allow_it(site: Site, memory: Store) -> None:
    site.mount("/slow", Door(memory, name="slow", inline=False))
    assert accept(site, b"/door").inline
    assert not accept(site, b"/slow").inline
    made = accept(site, b"/lane/new/door")
    assert not made.inline  # to make a lane takes time
    made.run()
    assert accept(site, b"/lane/new/door").inline


def test_ids_are_unique_and_grow(site: Site) -> None:
    ids = [site.new_id() for _ in range(1_000)]
    assert sorted(set(ids)) == ids


def test_no_id_looks_like_the_number_of_a_card(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal would mask it, and what names the entry would lead nowhere."""
    ids = []
    for process in range(200):
        moment = 1_795_000_000_000 + process * 7_777_777
        with monkeypatch.context() as patched:
            patched.setattr("time.time_ns", lambda at=moment: at * 1_000_000)
            patched.setattr("os.urandom", lambda size, seed=process: random.Random(seed).randbytes(size))
            one = Site(site.lanes, site.journal, site.faults)
        ids += [one.new_id() for _ in range(100)]
    assert len(set(ids)) == 20_000
    assert [id for id in ids if has_card_number(id)] == []


def test_only_doors_are_journalled_and_have_faults(site: Site, memory: Store) -> None:
    site.mount("/_sandbox", Door(memory, name="control"), door=False)
    site.faults.add("default", "http-503")
    assert answer(site, b"/_sandbox/health").status == 200
    assert answer(site, b"/door").status == 503
    assert [entry.door for entry in site.journal.find("default")] == ["door"]


def test_the_caches_do_not_grow_without_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.simulators.kit.http.site.CACHED_TARGETS", 10)
    monkeypatch.setattr("partnerlab.simulators.kit.http.site.CACHED_HOSTS", 10)
    for n in range(50):
        assert answer(site, b"/door/%d" % n, host=f"h{n}").status == 200
        assert answer(site, b"/nowhere/%d" % n).status == 404
        assert answer(site, b"/door/" + b"x" * 1_000).status == 200
    assert len(site._targets) <= 10
    assert len(site._origins) <= 10


def test_100_lanes_at_once_do_not_see_each_other(kit: Kit) -> None:
    def ask(n: int) -> None:
        with kit.connect() as wire:
            for _ in range(n % 5 + 1):
                wire.send("POST", f"/lane/l{n}/door/Echo", body=str(n).encode())
                assert wire.answer()[0] == 200

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [kit.door.calls(f"l{n}") for n in range(100)] == [n % 5 + 1 for n in range(100)]
    for n in (0, 4, 99):
        assert {entry.request for entry in kit.journal.find(f"l{n}")} == {str(n)}


@pytest.mark.postgres
def test_on_postgresql_nothing_is_inline_and_replicas_agree(postgres: str) -> None:
    stores = [Store(postgres), Store(postgres)]
    one, two = (make_kit(store) for store in stores)
    assert not accept(one.site, b"/door").inline
    answer(one.site, b"/lane/a/door")
    answer(two.site, b"/lane/a/door")
    assert one.door.calls("a") == 2
    one.faults.add("a", "http-503", count=1)
    assert [answer(two.site, b"/lane/a/door").status for _ in range(2)] == [503, 200]
    for kit in (one, two):
        kit.journal.flush()
    assert [entry.status for entry in Journal(one.lanes).find("a")].count(200) == 3
    for kit, store in zip((one, two), stores, strict=True):
        kit.journal.close()
        store.close()
