"""
The seven calls (two of them Pay_Input's), each a form POST, below every base address with `/api` and without.

    ARState_Output  Pay_Input  Insufficient_Pay_Report  Paperless_Bill  Recurring_Pay  Retrieve_Bill_Image

Source: "TCCS Technical Design", Details. It shows `/api/Pay_input`, `/Pay_input` and `/Retrieve_Bill_Image` at billers,
so every one is served both ways.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from partnerlab.contracts.tccs_rest import ContentInfo, ContentInfoInvalid, format_of, parse_content_info
from partnerlab.simulators.kit.http.messages import App, Request, Response
from partnerlab.simulators.kit.http.routes import Handler, Route, Routes
from partnerlab.simulators.tccs_rest.domain.errors import CredentialsWrong, Refused
from partnerlab.simulators.tccs_rest.domain.money import read_cents
from partnerlab.simulators.tccs_rest.domain.payments import Payment
from partnerlab.simulators.tccs_rest.ledger import Ledger
from partnerlab.simulators.tccs_rest.settings import Settings
from partnerlab.simulators.tccs_rest.store import Cause
from partnerlab.simulators.tccs_rest.wire import answers
from partnerlab.simulators.tccs_rest.wire.forms import Form, FormRefused, read_form
from partnerlab.simulators.tccs_rest.wire.negotiation import preferred
from partnerlab.simulators.tccs_rest.wire.refusals import refusal

__all__ = ["create_doors"]

NAME = "tccs"
IMAGE = "Retrieve_Bill_Image"
PREFIXES = ("/api", "")
REMEMBERED, LONGEST_REMEMBERED = 4096, 300

Act = Callable[[Request, ContentInfo, str], Response]
"""Does what a call asks for: the request, what its contentInfo says, and the media type of the answer."""


def create_doors(ledger: Ledger, settings: Settings, *, inline: bool) -> dict[str, App]:
    """
    The doors over one ledger, by path.

    Those of the bill image are apart: a page takes milliseconds to make, for which the event loop does not wait.
    """
    acts = _acts(ledger, settings)
    check = _guard(settings)
    calls = {name: _handler(name, act, check) for name, act in acts.items()}
    doors: dict[str, App] = {}
    for base in ("/" + base.strip("/") for base in settings.bases):
        routes = [
            Route("POST", f"{base}{prefix}/{name}", name, handle)
            for name, handle in calls.items()
            for prefix in PREFIXES
        ]
        doors[base] = Routes(NAME, (one for one in routes if one.operation != IMAGE), refuse=_refuse, inline=inline)
        images = Routes(NAME, (one for one in routes if one.operation == IMAGE), refuse=_refuse, inline=False)
        for prefix in PREFIXES:
            doors[f"{base}{prefix}/{IMAGE}"] = images
    return doors


def _handler(name: str, act: Act, check: Callable[[Form], None]) -> Handler:
    def parse(text: str) -> ContentInfo:
        return parse_content_info(format_of(name, text), text)

    remembered = lru_cache(REMEMBERED)(parse)

    def handle(request: Request, _: Mapping[str, str]) -> Response:
        media_type = preferred(request.headers.get("accept", ""))
        try:
            form = read_form(request)
            check(form)
            text = form.content_info
            said = remembered(text) if len(text) <= LONGEST_REMEMBERED else parse(text)
            return act(request, said, media_type)
        except FormRefused as refused:
            return answers.error(refused.status, refused.message, media_type)
        except ContentInfoInvalid as invalid:
            return answers.error(400, f"contentInfo, {invalid}", media_type)
        except Refused as refused:
            return refusal(refused, media_type)

    return handle


def _guard(settings: Settings) -> Callable[[Form], None]:
    user, key = settings.consumer_guid.encode(), settings.entry_key.encode()

    def check(form: Form) -> None:
        # Both are always compared: how long it takes tells nothing of either.
        right_user = hmac.compare_digest(form.consumer_guid.encode(), user)
        right_key = hmac.compare_digest(form.entry_key.encode(), key)
        if not (right_user and right_key):
            raise CredentialsWrong

    return check


def _acts(ledger: Ledger, settings: Settings) -> dict[str, Act]:
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
        pdf = render(view, insurer=settings.insurer, today=request.lane.now().date())
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


def _refuse(request: Request, status: int, allowed: Iterable[str]) -> Response:
    """What no call takes, in the words of ASP.NET Web API."""
    media_type = preferred(request.headers.get("accept", ""))
    if status == 405:
        message = f"The requested resource does not support http method '{request.method}'."
        return answers.error(405, message, media_type, (("Allow", ", ".join(allowed)),))
    uri = f"{request.base_url}{request.path}"[:500]
    return answers.error(status, f"No HTTP resource was found that matches the request URI '{uri}'.", media_type)
