"""
Identifiers of what a world makes: payments, methods, schedules, events. Random, as `uuid4`.

A soak draws them from its seed, so that one seed gives one run: in its own thread and for the length of a block, which
no request of a server's can be in. What opens something (tokens, passwords' salts) is never drawn here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["drawn_from", "new_id"]

_bits: ContextVar[Callable[[int], int] | None] = ContextVar("identifiers", default=None)


def new_id() -> str:
    """A new identifier, a UUID of version 4."""
    bits = _bits.get()
    return str(uuid.uuid4() if bits is None else uuid.UUID(int=bits(128), version=4))


@contextmanager
def drawn_from(bits: Callable[[int], int]) -> Iterator[None]:
    """In this block, and in this thread, identifiers are made of *bits*, as `random.Random(7).getrandbits`."""
    token = _bits.set(bits)
    try:
        yield
    finally:
        _bits.reset(token)
