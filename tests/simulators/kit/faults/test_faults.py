"""Faults: what a raw socket sees of each, whether the app was called, what was committed; and who is struck."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest

from partnerlab.contracts.catalogue import faults as catalogue
from partnerlab.simulators.kit.faults.effects import FAULTS, WAITING, Plan
from partnerlab.simulators.kit.faults.faults import FaultInvalid, FaultNotFound, Faults, TooManyFaults
from partnerlab.simulators.kit.faults.files import FILE_FAULTS
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.kit.conftest import Kit, seed


def test_the_catalogue_and_the_kit_list_the_same_faults() -> None:
    assert [*FAULTS, *FILE_FAULTS] == list(catalogue())


@pytest.mark.parametrize("name", FAULTS)
def test_the_catalogue_says_truly_what_is_committed(name: str) -> None:
    plan = Plan()
    plan.apply(name, {})
    assert (plan.handled and not plan.roll_back) == catalogue()[name].committed


# What a raw client sees, by fault: what it reads, called how often, committed how often, journalled status.
def reset(kit: Kit) -> None:
    with pytest.raises(ConnectionResetError):
        kit.ask()


def empty(kit: Kit) -> None:
    assert kit.ask() == b""


def truncated(kit: Kit) -> None:
    kit.door.answer = Response(200, b"<ok>0123456789</ok>")
    head, _, body = kit.ask().partition(b"\r\n\r\n")
    kit.door.answer = Response(200, b"<ok/>")
    assert b"Content-Length: 19" in head
    assert body == b"<ok>01234"


def slow(kit: Kit) -> None:
    started = time.monotonic()
    assert kit.ask().endswith(b"\r\n\r\n<ok/>")
    assert 0.25 < time.monotonic() - started < 20


def dribble(kit: Kit) -> None:
    started = time.monotonic()
    pieces = []
    with kit.connect() as wire:
        wire.send("POST", "/door/Echo", body=b"x")
        while not b"".join(pieces).endswith(b"<ok/>"):
            pieces.append(wire.sock.recv(65536))
    assert time.monotonic() - started > 0.25
    assert len(pieces) > 1, "where this thread has to wait for the processor, some bytes come together"


def soap_fault(kit: Kit) -> None:
    answer = kit.ask("/door/Echo", "Content-Type: text/xml")
    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"Content-Type: text/xml; charset=utf-8\r\n" in answer
    assert b"<faultcode>soap:Server</faultcode>" in answer
    assert b"Server was unable to process request. ---&gt; " in answer


def http_500(kit: Kit) -> None:
    answer = kit.ask()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"Server Error in '/' Application." in answer
    assert b"Content-Type: text/html" in answer


def http_503(kit: Kit) -> None:
    answer = kit.ask()
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nRetry-After: 1\r\n" in answer


def html(kit: Kit) -> None:
    answer = kit.ask()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: text/html; charset=utf-8\r\n" in answer
    assert b"maintenance" in answer


def wrong_content_type(kit: Kit) -> None:
    answer = kit.ask()
    assert b"Content-Type: text/plain\r\n" in answer
    assert answer.endswith(b"\r\n\r\n<ok/>")


def commit_then_timeout(kit: Kit) -> None:
    started = time.monotonic()
    assert kit.ask() == b""
    assert 0.25 < time.monotonic() - started < 20


def right(kit: Kit) -> None:
    assert kit.ask().endswith(b"\r\n\r\n<ok/>")


LASTS_S = {"dribble": 2.0}
"""Where what comes is looked at meanwhile, by a thread that may have to wait for the processor."""

SEEN: dict[str, tuple[Callable[[Kit], None], int, int, int]] = {
    "reset": (reset, 0, 0, 0),
    "empty": (empty, 0, 0, 0),
    "truncated": (truncated, 1, 1, 200),
    "slow": (slow, 1, 1, 200),
    "dribble": (dribble, 1, 1, 200),
    "soap-fault": (soap_fault, 0, 0, 500),
    "http-500": (http_500, 0, 0, 500),
    "http-503": (http_503, 0, 0, 503),
    "html": (html, 0, 0, 200),
    "wrong-content-type": (wrong_content_type, 1, 1, 200),
    "drop-before-commit": (reset, 1, 0, 0),
    "commit-then-drop": (reset, 1, 1, 0),
    "commit-then-timeout": (commit_then_timeout, 1, 1, 0),
    "answer-twice": (right, 2, 2, 200),
}


@pytest.mark.parametrize("inline", [True, False], ids=["inline", "threaded"])
@pytest.mark.parametrize("name", FAULTS)
def test_what_a_socket_sees(kit: Kit, name: str, inline: bool) -> None:
    look, called, committed, status = SEEN[name]
    kit.door.inline = inline
    kit.faults.add("default", name, count=1, params={"delay_s": LASTS_S.get(name, 0.3)} if name in WAITING else {})
    look(kit)
    assert len(kit.door.asked) == called
    assert kit.door.calls() == committed
    entries = kit.journal.find("default")
    assert [entry.status for entry in entries] == [status] * max(called, 1)
    assert all(entry.faults == (name,) for entry in entries)
    assert len({entry.id for entry in entries}) == len(entries)
    # It is used up: the next request is well.
    right(kit)
    assert kit.lanes.get("default").faults == 0


def test_a_soap_12_or_form_caller_gets_the_fault_in_its_protocol(kit: Kit) -> None:
    kit.faults.add("default", "soap-fault")
    answer = kit.ask("/door/Echo", "Content-Type: application/soap+xml; charset=utf-8")
    assert b"Content-Type: application/soap+xml; charset=utf-8\r\n" in answer
    assert b"<soap:Value>soap:Receiver</soap:Value>" in answer
    answer = kit.ask("/door/Echo", "Content-Type: application/x-www-form-urlencoded")
    assert b"Content-Type: text/plain" in answer
    assert answer.partition(b"\r\n\r\n")[2].startswith(b"System.Exception: ")


@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_an_answer_without_a_middle_is_cut_in_its_head(kit: Kit, method: str) -> None:
    kit.door.answer.body = b""
    kit.faults.add("default", "truncated")
    answer = kit.ask(method=method, body=b"")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in answer


def test_faults_compose(kit: Kit) -> None:
    kit.faults.add("default", "slow", params={"delay_s": 0.2})
    kit.faults.add("default", "commit-then-drop")
    kit.faults.add("default", "answer-twice")
    started = time.monotonic()
    reset(kit)
    assert time.monotonic() - started > 0.2
    assert kit.door.calls() == 2
    assert kit.journal.find("default")[-1].faults == ("slow", "commit-then-drop", "answer-twice")


def test_what_is_not_handled_wins_over_what_handles_twice(kit: Kit) -> None:
    kit.faults.add("default", "answer-twice")
    kit.faults.add("default", "http-503")
    assert kit.ask().startswith(b"HTTP/1.1 503")
    assert kit.door.calls() == 0


def test_a_fault_on_one_connection_leaves_others_alone(kit: Kit) -> None:
    with kit.connect() as other:
        other.send("POST", "/door/Echo", body=b"x")
        assert other.answer()[0] == 200
        kit.faults.add("default", "reset", count=1)
        reset(kit)
        other.send("POST", "/door/Echo", body=b"x")
        assert other.answer()[0] == 200


def test_a_request_can_ask_for_faults_itself(kit: Kit) -> None:
    started = time.monotonic()
    answer = kit.ask("/door/Echo", "X-Sandbox-Fault: slow;delay_s=0.2, wrong-content-type")
    assert time.monotonic() - started > 0.2
    assert b"Content-Type: text/plain\r\n" in answer
    right(kit)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("nonsense", "X-Sandbox-Fault"),
        ("slow;delay_s=soon", "X-Sandbox-Fault: delay_s"),
        ("slow;delay_s=nan", "params.delay_s"),
        ("slow;delay_s=3601", "params.delay_s"),
        ("html;delay_s=1", "params.delay_s"),
        ("slow;speed=1", "params.speed"),
        ("slow,", "X-Sandbox-Fault"),
    ],
)
def test_a_header_that_names_no_fault_is_refused(kit: Kit, header: str, field: str) -> None:
    head, _, body = kit.ask("/door/Echo", f"X-Sandbox-Fault: {header}").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["error"]["field"] == field
    assert kit.door.asked == []


@pytest.fixture
def faults(store: Store) -> Faults:
    return Faults(Lanes(store, [seed]))


def request(path: str = "/iCloud/iCloud.asmx") -> Request:
    return Request("POST", path, "", {}, b"", "http://x", "r-1", Lane("a"))


def strikes(faults: Faults, operation: str = "Echo", path: str = "/iCloud/iCloud.asmx") -> bool:
    plan = faults.plan(faults._lanes.get("a"), operation, request(path))
    return plan is not None


def test_a_fault_concerns_its_operation_and_path(faults: Faults) -> None:
    faults.add("a", "html", operation="SetEmail", path="/icloud/")
    assert strikes(faults, "SetEmail")
    assert not strikes(faults, "SetEmail", "/portal/x.asmx")
    assert not strikes(faults, "Echo")
    assert faults.all("a")[0].fired == 1


def test_a_lane_has_its_own_faults(faults: Faults) -> None:
    faults.add("b", "html")
    assert not strikes(faults)
    assert faults.all("a") == []


def test_probability_is_drawn_from_the_lanes_seed(store: Store) -> None:
    def pattern(lane: str, seed: int) -> list[bool]:
        faults = Faults(lanes)
        lanes.create(lane, seed=seed)
        faults.add(lane, "html", probability=0.3)
        return [faults.plan(lanes.get(lane), "Echo", request()) is not None for _ in range(100)]

    lanes = Lanes(store)
    first = pattern("x", 1)
    assert first == pattern("y", 1)
    assert first != pattern("z", 2)
    assert 15 < sum(first) < 45


def test_a_count_is_right_under_32_threads(faults: Faults) -> None:
    faults.add("a", "html", count=100)
    faults.add("a", "slow", probability=0.5)
    struck: list[Plan | None] = []

    def ask() -> None:
        struck.extend([faults.plan(faults._lanes.get("a"), "Echo", request()) for _ in range(8)])

    threads = [threading.Thread(target=ask) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    html, slow = faults.all("a")
    assert sum("html" in plan.names for plan in struck if plan) == 100 == html.fired
    assert html.remaining == 0
    assert sum("slow" in plan.names for plan in struck if plan) == slow.fired
    assert slow.remaining is None
    assert faults._lanes.get("a").faults == 1


def test_faults_are_cleared_one_by_one_or_all(faults: Faults) -> None:
    for name in ("html", "slow", "reset"):
        faults.add("a", name)
    assert faults.clear("a", 2) == 1
    assert [fault.name for fault in faults.all("a")] == ["html", "reset"]
    with pytest.raises(FaultNotFound):
        faults.clear("a", 2)
    assert faults.add("a", "empty").number == 4
    assert faults.clear("a") == 3
    assert not strikes(faults)


def test_a_fork_has_the_faults_and_their_streams(faults: Faults) -> None:
    faults.add("a", "html", count=2)
    assert strikes(faults)
    faults._lanes.fork("a", "b")
    assert faults.all("b") == faults.all("a")
    assert faults._lanes.get("b").faults == 1


def test_a_lane_has_only_so_many_faults(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partnerlab.simulators.kit.faults.faults.MAX_FAULTS", 2)
    faults.add("a", "html")
    faults.add("a", "html")
    with pytest.raises(TooManyFaults):
        faults.add("a", "html")


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": "nonsense"}),
        ("count", {"count": 0}),
        ("probability", {"probability": 0.0}),
        ("probability", {"probability": 1.1}),
        ("params.delay_s", {"name": "slow", "params": {"delay_s": -1.0}}),
        ("params.delay_s", {"name": "html", "params": {"delay_s": 1.0}}),
        ("path", {"name": "line-missing", "path": "/iCloud"}),
        ("params.speed", {"params": {"speed": 1.0}}),
        ("operation", {"operation": "BalanceChek"}),
        ("operation", {"operation": "ICPayments"}),
        ("operation", {"name": "line-missing", "operation": "BalanceCheck"}),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(faults: Faults, field: str, values: dict[str, object]) -> None:
    with pytest.raises(FaultInvalid) as refused:
        faults.add("a", **{"name": "html"} | values)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_an_operation_that_no_door_has_is_refused_with_the_one_that_was_meant(faults: Faults) -> None:
    with pytest.raises(FaultInvalid, match=r"there is no operation 'pay_inputt'; did you mean Pay_Input?"):
        faults.add("a", "html", operation="pay_inputt")
    with pytest.raises(FaultInvalid, match=r"there is no kind of file 'icpayment'; did you mean ICPayments?"):
        faults.add("a", "batch-twice", operation="icpayment")


@pytest.mark.parametrize("operation", ["GET /cloudsso/connect", "/nowhere", "help", "wsdl", "CloudPaymentsPostback"])
def test_what_has_no_contract_may_be_struck_by_its_path(faults: Faults, operation: str) -> None:
    faults.add("a", "html", operation=operation)
    assert strikes(faults, operation)


FILE = b"one\ntwo\nthree\n"


def passing(kit: Kit, operation: str) -> list[bytes]:
    return kit.faults.file(kit.lanes.get("default"), operation, FILE)


@pytest.mark.parametrize(
    ("name", "lines"), [("line-missing", [2]), ("line-twice", [4]), ("batch-missing", []), ("batch-twice", [3, 3])]
)
def test_what_arrives_of_a_file(kit: Kit, name: str, lines: list[int]) -> None:
    kit.faults.add("default", name, operation="ICPayments", count=1)
    right(kit)  # a request is none of its business
    assert passing(kit, "ICRejects") == [FILE]
    assert [len(file.splitlines()) for file in passing(kit, "ICPayments")] == lines
    assert passing(kit, "ICPayments") == [FILE]


def test_a_mistyped_fault_is_refused_with_the_one_that_was_meant(kit: Kit) -> None:
    assert b"there is no fault of requests 'trunacted'; did you mean truncated?" in kit.ask(
        "/door/Echo", "X-Sandbox-Fault: trunacted"
    )
    with pytest.raises(FaultInvalid, match=r"there is no fault 'line-mising'; did you mean line-missing\?"):
        kit.faults.add("default", "line-mising")


def test_a_header_asks_for_no_fault_of_files(kit: Kit) -> None:
    assert b"fault_invalid" in kit.ask("/door/Echo", "X-Sandbox-Fault: line-missing")
