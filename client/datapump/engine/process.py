"""Who has the engine of this process: it is a singleton, and so is what is registered with it."""

from __future__ import annotations

import threading

from partnerlab.client.datapump.engine import EngineBusy

__all__ = ["claim_process", "current", "release_process"]

_current: object | None = None
_current_lock = threading.Lock()


def claim_process(owner: object) -> None:
    """Take the one engine of this process. Raises `EngineBusy` where somebody has it."""
    global _current
    with _current_lock:
        if _current is not None:
            raise EngineBusy
        _current = owner


def current() -> object | None:
    """Who has the engine of this process."""
    return _current


def release_process(owner: object) -> bool:
    """Give it back; False where it is not *owner*'s."""
    global _current
    with _current_lock:
        if _current is not owner:
            return False
        _current = None
        return True
