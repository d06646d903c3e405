"""The line to a provider: every call of a run goes through it, is paced, counted, and kept as evidence."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from partnerlab.contracts.verification.grading.model import Exchange
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer, Send
from partnerlab.contracts.verification.provider.secrets import Secrets

__all__ = ["PUT_BY", "BudgetSpent", "Line", "MembersOf", "Reply"]

TIMEOUT_S = 30.0
LEAST_S = 0.1
PUT_BY = 20
"""More requests than one check makes, so that none that changes something ends before it is put back."""
SHOWN_HEADERS = ("content-type", "location", "server", "date", "www-authenticate", "allow", "retry-after")


class BudgetSpent(Exception):
    """The run may send no more requests."""


class Reply:
    """An answer and the number of its exchange."""

    __slots__ = ("answer", "asked", "number")

    def __init__(self, number: int, asked: Asked, answer: Answered) -> None:
        self.number, self.asked, self.answer = number, asked, answer


@dataclass(frozen=True, slots=True)
class MembersOf:
    """An answer taken apart: its members by name, none where it could not be."""

    reply: Reply
    members: Mapping[str, Any]

    @property
    def number(self) -> int:
        """The number of the exchange."""
        return self.reply.number

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.reply.answer.status

    @property
    def said(self) -> str:
        """What came, in a line, for a reader."""
        return f"status {self.status}, {' '.join(self.reply.answer.text[:120].split()) or 'nothing'}"


class Line:
    """
    One run's way to one origin.

    *rate* is requests per second, on average; *budget* how many there may be. Calls to another origin than *url*'s
    are refused, which no check makes: a redirect is an answer like any other.
    """

    def __init__(
        self,
        send: Send,
        url: str,
        secrets: Secrets,
        *,
        rate: float = 5.0,
        budget: int = 2_000,
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.secrets = secrets
        self.timeout_s = timeout_s
        self.budget = budget
        self.sharing = 1
        self.exchanges: list[Exchange] = []
        self.calls: Counter[str] = Counter()
        self._send, self._sleep, self._monotonic = send, sleep, monotonic
        self._origin = _origin(url)
        self._interval_s = 1 / rate
        self._next = 0.0
        self._sent = 0
        self._deadline: float | None = None
        self._lock = threading.Lock()

    def share_of(self, seconds: float) -> float:
        """One random check's part of the time that all of the run have together."""
        return seconds / self.sharing

    def affordable(self, seconds: float) -> int:
        """How many requests the rate lets through in so many seconds, and the budget has left; some are put by."""
        return max(0, min(int(seconds / self._interval_s), self.left - PUT_BY))

    @property
    def left(self) -> int:
        """How many requests the budget has left."""
        return self.budget - self._sent

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let the calls in the block take at most so long together, their pauses not counted."""
        self._deadline = self._monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = None

    def ask(self, asked: Asked) -> Reply:
        """Send a request and wait for its answer. Raises `NoAnswer`, with the exchange kept; `BudgetSpent`."""
        self._pace(1)
        return self._exchange(self._number(), asked)

    def ask_at_once(self, asked: Sequence[Asked]) -> list[Reply]:
        """Send several requests at the same time, after the pause that they cost together. Raises as `ask`."""
        self._pace(len(asked))
        numbers = [self._number() for _ in asked]
        with ThreadPoolExecutor(len(asked)) as pool:
            return list(pool.map(self._exchange, numbers, asked))

    def _pace(self, count: int) -> None:
        if self._sent + count > self.budget:
            raise BudgetSpent
        self._sent += count
        now = self._monotonic()
        if self._next > now:
            self._sleep(self._next - now)
            if self._deadline is not None:  # our own pauses are not the service's time
                self._deadline += self._next - now
        self._next = max(now, self._next) + count * self._interval_s

    def _number(self) -> int:
        """The number of the next exchange, with a place kept for it."""
        with self._lock:
            self.exchanges.append(NOTHING)
            return len(self.exchanges)

    def _exchange(self, number: int, asked: Asked) -> Reply:
        if _origin(asked.url) != self._origin:
            raise ValueError(f"{asked.url} is not of the origin that is verified")
        started = self._monotonic()
        try:
            answer = self._send(asked, self._patience(started))
        except NoAnswer as error:
            self._keep(number, asked, None, str(error), started)
            raise
        self._keep(number, asked, answer, "", started)
        return Reply(number, asked, answer)

    def _patience(self, now: float) -> float:
        if self._deadline is None:
            return self.timeout_s
        return max(LEAST_S, min(self.timeout_s, self._deadline - now))

    def _keep(self, number: int, asked: Asked, answer: Answered | None, error: str, started: float) -> None:
        secrets = self.secrets
        headers = (
            {} if answer is None else {name: answer.headers[name] for name in SHOWN_HEADERS if name in answer.headers}
        )
        kept = Exchange(
            number,
            asked.label,
            asked.method,
            secrets.masked(asked.url, 500),
            {name: secrets.header(name, value) for name, value in asked.headers.items()},
            secrets.masked(asked.body.decode("utf-8", "backslashreplace")),
            0 if answer is None else answer.status,
            {name: secrets.header(name, value) for name, value in headers.items()},
            "" if answer is None else self._body(answer),
            secrets.masked(error, 500),
            round((self._monotonic() - started) * 1000),
            secrets.curl(asked),
        )
        with self._lock:
            self.exchanges[number - 1] = kept
            self.calls[asked.label] += 1

    def _body(self, answer: Answered) -> str:
        if answer.body.startswith(b"%PDF-"):
            return f"{answer.body[:8].decode('ascii', 'replace')}… ({len(answer.body):,} bytes)"
        return self.secrets.masked(answer.text)


NOTHING = Exchange(0, "", "", "", {}, "", 0, {}, "", "under way", 0, "")


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port
