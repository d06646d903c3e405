"""
The words of a refusal, and whether it is an HTTP error or an answer with `Success` false.

The source gives no text; these are assumed [A-12], in one table, so that a partner's own can take their place. What the
caller can only have wrong (credentials, a number that is nobody's) is an HTTP error as ASP.NET Web API has it; what the
insurer's books do not allow is answered 200 with `Success` false.
"""

from __future__ import annotations

from partnerlab.simulators.kit.http.messages import Response
from partnerlab.simulators.tccs_rest.domain.errors import (
    CredentialsWrong,
    InvoiceTaken,
    InvoiceUnknown,
    PaymentConflict,
    QuoteHasNone,
    Refused,
    ReturnUnmatched,
    ValueInvalid,
)
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.wire.answers import error, result

__all__ = ["STATUSES", "message_of", "refusal"]

STATUSES: dict[type[Refused], int] = {
    CredentialsWrong: 401,
    InvoiceUnknown: 404,
    QuoteHasNone: 404,
    PaymentConflict: 200,
    ReturnUnmatched: 200,
    InvoiceTaken: 200,
    ValueInvalid: 400,
}


def message_of(refused: Refused) -> str:
    """The text for *refused*; none repeats a secret."""
    match refused:
        case CredentialsWrong():
            return "Authorization has been denied for this request."
        case InvoiceUnknown():
            return f"No invoice {refused.invoice_number} was found."
        case QuoteHasNone():
            return f"Quote {refused.invoice_number} has no {refused.what}."
        case PaymentConflict():
            return f"PaymentGUID {refused.payment_guid} has already been posted with another {refused.field}."
        case ReturnUnmatched():
            which = f"payment of {to_text(refused.amount_cents)} on {refused.on:%m/%d/%Y}"
            if refused.returned:
                return f"The {which} of invoice {refused.invoice_number} has already been returned."
            return f"Invoice {refused.invoice_number} has no {which} that could be returned."
        case InvoiceTaken():
            return f"Invoice {refused.invoice_number} exists already."
        case ValueInvalid():
            return f"{refused.field}: '{str(refused.value)[:80]}' {refused.rule}."
    raise KeyError(type(refused))


def refusal(refused: Refused, media_type: str) -> Response:
    """The answer to *refused*."""
    status = STATUSES[type(refused)]
    message = message_of(refused)
    return result(False, message, media_type) if status == 200 else error(status, message, media_type)
