"""What the servers log, on the screen of whoever started them."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Literal

from partnerlab.contracts.masking import mask_text, printable

__all__ = ["JsonFormatter", "PlainFormatter", "log_to_stderr"]

# What a record knows beside its text, where it knows it.
EXTRAS = ("delivery", "event", "lane", "operation", "attempt", "outcome", "state", "seconds")


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

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the standard library's name
        """The traceback."""
        return printable(mask_text(super().formatException(ei)), lines=True)


class JsonFormatter(logging.Formatter):
    """
    A record as one JSON object a line: `time` (UTC), `level`, `logger`, `message`, `traceback` where there is one.

    Of a delivery it has `delivery`, `event`, `lane` too, of an attempt `operation`, `attempt`, `outcome`, `state`,
    `seconds`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        shown = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask_text(record.getMessage()),
            **{name: getattr(record, name) for name in EXTRAS if hasattr(record, name)},
        }
        if record.exc_info:
            shown["traceback"] = mask_text(self.formatException(record.exc_info))
        return json.dumps(shown)


def log_to_stderr(form: Literal["text", "json"] = "text") -> None:
    """
    Log to stderr, unless whoever calls has set up logging already.

    As text warnings and errors, for people; as JSON what partnerlab does too, for machines.
    """
    root = logging.getLogger()
    if not root.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(JsonFormatter() if form == "json" else PlainFormatter())
        handler.setLevel(logging.INFO if form == "json" else logging.WARNING)
        root.addHandler(handler)
        if form == "json":
            logging.getLogger("partnerlab").setLevel(logging.INFO)
