"""What the servers log, on the screen of whoever started them."""

from __future__ import annotations

import logging

from partnerlab.contracts.masking import mask_text, printable

__all__ = ["PlainFormatter", "log_to_stderr"]


class PlainFormatter(logging.Formatter):
    """
    A record as text that a terminal shows as it is: what callers sent into it cannot move the cursor, begin another
    record or show a secret.
    """

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        """The first line."""
        return printable(mask_text(super().formatMessage(record)))

    def formatException(self, ei: object) -> str:  # noqa: N802 - the standard library's name
        """The traceback."""
        return printable(mask_text(super().formatException(ei)), lines=True)  # type: ignore[arg-type]


def log_to_stderr() -> None:
    """Warnings and errors go to stderr, unless whoever calls has set up logging already."""
    if not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(PlainFormatter())
        handler.setLevel(logging.WARNING)
        logging.getLogger().addHandler(handler)
