"""Who clears up in the evening: the operator of the data pump, and clerks at the utilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from partnerlab.auditing import LaneBooks
from partnerlab.auditing.matching import match
from partnerlab.auditing.records import Delivery, Payment, Posting, before_conveyance
from partnerlab.contracts.paths import at
from partnerlab.partners import PARTNERS
from partnerlab.soak.world import Refused, World

__all__ = ["Staff"]

BY_CLERKS = ("inhance_v1", "inhance_v2")
"""Partners whose clerks enter returns: no integration tells them."""


class Staff:
    """Persons who look into the books as they stand (*books*) and decide."""

    def __init__(self, world: World) -> None:
        self.world = world

    def evening(self, books: LaneBooks) -> int:
        """Everything that a person has to do today; how much that was."""
        done = self._operator(books) + self._clerks(books)
        self.world.settle()
        return done

    # --- the data pump's operator ---

    def _operator(self, books: LaneBooks) -> int:
        matched = match(books).of
        payments = {one.guid: one for one in books.payments}
        about = {one.event_id: one.payment_guid for one in books.events}
        done = 0
        for delivery in reversed(books.deliveries):
            if delivery.state not in ("dead", "unknown", "not_understood"):
                continue
            payment = payments.get(about.get(delivery.event_id, ""))
            posted = matched.get(payment.guid, ()) if payment else ()
            if delivery.kind == "ach_reject" and payment is not None and _to_be_entered(payment, posted, books):
                continue
            self._know(delivery, payment, books)
            verb, body = _decision(delivery, payment, posted)
            done += 1
            with self.world.surviving(f"as the operator says {verb}"):
                try:
                    answer = self.world.control.post(
                        at("/_pump/deliveries/{}:{}/{}", self.world.lane, delivery.event_id, verb), body
                    )
                except Refused as refused:
                    self.world.log(f"operator cannot {verb} {delivery.kind} of {delivery.account}: {refused}")
                    continue
                what = payment.reference if payment else delivery.account
                said = f" as {'' if body['posted'] else 'not '}posted" if "posted" in body else ""
                self.world.log(f"operator: {verb} {delivery.kind} of {what}{said}: now {answer['state']}")
        return done

    def _know(self, delivery: Delivery, payment: Payment | None, books: LaneBooks) -> None:
        """A clerk opens the account of a former owner, to which a payment of a conveyed account is made."""
        if payment is None or delivery.state != "dead" or before_conveyance(delivery.account) == delivery.account:
            return
        if books.billers[payment.biller_guid].partner in BY_CLERKS:
            self._open(delivery.account, books.billers[payment.biller_guid].partner)

    def _open(self, account: str, partner: str) -> None:
        with self.world.surviving("as a clerk opens an account"):
            body = {"integration": partner.removeprefix("inhance_")}
            self.world.control.put(at("/_sandbox/inhance/accounts/{}", account), body)
            self.world.log(f"a clerk of {PARTNERS[partner].name} opens {account}")

    # --- clerks ---

    def _clerks(self, books: LaneBooks) -> int:
        matched, done = match(books).of, 0
        for payment in books.payments:
            partner = books.billers[payment.biller_guid].partner
            if payment.state != "returned" or partner not in BY_CLERKS:
                continue
            for posting in matched.get(payment.guid, ()):
                if posting.stands:
                    done += 1
                    number = posting.number.split()[1]
                    with self.world.surviving("as a clerk enters a return"):
                        self.world.control.post(
                            at("/_sandbox/inhance/accounts/{}/payments/{}/return", posting.place, number)
                        )
                        self.world.log(f"a clerk of {PARTNERS[partner].name} takes {payment.reference} back")
        for one in books.downloaded:
            if one.state == "pending":
                done += 1
                if before_conveyance(one.account) != one.account:
                    self._open(one.account, "inhance_v1")
                with self.world.surviving("as a clerk posts"):
                    self.world.control.post(at("/_sandbox/inhance/v1/pending-payments/{}/post", one.guid))
                    self.world.log(f"a clerk posts {one.amount} to {one.account}")
        return done


def _to_be_entered(payment: Payment, posted: Sequence[Posting], books: LaneBooks) -> bool:
    """
    Whether a clerk has yet to enter that a payment came back: until then its delivery is nobody's to dismiss [A-111].
    """
    partner = books.billers[payment.biller_guid].partner
    if partner not in BY_CLERKS:
        return False
    states = {one.state for one in books.downloaded if one.guid == payment.guid}
    comes = partner == "inhance_v1" and payment.donation != "inline" and not states and not posted
    return comes or "pending" in states or any(one.stands for one in posted)


def _decision(delivery: Delivery, payment: Payment | None, posted: Sequence[Posting]) -> tuple[str, dict[str, Any]]:
    """What a person who sees both books says of a delivery."""
    reason = {"reason": "seen in the books", "by": "soak"}
    unsure = delivery.state in ("unknown", "not_understood")
    if delivery.kind == "payment" and payment is not None:
        if unsure and posted:
            return "resolve", {"posted": True, **reason}
        if payment.state == "returned":
            return "dismiss", reason
        return ("resolve", {"posted": False, **reason}) if unsure else ("replay", reason)
    if delivery.kind == "ach_reject":
        if unsure:
            return "resolve", {"posted": any(one.returned for one in posted), **reason}
        return ("replay" if any(one.stands for one in posted) else "dismiss"), reason
    return ("resolve", {"posted": False, **reason}) if unsure else ("replay", reason)
