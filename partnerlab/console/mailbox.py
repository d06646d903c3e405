"""The mailbox: the e-mails and texts that Invoice Cloud would have sent."""

from __future__ import annotations

from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["index"]

MOST = 200


def index(page: Page) -> Response:
    """The messages, newest first, and the one that is open."""
    messages = page.api.get("/_sandbox/ic/mailbox", limit=MOST)["messages"]
    number = page.query.get("number", "")
    chosen = messages[0] if messages else None
    if number.isdecimal():
        chosen = page.api.get(at("/_sandbox/ic/mailbox/{}", number))
    return page.render("mailbox.html", "mailbox", "Mailbox", messages=messages, chosen=chosen, most=MOST)
