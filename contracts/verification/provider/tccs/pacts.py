"""What the data pump reads of an insurer's answers: its pact, replayed with the run's policy and keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from partnerlab.contracts.verification.grading import NotExercised
from partnerlab.contracts.verification.provider.exchange import Answered
from partnerlab.contracts.verification.provider.pacts import Replay, given, stays
from partnerlab.contracts.verification.provider.tccs.insurer import PAPERLESS, RECURRING, UNKNOWN_INVOICE, Insurer
from partnerlab.contracts.verification.provider.tccs.returns import ODD

__all__ = ["REPLAY"]

BASE, INVOICE = "/invoicecloudapi", "454100010-06/16/2020"
WITH_GUID = "a payment by card with its PaymentGUID"


def _values(insurer: Insurer) -> Mapping[str, str]:
    target = insurer.target
    return {
        INVOICE: target.invoice,
        "IC-SANDBOX": target.consumer_guid,
        "sandbox-entry-key": target.entry_key,
        "999999999-06/16/2031": UNKNOWN_INVOICE,
        "24.00": str(target.amount),
        "e99fc166-9d99-4a99-bb16-99fe155ebf99": insurer.new_reference(),
    }


def _paid_by_bank(insurer: Insurer) -> Mapping[str, str]:
    """A payment of an amount of its own is posted, so that no other payment comes back."""
    amount = str(insurer.target.amount + 3 * ODD)
    insurer.expect_done(insurer.pay(amount=amount, type="ACH"), "the payment that is to come back")
    return {"24.00": amount, "11/20/2026": insurer.today()}


@contextmanager
def _takes_guids(insurer: Insurer) -> Iterator[None]:
    if insurer.target.version < 2:
        raise NotExercised("a service of version 1 takes no PaymentGUID")
    yield


@contextmanager
def _paperless_put_back(insurer: Insurer) -> Iterator[None]:
    try:
        yield
    finally:
        insurer.call(PAPERLESS, f"{insurer.target.invoice}:{'Y' if insurer.target.paperless else 'N'}|PB")


@contextmanager
def _recurring_put_back(insurer: Insurer) -> Iterator[None]:
    try:
        yield
    finally:
        insurer.call(RECURRING, f"{insurer.target.invoice}:{'Y' if insurer.target.recurring else 'N'}|R")


def _status(status: int) -> Callable[[Answered], bool]:
    """Refused by this status, whatever the words: the data pump goes by it."""
    return lambda answer: answer.status == status


REPLAY: Replay[Insurer] = Replay(
    file="data-pump-tccs.json",
    url=lambda insurer, path: insurer.target.url + path.removeprefix(BASE),
    swaps=_values,
    states={
        f"the insurer has policy term {INVOICE}": given,
        "the insurer has no policy term 999999999-06/16/2031": given,
        f"policy term {INVOICE} was paid 24.00 by bank": _paid_by_bank,
    },
    writing={
        WITH_GUID: _takes_guids,
        "a payment comes back": stays,
        "paperless is switched on": _paperless_put_back,
        "AutoPay is switched off": _recurring_put_back,
    },
    refusals={
        "the balances of a policy that is not there": _status(404),
        "the balances of a policy with a wrong entryKey": _status(401),
    },
)
