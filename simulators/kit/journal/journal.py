"""
The journal: every exchange at a door, with the contract's verdict on it.

Appending costs the request next to nothing: entries wait in memory, per lane no more than are kept. Reading flushes
first; what fell out of the lane's ring by then is never masked. One thread masks and writes them in batches where that
is not to wait: in a database that others read or that outlives the process, and where somebody is told of each entry.
The verdict on an entry is made when it is first read; where the stored text would not do for that, when it is written.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Any, Unpack

from partnerlab.contracts.verification.findings import Finding, Verdict
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.journal.entries import (
    CLEAR,
    CUT,
    FIELDS,
    GET,
    GET_AGAIN,
    IN_ORDER,
    INSERT,
    INSERT_ALL,
    JUDGED,
    LANE,
    NEWER,
    NEWEST,
    OPEN,
    SIZE,
    TABLES,
    TIE,
    TRIM,
    WRITTEN,
    Entry,
    read_row,
    render_findings,
)
from partnerlab.simulators.kit.journal.query import Wanted, select_wanted
from partnerlab.simulators.kit.journal.recording import EXCERPT_BYTES, record_body, record_headers, record_line
from partnerlab.simulators.kit.journal.waiting import Operation, Sent, Waiting, as_tuple, cut_down, size_of
from partnerlab.simulators.kit.world.lanes import Lanes
from partnerlab.simulators.kit.world.store import Row

__all__ = ["KEEP", "Journal", "Sent"]

KEEP = 1_000
MAX_WAITING = 50_000
MAX_WAITING_BYTES = 32 * 1024 * 1024
JUDGED_BYTES = 1024 * 1024
"""The verdict on a larger body is left out: it would take seconds from everybody."""
ENOUGH, ENOUGH_BYTES = MAX_WAITING // 4, MAX_WAITING_BYTES // 4
"""Where so many wait, in all lanes together, they are written though nobody asked for them."""
MAX_STORED_BYTES = 512 * 1024 * 1024
CHUNK = 100
TOGETHER = 10
"""Entries that are masked before a waiting request has its turn: half a millisecond."""
MOST_NEWER = 500

_logger = logging.getLogger(__name__)

_cells = itemgetter(*WRITTEN)


class Journal:
    """
    The journal of every lane of a store.

    *verdicts* maps a door's name to its contract's check. Of each lane the newest *keep* entries are kept, of all
    lanes together the newest 512 MiB. *secrets* gives the keys that are masked wherever they stand, whatever name is
    before them; *noticed* says what the sandbox itself has to say about a request, beside the contract.
    """

    def __init__(
        self,
        lanes: Lanes,
        verdicts: Mapping[str, Verdict] | None = None,
        *,
        keep: int = KEEP,
        secrets: Callable[[], frozenset[str]] = frozenset,
        noticed: Callable[[Request], tuple[Finding, ...]] = lambda _: (),
    ) -> None:
        self._lanes, self._store = lanes, lanes.store
        self._store.add(TABLES)
        self._verdicts = dict(verdicts or {})
        self._keep = keep
        self._soon = not self._store.in_memory  # others read it, or it outlives the process
        self._asked_for = 0
        self._secrets, self._noticed = secrets, noticed
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: dict[str, deque[Waiting]] = {}
        self._waiting_count = self._waiting_bytes = 0
        self._unmeasured = MAX_STORED_BYTES  # how much a former run left is not known yet
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.written: list[Callable[[str, Entry], None]] = []
        """Each is told the lane and the entry of every exchange of this process soon after it was written."""
        lanes.before_copy.append(self.flush)

    def append(
        self,
        request: Request,
        method: str,
        door: str,
        operation: Operation,
        response: Response | None,
        started_ns: int,
        faults: tuple[str, ...] = (),
        sent: Sent | None = None,
    ) -> None:
        """
        Note an exchange: *response* None means that nothing was answered, *started_ns* is of `perf_counter_ns`.

        *method* is the one on the wire, which for HEAD is not the request's. With *sent* the call was Invoice Cloud's,
        else it came to a door of the sandbox.
        """
        duration_us = (time.perf_counter_ns() - started_ns) // 1000
        size = size_of(request, response)
        fields = (request, method, door, operation, response, time.time(), duration_us, faults, sent, size, None)
        entry = as_tuple(Waiting, fields)
        if size > JUDGED_BYTES or self._waiting_bytes + size > MAX_WAITING_BYTES:
            entry = cut_down(entry, EXCERPT_BYTES if self._waiting_bytes <= MAX_WAITING_BYTES else 0)
            size = entry.size
        with self._lock:
            waiting = self._waiting.get(request.lane.name)
            if waiting is None:
                waiting = self._waiting[request.lane.name] = deque()
            if waiting and len(waiting) >= self._keep:
                self._waiting_bytes += size - waiting.popleft().size
                waiting.append(entry)
            elif self._waiting_count < MAX_WAITING:
                waiting.append(entry)
                self._waiting_count += 1
                self._waiting_bytes += size
        if (self._soon or self.written or self._is_too_much()) and not self._wake.is_set():
            if self._thread is None:
                self._start()
            self._wake.set()

    def _is_too_much(self) -> bool:
        return self._waiting_count >= ENOUGH or self._waiting_bytes >= ENOUGH_BYTES

    def flush(self) -> None:
        """Write what waits. When it returns, everything appended before the call is in the store."""
        with self._writing:
            with self._lock:
                waiting, self._waiting = self._waiting, {}
                self._waiting_count = self._waiting_bytes = 0
            if waiting and not self._store.in_memory:
                self._store.settle()  # what an entry tells of goes to the file before it
            failed: Exception | None = None
            for lane, entries in waiting.items():
                try:
                    self._write(lane, entries)
                except Exception as error:  # noqa: BLE001 - whatever it is, the other lanes' are written
                    failed = failed or error
            if failed is not None:
                raise failed
            if self._unmeasured >= MAX_STORED_BYTES // 8:
                self._keep_newest()

    def close(self) -> None:
        """Write what waits and stop the thread. What is appended later is written by whoever flushes."""
        with self._lock:
            self._closing.set()
            thread, self._thread = self._thread, None
        self._wake.set()
        if thread is not None:
            thread.join()
        self.flush()

    def find(self, lane: str, **wanted: Unpack[Wanted]) -> list[Entry]:
        """A lane's entries, oldest first: the newest of those that are *wanted*, or with `since` the first after it."""
        self.flush()
        if wanted.get("only_invalid"):
            self._judge_all(lane)
        with self._store.read() as tx:
            statement, values = select_wanted(wanted)
            rows = tx.all(statement, {**values, "lane": lane})
        return self._judged(rows if wanted.get("since") is not None else rows[::-1])

    def get(self, lane: str, id: str) -> Entry | None:
        """The entry of that request, or None. The one that was asked for last is found again without a search."""
        self.flush()
        with self._store.read() as tx:
            row = tx.one(GET_AGAIN, lane=lane, number=self._asked_for, id=id) or tx.one(GET, lane=lane, id=id)
        self._asked_for = 0 if row is None else int(row[0])
        return None if row is None else self._judged([row])[0]

    @property
    def shared(self) -> bool:
        """Whether other processes write in it too."""
        return not self._store.sqlite

    def newest(self) -> int:
        """The number of the last entry that stands in the store, 0 where there is none."""
        with self._store.read() as tx:
            return int(tx.all(NEWEST)[0][0])

    def newer(self, number: int) -> list[tuple[int, str, str]]:
        """Number, lane and id of the first entries after that number, whoever wrote them, oldest first."""
        with self._store.read() as tx:
            return [(number, lane, id) for number, lane, id in tx.all(NEWER, number=number, limit=MOST_NEWER)]

    def clear(self, lane: str) -> int:
        """Forget a lane's entries; how many there were."""
        self.flush()
        with self._store.write() as tx:
            return tx.run(CLEAR, lane=lane)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                thread = threading.Thread(target=self._run, name="journal", daemon=True)
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        """Write in the background: at once where little happens, else a fortieth of the time, each 2 s at least."""
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            started = time.perf_counter()
            try:
                self.flush()
            except Exception:
                _logger.exception("the journal could not be written")
            self._closing.wait(min(2.0, max(0.05, 40 * (time.perf_counter() - started))))

    def _write(self, lane: str, entries: deque[Waiting]) -> None:
        for first in range(0, len(entries), CHUNK):
            rows = []
            for number in range(first, min(first + CHUNK, len(entries))):
                if number % TOGETHER == 0 and threading.current_thread() is self._thread:
                    time.sleep(0)  # lets a waiting request have the interpreter: masking holds it
                rows.append(self._row(entries[number]))
            with self._store.write(aside=True) as tx:
                tx.lock(IN_ORDER, ())
                if tx.one(LANE, lane=lane) is None:
                    return  # the lane was dropped while its last requests were on their way
                self._lanes.used(tx, lane)
                if self._store.sqlite:
                    tx.run_rows(INSERT_ALL, [_cells(row) for row in rows])
                else:
                    tx.run_many(INSERT, rows)
                self._unmeasured += sum(len(row["request"]) + len(row["answer"]) + 1_000 for row in rows)
                for row in rows:
                    if row["peer"] and row["event"] + row["sender"]:
                        tx.run(TIE, lane=lane, peer=row["peer"], sender=row["sender"], event=row["event"])
                tx.run(TRIM, lane=lane, keep=self._keep)
            if self.written:
                self._tell(lane, rows)

    def _tell(self, lane: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            entry = read_row((0, *(row[name] for name in FIELDS[1:])))
            for told in tuple(self.written):
                told(lane, entry)

    def _keep_newest(self) -> None:
        """Forget the oldest entries of all lanes where there are too many bytes of them."""
        self._unmeasured = 0
        with self._store.read() as tx:
            count, size = tx.one(SIZE) or (0, 0)
        if size > MAX_STORED_BYTES:
            with self._store.write() as tx:
                tx.run(CUT, older=int(count * (1 - 0.75 * MAX_STORED_BYTES / size)))

    def _row(self, entry: Waiting) -> dict[str, Any]:
        request, response, operation = entry.request, entry.response, entry.operation
        if not isinstance(operation, str):
            operation = operation(request)
        request_bytes, answer_bytes = entry.cut or (len(request.body), len(response.body) if response else 0)
        known = self._secrets()
        asked = record_body(request.body, request.headers.get("content-type", ""), known)
        secrets = known | asked.secrets
        headers = record_headers(request.headers, secrets)
        body, answer_type = (response.body, response.content_type) if response is not None else (b"", "")
        answered = record_body(body, answer_type, secrets)
        sent = entry.sent
        noticed = self._noticed(request) if entry.cut is None and sent is None else ()
        findings = None
        if entry.cut is not None:
            findings = render_findings(None)
        elif noticed or not (asked.faithful and answered.faithful):
            status = response.status if response is not None else 0
            found = self._judge(entry.door, operation, request.body, headers, status, body, answer_type)
            findings = render_findings((*(found or ()), *noticed) if noticed else found)
        return {
            "lane": request.lane.name,
            "id": request.id,
            "at": request.lane.at(entry.wall_s).isoformat(timespec="milliseconds"),
            "door": entry.door,
            "operation": record_line(operation, secrets),
            "method": entry.method,
            "path": record_line(request.path, secrets),
            "query": record_line(request.query, secrets),
            "headers": json.dumps(headers),
            "request": asked.text,
            "request_bytes": request_bytes,
            "status": response.status if response is not None else 0,
            "answer": answered.text,
            "answer_bytes": answer_bytes,
            "answer_type": record_line(answer_type, secrets),
            "duration_us": entry.duration_us,
            "faults": ",".join(entry.faults),
            "direction": "in" if sent is None else "out",
            "base_url": record_line(request.base_url, secrets),
            "sender": "" if sent is None else sent.sender,
            "event": "" if sent is None else sent.event,
            "peer": "" if sent is None else sent.peer,
            "findings": findings,
        }

    def _judge_all(self, lane: str) -> None:
        """Find the verdicts that are still open in a lane."""
        with self._store.read() as tx:
            rows = tx.all(OPEN, lane=lane)
        self._judged(rows)

    def _judged(self, rows: list[Row]) -> list[Entry]:
        """The entries of rows, with the verdicts that were still open found and stored."""
        entries = []
        found = []
        for row in rows:
            entry = read_row(row)
            if row[-1] is None and entry.door in self._verdicts:
                findings = self._judge(
                    entry.door,
                    entry.operation,
                    entry.request.encode(),
                    entry.headers,
                    entry.status,
                    entry.answer.encode(),
                    entry.answer_type,
                )
                found.append({"number": entry.number, "findings": render_findings(findings)})
                entry = replace(entry, findings=findings)
            entries.append(entry)
        if found:
            with self._store.write() as tx:
                tx.run_many(JUDGED, found)
        return entries

    def _judge(
        self,
        door: str,
        operation: str,
        request: bytes,
        headers: Mapping[str, str],
        status: int,
        answer: bytes,
        answer_type: str,
    ) -> tuple[Finding, ...] | None:
        verdict = self._verdicts.get(door)
        if verdict is None:
            return None
        try:
            findings = verdict(operation, request, headers, status, answer, answer_type)
        except Exception:
            _logger.exception("%s: the verdict on a recorded %s failed", door, operation)
            return (Finding("request", "verdict failed", door, "a verdict", "an error in the check; see the log"),)
        # Where a fault left the caller without an answer, there is none to judge.
        return tuple(finding for finding in findings if status or finding.side == "request")
