"""Random contents and sequences of calls, as many as the run has time for; only where `--fuzz` is given."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.tccs.insurer import (
    PAPERLESS,
    PAY,
    RECURRING,
    RETURN,
    STATE,
    SUITE,
    UNKNOWN_INVOICE,
    WRONG,
    Answer,
    Balances,
    Insurer,
)

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.rest import RestRequest

FORM = "application/x-www-form-urlencoded"
WRITING = (PAY, RETURN, PAPERLESS, RECURRING)
STEPS = (
    ("pay", "CC"),
    *[("pay", "ACH"), ("again", "with the same PaymentGUID"), ("return", "the last payment")] * 3,  # more often
    ("refused", "payment with a wrong key"),
    ("refused", "payment of nobody"),
    ("refused", "payment of less than zero"),
    ("refused", "return of no payment"),
    (PAPERLESS, "Y|PB"),
    (PAPERLESS, "N|PB"),
    (RECURRING, "Y|R"),
    (RECURRING, "N|R"),
)


@SUITE.check("tccs/fuzz", "TCCS-ADR-5", kind="fuzz", needs=("fuzz",))
def random_contents_are_answered_in_form(insurer: Insurer) -> None:
    """Whatever ARState_Output is sent, the answer is one of the contract's, and shows nothing of the server."""
    with importing:
        from hypothesis import strategies as st

        from partnerlab.contracts.verification.fuzz.search import search
        from partnerlab.contracts.verification.strategies import content_info, content_info_formats

    invoice, target = insurer.target.invoice, insurer.target
    seconds = insurer.line.share_of(target.fuzz)
    texts = st.one_of(
        content_info("invoice-number", spaced=True),
        st.one_of(list(content_info_formats().values())),
        st.text(st.characters(codec="utf-8"), max_size=80),
        st.tuples(st.integers(0, len(invoice)), st.text(st.characters(codec="utf-8"), max_size=3)).map(
            lambda cut: invoice[: cut[0]] + cut[1]
        ),
    )
    problem = search(
        texts,
        lambda text: _problem(insurer, text),
        start=target.fuzz_seed,
        examples=insurer.line.affordable(seconds),
        seconds=seconds,
    )
    if problem is not None:
        raise Failed([problem])


@SUITE.check("tccs/fuzz-writes", "TCCS-ADR-4", kind="fuzz", writes=True, needs=("fuzz",))
def random_forms_without_the_key_change_nothing(insurer: Insurer) -> None:
    """Whatever form the writing endpoints are sent with a wrong entryKey, it is refused, and no balance moves."""
    with importing:
        from partnerlab.contracts.verification.fuzz.rest import only
        from partnerlab.contracts.verification.fuzz.search import search

    target, before = insurer.target, insurer.balances()
    seconds = insurer.line.share_of(target.fuzz)
    problem = search(
        only("tccs_rest/openapi.yaml", WRITING),
        lambda request: _refused(insurer, request),
        start=target.fuzz_seed,
        examples=insurer.line.affordable(seconds),
        seconds=seconds,
    )
    if problem is not None:
        raise Failed([problem])
    after = insurer.balances()
    insurer.expect(after[:2] == before[:2], "balances", f"{before[:2]}", f"{after[:2]}", after[2])


@SUITE.check(
    "tccs/fuzz-sequences", "TCCS-PAY-6", "TCCS-GUID-3", "TCCS-REJ-2", kind="fuzz", writes=True, needs=("fuzz",)
)
def whatever_the_order_no_money_is_lost_or_made(insurer: Insurer) -> None:
    """In whatever order payments, repeats, returns and refusals come, the balances fall by what was paid and stayed."""
    with importing:
        from hypothesis import strategies as st

        from partnerlab.contracts.verification.provider.attacks import attack_by_sequences

    target = insurer.target
    attack_by_sequences(insurer, st.sampled_from(STEPS), Books(insurer).wrong_after)
    insurer.call(PAPERLESS, f"{target.invoice}:{'Y' if target.paperless else 'N'}|PB")
    insurer.call(RECURRING, f"{target.invoice}:{'Y' if target.recurring else 'N'}|R")


