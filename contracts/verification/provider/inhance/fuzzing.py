"""Random messages, as many as the run has time for; only where `--fuzz` is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from partnerlab.contracts.verification.grading import Failed, Problem
from partnerlab.contracts.verification.provider.exchange import NoAnswer
from partnerlab.contracts.verification.provider.inhance.utility import SUITE, WRONG_KEY, Utility
from partnerlab.contracts.verification.provider.line import BudgetSpent
from partnerlab.contracts.verification.provider.probe import insides

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.messages import Message

WRITING = ("MakePaymentExtended", "SetPaperless", "SetAutopay", "SetEmail")


@SUITE.check("inhance/fuzz", "ASMX-FLT-2", "ASMX-FLT-3", kind="fuzz", needs=("fuzz",))
def random_questions_are_answered_in_form(utility: Utility) -> None:
    """Whatever BalanceCheck is sent, the answer is valid, or a client's fault that shows nothing of the server."""
    known = {"AccountNumber": utility.target.account, "WebServiceKey": utility.target.key}
    _fuzz(utility, ("BalanceCheck",), known)


@SUITE.check("inhance/fuzz-writes", "ASMX-FLT-2", "INH2-ADR-3", kind="fuzz", writes=True, needs=("fuzz",))
def random_changes_without_the_key_change_nothing(utility: Utility) -> None:
    """Whatever the other operations are sent without the right key, the answer is in form, and no balance moves."""
    before, account = utility.balances(), utility.target.account
    _fuzz(utility, WRITING, {"AccountNumber": account, "Accountnumber": account, "WebserviceKey": WRONG_KEY})
    utility.expect_unchanged(before, "a message without the right key")


def _fuzz(utility: Utility, operations: Sequence[str], known: Mapping[str, str]) -> None:
    from partnerlab.contracts.verification.fuzz.messages import each_alone, messages, parameters
    from partnerlab.contracts.verification.fuzz.search import search

    fields, target = parameters(utility.wsdl), utility.target
    for operation in operations:
        problem = search(
            messages(fields[operation], operation, known),
            lambda message: _problem(utility, message),
            first=each_alone(fields[operation], operation, known),
            start=target.fuzz_seed,
            examples=utility.line.affordable(target.fuzz) // len(operations),
            seconds=target.fuzz / len(operations),
        )
        if problem is not None:
            raise Failed([problem])


def _problem(utility: Utility, message: Message) -> Problem | None:
    """What is wrong with the answer to a message, or None."""
    what = message.described
    action = '"urn:verify:none"' if message.mutation == "action" else None
    body = message.body(utility.target.namespace)
    try:
        answer = utility.send(message.operation, body, version=message.version, action=action)
    except BudgetSpent:  # while a message is made smaller; what was found is kept
        return None
    except NoAnswer as error:
        return Problem(what, "an answer", str(error), len(utility.line.exchanges))
    for one in utility.findings(answer.reply):
        if one.rule != "unprefixed":
            return Problem(f"{what}: {one.where}", f"{one.expected} ({one.rule})", one.found, answer.number)
    if answer.fault_code.rpartition(":")[2] in ("Server", "Receiver"):
        return Problem(f"{what}: fault", "a fault of the client", answer.fault_code, answer.number)
    if inside := insides(answer.reply.answer.text):
        return Problem(f"{what}: body", "nothing of the server's inside", f"a text with {inside!r}", answer.number)
    return None
