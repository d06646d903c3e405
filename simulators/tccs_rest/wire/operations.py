"""
What each of the seven calls does (two of them are Pay_Input's): one function from contentInfo to an answer.

    ARState_Output  Pay_Input  Insufficient_Pay_Report  Paperless_Bill  Recurring_Pay  Retrieve_Bill_Image

Source: "TCCS Technical Design", Details.
"""

from __future__ import annotations

from collections.abc import Callable

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.tccs_rest import ContentInfo
from partnerlab.simulators.kit.http.messages import Ready, Request, Response
from partnerlab.simulators.tccs_rest.domain.events import Cause
from partnerlab.simulators.tccs_rest.domain.money import read_cents
from partnerlab.simulators.tccs_rest.domain.payments import Payment
from partnerlab.simulators.tccs_rest.wire import answers
from partnerlab.simulators.tccs_rest.wire.paths import IMAGE
from partnerlab.simulators.tccs_rest.world import World

__all__ = ["Act", "operations"]

Act = Callable[[ContentInfo, str], Ready]
"""
What a call asks for: what its contentInfo says, and the media type of the answer. That does it, for a request that says
so.

Raises a `DomainError` where what it says cannot be.
"""


def operations(world: World) -> dict[str, Act]:
    """The calls over the insurer's books by name."""
    ledger = world.ledger

    def cause_of(request: Request) -> Cause:
        return world.cause(request.id, request.lane)

    def state(said: ContentInfo, media_type: str) -> Ready:
        number = said.invoice_number
        return lambda request: answers.balance(ledger.balances(request.lane, number), media_type)

    def pay(said: ContentInfo, media_type: str) -> Ready:
        payment = Payment(
            said.invoice_number, _cents(said), said.payment_type, said.insured_name, said.payment_guid or None
        )
        what = "Deposit" if said.insured_name else "Payment"

        def post(request: Request) -> Response:
            _, is_new = ledger.post_payment(request.lane, cause_of(request), payment)
            message = f"{what} posted." if is_new else f"{what} had been posted already."
            return answers.result(True, message, media_type)

        return post

    def report(said: ContentInfo, media_type: str) -> Ready:
        number, on, cents = said.invoice_number, said.on, _cents(said)
        assert on is not None

        def give_back(request: Request) -> Response:
            ledger.report_return(request.lane, cause_of(request), number, on, cents)
            return answers.result(True, "Payment returned.", media_type)

        return give_back

    def paperless(said: ContentInfo, media_type: str) -> Ready:
        number, on = said.invoice_number, bool(said.enrolled)

        def switch(request: Request) -> Response:
            ledger.set_paperless(request.lane, cause_of(request), number, on=on)
            return answers.result(True, f"Paperless billing is {'on' if on else 'off'}.", media_type)

        return switch

    def recurring(said: ContentInfo, media_type: str) -> Ready:
        number, on = said.invoice_number, bool(said.enrolled)

        def switch(request: Request) -> Response:
            ledger.set_recurring(request.lane, cause_of(request), number, on=on)
            return answers.result(True, f"Recurring payments are {'on' if on else 'off'}.", media_type)

        return switch

    def picture(said: ContentInfo, _: str) -> Ready:
        number = said.invoice_number

        def draw(request: Request) -> Response:
            with importing:
                from partnerlab.simulators.tccs_rest.wire.bill_image import render

            view = ledger.policy(request.lane, number)
            pdf = render(view, insurer=world.settings.insurer, days=world.days, now=request.lane.now())
            return answers.image(pdf, number.replace("/", "-") + ".pdf")

        return draw

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
