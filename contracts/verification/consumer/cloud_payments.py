"""The role `cloud-payments`: what its rows cannot say, above all what becomes of postbacks."""

from __future__ import annotations

from collections.abc import Mapping

from partnerlab.contracts.verification.consumer.definition import define
from partnerlab.contracts.verification.consumer.postbacks import KINDS, Kind, Tried
from partnerlab.contracts.verification.consumer.record import Record, problem
from partnerlab.contracts.verification.grading.checks import Check, Failed, NotExercised
from partnerlab.contracts.verification.grading.model import Problem

__all__ = ["ROLE"]

ROLE = define("cloud_payments")
PAGE = ["CloudPaymentsV2"]
TAKEN = "a status of 2xx"
SESSION = "RemoteAuthenticationToken"
OF_KIND = {
    "declined": ("CPV2-RCV-1", "A declined payment is not credited."),
    "forged": ("CPV2-RCV-4", "An approved payment that Invoice Cloud does not have is not credited."),
    "changed-amount": ("CPV2-RCV-2", "An amount that is not the payment's is not credited."),
    "unknown-reference": ("CPV2-RCV-6", "A reference that nobody gave is not credited."),
    "approved": ("CPV2-RCV-5", "An approved payment is credited."),
    "duplicate": ("CPV2-RCV-3", "The same postback again is not credited again."),
    "early": ("CPV2-RCV-5", "An approved payment is credited though its date is ahead of the clock."),
    "late": ("CPV2-RCV-5", "An approved payment is credited though it is three days old."),
    "unknown-field": ("CPV2-RCV-7", "A postback with a field more is credited."),
}


@ROLE.suite.check("cloud-payments/quick-payment", "CPV2-STORY-1", kind="story")
def quick_payment(record: Record) -> None:
    """A registered user's page is asked for with the token of the session, and made."""
    if not any(call.done for call in record.of(PAGE) if call.sent.get(SESSION)):
        raise NotExercised("no page was made for a user with a token")


@ROLE.suite.check("cloud-payments/one-time-payment", "CPV2-STORY-2", kind="story")
def one_time_payment(record: Record) -> None:
    """A page for somebody who is not registered is asked for with CreateCustomerRecord, and made."""
    guests = [call for call in record.of(PAGE) if not call.sent.get(SESSION)]
    if not any(call.done and (call.sent.get("CreateCustomerRecord") or "").lower() == "true" for call in guests):
        raise NotExercised("no page was made with CreateCustomerRecord true and without a token")


@ROLE.suite.check("cloud-payments/quote-deposit", "CPV2-AGENT-1", kind="story")
def quote_deposit(record: Record) -> None:
    """A quote's deposit is asked for under the quote's number, which begins with Q."""
    if not any(call.done for call in record.of(PAGE) if (call.sent.get("InvoiceNumber") or "").startswith("Q")):
        raise NotExercised("no page was made for a quote")


@ROLE.suite.check("cloud-payments/postback-taken", "CPV2-PB-21", kind="meaning")
def postback_taken(record: Record) -> None:
    """A postback is answered with a status of 2xx, those that Invoice Cloud sent after a payment on the page too."""
    tried = [one for one in (record.postbacks or {}).values() if one.kind.credited and not one.reason]
    record.look_at(record.posted_back)
    if not tried and not record.posted_back:
        raise NotExercised("no postback was sent")
    wrong = [_problem(one, TAKEN, f"status {one.status}" * bool(one.status)) for one in tried if not _taken(one.status)]
    wrong += [
        problem(call, "answer", TAKEN, f"status {call.status}" if call.status else "no answer")
        for call in record.posted_back
        if not _taken(call.status)
    ]
    if wrong:
        raise Failed(wrong)


def _taken(status: int) -> bool:
    return 200 <= status < 300


def _declare(kind: Kind) -> None:
    requirement, sentence = OF_KIND[kind.name]

    def check(record: Record) -> None:
        one = _tried(record).get(kind.name)
        if one is None:
            raise NotExercised("there was no payment page left for it: ask for four, each with a reference of its own")
        if one.reason:
            raise NotExercised(one.reason)
        if kind.credited:
            if one.after <= one.first:
                raise Failed([_problem(one, "one payment more", f"{one.after} held, as before")])
        elif one.after > one.before:
            raise Failed([_problem(one, f"{one.before} held, as before", f"{one.after} held")])

    ROLE.suite.add(Check(f"cloud-payments/{kind.name}", sentence, "scenario", (requirement,), True, (), check))


def _tried(record: Record) -> Mapping[str, Tried]:
    if record.postbacks is None:
        raise NotExercised("no postback was sent: say by --held, --held-command or --ask how many payments are held")
    return record.postbacks


def _problem(one: Tried, expected: str, received: str) -> Problem:
    where = f"{one.kind.words}, reference {one.page.reference}"
    return Problem(where, expected, received or "no answer", one.exchange)


for _kind in KINDS:
    _declare(_kind)
