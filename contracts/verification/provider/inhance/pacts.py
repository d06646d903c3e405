"""What the data pump reads of a utility's answers: its pact, replayed with the run's account and key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from partnerlab.contracts.verification.grading import NotExercised
from partnerlab.contracts.verification.provider.exchange import Answered
from partnerlab.contracts.verification.provider.inhance.utility import NAMESPACE, UNKNOWN_ACCOUNT, Utility
from partnerlab.contracts.verification.provider.pacts import Replay, given, stays
from partnerlab.contracts.verification.provider.probe import now_in

__all__ = ["REPLAY"]

PAY = "MakePaymentExtended"


def _values(utility: Utility) -> Mapping[str, str]:
    target = utility.target
    return {
        "10000101": target.account,
        "500001": str(target.invoice),
        "11111111-1111-4111-8111-111111111111": target.key,
        "99999999": UNKNOWN_ACCOUNT,
        "pact-1": utility.new_reference(),
        "40.00": str(target.amount),
        "2026-11-20T10:30:00": now_in(target.time_zone).strftime("%Y-%m-%dT%H:%M:%S"),
        NAMESPACE: target.namespace,
    }


def _has_email(utility: Utility) -> Mapping[str, str]:
    if not utility.balances().email:
        raise NotExercised("the account has no e-mail address: give --account one that has")
    return {}


def _refuses_twice(utility: Utility) -> Mapping[str, str]:
    """A payment is posted, and again; where the utility takes both, which it may, there is no such refusal to see."""
    reference = utility.new_reference()
    first = utility.call(PAY, PaymentReference=reference)
    utility.expect(first.success, PAY, "Success true", first.said, first.number)
    if utility.call(PAY, PaymentReference=reference).success:
        raise NotExercised("this service takes a PaymentReference that it has a second time, so it has no such refusal")
    return {"pact-2": reference}


@contextmanager
def _email_put_back(utility: Utility) -> Iterator[None]:
    before = utility.balances().email
    if not before:
        raise NotExercised("the account has no e-mail address that could be put back")
    try:
        yield
    finally:
        utility.call("SetEmail", NewEmail=before)


@contextmanager
def _paperless_put_back(utility: Utility) -> Iterator[None]:
    try:
        yield
    finally:
        utility.call("SetPaperless", PaperlessOnOff="On" if utility.target.paperless else "Off")


@contextmanager
def _autopay_put_back(utility: Utility) -> Iterator[None]:
    try:
        yield
    finally:
        utility.call("SetAutopay", AutoPayOnOff="On" if utility.target.autopay else "Off")


def _is_fault(answer: Answered) -> bool:
    """A SOAP fault: the data pump takes it for the refusal that it is."""
    return answer.status == 500 and re.search(rb"<(?:[\w.-]+:)?Fault[\s>]", answer.body) is not None


REPLAY: Replay[Utility] = Replay(
    file="data-pump-inhance.json",
    url=lambda utility, _: utility.target.url,
    swaps=_values,
    states={
        "account 10000101 owes 125.50": given,
        "account 10000101 has an e-mail address": _has_email,
        "there is no account 99999999": given,
        "payment reference pact-2 was posted, and the utility takes none twice": _refuses_twice,
    },
    writing={
        "a payment by card": stays,
        "a payment that was posted before": stays,
        "paperless is switched on": _paperless_put_back,
        "AutoPay is switched off": _autopay_put_back,
        "the e-mail address changes": _email_put_back,
    },
    refusals={
        "a balance check with a wrong key": _is_fault,
        "a balance check of an account that is not there": _is_fault,
    },
    namespaces=lambda utility: (NAMESPACE, utility.target.namespace),
)
