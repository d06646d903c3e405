"""Random contents, as many as the run has time for; only where `--fuzz` is given. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.tccs.insurer import STATE, SUITE, WRONG, Insurer

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.rest import RestRequest

FORM = "application/x-www-form-urlencoded"
WRITING = ("Pay_Input", "Insufficient_Pay_Report", "Paperless_Bill", "Recurring_Pay")


@SUITE.check("tccs/fuzz", "TCCS-ADR-5", kind="fuzz", needs=("fuzz",))
def random_contents_are_answered_in_form(insurer: Insurer) -> None:
    """Whatever ARState_Output is sent, the answer is one of the contract's, and shows nothing of the server."""
    from hypothesis import strategies as st

    from partnerlab.contracts.verification.fuzz.search import search
    from partnerlab.contracts.verification.strategies import content_info, content_info_formats

    invoice, target = insurer.target.invoice, insurer.target
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
        examples=insurer.line.affordable(target.fuzz),
        seconds=target.fuzz,
    )
    if problem is not None:
        raise Failed([problem])


@SUITE.check("tccs/fuzz-writes", "TCCS-ADR-4", kind="fuzz", writes=True, needs=("fuzz",))
def random_forms_without_the_key_change_nothing(insurer: Insurer) -> None:
    """Whatever form the writing endpoints are sent with a wrong entryKey, it is refused, and no balance moves."""
    from partnerlab.contracts.verification.fuzz.rest import only
    from partnerlab.contracts.verification.fuzz.search import search

    target, before = insurer.target, insurer.balances()
    problem = search(
        only("tccs_rest/openapi.yaml", WRITING),
        lambda request: _refused(insurer, request),
        start=target.fuzz_seed,
        examples=insurer.line.affordable(target.fuzz),
        seconds=target.fuzz,
    )
    if problem is not None:
        raise Failed([problem])
    after = insurer.balances()
    insurer.expect(after[:2] == before[:2], "balances", f"{before[:2]}", f"{after[:2]}", after[2])


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
