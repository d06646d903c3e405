"""
The world of a soak in processes of their own: sandboxes on one database, each with a data pump on DBOS, really killed.

On PostgreSQL two replicas share it; a SQLite file has one. Bills, payers, faults and kills come from the seed as in the
world of this process. What races is decided by nobody, so that no two runs are the same, and all must balance.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from partnerlab.auditing import LaneBooks, read_lane
from partnerlab.client.errors import TransportError
from partnerlab.client.http import Transport
from partnerlab.contracts.paths import at
from partnerlab.replicas import running_replicas
from partnerlab.simulators.kit.faults.effects import WAITING
from partnerlab.soak.killing import Killer
from partnerlab.soak.receiver import Receiver
from partnerlab.soak.world import BEGINS, LANE, Refused, World

__all__ = ["ProcessWorld"]

NOBODY_ANSWERS_S = 60.0
SETTLES_IN_S, RESTS_IN_S = 2.0, 40.0
"""
How long the pump is waited for: a day's deliveries may be late, in the end all must arrive, those of a killed process
too, which another takes over within some ten seconds.
"""
SLOW_S = 0.3
"""What faults that wait wait for: it is the order of things that counts, not how long they take."""
MOST_LOOKS, MOST_WORDS = 60, 200


class Unanswered(Exception):
    """Whoever was asked was killed before the answer: what was asked for may have been done."""


class ProcessWorld(World):
    """The world of *seed* on *database*, in *folder*. Up to four payers act side by side."""

    at_once, repeatable = 4, False

    def __init__(self, seed: int, echo: Callable[[str], object], database: str, folder: Path) -> None:
        super().__init__(seed, echo)
        self._database, self._log = database, folder / "sandbox.log"
        self._exit = ExitStack()
        self._at, self._calm = BEGINS, False

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            count = 2 if self._database.startswith("postgres") else 1
            replicas = opened.enter_context(
                running_replicas(self._database, "--no-console", count=count, log=self._log)
            )
            self._killer = opened.enter_context(Killer(replicas, self.log))
            self._receiver = opened.enter_context(Receiver())
            self._pool = opened.enter_context(ThreadPoolExecutor(self.at_once))
            self.browser = self._any = _AnyReplica(self._killer, self.seed)
            opened.callback(self._any.end)
            self.transport = Transport(allow_http=True, http=self._any)
            self.post_back_url = self._receiver.url
            self.url = f"{replicas[0].url}/lane/{LANE}"
            beside = opened.enter_context(closing(_Control(replicas[0].url, self._any, "default")))
            self.control = opened.enter_context(closing(_Control(replicas[0].url, self._any, LANE)))
            if LANE in {row["name"] for row in beside.get("/_sandbox/lanes")["lanes"]}:
                beside.delete(at("/_sandbox/lanes/{}", LANE))
            beside.post("/_sandbox/lanes", {"name": LANE, "seed": self.seed, "frozen_at": BEGINS.isoformat()})
            self.know_billers()
            self._exit = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def now(self) -> datetime:
        return self._at

    def advance_to(self, moment: datetime) -> None:
        ends = time.monotonic() + NOBODY_ANSWERS_S
        while (left := moment - self._at) > timedelta(0):
            with self.surviving("on its way through the day"):
                answer = self.control.post("/_sandbox/clock/advance", {"duration": f"{left.total_seconds():.0f}s"})
                for done in answer["timeline"]:
                    if not done["outcome"].endswith(("nothing new", "nothing was billed", "no balance changed")):
                        self.log(f"{done['label']}: {done['outcome']}", datetime.fromisoformat(done["at"]))
            self._at = datetime.fromisoformat(self.control.get("/_sandbox/clock")["now"])
            if time.monotonic() > ends:
                raise TimeoutError(f"the clock did not reach {moment:%Y-%m-%dT%H:%M:%S} in {NOBODY_ANSWERS_S:.0f} s")

    def settle(self) -> None:
        """Wait until nothing is on its way to the pump or from it, but not for long while there is trouble."""
        ends = time.monotonic() + (RESTS_IN_S if self._calm else SETTLES_IN_S)
        while self._moving() and time.monotonic() < ends:
            time.sleep(0.1)

    def _moving(self) -> bool:
        if self.control.get("/_sandbox/ic/events", state="waiting", limit=1)["events"]:
            return True
        return not self.control.get("/_pump/settled", lane=LANE)["settled"]

    def books(self) -> LaneBooks:
        """The records of the lane at a moment: read until two readings agree. Raises `TimeoutError`."""
        books = read_lane(self.control, LANE)
        for _ in range(MOST_LOOKS):
            again = read_lane(self.control, LANE)
            if again == books:
                return books
            books = again
        raise TimeoutError(f"the books did not stand still in {MOST_LOOKS} readings")

    @contextmanager
    def surviving(self, what: str) -> Iterator[None]:
        """Where a process was killed before its answer came, nobody knows whether it was done, and the run goes on."""
        try:
            yield
        except (Unanswered, TransportError, httpx.TransportError) as error:
            self.log(f"no answer {what}: {error}")

    def together(self, acts: Sequence[Callable[[], None]]) -> None:
        for done in [self._pool.submit(act) for act in acts]:
            done.result()

    # --- trouble ---

    def fault(self, name: str, operation: str, count: int) -> None:
        waits = {"params": {"delay_s": SLOW_S}} if name in WAITING else {}
        self.control.post("/_sandbox/faults", {"name": name, "operation": operation, "count": count, **waits})

    def kill(self) -> None:
        self._killer.arm(self.dice)

    def refuse_postbacks(self, times: int) -> None:
        self._receiver.refuse(times)

    def last_words(self) -> Sequence[str]:
        with self._log.open(encoding="utf-8", errors="replace") as lines:
            return [line.rstrip() for line in deque(lines, MOST_WORDS)]

    def calm(self) -> None:
        self._killer.disarm()
        super().calm()
        self._receiver.refuse(0)
        self._calm = True


class _AnyReplica(httpx.BaseTransport):
    """Carries each call to one of the replicas, as a balancer does; while it starts, to whoever listens first."""

    def __init__(self, killer: Killer, seed: int) -> None:
        self._killer = killer
        self._dice = random.Random(f"replica/{seed}")  # noqa: S311
        self._http = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises httpx's errors; one that it cannot connect for only once nobody listens for long."""
        self._killer.calling()
        ends = time.monotonic() + NOBODY_ANSWERS_S
        content = request.read()
        while True:
            to = httpx.URL(self._dice.choice(self._killer.replicas).url)
            url = request.url.copy_with(host=to.host, port=to.port)
            sent = httpx.Request(
                request.method, url, headers=request.headers, content=content, extensions=request.extensions
            )
            try:
                return self._http.handle_request(sent)
            except httpx.ConnectError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.1)

    def close(self) -> None:
        """The connections stay, for the others who use them."""

    def end(self) -> None:
        """Close the connections."""
        self._http.close()


