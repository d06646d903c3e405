"""Payment options (RedirectID 5): the saved cards and bank accounts, added, changed, preferred and removed."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response
from flask.typing import ResponseReturnValue

from partnerlab.simulators.ic_webservices.domain.errors import Conflict, DomainError
from partnerlab.simulators.ic_webservices.domain.methods import BANK_ACCOUNT, CARD, KINDS, Method
from partnerlab.simulators.ic_webservices.pages.forms import Form, read_bank_account, read_card, read_holder_and_expiry
from partnerlab.simulators.ic_webservices.pages.payer import Payer
from partnerlab.simulators.ic_webservices.pages.refusals import refusal_field
from partnerlab.simulators.ic_webservices.pages.security import PageRefused, form_guid

__all__ = ["add_routes"]

HERE = "payment-options"
PATHS = {"card": CARD, "bank-account": BANK_ACCOUNT}


def add_routes(add: Callable[..., None]) -> None:
    """Add the section's pages."""
    add(HERE, listing)
    add(f"{HERE}/new/<kind>", new)
    add(f"{HERE}/new/<kind>", save, "POST")
    add(f"{HERE}/<method_id>", edit)
    add(f"{HERE}/<method_id>", change, "POST")
    add(f"{HERE}/<method_id>/default", prefer, "POST")
    add(f"{HERE}/<method_id>/remove", remove, "POST")


def listing(payer: Payer) -> ResponseReturnValue:
    """The user's methods, the default first."""
    return _list(payer, Form(payer.secret))


def new(payer: Payer, kind: str) -> ResponseReturnValue:
    """The form of a new card or bank account."""
    return _new(payer, _kind(kind), Form(payer.secret))


def save(payer: Payer, kind: str) -> ResponseReturnValue:
    """Keep it; the same form sent twice keeps it once."""
    sent, kind = payer.sent(), _kind(kind)
    guid = form_guid(payer.secret, sent.given("FormKey"))
    numbers = payer.services.wallet.numbers
    typed = read_card(sent, numbers, payer.today) if kind == CARD else read_bank_account(sent, numbers)
    if typed is not None:
        try:
            payer.services.wallet.add(payer.lane, payer.biller.guid, payer.user.username, typed.new_method(guid))
            return payer.go(HERE, done="method-added")
        except DomainError as error:
            sent.wrong(refusal_field(error), str(error))
    return _new(payer, kind, sent)


def edit(payer: Payer, method_id: str) -> ResponseReturnValue:
    """The form of a saved one: the name, and when a card expires. Another number is another method."""
    method = _found(payer, method_id)
    expires = f"{method.expires_on:%m/%y}" if method.expires_on else ""
    return _edit(payer, method, Form(payer.secret, None, Holder=method.holder, CardExpiry=expires))


def change(payer: Payer, method_id: str) -> ResponseReturnValue:
    """Change the name and the expiry."""
    sent, method = payer.sent(), _found(payer, method_id)
    holder, expires_on = read_holder_and_expiry(sent, method.kind, payer.today)
    if not sent.valid:
        return _edit(payer, method, sent)
    payer.services.wallet.change(
        payer.lane, payer.biller.guid, payer.user.username, method.method_id, holder=holder, expires_on=expires_on
    )
    return payer.go(HERE, done="method-changed")


def prefer(payer: Payer, method_id: str) -> ResponseReturnValue:
    """Make it the default."""
    payer.sent()
    payer.services.wallet.make_default(payer.lane, payer.biller.guid, payer.user.username, method_id)
    return payer.go(HERE, done="method-preferred")


def remove(payer: Payer, method_id: str) -> ResponseReturnValue:
    """Forget it, unless something relies on it."""
    sent = payer.sent()
    try:
        payer.services.wallet.remove(payer.lane, payer.biller.guid, payer.user.username, method_id)
    except Conflict as error:
        sent.wrong("", str(error))
        return _list(payer, sent)
    return payer.go(HERE, done="method-removed")


def _kind(path: str) -> str:
    if path not in PATHS:
        raise PageRefused(404, "There is no such page", f"A payment method is one of {', '.join(KINDS)}.")
    return PATHS[path]


def _found(payer: Payer, method_id: str) -> Method:
    return payer.services.wallet.method(payer.lane, payer.biller.guid, payer.user.username, method_id)


def _list(payer: Payer, form: Form) -> Response:
    methods = payer.services.wallet.methods(payer.lane, payer.biller.guid, payer.user.username)
    status = 200 if form.valid else 409
    return payer.show("options.html", HERE, status=status, methods=methods, today=payer.today, form=form)


def _new(payer: Payer, kind: str, form: Form) -> Response:
    status = 200 if form.valid else 400
    return payer.show("option_new.html", HERE, status=status, kind=kind, form=form)


def _edit(payer: Payer, method: Method, form: Form) -> Response:
    status = 200 if form.valid else 400
    return payer.show("option_edit.html", HERE, status=status, method=method, form=form)
