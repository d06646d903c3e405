"""What Invoice Cloud asks of an account and what the partner says it owes: where they differ, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from partnerlab.auditing.differences import Difference
from partnerlab.auditing.judging import LOST, ON_ITS_WAY, UNKNOWN, Audit
from partnerlab.auditing.matching import Matched
from partnerlab.auditing.records import Balance, LaneBooks, MissingBill, before_conveyance
from partnerlab.partners import PARTNERS

__all__ = ["balances"]

UNDER_WAY = (ON_ITS_WAY, UNKNOWN, LOST)
"""Verdicts of money that Invoice Cloud took and the partner does not have."""
HELD_BACK = "what was taken just before the last file counts as not in it [A-85]"
MOST_TERMS = 12
"""Of so many differences every sum is tried; of more only that of all."""


@dataclass(frozen=True, slots=True)
class _Term:
    """
    What one side has and the other does not; `amount` as Invoice Cloud's balance less the partner's.

    `under_way` says that Invoice Cloud took money of which the partner cannot know: a payer must not be asked for it
    again, so the difference has to show it. Other terms may have been evened out by a balance that the partner told.
    """

    text: str
    amount: Decimal
    mend: bool = False
    under_way: bool = False


def balances(books: LaneBooks, matched: Matched, judged: Audit) -> Iterator[Difference]:
    """The accounts of which both sides do not say the same, and why, as far as it is known."""
    terms = _terms(books, matched, judged)
    for balance in books.balances:
        apart = balance.at_invoice_cloud - balance.at_partner
        of_place = [
            *terms[balance.partner, balance.place],
            *(_unsent(one) for one in balance.unsent),
            *((_Term("late fees of Invoice Cloud", balance.late_fees),) if balance.late_fees else ()),
            *(_Term("the rest is asked of its former owner", -due) for due in balance.conveyed),
            *_of_former_owner(balance),
            *((_Term("paid before it was billed", -balance.ahead),) if balance.ahead else ()),
            *((_Term(HELD_BACK, -balance.held_back),) if balance.held_back else ()),
        ]
        chosen = _explained(apart, of_place)
        if chosen == []:
            continue
        name = PARTNERS[balance.partner].name
        why = [one.text for one in (chosen or of_place)]
        kind = "cents_off" if chosen is None else "off_by_finding" if any(one.mend for one in chosen) else "explained"
        if balance.asked and chosen is None and apart < 0:
            kind, why = "explained", [f"{name} is being asked about bill {', '.join(balance.asked)}"]
        elif balance.waits and chosen is None:
            kind, why = "explained", [f"{name} has not sent its last change yet"]
        said = f"Invoice Cloud {balance.at_invoice_cloud}, {name} {balance.at_partner}"
        known = "it does not add up with " if kind == "cents_off" and why else ""
        detail = f"{said}{': ' if why else ''}{known}{'; '.join(why)}"
        yield Difference(kind, balance.partner, balance.place, apart, detail)


def _of_former_owner(balance: Balance) -> Iterator[_Term]:
    """What Invoice Cloud asks of a former owner, whose bills the partner has under the number that the account had."""
    place = before_conveyance(balance.place)
    if place != balance.place and balance.at_invoice_cloud:
        yield _Term(f"its bills stand at {place}, of which it was conveyed", balance.at_invoice_cloud)


def _unsent(bill: MissingBill) -> _Term:
    why = f", which refused it: {bill.refused}" if bill.refused else ""
    went = f", and went out in {bill.sent_in}{why}" if bill.sent_in else ""
    return _Term(f"bill {bill.number} is not at Invoice Cloud{went}", -bill.amount, mend=bool(bill.sent_in))


def _explained(apart: Decimal, terms: Sequence[_Term]) -> list[_Term] | None:
    """What is under way and the fewest other terms that together are the difference; None where there are none."""
    sure = [one for one in terms if one.under_way]
    others = [one for one in terms if not one.under_way]
    left = apart - sum((one.amount for one in sure), Decimal(0))
    sizes = range(len(others) + 1) if len(others) <= MOST_TERMS else (0, len(others))
    for size in sizes:
        for chosen in combinations(others, size):
            if sum((one.amount for one in chosen), Decimal(0)) == left:
                return [*sure, *chosen]
    return None


def _terms(books: LaneBooks, matched: Matched, judged: Audit) -> Mapping[tuple[str, str], list[_Term]]:
    """By partner and place: the payments that only one side has, or has otherwise."""
    terms: defaultdict[tuple[str, str], list[_Term]] = defaultdict(list)
    to_mend = {one.payment.guid for one in judged.findings}
    known = {(one.partner, one.place) for one in books.balances}
    under_way = {
        one.payment.guid
        for one in judged.judged
        if one.kind == "payment" and one.verdict in UNDER_WAY and one.payment.guid not in matched.of
    }
    for payment in books.payments:
        partner = books.billers[payment.biller_guid].partner
        place = payment.invoice if PARTNERS[partner].place == "invoice" else before_conveyance(payment.account)
        posted = [one for one in matched.of.get(payment.guid, ()) if one.stands]
        there = sum((one.amount for one in posted if one.place == place), Decimal(0))
        taken = payment.approved and payment.state != "returned" and payment.donation == "none"
        here = payment.amount if taken else Decimal(0)
        mend = payment.guid in to_mend
        if there != here:
            what = "donation" if payment.donation != "none" else "clerk's entry" if payment.offline else payment.state
            text = f"{payment.reference} ({what}): {here} here, {there} there"
            term = _Term(text, there - here, mend, payment.guid in under_way)
            terms[partner, place].append(term)
            if payment.account != place and (partner, payment.account) in known and not posted:
                terms[partner, payment.account].append(term)  # the partner has the former owner's account, too
        if payment.state == "returned" and not PARTNERS[partner].returns:
            text = f"{payment.reference} came back, and the balance was told before a clerk entered it"
            for at in {one.place for one in matched.of.get(payment.guid, ()) if one.returned}:
                terms[partner, at].append(_Term(text, -payment.amount))
        for one in posted:
            if one.place != place:
                terms[partner, one.place].append(_Term(f"{payment.reference} was credited here", one.amount, mend))
    for one in matched.orphans:
        if one.stands:
            text = f"{one.number} is no payment of Invoice Cloud"
            terms[one.partner, one.place].append(_Term(text, one.amount, mend=True))
    return terms
