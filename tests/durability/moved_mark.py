"""
An export whose marks are moved by one: each row is marked as taken under the name of the payment behind it.

    python -m tests.durability.moved_mark sandbox …        the sandbox, wrong in this alone

The tests of exports must find it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from partnerlab.cli import main
from partnerlab.simulators.ic_webservices.services.export_batches import _Making

__all__ = ["payment_rows"]

right = _Making._payment_rows


def payment_rows(making: _Making) -> Iterator[tuple[str, str, Any]]:
    """In the place of the method of that name."""
    found = list(right(making))
    marks = [item for item, _, _ in found[1:]] + [f"beyond-{making.report_id}"]
    yield from ((mark, part, row) for mark, (_, part, row) in zip(marks, found, strict=False))


if __name__ == "__main__":
    _Making._payment_rows = payment_rows  # type: ignore[method-assign]
    main()
