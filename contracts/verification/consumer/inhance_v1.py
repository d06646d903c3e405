"""The role `inhance-v1`: what its rows cannot say."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from itertools import pairwise

from partnerlab.contracts.verification.consumer.call import Call
from partnerlab.contracts.verification.consumer.definition import define, raise_for
from partnerlab.contracts.verification.consumer.record import TIMES, Record, problem
from partnerlab.contracts.verification.consumer.uploads import bill_problems, check_taken, doubled, readable
from partnerlab.contracts.verification.grading.checks import NotExercised

__all__ = ["ROLE"]

ROLE = define("inhance_v1")
DATES = {
    "ExportPayments": ("PaymentDate",),
    "ExportCustomerChanges": (
        "AutoPaySignUpDate",
        "AutoPayCancelDate",
        "EmailAddressChangeDate",
        "PhoneNumberChangeDate",
        "PaperlessSignUpDate",
        "PaperlessCancelDate",
    ),
}
"""The dates in the rows of an answer, from the last of which the next run goes on."""


PROBLEMS = partial(bill_problems, "inhance_v1")
check_taken(ROLE.suite, ("INH1-INV-1",), PROBLEMS)


@ROLE.suite.check("inhance-v1/file", "INH1-INV-2", kind="file")
def file(record: Record) -> None:
    """A bill file is as the field table of inHance has it."""
    found = [
        problem(one.call, one.name, "a file as its table has it", str(wrong))
        for one in readable(record)
        for wrong in PROBLEMS(record, one)
    ]
    raise_for(found[:TIMES])


@ROLE.suite.check("inhance-v1/nothing-twice", "INH1-INV-3", kind="meaning")
def nothing_twice(record: Record) -> None:
    """A bill file that was answered does not come again; one whose answer was lost comes again as it was."""
    doubled(record)


@ROLE.suite.check("inhance-v1/goes-on", "INH1-JOB-1", kind="scenario")
def goes_on(record: Record) -> None:
    """Each download begins where the one before stopped: it leaves nothing out and does not begin anew."""
    found, pairs = [], 0
    for operation, names in DATES.items():
        calls = [one for one in record.of([operation]) if one.done]
        for before, call in pairwise(calls):
            begun, asked = _moment(before.sent.get("Since")), _moment(call.sent.get("Since"))
            if begun is None or asked is None:
                continue
            pairs += 1
            if asked < begun:
                received = f"{call.sent.get('Since')}, before that of {before.id}"
                found.append(problem(call, "Since", f"{before.sent.get('Since')} or later", received))
            last = _last(before, names)
            if last is not None and asked > last:
                received = f"{call.sent.get('Since')}: what came between is never downloaded"
                expected = f"at the latest {last.isoformat()}, the last row of {before.id}"
                found.append(problem(call, "Since", expected, received))
    if not pairs:
        raise NotExercised("no download was made twice")
    raise_for(found)


def _last(call: Call, names: tuple[str, ...]) -> datetime | None:
    """The latest date in the rows of an answer."""
    moments = [moment for name in names for text in call.got.all(name) if (moment := _moment(text)) is not None]
    return max(moments, default=None)


def _moment(text: str | None) -> datetime | None:
    """A dateTime as it is written, in the biller's own time: an offset is left out."""
    try:
        return datetime.fromisoformat((text or "").strip()).replace(tzinfo=None)
    except ValueError:
        return None
