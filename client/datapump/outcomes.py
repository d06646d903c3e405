"""
What an attempt's end means for the delivery.

| end of the attempt                                      | the call may be repeated | it may not             |
|---------------------------------------------------------|--------------------------|------------------------|
| answered with success                                   | delivered                | delivered              |
| was not carried out: no connection, status 429          | again                    | again                  |
| may have been carried out: time-out, lost answer, 5xx   | again                    | unknown                |
| a fault of the partner's own making (`soap:Server`)     | again                    | unknown                |
| answered, not understood: a 2xx that nothing reads      | not understood           | not understood         |
| any other answer that breaks the contract               | again                    | unknown                |
| the pump was killed during the attempt                  | again                    | unknown                |
| refused: `Success=false`, `soap:Client`, status 4xx     | dead                     | dead                   |
| invalid before it was sent                              | dead                     | dead                   |
| this machine ran short of something, nothing was sent   | again, and not counted   | again, and not counted |

A call may be repeated where it sets a value, or carries a PaymentGUID by which the partner knows it again. A fault of
the server says that it failed, not that nothing was posted before it did. So any other payment goes out again only
where it is certain that it was not carried out; all else waits for a person. An answer that cannot be read waits for a
person too, whatever the call, because asking again would bring the same answer. For a biller whose setting
`datapump_retry` is off nothing goes out again by itself: what would have is dead, and a person can replay it.
"""

from __future__ import annotations

from dataclasses import dataclass

from partnerlab.client.datapump.states import State
from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid, TransportError
from partnerlab.contracts.masking import mask_text

__all__ = ["INTERRUPTED", "Outcome", "judge"]

INTERRUPTED = "the pump stopped while the call was under way"


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    Where a delivery goes after an attempt: DELIVERED, WAITING (for another attempt), DEAD, UNKNOWN or NOT_UNDERSTOOD.

    `message` is the partner's where it gave one; `after_s` is how long it asked to be left alone. `made` is false where
    the attempt failed because this machine ran short of something: the partner was not asked, so it does not count.
    """

    state: State
    message: str
    after_s: float = 0.0
    made: bool = True


def judge(error: BaseException, *, idempotent: bool) -> Outcome:
    """The outcome of an attempt that ended with *error*; *idempotent*: the same call twice does no harm."""
    uncertain = State.WAITING if idempotent else State.UNKNOWN
    match error:
        case RequestInvalid():
            return Outcome(State.DEAD, str(error))
        case PartnerFault(refused=True):
            return Outcome(State.DEAD, f"{error.code}: {error.message}")
        case TransportError(sent=False, retryable=False):
            return Outcome(State.DEAD, str(error))
        case TransportError(sent=False, local=True):
            return Outcome(State.WAITING, str(error), made=False)
        case TransportError(sent=False):
            return Outcome(State.WAITING, str(error), error.retry_after_s or 0.0)
        case TransportError():
            return Outcome(uncertain, str(error), error.retry_after_s or 0.0)
        case ProtocolError(status=status) if 200 <= status < 300:  # `AnswerNotUnderstood`, and what is damaged
            return Outcome(State.NOT_UNDERSTOOD, str(error))
        case PartnerFault() | ProtocolError():
            return Outcome(uncertain, str(error))
        case _:
            # An error of our own in the middle of a call: repeated, it would end the same way.
            message = mask_text(f"{type(error).__name__}: {error}")
            return Outcome(State.DEAD if idempotent else State.UNKNOWN, message)
