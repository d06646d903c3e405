"""The journal: everything noted, masked, bounded, judged once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from partnerlab.contracts.verification.findings import Finding
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.journal import journal as journal_module
from partnerlab.simulators.kit.journal.journal import Journal, Sent
from partnerlab.simulators.kit.journal.recording import EXCERPT_BYTES
from partnerlab.simulators.kit.world.lanes import Lane, Lanes
from partnerlab.simulators.kit.world.store import Store

KEY = "11111111-1111-4111-8111-111111111111"
OK = Response(200, b"<ok/>", "text/xml")


class Check:
    """A contract by which a body that holds `bad` is bad."""

    def __init__(self) -> None:
        self.judged: list[bytes] = []

    def __call__(
        self, operation: str, request: bytes, headers: Mapping[str, str], status: int, answer: bytes, answer_type: str
    ) -> list[Finding]:
        self.judged.append(request)
        if b"broken check" in request:
            raise KeyError("x")
        findings = []
        if b"bad" in request:
            findings.append(Finding("request", "no bad", "body", "good", "bad"))
        if b"bad" in answer or not answer_type:
            findings.append(Finding("response", "no bad", "body", "good", "bad"))
        return findings


@pytest.fixture
def check() -> Check:
    return Check()


@pytest.fixture
def journal(store: Store, check: Check) -> Iterator[Journal]:
    lanes = Lanes(store)
    for name in ("a", "b"):
        lanes.get(name)
    made = Journal(lanes, {"door": check}, keep=20)
    yield made
    made.close()


def note(
    journal: Journal,
    body: bytes = b"<in/>",
    *,
    lane: str = "a",
    door: str = "door",
    operation: str = "Echo",
    response: Response | None = OK,
    id: str = "r-1",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    faults: tuple[str, ...] = (),
    sent: Sent | None = None,
) -> None:
    request = Request("GET", "/door", query, headers or {}, body, "http://x", id, Lane(lane))
    journal.append(request, "HEAD", door, operation, response, time.perf_counter_ns() - 2_500_000, faults, sent)


def test_an_entry_tells_the_whole_exchange(journal: Journal) -> None:
    note(
        journal,
        f"<WebServiceKey>{KEY}</WebServiceKey>".encode(),
        query=f"WebServiceKey={KEY}",
        headers={"soapaction": "x", "cookie": "c"},
        faults=("slow", "truncated"),
    )
    (entry,) = journal.find("a")
    assert (entry.id, entry.door, entry.operation, entry.method, entry.path) == ("r-1", "door", "Echo", "HEAD", "/door")
    assert entry.request == "<WebServiceKey>•••1111</WebServiceKey>"
    assert entry.request_bytes == 67
    assert entry.query == "WebServiceKey=•••1111"
    assert entry.headers == {"soapaction": "x"}
    assert (entry.status, entry.answer, entry.answer_bytes, entry.answer_type) == (200, "<ok/>", 5, "text/xml")
    assert entry.faults == ("slow", "truncated")
    assert 2.5 <= entry.duration_ms < 1_000
    assert entry.findings == ()
    assert journal.get("a", "r-1") == entry
    assert journal.get("b", "r-1") is None
    assert journal.get("a", "r-1") == entry
    journal.clear("a")
    assert journal.get("a", "r-1") is None


def test_no_secret_reaches_the_store(journal: Journal, store: Store) -> None:
    note(
        journal, f"<WebServiceKey>{KEY}</WebServiceKey>".encode(), headers={"authorization": "Bearer abcdefghijklmnop"}
    )
    journal.flush()
    rows = str(Lanes(store).export("a"))
    assert "•••1111" in rows
    assert KEY not in rows
    assert "abcdefghijkl" not in rows


def test_an_entry_carries_the_lanes_time(journal: Journal) -> None:
    request = Request("GET", "/", "", {}, b"", "", "r", Lane("a", frozen_at="2030-01-01T12:00:00+00:00"))
    journal.append(request, "GET", "door", "Echo", OK, time.perf_counter_ns())
    assert journal.find("a")[0].at == "2030-01-01T12:00:00.000+00:00"


def test_only_the_newest_are_kept_of_each_lane(journal: Journal) -> None:
    for n in range(50):
        note(journal, id=f"r-{n}")
        if n in (15, 31):
            journal.flush()
    note(journal, lane="b", id="other")
    assert [entry.id for entry in journal.find("a")] == [f"r-{n}" for n in range(30, 50)]
    assert [entry.id for entry in journal.find("b")] == ["other"]


def test_a_call_of_invoice_cloud_to_the_sandbox_itself_is_listed_once_and_tied_to_its_event(journal: Journal) -> None:
    note(journal, id="door")
    note(journal, id="out", sent=Sent("data pump", "e-1", peer="door"))
    note(journal, id="lost", sent=Sent("data pump", "e-1", peer="-"))
    note(journal, id="elsewhere", sent=Sent("postback", "e-2"))
    found = [(entry.id, entry.sender, entry.event) for entry in journal.find("a")]
    assert found == [("door", "data pump", "e-1"), ("elsewhere", "postback", "e-2")]
    assert [entry.id for entry in journal.find("a", direction="out")] == ["out", "lost", "elsewhere"]
    assert [entry.id for entry in journal.find("a", direction="in")] == ["door"]
    assert [entry.id for entry in journal.find("a", event="e-1", direction="out")] == ["out", "lost"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("100%_SURE", ["1"]),
        ("%", ["1"]),
        ("10000101", ["2", "3"]),
        ("!", []),
        ("x-agent", ["3"]),
        ("<OK", ["1", "2", "3"]),
    ],
)
def test_a_text_is_searched_in_bodies_query_and_headers_in_any_case(
    journal: Journal, text: str, found: list[str]
) -> None:
    note(journal, b"<a>100%_sure</a>", id="1")
    note(journal, query="account=10000101", id="2")
    note(journal, b"<n>10000101</n>", id="3", headers={"user-agent": "X-Agent"})
    assert [entry.id for entry in journal.find("a", search=text)] == found


def test_entries_are_found_by_what_they_are(journal: Journal) -> None:
    note(journal, id="1", operation="BalanceCheck")
    note(journal, id="2", operation="SetEmail", response=Response(500, b""))
    note(journal, id="3", door="other", operation="BalanceCheck", response=None)

    def ids(**wanted: object) -> list[str]:
        return [entry.id for entry in journal.find("a", **wanted)]  # type: ignore[arg-type]

    assert ids() == ["1", "2", "3"]
    assert ids(operation="BalanceCheck") == ["1", "3"]
    assert ids(door="door") == ["1", "2"]
    assert ids(status=500) == ["2"]
    assert ids(status=0) == ["3"]
    assert ids(limit=2) == ["2", "3"]
    first = journal.find("a")[0].number
    assert ids(since=first) == ["2", "3"]
    assert ids(since=first, limit=1) == ["2"]
    assert ids(since=2**62) == []
    assert journal.clear("a") == 3
    assert ids() == []


def test_since_holds_over_a_reset(store: Store) -> None:
    lanes = Lanes(store)
    lanes.get("a")
    journal = Journal(lanes)
    note(journal, id="1")
    last = journal.find("a")[-1].number
    lanes.reset("a")
    note(journal, id="2")
    assert [entry.id for entry in journal.find("a", since=last)] == ["2"]
    journal.close()


def test_a_verdict_is_found_when_first_read_and_kept(journal: Journal, check: Check) -> None:
    note(journal, b"<bad/>", id="1")
    note(journal, b"<good/>", id="2")
    note(journal, b"<bad/>", id="3", door="other")
    journal.flush()
    assert check.judged == []
    assert [entry.id for entry in journal.find("a", only_invalid=True)] == ["1"]
    findings = {entry.id: entry.findings for entry in journal.find("a")}
    assert findings == {"1": (Finding("request", "no bad", "body", "good", "bad"),), "2": (), "3": None}
    assert len(check.judged) == 2


def test_a_body_that_is_not_kept_whole_is_judged_when_it_is_written(journal: Journal, check: Check) -> None:
    long = b"<a>" + b"x" * 70_000 + b"bad</a>"
    note(journal, long, id="cut")
    note(journal, "<bad/>".encode("utf-16"), id="utf-16")
    note(journal, long, id="unknown", door="other")
    journal.flush()
    assert check.judged == [long, "<bad/>".encode("utf-16")]
    found = {entry.id: entry.findings for entry in journal.find("a")}
    assert found["cut"] == (Finding("request", "no bad", "body", "good", "bad"),)
    assert found["unknown"] is None
    assert len(check.judged) == 2


def test_where_nothing_was_answered_only_the_request_is_judged(journal: Journal) -> None:
    note(journal, b"<bad/>", response=None)
    findings = journal.find("a")[0].findings
    assert findings is not None
    assert [finding.side for finding in findings] == ["request"]


def test_a_check_that_fails_is_said_and_logged(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    note(journal, b"broken check")
    findings = journal.find("a")[0].findings
    assert findings is not None
    assert findings[0].rule == "verdict failed"
    assert "KeyError" in caplog.text


def test_what_a_store_cannot_take_is_noted_all_the_same(journal: Journal) -> None:
    request = Request("GET", "/a\x00\ufffd", "q=\x00", {"user-agent": "\x00"}, b"\x00\xff\xfe", "", "r", Lane("a"))
    journal.append(request, "GET", "door", "a\x00", Response(200, b"\xff\xff", "x\x00"), time.perf_counter_ns())
    (entry,) = journal.find("a")
    assert entry.path == "/a\ufffd\ufffd"


def test_a_fork_has_the_journal_a_reset_has_none(store: Store) -> None:
    lanes = Lanes(store)
    lanes.get("a")
    journal = Journal(lanes)
    for n in range(3):
        note(journal, id=str(n))
    lanes.fork("a", "b")
    assert [entry.id for entry in journal.find("b")] == ["0", "1", "2"]
    note(journal, id="3")
    lanes.reset("a")
    assert journal.find("a") == []
    note(journal, id="4", lane="b")
    lanes.drop("b")
    note(journal, id="5", lane="b")  # a request that was on its way
    journal.flush()
    lanes.get("b")
    assert journal.find("b") == []
    journal.close()


def test_close_writes_what_waits(store: Store) -> None:
    lanes = Lanes(store)
    lanes.get("a")
    journal = Journal(lanes)
    for n in range(250):
        note(journal, id=str(n))
    journal.close()
    assert len(Journal(lanes).find("a", limit=1_000)) == 250


def test_of_more_than_may_wait_the_beginning_is_kept_and_nobody_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_WAITING_BYTES", 200_000)
    monkeypatch.setattr(Journal, "_start", lambda _: None)
    lanes = Lanes(store)
    lanes.get("a")
    journal = Journal(lanes)
    for n in range(20):
        note(journal, b"x" * 150_000, id=str(n))
        assert journal._waiting_bytes <= 200_000 + 2 * EXCERPT_BYTES
    entries = journal.find("a")
    assert [entry.request_bytes for entry in entries] == [150_000] * 20
    assert {len(entry.request) for entry in entries} <= {0, EXCERPT_BYTES}
    journal.close()


def test_headers_and_queries_count_among_what_waits(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_WAITING_BYTES", 100_000)
    monkeypatch.setattr(Journal, "_start", lambda _: None)
    lanes = Lanes(memory)
    journal = Journal(lanes)
    headers = {"x-long": "h" * 15_000}
    for n in range(20):
        request = Request("GET", "/door", "q" * 15_000, headers, b"", "http://127.0.0.1", str(n), lanes.get("a"))
        journal.append(request, "GET", "door", "x", Response(200, b"", "text/plain"), 0)
    held = [len(one.request.query) + len("".join(one.request.headers.values())) for one in journal._waiting["a"]]
    assert sum(held) <= 100_000 + 30_000
    entries = journal.find("a")
    assert [entry.id for entry in entries] == [str(n) for n in range(20)], "of each that it was"
    journal.close()


def test_a_lane_that_cannot_be_written_takes_no_other_along(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = Lanes(memory)
    journal = Journal(lanes)
    write = journal._write

    def fail(lane: str, entries: Any) -> None:
        if lane == "a":
            raise OSError("the disk is full")
        write(lane, entries)

    monkeypatch.setattr(journal, "_write", fail)
    for name in ("a", "b"):
        lanes.get(name)
        note(journal, lane=name, id=f"of {name}")
    with pytest.raises(OSError, match="full"):
        journal.flush()
    assert [entry.id for entry in journal.find("b")] == ["of b"]
    journal.close()


def test_a_body_over_1_mib_is_not_judged_and_only_its_beginning_held(memory: Store) -> None:
    lanes = Lanes(memory)
    lanes.get("a")
    judged: list[int] = []
    journal = Journal(lanes, {"door": lambda _, request, *rest: judged.append(len(request)) or ()})
    note(journal, b"<a/>" * 1_000_000, id="large")
    assert journal._waiting_bytes <= 2 * EXCERPT_BYTES
    note(journal, b"<a/>" * 50_000, id="middle")
    entries = journal.find("a")
    assert [(entry.request_bytes, entry.findings) for entry in entries] == [(4_000_000, None), (200_000, ())]
    assert judged == [200_000]
    journal.close()


def test_all_lanes_together_keep_so_many_bytes(memory: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_STORED_BYTES", 400_000)
    lanes = Lanes(memory)
    journal = Journal(lanes)
    for n in range(100):
        lanes.get(f"l{n}")
        note(journal, b"x" * 20_000, id=str(n), lane=f"l{n}")
        journal.flush()
    kept = [n for n in range(100) if journal.find(f"l{n}")]
    assert kept == list(range(kept[0], 100))
    assert 10 <= len(kept) <= 20
    journal.close()


def test_32_threads_note_everything(store: Store) -> None:
    lanes = Lanes(store)
    lanes.get("a")
    journal = Journal(lanes)

    def run(thread: int) -> None:
        for n in range(30):
            note(journal, id=f"{thread}-{n}")
            if n % 10 == 0:
                journal.flush()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({entry.id for entry in journal.find("a", limit=1_000)}) == 960
    journal.close()


def test_appending_costs_microseconds(memory: Store) -> None:
    lanes = Lanes(memory)
    lane = lanes.get("a")
    journal = Journal(lanes)
    journal._start()
    request = Request("GET", "/door", "", {}, b"<in/>", "http://x", "r", lane)
    best = min(_appends(journal, request) for _ in range(10))
    journal.close()
    assert best < 10  # about 2 on an idle machine


def _appends(journal: Journal, request: Request) -> float:
    """Microseconds of one append."""
    started = time.perf_counter_ns()
    for _ in range(1_000):
        journal.append(request, "GET", "door", "Echo", OK, started)
    return (time.perf_counter_ns() - started) / 1_000_000
