"""What Invoice Cloud asks of an account and what the partner says it owes: where they differ, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from partnerlab.auditing.differences import Difference
from partnerlab.auditing.judging import LOST, ON_ITS_WAY, UNKNOWN, Audit
from partnerlab.auditing.matching import Matched
from partnerlab.auditing.records import Balance, FormerOwner, LaneBooks, MissingBill, Payment, before_conveyance
from partnerlab.partners import BY_FILE, PARTNERS

__all__ = ["balances"]

UNDER_WAY = (ON_ITS_WAY, UNKNOWN, LOST)
"""Verdicts of money that Invoice Cloud took and the partner does not have."""
LATE_FEES = "late fees of Invoice Cloud"
OF_FORMER_OWNER = "the rest is asked of its former owner"
HELD_BACK = "what was taken just before the last file counts as not in it [A-85]"
CAME_BACK = "came back, and the balance was told before a clerk entered it"
MOST_TERMS = 12
"""Of so many differences every sum is tried; of more only that of all."""


@dataclass(frozen=True, slots=True)
class _Term:
    """
    What one side has and the other does not; `amount` as Invoice Cloud's balance less the partner's.

    `under_way` says that Invoice Cloud took money of which the partner cannot know: a payer must not be asked for it
    again, so the difference has to show it. Other terms may have been evened out by a balance that the partner told.
    `of` is the former owner of whom it tells.
    """

    text: str
    amount: Decimal
    mend: bool = False
    under_way: bool = False
    of: FormerOwner | None = None


Terms = Mapping[tuple[str, str], Sequence[_Term]]
Chosen = Mapping[tuple[str, str], Sequence[_Term] | None]
"""By partner and place the terms that explain a balance, None where none do."""


def balances(books: LaneBooks, matched: Matched, judged: Audit) -> Iterator[Difference]:
    """The accounts of which both sides do not say the same, and why, as far as it is known."""
    terms = _terms(books, matched, judged)
    explained: dict[tuple[str, str], Sequence[_Term] | None] = {}
    found: set[Balance] = set()
    for balance in books.balances:
        apart = balance.at_invoice_cloud - balance.at_partner
        of_place = [
            *terms[balance.partner, balance.place],
            *(_unsent(one) for one in balance.unsent),
            *((_Term(LATE_FEES, balance.late_fees),) if balance.late_fees else ()),
            *_of_former_owners(balance, terms),
            *_requested(balance, books),
            *((_Term("paid before it was billed", -balance.ahead),) if balance.ahead else ()),
            *((_Term(HELD_BACK, -balance.held_back),) if balance.held_back else ()),
        ]
        chosen = _explained(apart, of_place)
        explained[balance.partner, balance.place] = chosen
        yield from _gone(balance, chosen)
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
        if kind == "cents_off":
            found.add(balance)
    for balance in books.balances:
        if balance not in found:
            yield from _former_owners(balance, explained, books, matched, judged)


def _of_former_owners(balance: Balance, terms: Terms) -> Iterator[_Term]:
    """
    What is asked of each former owner of the account, with what that one paid and is under way; of a former owner's own
    number what is asked for bills that the partner has under the number from before.
    """
    for one in balance.former:
        under_way = terms[balance.partner, _paid_by(one)]
        if one.asked or under_way:
            text = "; ".join((OF_FORMER_OWNER, *(term.text for term in under_way)))
            yield _Term(text, sum((term.amount for term in under_way), -one.asked), of=one)
    if (itself := balance.itself) is not None and itself.asked:
        text = f"its bills stand at {before_conveyance(balance.place)}, of which it was conveyed"
        yield _Term(text, itself.asked, of=itself)


def _paid_by(one: FormerOwner) -> str:
    return f"paid by {one.account}"


def _former_owners(
    balance: Balance, chosen: Chosen, books: LaneBooks, matched: Matched, judged: Audit
) -> Iterator[Difference]:
    """
    The former owners of an account who are asked for something else than they were billed, less what they paid.

    Where what one is asked for is just what the account's balance lacks, nothing else is to be known. Where the partner
    has an account of the former owner's own number, too, it may have told that one's balance in place of the bills.
    """
    if not balance.former:
        return
    donations = [*_of_donations(balance, books, matched)]
    entered = balance.beside_bills + _stands_at(balance, books, matched)
    by_file = PARTNERS[balance.partner].how == BY_FILE
    for one in balance.former:
        if not one.asked and by_file:
            continue  # its balances are those of all owners, so what agrees without this one is all
        own = chosen.get((balance.partner, one.account), None)
        if own is not None and not _is_used(one, own):
            continue
        payments = [payment for payment in books.payments if payment.invoice in one.bills]
        paid = sum(map(_taken, payments), Decimal(0))
        may_be_told = [*_of_payments(one, payments, matched, judged)]
        if one.late_fees:
            may_be_told.append(_Term(LATE_FEES, one.late_fees))
        may_be_told += donations
        may_be_told += _of_other_owners(balance, one)
        may_be_told += _passed_on(one, paid)
        if entered:
            may_be_told.append(_Term(f"{entered} stands there beside its bills", entered))
        apart = one.asked - (one.billed - paid)
        if (apart < 0 or by_file) and _is_used(one, chosen[balance.partner, balance.place]):
            continue  # a balance may have lowered that one's bill, and nothing else is to be known
        why = _explained(apart, may_be_told)
        if why == []:
            continue
        name = PARTNERS[balance.partner].name
        said = f"of a former owner of {balance.place} Invoice Cloud asks {one.asked}, {name} billed {one.billed}"
        detail = f"{said}{f', and {paid} was paid' if paid else ''}"
        known = "; ".join(term.text for term in why or ())
        kind = "cents_off" if why is None else "explained"
        yield Difference(kind, balance.partner, one.account, apart, f"{detail}{f': {known}' if known else ''}")


def _of_payments(one: FormerOwner, payments: Iterable[Payment], matched: Matched, judged: Audit) -> Iterator[_Term]:
    """What of a former owner's payments the partner may not have known when it last told a balance of the bills."""
    under_way = _under_way(matched, judged)
    for payment in payments:
        posted = [row for row in matched.of.get(payment.guid, ()) if row.stands]
        there, here = sum((row.amount for row in posted), Decimal(0)), _taken(payment)
        if there != here and payment.guid not in under_way:
            yield _Term(f"{payment.reference}: {here} here, {there} there", here - there)
        elif any(row.place == one.account for row in posted):
            yield _Term(f"{payment.reference} was credited under that number, and not where the bills are", here)
        elif payment.donation == "none":
            for row in matched.of.get(payment.guid, ()):
                if row.returned and row.place != one.account and not PARTNERS[row.partner].returns:
                    yield _Term(f"{payment.reference} {CAME_BACK}", -row.amount)


