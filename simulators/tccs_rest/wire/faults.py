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
    DomainError,
    InvoiceTaken,
    InvoiceUnknown,
    PaymentConflict,
    QuoteHasNone,
    ReturnUnmatched,
    ValueInvalid,
)
from partnerlab.simulators.tccs_rest.domain.money import to_text
from partnerlab.simulators.tccs_rest.wire.answers import error as http_error
from partnerlab.simulators.tccs_rest.wire.answers import result

__all__ = ["STATUSES", "message_of", "refusal"]

STATUSES: dict[type[DomainError], int] = {
    CredentialsWrong: 401,
    InvoiceUnknown: 404,
    QuoteHasNone: 404,
    PaymentConflict: 200,
    ReturnUnmatched: 200,
    InvoiceTaken: 200,
    ValueInvalid: 400,
}


def message_of(error: DomainError) -> str:
    """The text for *error*; none repeats a secret."""
    match error:
        case CredentialsWrong():
            return "Authorization has been denied for this request."
        case InvoiceUnknown():
            return f"No invoice {error.invoice_number} was found."
        case QuoteHasNone():
            return f"Quote {error.invoice_number} has no {error.what}."
        case PaymentConflict():
            return f"PaymentGUID {error.payment_guid} has already been posted with another {error.field}."
        case ReturnUnmatched():
            which = f"payment of {to_text(error.amount_cents)} on {error.on:%m/%d/%Y}"
            if error.returned:
                return f"The {which} of invoice {error.invoice_number} has already been returned."
            return f"Invoice {error.invoice_number} has no {which} that could be returned."
        case InvoiceTaken():
            return f"Invoice {error.invoice_number} exists already."
        case ValueInvalid():
            return f"{error.field}: '{str(error.value)[:80]}' {error.rule}."
    raise KeyError(type(error))


def refusal(error: DomainError, media_type: str) -> Response:
    """The answer to *error*."""
    status = STATUSES[type(error)]
    message = message_of(error)
    return result(False, message, media_type) if status == 200 else http_error(status, message, media_type)
