"""How a program of ours ends: SIGTERM, which deploys send, is Ctrl-C, and one is enough."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Ending"]


class Ending:
    """
    Within the block the first SIGTERM raises `KeyboardInterrupt` in the main thread; what follows it changes nothing.

    So whatever the block has open is closed in order, and a process manager that repeats itself does not cut that
    short; nor does it cut short what Python does after the block. Ctrl-C keeps its meaning throughout, but for what is
    `held`.
    """

    def __init__(self) -> None:
        self._before: Any = signal.SIG_DFL
        self._begun = False

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._end)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._begun:
            signal.signal(signal.SIGTERM, self._before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """
        Within the block a first signal waits for the block's end and is raised there; a second Ctrl-C does not wait.

        For what starts threads and servers: it can be stopped when it stands, but not from halfway.
        """
        asked: list[int] = []

        def note(number: int, _: FrameType | None) -> None:
            if number == signal.SIGINT and asked:
                raise KeyboardInterrupt
            asked.append(number)

        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        if before[signal.SIGINT] is signal.SIG_IGN:  # a job in the background of a shell
            del before[signal.SIGINT]
        try:
            for number in before:
                signal.signal(number, note)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if signal.SIGTERM in asked:
            self.begun()
        if asked:
            raise KeyboardInterrupt

    def begun(self) -> None:
        """Say that the end has begun by another way than a SIGTERM here."""
        self._begun = True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _end(self, _: int, __: FrameType | None) -> None:
        self.begun()
        raise KeyboardInterrupt
