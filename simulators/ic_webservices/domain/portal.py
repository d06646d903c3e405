"""The hosted portal's own rules: where single sign-on leads, what a page session holds, and Pay By Text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import ValueRefused
from partnerlab.simulators.ic_webservices.domain.invoices import OPEN, Invoice

__all__ = ["IFRAME", "REDIRECTS", "PageSession", "ShownPage", "TextEnrolment", "check_phone", "open_bills", "says_yes"]

IFRAME = "1"
"""The ViewMode of a page inside an iFrame."""

REDIRECTS: Mapping[str, str] = {
    "1": "bills",
    "2": "paperless",
    "3": "autopay",
    "5": "payment-options",
    "8": "open-bills",
    "9": "scheduled-payments",
    "11": "pay-by-text",
}
"""RedirectID to page. Source: inHance Portal, SSOConnect Details; WaterSmart, Customer Portal Redirects (8)."""

SHOW_ZERO = "129"
"""The setting that shows the latest invoice even where nothing is due. Source: inHance Portal, Required Options."""

_PHONE = re.compile(r"(?:\+?1)?([2-9][0-9]{2}[2-9][0-9]{6})")


@dataclass(frozen=True, slots=True)
class PageSession:
    """
    One visit to the portal, opened by CloudSSO connect.

    Neither its id nor the token behind it is kept: the id as its SHA-256, the token sealed with the id. `css_url` is
    empty where none was given or it was not allowed; `account_number` is the one the payer looks at.
    """

    session_hash: str
    sealed_token: str
    biller_guid: str
    username: str
    view_mode: str
    css_url: str
    return_url: str
    site_name: str
    account_number: str
    started_at: str


@dataclass(frozen=True, slots=True)
class ShownPage:
    """
    The page that answered a form, with a mark in the place of its secret. `owner` is the secret's hash, `slot` its
    place among the session's, `nonce_hash` that of the key in its address.
    """

    owner: str
    slot: int
    nonce_hash: str
    path: str
    status: int
    body: str
    shown_at: str


@dataclass(frozen=True, slots=True)
class TextEnrolment:
    """A telephone number that Pay By Text was asked for and that has not answered yet."""

    biller_guid: str
    username: str
    phone: str
    asked_at: str


def check_phone(text: str) -> str:
    """A telephone number of the United States as `+14135550101`. Raises `ValueRefused`."""
    match = _PHONE.fullmatch(re.sub(r"[\s().-]", "", text))
    if match is None:
        raise ValueRefused("Phone", text[:40], "must be a telephone number of the United States, with its area code")
    return f"+1{match[1]}"


def says_yes(reply: str) -> bool:
    """Whether the answer to the text message confirms it: `Y` or `YES`. Assumed [A-62]."""
    return reply.strip().lower() in ("y", "yes")


def open_bills(invoices: Sequence[Invoice], biller: Biller) -> list[Invoice]:
    """
    Which of an account's invoices (the latest first) are open: those with something due. With setting 129 the latest
    one too, whatever is due on it.
    """
    shown = [invoice for invoice in invoices if invoice.status == OPEN and invoice.balance_due_cents > 0]
    if biller.settings.get(SHOW_ZERO) == "1" and invoices and invoices[0] not in shown:
        shown.insert(0, invoices[0])
    return shown
