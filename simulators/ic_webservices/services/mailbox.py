"""The mailbox of a lane: every message that Invoice Cloud would have sent to payers. Nothing leaves the sandbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.mailbox import MOST_KEPT, Message
from partnerlab.simulators.ic_webservices.store import MESSAGES, next_number
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Store, Tx
from partnerlab.simulators.kit.world.table import utc_text

__all__ = ["Mailbox", "put_messages"]

_DROP = Statement("DELETE FROM ic_messages WHERE lane = :lane AND number <= :number")
_ALL = 10**18


def put_messages(tx: Tx, lane: Lane, messages: Sequence[Message]) -> None:
    """Put messages into the mailbox in the transaction of what they tell of, and drop those beyond `MOST_KEPT`."""
    if not messages:
        return
    messages = messages[-MOST_KEPT:]
    first, now = next_number(tx, lane.name, "message", len(messages)), utc_text(lane.now())
    for number, message in enumerate(messages, first):
        MESSAGES.put(tx, lane.name, replace(message, number=number, sent_at=now))
    last = first + len(messages) - 1
    if last > MOST_KEPT:
        tx.run(_DROP, lane=lane.name, number=last - MOST_KEPT)


class Mailbox:
    """The mailboxes of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def newest(self, lane: Lane, search: Mapping[str, str], *, before: int = 0, limit: int = 100) -> list[Message]:
        """The newest messages, the newest first; *before* a number, for the next page."""
        with self._store.read() as tx:
            return MESSAGES.find(
                tx, lane.name, search, order="number", last_first=True, where="number < :before", limit=limit,
                before=before or _ALL,
            )  # fmt: skip

    def get(self, lane: Lane, number: int) -> Message:
        """One message. Raises `NotFound`."""
        with self._store.read() as tx:
            found = MESSAGES.get(tx, lane.name, number)
        if found is None:
            raise NotFound("message", str(number))
        return found

    def clear(self, lane: Lane) -> int:
        """Empty the mailbox; how many messages were in it."""
        with self._store.write() as tx:
            return tx.run(_DROP, lane=lane.name, number=_ALL)