def _of_other_owners(balance: Balance, one: FormerOwner) -> Iterator[_Term]:
    """What a former owner's bill may carry forward of another one's, who is asked for it, too."""
    if PARTNERS[balance.partner].how == BY_FILE:
        return
    for other in balance.former:
        if other != one:
            for amount in sorted({other.billed, other.asked} - {Decimal(0)}):
                yield _Term(f"its bill carries forward {amount} of {other.account}", amount)


def _passed_on(one: FormerOwner, paid: Decimal) -> Iterator[_Term]:
    """What a former owner's bills have in them of such as are the new owner's by now, or those of them [A-128]."""
    if one.passed_on and one.closed:
        into = ", ".join(number for number, _ in one.passed_on)
        yield _Term(f"its bills closed into {into}, which was billed anew and is the new owner's", paid - one.billed)
    for number, amounts in one.passed_on:
        for amount in amounts:
            yield _Term(f"its bill carries forward {amount} of {number}, which is the new owner's by now", amount)


def _of_donations(balance: Balance, books: LaneBooks, matched: Matched) -> Iterator[_Term]:
    """What donations lower the partner's account by: those that stand, and those whose return a clerk entered later."""
    for payment in books.payments:
        if payment.donation == "none":
            continue
        for row in matched.of.get(payment.guid, ()):
            if (row.partner, row.place) != (balance.partner, balance.place):
                continue
            if row.stands:
                yield _Term(f"{payment.reference} is a donation and stands there", -row.amount)
            elif row.returned and not PARTNERS[row.partner].returns:
                yield _Term(f"{payment.reference} {CAME_BACK}", -row.amount)


def _stands_at(balance: Balance, books: LaneBooks, matched: Matched) -> Decimal:
    """What of payments, donations among them, stands in the partner's account."""
    counts = (one for one in books.payments if _taken(one) or one.donation != "none")
    rows = (row for payment in counts for row in matched.of.get(payment.guid, ()))
    here = (row.amount for row in rows if row.stands and (row.partner, row.place) == (balance.partner, balance.place))
    return sum(here, Decimal(0))


