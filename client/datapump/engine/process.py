"""Who has the engine of this process: it is a singleton, and so is what is registered with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from partnerlab.client.datapump.engine import EngineBusy

__all__ = ["claim_process", "current", "registered", "release_process"]

_current: object | None = None
_registered: dict[str, Any] = {}
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


def registered(dbos: Any, name: str, do: Callable[[object, str, int], None]) -> Any:
    """The workflow of that name, made once: it calls *do* with whoever has the engine then, its id and a number."""
    if name not in _registered:

        @dbos.workflow(name=name, max_recovery_attempts=None)  # type: ignore[untyped-decorator,unused-ignore]
        def workflow(number: int) -> None:
            do(_current, dbos.workflow_id, number)

        _registered[name] = workflow
    return _registered[name]
