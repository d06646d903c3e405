"""Ports for what cannot listen on port 0: a process that comes back where it was, or that others are told of first."""

from __future__ import annotations

import random
import socket

_BELOW_EPHEMERAL = range(20_000, 32_000)
_dice = random.SystemRandom()  # the module's own numbers are seeded by whoever likes


def free_port() -> int:
    """
    A port on which nobody listens. It is below those that a system gives to whoever asks for any, so that no server
    on port 0 and no connection of another test has it when it is wanted.
    """
    for port in _dice.sample(_BELOW_EPHEMERAL, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("a hundred ports were taken")
