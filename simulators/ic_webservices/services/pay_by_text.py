"""Pay By Text: a number is asked for, and counts once its owner answered the message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from partnerlab.simulators.ic_webservices.domain.billers import normal_guid
from partnerlab.simulators.ic_webservices.domain.errors import NotFound
from partnerlab.simulators.ic_webservices.domain.mailbox import text_confirmation
from partnerlab.simulators.ic_webservices.domain.portal import TextEnrolment, check_phone
from partnerlab.simulators.ic_webservices.domain.users import User, username_key
from partnerlab.simulators.ic_webservices.services.ledger import biller_of
from partnerlab.simulators.ic_webservices.services.mailbox import put_messages
from partnerlab.simulators.ic_webservices.store import TEXT_ENROLMENTS, USERS
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Store, Tx

__all__ = ["PayByText"]


class PayByText:
    """Pay By Text of every lane's users. Messages go to the lane's mailbox."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def asked(self, lane: Lane, biller_guid: str, username: str) -> str:
        """The number that has not answered yet, or an empty text."""
        with self.store.read() as tx:
            found = TEXT_ENROLMENTS.get(tx, lane.name, normal_guid(biller_guid), username_key(username))
        return "" if found is None else found.phone

    def ask(self, lane: Lane, biller_guid: str, username: str, phone: str) -> str:
        """Ask a number to confirm; one that was asked before is forgotten. Raises `ValueRefused`, `NotFound`."""
        number = check_phone(phone)
        with self.store.write() as tx:
            user = self._user(tx, lane, biller_guid, username)
            row = TextEnrolment(user.biller_guid, user.username, number, lane.now().astimezone(UTC).isoformat())
            TEXT_ENROLMENTS.put(tx, lane.name, row)
            put_messages(tx, lane, [text_confirmation(biller_of(tx, lane, biller_guid), number)])
        return number

    def confirm(self, lane: Lane, biller_guid: str, username: str) -> str:
        """The number asked last answered Y and is enrolled; without one nothing changes. Raises `NotFound`."""
        with self.store.write() as tx:
            user = self._user(tx, lane, biller_guid, username)
            asked = TEXT_ENROLMENTS.get(tx, lane.name, user.biller_guid, user.username)
            if asked is None:
                return user.text_phone
            TEXT_ENROLMENTS.delete(tx, lane.name, user.biller_guid, user.username)
            USERS.put(tx, lane.name, replace(user, text_phone=asked.phone))
            return asked.phone

    def leave(self, lane: Lane, biller_guid: str, username: str) -> None:
        """Enrol no number any more, and ask none. Raises `NotFound`."""
        with self.store.write() as tx:
            user = self._user(tx, lane, biller_guid, username)
            TEXT_ENROLMENTS.delete(tx, lane.name, user.biller_guid, user.username)
            USERS.put(tx, lane.name, replace(user, text_phone=""))

    @staticmethod
    def _user(tx: Tx, lane: Lane, biller_guid: str, username: str) -> User:
        biller = biller_of(tx, lane, biller_guid, lock=True)
        user = USERS.get(tx, lane.name, biller.guid, username_key(username))
        if user is None:
            raise NotFound("user", username)
        return user
