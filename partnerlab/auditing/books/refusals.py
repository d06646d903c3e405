"""Why Invoice Cloud refused a bill, by a partner's own events."""

from __future__ import annotations

from collections.abc import Iterable

from partnerlab.auditing.pages import Row

__all__ = ["refused"]


def refused(events: Iterable[Row], number: str) -> str:
    """Why Invoice Cloud last refused a bill, by events of its account or term; empty where it never did."""
    told = [one["detail"] for one in events if one["kind"] == "bill_refused"]
    return next((one["message"] for one in reversed(told) if one.get("invoice_number", number) == number), "")
