"""
What each of the seven calls does (two of them are Pay_Input's): one function from contentInfo to an answer.

    ARState_Output  Pay_Input  Insufficient_Pay_Report  Paperless_Bill  Recurring_Pay  Retrieve_Bill_Image

Source: "TCCS Technical Design", Details.
"""

from __future__ import annotations

from collections.abc import Callable

from partnerlab.contracts.tccs_rest import ContentInfo
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.money import read_cents
from partnerlab.simulators.tccs_rest.domain.payments import Payment
from partnerlab.simulators.tccs_rest.services.ledger import PolicyLedger
from partnerlab.simulators.tccs_rest.wire import answers
from partnerlab.simulators.tccs_rest.wire.paths import IMAGE

__all__ = ["Act", "operations"]

Act = Callable[[Request, ContentInfo, str], Response]
"""Does what a call asks for: the request, what its contentInfo says, and the media type of the answer."""


def operations(ledger: PolicyLedger, insurer: str) -> dict[str, Act]:
    """The calls over a ledger by name; *insurer* stands on its bills."""

    def state(request: Request, said: ContentInfo, media_type: str) -> Response:
        return answers.balance(ledger.balances(request.lane, said.invoice_number), media_type)

    def pay(request: Request, said: ContentInfo, media_type: str) -> Response:
        payment = Payment(
            said.invoice_number, _cents(said), said.payment_type, said.insured_name, said.payment_guid or None
        )
        _, is_new = ledger.post_payment(request.lane, _cause(request), payment)
        what = "Deposit" if said.insured_name else "Payment"
        message = f"{what} posted." if is_new else f"{what} had been posted already."
        return answers.result(True, message, media_type)

    def report(request: Request, said: ContentInfo, media_type: str) -> Response:
        assert said.on is not None
        ledger.report_return(request.lane, _cause(request), said.invoice_number, said.on, _cents(said))
        return answers.result(True, "Payment returned.", media_type)

    def paperless(request: Request, said: ContentInfo, media_type: str) -> Response:
        on = bool(said.enrolled)
        ledger.set_paperless(request.lane, _cause(request), said.invoice_number, on=on)
        return answers.result(True, f"Paperless billing is {'on' if on else 'off'}.", media_type)

    def recurring(request: Request, said: ContentInfo, media_type: str) -> Response:
        on = bool(said.enrolled)
        ledger.set_recurring(request.lane, _cause(request), said.invoice_number, on=on)
        return answers.result(True, f"Recurring payments are {'on' if on else 'off'}.", media_type)

    def picture(request: Request, said: ContentInfo, _: str) -> Response:
        from partnerlab.simulators.tccs_rest.wire.bill_image import render

        view = ledger.policy(request.lane, said.invoice_number)
        pdf = render(view, insurer=insurer, today=request.lane.now().date())
        return answers.image(pdf, said.invoice_number.replace("/", "-") + ".pdf")

    return {
        "ARState_Output": state,
        "Pay_Input": pay,
        "Insufficient_Pay_Report": report,
        "Paperless_Bill": paperless,
        "Recurring_Pay": recurring,
        IMAGE: picture,
    }


def _cents(said: ContentInfo) -> int:
    assert said.amount is not None
    return read_cents("Amount", said.amount)


def _cause(request: Request) -> Cause:
    return Cause(request.id, request.lane.now())