class _Control:
    """The control API over HTTP; a `partnerlab.soak.world.Control`. What can be asked twice is asked again."""

    def __init__(self, url: str, transport: httpx.BaseTransport, lane: str) -> None:
        headers = {"X-Sandbox-Lane": lane}
        self._http = httpx.Client(base_url=url, transport=transport, headers=headers, timeout=NOBODY_ANSWERS_S)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON at *path*. Raises `Refused`."""
        return self._ask("GET", path, query={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None) -> Any:
        """POST JSON. Raises `Refused`, `Unanswered`."""
        return self._ask("POST", path, {} if body is None else body)

    def put(self, path: str, body: Any) -> Any:
        """PUT JSON, as `get`."""
        return self._ask("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH JSON, as `get`."""
        return self._ask("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """DELETE, as `get`."""
        return self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        """The answer's JSON. Raises `Refused`, `Unanswered`."""
        ends = time.monotonic() + NOBODY_ANSWERS_S
        while True:
            try:
                answer = self._http.request(method, path, json=body, params=query)
                break
            except httpx.TransportError as error:
                if method == "POST" or time.monotonic() > ends:
                    raise Unanswered(f"{method} {path}: {error}") from error
        value: Any = answer.json() if answer.content else None
        if answer.is_error:
            raise Refused(answer.status_code, value["error"]["message"])
        return value

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
