"""The role `inhance-v2`: what its rows cannot say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.definition import define, raise_for
from partnerlab.contracts.verification.consumer.record import Record, problem
from partnerlab.contracts.verification.consumer.uploads import check_bill_files
from partnerlab.contracts.verification.grading.checks import NotExercised
from partnerlab.contracts.verification.provider.probe import money

__all__ = ["ROLE"]

ROLE = define("inhance_v2")
PAYMENT = ["MakePaymentExtended"]
SOON = timedelta(minutes=10)

check_bill_files(
    ROLE.suite,
    "inhance_v2",
    "INH2",
    {
        "taken": ("INH2-BIF-1",),
        "rows": ("INH2-BIF-2",),
        "count": ("INH2-BIF-3",),
        "total": ("INH2-BIF-4",),
        "meters": ("INH2-BIF-7",),
    },
    {"IH-8": "INH2-BIF-5", "IH-20": "INH2-BIF-6", "IH-194": "INH2-BIF-6"},
)


@ROLE.suite.check("inhance-v2/payment-type", "INH2-PAY-5", "INH2-PAY-6", kind="meaning")
def payment_type(record: Record) -> None:
    """PaymentTypeDesc is `Credit Card`, `ACH`, or the value of the biller's setting 116."""
    wanted = ["Credit Card", "ACH"]
    if paypal := record.biller.get("settings", {}).get("116"):
        wanted.append(paypal)
    found = [(call, call.sent.get("PaymentTypeDesc")) for call in record.some(PAYMENT)]
    raise_for(
        [
            problem(call, "PaymentTypeDesc", " or ".join(wanted), repr(value))
            for call, value in found
            if value not in wanted
        ]
    )


@ROLE.suite.check("inhance-v2/posted-once", "INH2-PAY-2", kind="meaning")
def posted_once(record: Record) -> None:
    """A payment whose posting was answered is not posted again."""
    answered: dict[str, Call] = {}
    uncertain: set[str] = set()
    found = []
    for call in record.some(PAYMENT):
        reference = call.sent.get("PaymentReference") or ""
        if reference in answered and reference not in uncertain:
            received = f"the reference of {answered[reference].id}, which was answered"
            found.append(problem(call, "PaymentReference", "one that was not posted yet", received))
        if call.unanswered:
            uncertain.add(reference)
        elif call.done:
            answered.setdefault(reference, call)
    raise_for(found)


@ROLE.suite.check(
    "inhance-v2/not-sent-again",
    "INH2-PAY-10",
    kind="scenario",
    needs=["faults"],
    turn="post two payments of different amounts for {account}, one after the other: the answer to each is lost",
)
def not_sent_again(record: Record) -> None:
    """A payment whose answer was lost is not sent again: the partner would post it twice."""
    lost: list[Call] = []
    found = []
    for call in record.some(PAYMENT):
        before = next((one for one in lost if _same(one, call)), None)
        if before is not None:
            received = f"the payment of {before.id}, {call.sent.get('PaymentAmount')}, again"
            if before.sent.get("PaymentReference") != call.sent.get("PaymentReference"):
                received += ", as one of its own (where it is another, give it another amount)"
            found.append(problem(call, "after an answer that was lost", "nothing, until a person looks", received))
        if call.unanswered:
            lost.append(call)
    if not lost:
        raise NotExercised("the answer to every payment came back: --faults loses it")
    raise_for(found)


def _same(one: Call, other: Call) -> bool:
    """Whether a call is a payment again: by its reference, or soon after it, as by a payer who tries once more."""
    if one.sent.get("PaymentReference") == other.sent.get("PaymentReference"):
        return True
    alike = all(one.sent.get(name) == other.sent.get(name) for name in ("AccountNumber", "DocumentNumber"))
    return alike and _amount(one) == _amount(other) and (_dated_alike(one, other) or other.at - one.at < SOON)


def _dated_alike(one: Call, other: Call) -> bool:
    return one.sent.get("PaymentDate") == other.sent.get("PaymentDate")


def _amount(call: Call) -> Decimal | str | None:
    text = call.sent.get("PaymentAmount")
    return text if (value := money(text)) is None else value
