"""Random contents, as many as the run has time for; only where `--fuzz` is given. Changes nothing."""

from __future__ import annotations

from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import NoAnswer
from partnerlab.contracts.verification.provider.line import BudgetSpent
from partnerlab.contracts.verification.provider.probe import insides
from partnerlab.contracts.verification.provider.tccs.insurer import STATE, SUITE, Insurer


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
