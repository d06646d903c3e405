"""The thread that writes payments while the next ones are made, held where a test wants it."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from partnerlab.simulators.inhance_soap.services.payment_batch import PaymentBatch

MOST = 3
HELD_S = 30.0


class Writer:
    """The thread that writes, which can be held before it writes or before it commits, or be told to fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.may = threading.Event(), threading.Event()
        self.may.set()
        self.error: Exception | None = None
        self.handed = 0
        self.when = "before it commits"
        write = PaymentBatch.write

        def held(batch: PaymentBatch, tx: Any) -> None:
            mine = threading.current_thread().name.startswith("payments")
            if mine and self.when == "before it writes":
                self.wait()
            write(batch, tx)
            if mine and self.when == "before it commits":
                self.wait()

        monkeypatch.setattr(PaymentBatch, "write", held)

    def wait(self) -> None:
        """In that thread."""
        self.handed += 1
        self.begun.set()
        assert self.may.wait(HELD_S)
        if self.error is not None:
            raise self.error

    def hold(self) -> None:
        """Hold it when it writes next."""
        self.begun.clear()
        self.may.clear()

    def go_on(self) -> None:
        """Let it go on, or fail."""
        self.may.set()


def numbered(rows: Any) -> list[str]:
    """The references of one account's payments, by their numbers."""
    return [row["reference"] for row in sorted(rows["a inhance_payments"], key=lambda row: row["number"])]


def references(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]
