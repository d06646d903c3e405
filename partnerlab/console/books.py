"""The books of Invoice Cloud and of the partner side by side, with what differs marked."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from partnerlab.console.api import ApiRefused
from partnerlab.console.partner_books import BookAccount, account_of, accounts_of, book_account_of
from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.partners import PARTNERS
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["account", "index"]

MOST, MOST_THEIRS = 500, 500
"""Invoices, and accounts of the partner, that are read where nothing is searched."""
MOST_ASKED = 100
"""Accounts that are shown where some are searched or a list is cut: each is asked for by its number."""
MOST_RECORDS = 20
"""Of each kind on an account's page."""


def index(page: Page) -> Response:
    """The accounts of one biller in both books."""
    billers = page.api.get("/_sandbox/ic/billers")["billers"]
    wanted = page.query.get("biller", "")
    biller = next((row for row in billers if row["guid"] == wanted), None)
    biller = biller or next((row for row in billers if row["partner"] == "inhance_v2"), billers[0])
    find = page.query.get("find", "").strip()
    rows, whole = _rows(page, biller, find)
    differ = sum(bool(row["difference"]) for row in rows)
    if page.query.get("differ"):
        rows = [row for row in rows if row["difference"]]
    values = {"billers": billers, "biller": biller, "rows": rows, "differ": differ, "find": find, "whole": whole}
    return page.render("books.html", "books", "Books", **values)


def _rows(page: Page, biller: dict[str, Any], find: str) -> tuple[list[dict[str, Any]], bool]:
    """
    The accounts that are first in either book, of those with *find* in number, name or address; whether these are all.

    An account that one book's list has and the other's may only not have reached is asked for there by its number.
    """
    guid, partner = biller["guid"], biller["partner"]
    by_invoice = PARTNERS[partner].place == "invoice"
    most, most_theirs = (MOST_ASKED, MOST_ASKED) if find else (MOST, MOST_THEIRS)
    theirs_listed, theirs_whole = accounts_of(page.api, partner, text=find, limit=most_theirs)
    theirs = {one.number: one for one in theirs_listed}
    listed, ours_whole = _listed(page, guid, find, most)
    ours: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in listed:
        ours[row["invoice_number"] if by_invoice else row["account_number"]].append(row)
    numbers = sorted({*ours, *theirs})
    whole = ours_whole and theirs_whole
    if find or not whole:
        whole = whole and len(numbers) <= MOST_ASKED
        numbers = numbers[:MOST_ASKED]
    rows = []
    for number in numbers:
        invoices, right = ours.get(number, []), theirs.get(number)
        # An account may have more bills than the list has of it; an invoice that is there is whole.
        if (find or not ours_whole) and not (by_invoice and invoices):
            invoices = _invoices(page, guid, number, by_invoice=by_invoice)
        if (find or not theirs_whole) and not right:
            right = book_account_of(page.api, partner, number)
        rows.append(_row(number, invoices, right))
    return rows, whole


def _listed(page: Page, guid: str, find: str, most: int) -> tuple[list[dict[str, Any]], bool]:
    """Invoices by number, with *find* those of its number and of the customers it finds, and whether these are all."""
    listed: list[dict[str, Any]] = page.api.get("/_sandbox/ic/invoices", biller_guid=guid, text=find, limit=most)[
        "invoices"
    ]
    if not find:
        return listed, len(listed) < most
    customers = page.api.get("/_sandbox/ic/customers", biller_guid=guid, text=find, limit=most)["customers"]
    whole = len(listed) < most and len(customers) < most
    reached = {row["account_number"] for row in listed}
    for customer in customers:
        if customer["account_number"] not in reached:
            listed += _invoices(page, guid, customer["account_number"], by_invoice=False)
    return listed, whole


def _row(number: str, invoices: list[dict[str, Any]], right: BookAccount | None) -> dict[str, Any]:
    left = sum((Decimal(row["balance_due"]) for row in invoices), Decimal(0)) if invoices else None
    return {
        "account": number,
        "link": invoices[0]["account_number"] if invoices else number,
        "name": right.name if right else "",
        "left": left,
        "right": right.balance if right else None,
        "difference": _difference(left, right),
    }


def _difference(left: Decimal | None, right: BookAccount | None) -> str:
    if left is None:
        return "not at Invoice Cloud"
    if right is None:
        return "not at the partner"
    return f"{left - Decimal(right.balance):+,.2f}" if left != Decimal(right.balance) else ""


def _invoices(page: Page, guid: str, number: str, *, by_invoice: bool) -> list[dict[str, Any]]:
    if by_invoice:
        found = page.api.maybe(at("/_sandbox/ic/invoices/{}", number), biller_guid=guid)
        return [found] if found else []
    listed: list[dict[str, Any]] = page.api.get("/_sandbox/ic/invoices", biller_guid=guid, account_number=number)[
        "invoices"
    ]
    return listed


def account(page: Page) -> Response:
    """One account, policy or customer on both sides."""
    guid, number = page.places["guid"], page.places["account"]
    biller = page.api.get(at("/_sandbox/ic/billers/{}", guid))
    partner = biller["partner"]
    customer = _customer(page, guid, number)
    invoices = page.api.get("/_sandbox/ic/invoices", biller_guid=guid, account_number=number)["invoices"]
    newest = page.api.get("/_sandbox/ic/payments", biller_guid=guid, account_number=number, newest="true")
    payments = newest["payments"][::-1]
    if PARTNERS[partner].place == "invoice":
        theirs = [found for row in invoices if (found := account_of(page.api, partner, row["invoice_number"]))]
    else:
        theirs = [found] if (found := account_of(page.api, partner, number)) else []
    if not (invoices or payments or theirs or customer):
        raise ApiRefused(404, f"neither side knows an account {number}")
    values = {
        "biller": biller,
        "number": number,
        "customer": customer,
        "invoices": invoices,
        "payments": payments,
        "theirs": theirs,
        "most": MOST_RECORDS,
    }
    return page.render("account.html", "books", f"Account {number}", **values)


def _customer(page: Page, guid: str, number: str) -> Any:
    return page.api.maybe(at("/_sandbox/ic/customers/{}", number), biller_guid=guid)