class Books:
    """
    What sequences of calls must leave. Each payment has an amount of its own, so that a return means one of them.
    """

    def __init__(self, insurer: Insurer) -> None:
        self._insurer = insurer
        self._paid = 0

    def wrong_after(self, steps: Sequence[tuple[str, str]]) -> str | None:
        """Do the steps; what is wrong with an answer or with the balances then, or None."""
        insurer, kept = self._insurer, Decimal(0)
        before = insurer.balances()
        paid: list[tuple[Decimal, str, str]] = []
        returned: set[str] = set()
        for kind, how in steps:
            if kind == "pay" and before.record - kept >= 1:  # nothing is overpaid
                self._paid += 1
                payment = (Decimal(1 + self._paid % 97) / 100, how, insurer.new_reference())
                paid.append(payment)
                answer, right = self._pay(payment), True
                kept += payment[0]
            elif kind == "again" and paid and insurer.target.version > 1:
                answer, right = self._pay(paid[-1]), True
            elif kind == "return" and paid and paid[-1][1] == "ACH" and paid[-1][2] not in returned:
                amount, _, reference = paid[-1]
                answer, right = (
                    insurer.report_return(f"{amount:.2f}"),
                    True,
                )
                returned.add(reference)
                kept -= amount
            elif kind == "refused":
                answer, right = self._refused(how), False
            elif kind in (PAPERLESS, RECURRING):
                answer, right = insurer.call(kind, f"{insurer.target.invoice}:{how}"), True
            else:
                continue  # there is nothing to do again, or to return
            if answer.success != right:
                return f"{kind} {how}: {answer.said}"
        after = insurer.balances()
        for name, old, new in (("Record bal", *_pair(before, after, 0)), ("Total Balance", *_pair(before, after, 1))):
            if new != old - kept:
                return f"{name} {new}, where it was {old} and {kept} was paid and stayed"
        return None

    def _pay(self, payment: tuple[Decimal, str, str]) -> Answer:
        amount, type, guid = payment
        suffix = guid if self._insurer.target.version > 1 else None
        return self._insurer.pay(amount=f"{amount:.2f}", type=type, guid=suffix)

    def _refused(self, how: str) -> Answer:
        insurer = self._insurer
        if how == "payment with a wrong key":
            return insurer.pay(entryKey=WRONG)
        if how == "payment of nobody":
            return insurer.pay(invoice=UNKNOWN_INVOICE)
        if how == "payment of less than zero":
            return insurer.pay(amount="-1.00")
        return insurer.report_return("98765.43")


def _pair(before: Balances, after: Balances, at: int) -> tuple[Decimal, Decimal]:
    return Decimal(before[at]), Decimal(after[at])


def _refused(insurer: Insurer, request: RestRequest) -> Problem | None:
    """What is wrong with the answer to a form with a wrong key, or None."""
    what, line = request.described, insurer.line
    form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    sent = {**form, "consumerGUID": [insurer.target.consumer_guid], "entryKey": [WRONG]}
    body = urlencode(sent, doseq=True).encode()
    headers = {"content-type": request.content_type or FORM, "accept": "application/json"}
    try:
        reply = line.ask(Asked(request.operation, request.method, f"{insurer.target.url}{request.path}", headers, body))
    except BudgetSpent:
        return None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(line.exchanges))
    status = reply.answer.status
    if not 400 <= status < 500:
        return Problem(f"{what}: status", "a refusal: the entryKey is wrong", str(status), reply.number)
    for one in insurer.findings(reply):
        return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, reply.number)
    return None


def _problem(insurer: Insurer, text: str) -> Problem | None:
    """What is wrong with the answer to a contentInfo, or None."""
    what = f"contentInfo {text[:60]!r}"
    try:
        answer = insurer.call(STATE, text)
    except BudgetSpent:  # while a message is made smaller; what was found is kept
        return None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(insurer.line.exchanges))
    for one in insurer.findings(answer.reply):
        return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, answer.number)
    if inside := insides(answer.reply.answer.text):
        return Problem(f"{what}: body", "nothing of the server's inside", f"a text with {inside!r}", answer.number)
    return None
