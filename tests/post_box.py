"""A page that takes postbacks, as a partner's does: for tests that look at what was posted."""

from __future__ import annotations

import queue

from partnerlab.soak.receiver import Receiver

__all__ = ["PostBox"]


class PostBox(Receiver):
    """A page on a port of its own; `take` gives each form that was posted there, in order."""

    def __init__(self) -> None:
        self._posted: queue.Queue[tuple[bytes, str]] = queue.Queue()
        super().__init__(lambda body, content_type: self._posted.put((body, content_type)))

    def take(self, timeout_s: float = 60.0) -> tuple[bytes, str]:
        """The next form and its content type. Raises `queue.Empty`."""
        return self._posted.get(block=timeout_s > 0, timeout=timeout_s or None)
