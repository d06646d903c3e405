"""The role `tccs`: what its rows cannot say."""

from __future__ import annotations

from partnerlab.contracts.tccs_rest.content_info import ContentInfo, ContentInfoInvalid, format_of, parse_content_info
from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.definition import define, raise_for
from partnerlab.contracts.verification.consumer.record import Record, problem
from partnerlab.contracts.verification.consumer.uploads import check_bill_files
from partnerlab.contracts.verification.grading.checks import NotExercised, Unfinished

__all__ = ["ROLE"]

ROLE = define("tccs")
PAYMENT, RETURN = ["Pay_Input"], ["Insufficient_Pay_Report"]

check_bill_files(
    ROLE.suite,
    "tccs",
    "TCCS",
    {"taken": ("TCCS-BIF-1",), "rows": ("TCCS-BIF-2",), "count": ("TCCS-BIF-3",), "total": ("TCCS-BIF-4",)},
    {"IH-8": "TCCS-BIF-5", "IH-20": "TCCS-BIF-8"},
)


@ROLE.suite.check("tccs/card", "TCCS-PAY-3", kind="meaning", turn="post a payment by card for {policy} (Pay_Input)")
def card(record: Record) -> None:
    """A payment by card is posted as CC."""
    _some_of_type(record, "CC")


@ROLE.suite.check("tccs/no-card", "TCCS-PAY-4", kind="meaning", turn="post a payment by bank for {policy} (Pay_Input)")
def no_card(record: Record) -> None:
    """A payment by anything else is posted as ACH."""
    _some_of_type(record, "ACH")


def _some_of_type(record: Record, wanted: str) -> None:
    """Raises `NotExercised` where no payment has that type. Which one it should have only the caller knows."""
    if not any(info.payment_type == wanted for _, info in _payments(record)):
        raise NotExercised(f"no payment was posted as {wanted}")


@ROLE.suite.check("tccs/version", "TCCS-GUID-1", kind="meaning")
def version(record: Record) -> None:
    """A PaymentGUID follows every payment where setting 35 is 2, and none where it is 1."""
    wanted = str(record.biller.get("settings", {}).get("35") or "2") == "2"
    raise_for(
        [
            problem(call, "contentInfo", "@PaymentGUID" if wanted else "no PaymentGUID", info.payment_guid or "none")
            for call, info in _payments(record)
            if bool(info.payment_guid) != wanted
        ]
    )


@ROLE.suite.check("tccs/guid-of-its-own", "TCCS-GUID-4", kind="meaning")
def guid_of_its_own(record: Record) -> None:
    """A PaymentGUID is one payment's: no other has it, and that payment has no other when it is sent again."""
    first: dict[str, tuple[Call, ContentInfo]] = {}
    lost: list[tuple[Call, ContentInfo]] = []
    found = []
    seen = False
    for call, info in _payments(record):
        guid = info.payment_guid.lower()
        if not guid:
            continue
        seen = True
        before, known = first.setdefault(guid, (call, info))
        if _key(known) != _key(info):
            received = f"that of {before.id}, a payment of {known.amount} for {known.invoice_number}"
            found.append(problem(call, "PaymentGUID", "one of its own", received))
        again = next((one for one in lost if _key(one[1]) == _key(info)), None)
        if again is not None and again[1].payment_guid.lower() != guid:
            what = "whose answer was lost" if again[0].unanswered else "which had been posted already, and was told so"
            received = f"another one than in {again[0].id}, {what}: it is posted twice"
            received += " (where it is another payment, give it another amount)"
            found.append(problem(call, "PaymentGUID", again[1].payment_guid, received))
        if call.unanswered or before is not call:
            lost.append((call, info))
    if not seen:
        raise NotExercised("no payment had a PaymentGUID")
    raise_for(found)


@ROLE.suite.check(
    "tccs/sent-again",
    "TCCS-GUID-5",
    kind="scenario",
    needs=["faults"],
    turn="post two payments of different amounts for {policy}: the answer to each is lost; yours is to send it again",
)
def sent_again(record: Record) -> None:
    """A payment whose answer was lost is sent again where it has a PaymentGUID, and never where it has none."""
    payments = _payments(record)
    lost = [(at, call, info) for at, (call, info) in enumerate(payments) if call.unanswered]
    if not lost:
        raise NotExercised("the answer to every payment came back: --faults loses it")
    twice, missing = [], []
    for at, call, info in lost:
        later = [one for one, other in payments[at + 1 :] if _key(other) == _key(info)]
        if info.payment_guid and not later:
            missing.append(problem(call, "after an answer that was lost", "the same call again", "nothing"))
        if not info.payment_guid and later:
            received = f"the payment of {call.id} again, without a PaymentGUID: it is posted twice"
            twice.append(problem(later[0], "after an answer that was lost", "nothing, until a person looks", received))
    raise_for(twice)
    if missing:
        raise Unfinished(missing)


@ROLE.suite.check(
    "tccs/return-not-sent-again",
    "TCCS-REJ-3",
    kind="scenario",
    needs=["faults"],
    turn="report two payments of {policy} that came back, of different amounts (Insufficient_Pay_Report): the answer to"
    " each is lost",
)
def return_not_sent_again(record: Record) -> None:
    """A return whose answer was lost is not reported again: it would be owed twice."""
    lost: dict[str, Call] = {}
    found = []
    for call in record.some(RETURN):
        said = (call.sent.get("contentInfo") or "").replace(" ", "")
        if said in lost:
            received = f"the return of {lost[said].id} again"
            found.append(problem(call, "after an answer that was lost", "nothing, until a person looks", received))
        if call.unanswered:
            lost.setdefault(said, call)
    if not lost:
        raise NotExercised("the answer to every return came back: --faults loses it")
    raise_for(found)


def _payments(record: Record) -> list[tuple[Call, ContentInfo]]:
    """The payments that can be read. Raises `NotExercised` where there is none."""
    found = []
    for call in record.of(PAYMENT):
        text = call.sent.get("contentInfo") or ""
        try:
            found.append((call, parse_content_info(format_of("Pay_Input", text), text)))
        except ContentInfoInvalid:
            continue
    if not found:
        raise NotExercised("no payment was seen that can be read")
    return found


def _key(info: ContentInfo) -> tuple[object, ...]:
    return info.invoice_number, info.amount, info.payment_type
