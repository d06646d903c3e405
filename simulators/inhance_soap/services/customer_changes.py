"""
What payers changed at Invoice Cloud, as the Auto Pay and Customer jobs of v1 enter it.

A change that was entered before, of the same kind, value and time, is not entered again: a clerk may have changed the
account since. Source: "Harris inHance v1 Integration Details", Change Log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from partnerlab.simulators.inhance_soap.domain.accounts import Account, draft_switched
from partnerlab.simulators.inhance_soap.domain.errors import AccountUnknown
from partnerlab.simulators.inhance_soap.domain.events import Cause
from partnerlab.simulators.inhance_soap.services.books import record
from partnerlab.simulators.inhance_soap.store import AppliedChange, Books
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store

__all__ = ["CustomerChanges"]


class CustomerChanges:
    """Changes of every lane."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mark(self, lane: Lane, job: str) -> str:
        """Where the job's next download begins; empty before the first."""
        with self._store.read() as tx:
            return Books(tx, lane.name).value(_mark(job))

    def take(self, lane: Lane, cause: Cause, job: str, changes: Iterable[AppliedChange], mark: str) -> int:
        """Enter what is new and keep the job's mark, all in one transaction; how many were new."""
        new = 0
        with self._store.write() as tx:
            books = Books(tx, lane.name)
            books.value(_mark(job), lock=True)
            for change in sorted(changes, key=lambda change: change.account_number):
                if books.applied(change.account_number, change.kind) == change:
                    continue
                books.put_applied(change)
                try:
                    opened = books.lock(change.account_number)
                except AccountUnknown:  # a customer that Invoice Cloud has and the books do not
                    continue
                opened.account = _changed(opened.account, change)
                record(books, opened, f"{change.kind}_downloaded", {"value": change.value}, cause)
                books.save(opened)
                new += 1
            books.put_value(_mark(job), mark)
        return new


def _changed(account: Account, change: AppliedChange) -> Account:
    on = change.value == "on"
    match change.kind:
        case "autopay":
            return draft_switched(account, on=on)
        case "paperless":
            return replace(account, paperless=on)
        case "email":
            return replace(account, email=change.value or None)
        case _:
            return replace(account, phone=change.value or None)


def _mark(job: str) -> str:
    return f"{job} mark"
