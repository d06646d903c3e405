"""Random messages and sequences of calls, as many as the run has time for; only where `--fuzz` is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.verification.provider.attacks import attack_by_messages, attack_by_sequences
from partnerlab.contracts.verification.provider.inhance.utility import SUITE, UNKNOWN_ACCOUNT, WRONG_KEY, Utility
from partnerlab.contracts.verification.provider.soap import SoapAnswer

if TYPE_CHECKING:
    from partnerlab.contracts.verification.fuzz.messages import Message

PAY = "MakePaymentExtended"
WRITING = (PAY, "SetPaperless", "SetAutopay", "SetEmail")
SMALL = Decimal("0.07")
"""What a sequence pays at a time, so that an account bears many; odd, so that rounding shows."""
STEPS = (
    ("pay", "Credit Card"),
    ("pay", "ACH"),
    ("pay", "with a wrong key"),
    ("pay", "for nobody"),
    ("pay", "less than zero"),
    ("SetPaperless", "On"),
    ("SetPaperless", "Off"),
    ("SetAutopay", "On"),
    ("SetAutopay", "Off"),
)


@SUITE.check("inhance/fuzz", "ASMX-FLT-2", "ASMX-FLT-3", kind="fuzz", needs=("fuzz",))
def random_questions_are_answered_in_form(utility: Utility) -> None:
    """Whatever BalanceCheck is sent, the answer is valid, or a client's fault that shows nothing of the server."""
    known = {"AccountNumber": utility.target.account, "WebServiceKey": utility.target.key}
    _messages(utility, ("BalanceCheck",), known)


@SUITE.check("inhance/fuzz-writes", "ASMX-FLT-2", "INH2-ADR-3", kind="fuzz", writes=True, needs=("fuzz",))
def random_changes_without_the_key_change_nothing(utility: Utility) -> None:
    """Whatever the other operations are sent without the right key, it is refused in form, and no balance moves."""
    before, account = utility.balances(), utility.target.account
    known = {"AccountNumber": account, "Accountnumber": account, "WebserviceKey": WRONG_KEY}
    _messages(utility, WRITING, known, refused=True)
    utility.expect_unchanged(before, "a message without the right key")


@SUITE.check("inhance/fuzz-sequences", "INH2-PAY-1", "INH2-ADR-3", kind="fuzz", writes=True, needs=("fuzz",))
def whatever_the_order_no_money_is_lost_or_made(utility: Utility) -> None:
    """In whatever order payments, refused payments and switches come, the balance falls by what was paid, no more."""
    from hypothesis import strategies as st

    try:
        attack_by_sequences(utility, st.sampled_from(STEPS), lambda steps: _books_after(utility, steps))
    finally:
        utility.call("SetPaperless", PaperlessOnOff="On" if utility.target.paperless else "Off")
        utility.call("SetAutopay", AutoPayOnOff="On" if utility.target.autopay else "Off")


def _books_after(utility: Utility, steps: Sequence[tuple[str, str]]) -> str | None:
    """Do the steps; what is wrong with the balances then, or None."""
    before, paid = utility.balances(), Decimal(0)
    for kind, how in steps:
        if kind == "pay" and before.balance - paid < SMALL:
            continue  # nothing is overpaid
        if kind != "pay":
            word = "PaperlessOnOff" if kind == "SetPaperless" else "AutoPayOnOff"
            answer, right = utility.call(kind, **{word: how}), True
        else:
            changes, right = _payment(how)
            answer = utility.call(PAY, **changes)
            paid += SMALL if right else 0
        if answer.success != right:
            return f"{kind} {how}: {answer.said}"
    after = utility.balances()
    for name, old, new in (("Balance", before.balance, after.balance), ("FutureBalance", before.future, after.future)):
        if new != old - paid:
            return f"{name} {new}, where it was {old} and {paid} was paid"
    return None


def _payment(how: str) -> tuple[dict[str, str], bool]:
    """A payment's changes, and whether it is to be taken."""
    refused = {
        "with a wrong key": {"WebserviceKey": WRONG_KEY},
        "for nobody": {"AccountNumber": UNKNOWN_ACCOUNT},
        "less than zero": {"PaymentAmount": "-1.00"},
    }
    return (refused[how], False) if how in refused else ({"PaymentTypeDesc": how, "PaymentAmount": str(SMALL)}, True)


def _messages(utility: Utility, operations: Sequence[str], known: Mapping[str, str], *, refused: bool = False) -> None:
    with importing:
        from partnerlab.contracts.verification.fuzz.messages import parameters

    def send(message: Message) -> SoapAnswer:
        action = '"urn:verify:none"' if message.mutation == "action" else None
        body = message.body(utility.target.namespace)
        return utility.send(message.operation, body, version=message.version, action=action)

    attack_by_messages(
        utility, parameters(utility.wsdl), operations, known, send, share=len(operations), refused=refused
    )
