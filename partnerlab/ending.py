"""How a program of ours ends: SIGTERM, which deploys send, is Ctrl-C, and one is enough."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Ending"]


class Ending:
    """
    Within the block the first SIGTERM raises `KeyboardInterrupt` in the main thread; what follows it changes nothing.

    So whatever the block has open is closed in order, and a process manager that repeats itself does not cut that
    short; nor does it cut short what Python does after the block. Ctrl-C keeps its meaning throughout.
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

    def begun(self) -> None:
        """Say that the end has begun by another way than a SIGTERM here."""
        self._begun = True
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _end(self, _: int, __: FrameType | None) -> None:
        self.begun()
        raise KeyboardInterrupt
