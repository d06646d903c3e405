"""Who is told, as it happens, that something was written in the journal: which lane and which exchange, and no more."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from partnerlab.simulators.kit.http.messages import Stream
from partnerlab.simulators.kit.http.streaming import MISSED
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.journal import Journal

__all__ = ["MOST_LISTENERS", "Feed", "TooManyListeners"]

MOST_LISTENERS = 64

Push = Callable[[bytes], None]


class TooManyListeners(Exception):
    """Each holds a connection open."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_LISTENERS} listen already; close a page or a `journal --follow`")


class Feed:
    """The events of one journal. While nobody listens it costs nothing."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._listeners: dict[int, tuple[Push, str]] = {}

    def listen(self, lane: str = "", *, missed: bool = False) -> Stream:
        """
        The events of one lane, or of all where *lane* is empty; *missed* says first that some were not sent.

        Raises `TooManyListeners`.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyListeners
        self._journal.flush()  # what waited is no news

        def stream(push: Push) -> Callable[[], None]:
            # Something is sent at once, so that a proxy passes the head on.
            push(MISSED if missed else b": listening\n\n")
            with self._lock:
                self._listeners[id(push)] = (push, lane)
                if len(self._listeners) == 1:
                    self._journal.written.append(self._tell)
            return lambda: self._leave(id(push))

        return stream

    def _leave(self, listener: int) -> None:
        with self._lock:
            self._listeners.pop(listener, None)
            if not self._listeners:
                self._journal.written.remove(self._tell)

    def _tell(self, lane: str, entry: Entry) -> None:
        event = f"id: {entry.id}\nevent: entry\ndata: {json.dumps({'lane': lane, 'id': entry.id})}\n\n".encode()
        for push, only in list(self._listeners.values()):
            if only in ("", lane):
                push(event)
