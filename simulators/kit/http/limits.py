"""What one connection, and what all of them together, may ask of the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from partnerlab.contracts.records import dataclass

__all__ = ["Budget", "Limits"]

FREE_BYTES = 16 * 1024
"""So much of a body is always held: a small call is answered whatever others hold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """
    What a connection may ask for, and all connections together.

    Attributes:
        header_s: Time for a whole head.
        body_s, write_s: Time without any progress.
        body_rate: Bytes a second that a body must bring in the long run.
        idle_s: Time between requests.
        linger_s: Time that a refused sender gets to notice.
        waiting, waiting_bytes: What one connection may send ahead of answers.
        held_bytes: What all bodies and unread answers together may take.
        in_file: Of method, target and headers, whether the body is kept in a file, not held.
        file_bytes: The most that such a body may have.
    """

    header_bytes: int = 32 * 1024
    headers: int = 100
    body_bytes: int = 32 * 1024 * 1024
    connections: int = 1_024
    spare_connections: int = 32
    waiting: int = 32
    waiting_bytes: int = 64 * 1024
    held_bytes: int = 128 * 1024 * 1024
    header_s: float = 10.0
    body_s: float = 30.0
    body_rate: int = 16 * 1024
    write_s: float = 60.0
    idle_s: float = 60.0
    linger_s: float = 2.0
    file_bytes: int = 0
    in_file: Callable[[str, bytes, Mapping[str, str]], bool] | None = None


class Budget:
    """Bytes held for all connections together. Used in the event loop alone."""

    __slots__ = ("held", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def take(self, size: int) -> bool:
        """Count *size* bytes in, if there is room."""
        if self.held + size > self.most:
            return False
        self.held += size
        return True

    def give(self, size: int) -> None:
        """Count them out."""
        self.held -= size
