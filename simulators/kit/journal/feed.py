"""Tells listeners of each journal entry as it is written: its lane and its id alone."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable

from partnerlab.simulators.kit.http.messages import Stream
from partnerlab.simulators.kit.http.streaming import MISSED
from partnerlab.simulators.kit.journal.entries import Entry
from partnerlab.simulators.kit.journal.journal import Journal

__all__ = ["MOST_LISTENERS", "Feed", "TooManyListeners"]

MOST_LISTENERS = 64
LOOK_S, AFTER_ERROR_S = 0.25, 5.0

_logger = logging.getLogger(__name__)

Push = Callable[[bytes], None]


class TooManyListeners(Exception):
    """Each holds a connection open."""

    def __init__(self) -> None:
        super().__init__(f"{MOST_LISTENERS} listen already; close a page or a `journal --follow`")


class Feed:
    """
    The events of one journal. While nobody listens it costs nothing.

    Where several replicas write in the journal, it is looked at four times a second while somebody listens.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._listeners: dict[int, tuple[Push, str]] = {}
        self._over = threading.Event()
        self._seen = 0

    def listen(self, lane: str = "", *, missed: bool = False) -> Stream:
        """
        The events of one lane, or of all where *lane* is empty; *missed* says first that some were not sent.

        Raises `TooManyListeners`.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise TooManyListeners
        self._journal.flush()  # what waited is no news
        newest = self._journal.newest() if self._journal.shared else 0

        def stream(push: Push) -> Callable[[], None]:
            # Something is sent at once, so that a proxy passes the head on.
            push(MISSED if missed else b": listening\n\n")
            with self._lock:
                self._listeners[id(push)] = (push, lane)
                if len(self._listeners) == 1:
                    self._begin(newest)
            return lambda: self._leave(id(push))

        return stream

    def _begin(self, newest: int) -> None:
        if not self._journal.shared:
            self._journal.written.append(self._written)
            return
        self._over, self._seen = threading.Event(), newest
        threading.Thread(target=self._look, args=(self._over,), name="journal-feed", daemon=True).start()

    def _leave(self, listener: int) -> None:
        with self._lock:
            self._listeners.pop(listener, None)
            if not self._listeners:
                self._over.set()
                if not self._journal.shared:
                    self._journal.written.remove(self._written)

    def _look(self, over: threading.Event) -> None:
        while not over.wait(LOOK_S):
            try:
                for number, lane, id in self._journal.newer(self._seen):
                    self._tell(lane, id)
                    self._seen = number
            except Exception:
                _logger.exception("the journal could not be looked at")
                over.wait(AFTER_ERROR_S)

    def _written(self, lane: str, entry: Entry) -> None:
        self._tell(lane, entry.id)

    def _tell(self, lane: str, id: str) -> None:
        event = f"id: {id}\nevent: entry\ndata: {json.dumps({'lane': lane, 'id': id})}\n\n".encode()
        for push, only in list(self._listeners.values()):
            if only in ("", lane):
                push(event)