def _is_used(one: FormerOwner, chosen: Sequence[_Term] | None) -> bool:
    return any(term.of == one for term in chosen or ())


def _gone(balance: Balance, chosen: Sequence[_Term] | None) -> Iterator[Difference]:
    """Bills of a conveyed account that Invoice Cloud took and has no more, though both sides ask for as much."""
    if chosen is None or not balance.was_conveyed:
        return
    for bill in balance.unsent:
        if bill.sent_in and not bill.refused and _unsent(bill) not in chosen:
            detail = f"{_unsent(bill).text}: of its {bill.amount} another owner is asked, or nobody"
            yield Difference("off_by_finding", balance.partner, balance.place, -bill.amount, detail)


def _requested(balance: Balance, books: LaneBooks) -> Iterator[_Term]:
    """What was asked for by bills that the partner has put into Cloud Payments requests, and not into its books."""
    for number, due in balance.requested:
        paid = sum((_taken(one) for one in books.payments if one.invoice == number), Decimal(0))
        if due + paid:
            yield _Term(f"bill {number} is known from a Cloud Payments request alone", due + paid)


def _unsent(bill: MissingBill) -> _Term:
    why = f", which refused it: {bill.refused}" if bill.refused else ""
    went = f", and went out in {bill.sent_in}{why}" if bill.sent_in else ""
    return _Term(f"bill {bill.number} is not at Invoice Cloud{went}", -bill.amount, mend=bool(bill.sent_in))


def _under_way(matched: Matched, judged: Audit) -> Set[str]:
    """Payments, by PaymentGUID, that Invoice Cloud took and the partner does not have."""
    return {
        one.payment.guid
        for one in judged.judged
        if one.kind == "payment" and one.verdict in UNDER_WAY and one.payment.guid not in matched.of
    }


def _taken(payment: Payment) -> Decimal:
    """What of a payment Invoice Cloud asks for no more."""
    taken = payment.approved and payment.state != "returned" and payment.donation == "none"
    return payment.amount if taken else Decimal(0)


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


def _terms(books: LaneBooks, matched: Matched, judged: Audit) -> Terms:
    """
    By partner and place: the payments that only one side has, or has otherwise. What a former owner paid of a bill that
    stands elsewhere, and is under way, is of no place.
    """
    terms: defaultdict[tuple[str, str], list[_Term]] = defaultdict(list)
    to_mend = {one.payment.guid for one in judged.findings}
    known = {(one.partner, one.place) for one in books.balances}
    former = {(one.partner, bill): owner for one in books.balances for owner in one.former for bill in owner.bills}
    under_way = _under_way(matched, judged)
    for payment in books.payments:
        partner = books.billers[payment.biller_guid].partner
        place = payment.invoice if PARTNERS[partner].place == "invoice" else before_conveyance(payment.account)
        posted = [one for one in matched.of.get(payment.guid, ()) if one.stands]
        there = sum((one.amount for one in posted if one.place == place), Decimal(0))
        here = _taken(payment)
        mend = payment.guid in to_mend
        if there != here:
            what = "donation" if payment.donation != "none" else "clerk's entry" if payment.offline else payment.state
            text = f"{payment.reference} ({what}): {here} here, {there} there"
            term = _Term(text, there - here, mend, payment.guid in under_way)
            if term.under_way and (owner := former.get((partner, payment.invoice))) is not None:
                terms[partner, _paid_by(owner)].append(term)
                continue
            terms[partner, place].append(term)
            if payment.account != place and (partner, payment.account) in known and not posted:
                terms[partner, payment.account].append(term)  # the partner has the former owner's account, too
        if payment.state == "returned" and not PARTNERS[partner].returns:
            text = f"{payment.reference} {CAME_BACK}"
            for at in {one.place for one in matched.of.get(payment.guid, ()) if one.returned}:
                terms[partner, at].append(_Term(text, -payment.amount))
                if (bills_at := before_conveyance(at)) != at:
                    text = f"{payment.reference} came back, and the balance was told where it had not been credited"
                    terms[partner, bills_at].append(_Term(text, payment.amount))
        for one in posted:
            if one.place != place:
                terms[partner, one.place].append(_Term(f"{payment.reference} was credited here", one.amount, mend))
    for one in matched.orphans:
        if one.stands:
            text = f"{one.number} is no payment of Invoice Cloud"
            terms[one.partner, one.place].append(_Term(text, one.amount, mend=True))
    return terms
