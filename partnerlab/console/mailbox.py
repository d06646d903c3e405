"""The mailbox: the e-mails and texts that Invoice Cloud would have sent."""

from __future__ import annotations

from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.contracts.searching import is_in
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index"]

MOST = 200
KEPT = 1_000
"""Messages that a lane keeps."""
SEARCHED = ("recipient", "subject", "body", "account_number", "invoice_number")


def index(page: Page) -> Response:
    """The newest messages, those with `find` in them, and the one that is open."""
    find = page.query.get("find", "").strip()
    messages = page.api.get("/_sandbox/ic/mailbox", limit=KEPT if find else MOST)["messages"]
    if find:
        messages = [one for one in messages if is_in(find, (one[name] for name in SEARCHED))][:MOST]
    number = page.query.get("number", "")
    chosen = messages[0] if messages else None
    if number.isdecimal():
        chosen = page.api.get(at("/_sandbox/ic/mailbox/{}", number))
    return page.render("mailbox.html", "mailbox", "Mailbox", messages=messages, chosen=chosen, find=find, most=MOST)
