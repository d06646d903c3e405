"""What each of the kit's own routes does, and what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from partnerlab.contracts.catalogue import faults as catalogue
from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.kit.journal.feed import MOST_LISTENERS, Feed, TooManyListeners
from partnerlab.simulators.kit.world.due import Due
from tests.locked import locked_error
from tests.simulators.kit.conftest import Kit, Wire
from tests.simulators.kit.control.conftest import Api


def test_the_catalogue_is_served_whole(api: Api) -> None:
    served = api("GET", "/catalogue")
    assert list(served) == ["requirements", "faults", "damages", "magic_values", "settings"]
    assert [row["name"] for row in served["faults"]] == list(catalogue())
    assert all(served.values())


def test_health_and_version(api: Api) -> None:
    assert api("GET", "/health") == {"status": "ok"}
    assert re.fullmatch(r"\d+\.\d+.*", api("GET", "/version")["version"])


def test_lanes_are_made_listed_shown_reset_and_dropped(api: Api, running: Kit) -> None:
    made = api("POST", "/lanes", {"name": "a", "seed": 7}, status=201)
    assert (made["name"], made["seed"], made["frozen"], made["active_faults"]) == ("a", 7, False, 0)
    assert [lane["name"] for lane in api("GET", "/lanes")["lanes"]] == ["a", "default"]
    assert api("GET", "/lanes/a")["seed"] == 7
    running.ask("/lane/a/door/Echo")
    assert running.door.calls("a") == 1
    assert api("POST", "/lanes/a/reset")["seed"] == 7
    assert running.door.calls("a") == 0
    api("DELETE", "/lanes/a", status=204)
    assert api.error("GET", "/lanes/a", status=404) == ("lane_not_found", "")


def test_a_lane_is_forked_exported_and_imported(api: Api, running: Kit) -> None:
    running.ask("/lane/a/door/Echo")
    assert api("POST", "/lanes/a/fork", {"to": "b"}, status=201)["name"] == "b"
    running.ask("/lane/b/door/Echo")
    export = api("GET", "/lanes/b/export")
    assert export["lane"] == "b"
    assert len(export["tables"]["journal"]) == 2
    assert api("POST", "/lanes/c/import", export)["name"] == "c"
    assert [running.door.calls(lane) for lane in "abc"] == [1, 2, 2]
    assert len(api("GET", "/journal")["entries"]) == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "field"),
    [
        ("POST", "/lanes", {"name": "default"}, 409, "lane_exists", "name"),
        ("POST", "/lanes", {"name": "a b"}, 400, "field_invalid", "name"),
        ("POST", "/lanes", {"name": 1}, 400, "field_invalid", "name"),
        ("POST", "/lanes", {"name": "a", "seed": -1}, 400, "field_invalid", "seed"),
        ("POST", "/lanes", {"name": "a", "seed": 2**63}, 400, "field_invalid", "seed"),
        ("POST", "/lanes", {"name": "a", "more": 1}, 400, "field_invalid", "more"),
        ("POST", "/lanes", {}, 400, "field_invalid", "name"),
        ("POST", "/lanes", [], 400, "not_json", "body"),
        ("GET", "/lanes/none", None, 404, "lane_not_found", ""),
        ("DELETE", "/lanes/none", None, 404, "lane_not_found", ""),
        ("POST", "/lanes/none/reset", None, 404, "lane_not_found", ""),
        ("POST", "/lanes/none/fork", {"to": "a"}, 404, "lane_not_found", ""),
        ("POST", "/lanes/default/fork", {"to": "default"}, 409, "fork_onto_itself", "to"),
        ("POST", "/lanes/default/fork", {"to": "-"}, 400, "field_invalid", "to"),
        ("GET", "/lanes/none/export", None, 404, "lane_not_found", ""),
        ("POST", "/lanes/a/import", {}, 400, "field_invalid", "tables"),
        ("POST", "/lanes/a/import", {"tables": {"x": 1}}, 400, "field_invalid", "tables.x"),
        ("POST", "/lanes/a/import", {"tables": {"x": []}}, 400, "import_invalid", "tables.x"),
        ("PUT", "/clock", {}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-01-01"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-02-30T00:00:00Z"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-01-01T00:00:00"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "1950-01-01T00:00:00Z"}, 400, "field_invalid", "now"),
        ("PUT", "/clock", {"now": "2026-01-01T00:00:00Z", "frozen": 1}, 400, "field_invalid", "frozen"),
        ("POST", "/clock/freeze", {"at": "soon"}, 400, "field_invalid", "at"),
        ("POST", "/lanes", {"name": "x", "frozen_at": "soon"}, 400, "field_invalid", "frozen_at"),
        ("POST", "/lanes", {"name": "x", "frozen_at": "1900-01-01T00:00:00Z"}, 400, "field_invalid", "frozen_at"),
        ("POST", "/clock/unfreeze", {"at": "soon"}, 400, "field_invalid", "at"),
        ("POST", "/clock/advance", {"duration": "soon"}, 400, "field_invalid", "duration"),
        ("POST", "/clock/advance", {"duration": "999999d"}, 409, "clock_out_of_range", "duration"),
        ("POST", "/faults", {"name": "none"}, 400, "field_invalid", "name"),
        ("POST", "/faults", {"name": "slow", "count": 0}, 400, "field_invalid", "count"),
        ("POST", "/faults", {"name": "slow", "count": True}, 400, "field_invalid", "count"),
        ("POST", "/faults", {"name": "slow", "probability": 2}, 400, "field_invalid", "probability"),
        ("POST", "/faults", {"name": "slow", "probability": "1"}, 400, "field_invalid", "probability"),
        ("POST", "/faults", {"name": "slow", "probability": 10**400}, 400, "field_invalid", "probability"),
        ("POST", "/faults", {"name": "slow", "params": {"delay_s": "1"}}, 400, "field_invalid", "params.delay_s"),
        ("POST", "/faults", {"name": "slow", "params": {"delay_s": -1}}, 400, "field_invalid", "params.delay_s"),
        ("POST", "/faults", {"name": "slow", "operation": "a\x00"}, 400, "field_invalid", "operation"),
        ("POST", "/faults", {"name": "slow", "operation": "BalanceChek"}, 400, "field_invalid", "operation"),
        ("POST", "/faults", {"name": "slow", "operation": "ICPayments"}, 400, "field_invalid", "operation"),
        ("POST", "/faults", {"name": "line-twice", "operation": "SetEmail"}, 400, "field_invalid", "operation"),
        ("POST", "/faults", {"name": "line-twice", "path": "/door"}, 400, "field_invalid", "path"),
        ("POST", "/faults", {"name": "html", "params": {"delay_s": 1}}, 400, "field_invalid", "params"),
        ("DELETE", "/faults/9", None, 404, "fault_not_found", ""),
        ("DELETE", f"/faults/{2**70}", None, 400, "field_invalid", "number"),
        ("GET", "/journal?limit=0", None, 400, "field_invalid", "limit"),
        ("GET", "/journal?limit=x", None, 400, "field_invalid", "limit"),
        ("GET", "/journal?since=99999999999999999999", None, 400, "field_invalid", "since"),
        ("GET", "/journal?invalid=yes", None, 400, "field_invalid", "invalid"),
        ("GET", "/journal/none", None, 404, "entry_not_found", ""),
        ("GET", "/journal/%00", None, 400, "field_invalid", "id"),
        ("GET", "/none", None, 404, "not_found", ""),
        ("PATCH", "/lanes", None, 405, "method_not_allowed", ""),
        ("OPTIONS", "/lanes", None, 405, "method_not_allowed", ""),
    ],
)
def test_what_is_refused(api: Api, method: str, path: str, body: object, status: int, code: str, field: str) -> None:
    path, _, query = path.partition("?")
    pairs = dict([query.split("=")]) if query else {}
    assert api.error(method, path, body, status=status, **pairs) == (code, field)


def test_a_405_says_what_is_allowed(running: Kit) -> None:
    answer = httpx.patch(verify=False, url=f"{running.server.url}/_sandbox/lanes")
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_the_clock_is_set_frozen_and_runs_on(api: Api) -> None:
    clock = api("PUT", "/clock", {"now": "2026-03-01T12:00:00-05:00", "frozen": True})
    assert clock == {"lane": "default", "now": "2026-03-01T17:00:00+00:00", "frozen": True}
    assert api("GET", "/clock") == clock
    assert api("POST", "/clock/unfreeze")["frozen"] is False
    assert api("GET", "/clock")["now"].startswith("2026-03-01T17:00:")
    assert api("POST", "/clock/freeze", {"at": "2030-01-01T00:00:00Z"})["now"] == "2030-01-01T00:00:00+00:00"
    assert api("POST", "/clock/freeze")["now"] == "2030-01-01T00:00:00+00:00"
    other = Api(str(api.http.base_url).removesuffix("/_sandbox/"), "other")
    assert other("GET", "/clock")["frozen"] is False
    other.http.close()


def test_advance_runs_what_falls_due_and_prints_the_timeline(api: Api, due: list[Due]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    api("PUT", "/clock", {"now": start.isoformat(), "frozen": True})

    def run() -> str:
        due.clear()
        return "settled"

    due.append(Due(start + timedelta(days=1), "payment 7", run))
    assert api("POST", "/clock/advance", {"duration": "3d"}) == {
        "lane": "default",
        "now": "2026-01-04T00:00:00+00:00",
        "frozen": True,
        "timeline": [{"at": "2026-01-02T00:00:00+00:00", "label": "payment 7", "outcome": "settled"}],
    }
    due.append(Due(start, "payment 8", lambda: str(1 / 0)))
    assert api.error("POST", "/clock/advance", {"duration": "1s"}, status=409) == ("due_failed", "duration")


def test_faults_are_given_listed_and_taken(api: Api, running: Kit) -> None:
    made = api("POST", "/faults", {"name": "http-503", "path": "/door", "count": 1}, status=201)
    assert made == {
        "number": 1,
        "name": "http-503",
        "operation": "",
        "path": "/door",
        "remaining": 1,
        "probability": 1.0,
        "params": {},
        "fired": 0,
    }
    assert running.ask().startswith(b"HTTP/1.1 503 ")
    assert running.ask().startswith(b"HTTP/1.1 200 ")
    (listed,) = api("GET", "/faults")["faults"]
    assert (listed["remaining"], listed["fired"]) == (0, 1)
    api("POST", "/faults", {"name": "slow", "count": None, "params": {"delay_s": 0.1}}, status=201)
    assert api("GET", "/lanes/default")["active_faults"] == 1
    api("DELETE", "/faults/2", status=204)
    api("DELETE", "/faults", status=204)
    assert api("GET", "/faults") == {"faults": []}


def test_the_journal_is_queried_shown_and_cleared(api: Api, running: Kit) -> None:
    running.door.answer = Response(200, b"<Password>hunter2</Password>", "text/xml")
    running.ask("/door/Echo?x=1")
    running.ask("/door/Other")
    running.ask("/lane/other/door/Echo")
    entries = api("GET", "/journal")["entries"]
    assert [entry["operation"] for entry in entries] == ["Echo", "Other"]
    assert "request" not in entries[0]
    assert [entry["operation"] for entry in api("GET", "/journal", operation="Other", limit=5)["entries"]] == ["Other"]
    assert api("GET", "/journal", since=entries[-1]["number"]) == {"entries": []}
    assert api("GET", "/journal", invalid="true") == {"entries": []}
    entry = api("GET", f"/journal/{entries[0]['id']}")
    assert (entry["query"], entry["request"], entry["answer"]) == ("x=1", "x", "<Password>•••</Password>")
    assert entry["findings"] is None
    api("DELETE", "/journal", status=204)
    assert api("GET", "/journal") == {"entries": []}


def test_a_lane_in_the_path_is_the_lane(running: Kit) -> None:
    answer = httpx.get(verify=False, url=f"{running.server.url}/lane/mine/_sandbox/clock")
    assert answer.json()["lane"] == "mine"
    assert httpx.get(verify=False, url=f"{running.server.url}/lane/mine/_sandbox/part/things").json() == {
        "lane": "mine"
    }


def test_what_a_view_raises_is_a_short_500(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    assert api.error("GET", "/part/broken", status=500) == ("internal_error", "")
    assert "secret detail" in caplog.text


def test_a_file_that_somebody_else_writes_is_503_and_when_to_try_again(
    api: Api, tmp_path: Path, breaks_by: Callable[[Exception], None]
) -> None:
    breaks_by(locked_error(tmp_path / "x.db"))
    answer = api.http.get("/part/broken")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    told = answer.json()["error"]
    assert told["code"] == "database_locked"
    assert told["message"].startswith("The database says: database is locked: somebody else is writing in the file and")


def test_exchanges_are_told_as_they_are_written_by_lane_and_id(running: Kit) -> None:
    with listening(running, "GET", "/_sandbox/events?lane=a") as wire:
        assert told(wire) == [": listening"]
        running.ask("/door/Echo")
        running.ask("/lane/a/door/Echo")
        (entry,) = running.journal.find("a")
        id, event, data = told(wire)
    assert (id, event) == (f"id: {entry.id}", "event: entry")
    assert json.loads(data.removeprefix("data: ")) == {"lane": "a", "id": entry.id}


def test_who_listens_again_is_told_that_it_missed_something(running: Kit) -> None:
    with listening(running, "GET", "/_sandbox/events", "Last-Event-ID: x") as wire:
        assert told(wire)[0] == "event: missed"


def listening(running: Kit, *request: str) -> Wire:
    wire = running.connect()
    wire.send(*request)
    assert b"Content-Type: text/event-stream" in wire.head()
    return wire


def told(wire: Wire) -> list[str]:
    """The lines of the next event."""
    data = b""
    while not data.endswith(b"\n\n"):
        data += wire.sock.recv(1)
    return data.decode().split("\n")[:-2]


def test_only_so_many_may_listen_and_who_leaves_makes_room(running: Kit) -> None:
    feed = Feed(running.journal)
    leave = [feed.listen()(lambda event: None) for _ in range(MOST_LISTENERS)]
    with pytest.raises(TooManyListeners, match="close a page"):
        feed.listen()
    leave.pop()()
    feed.listen()
    for each in leave:
        each()
    assert not running.journal.written
