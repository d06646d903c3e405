"""The books of Invoice Cloud and of the partner side by side, with what differs marked."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from partnerlab.console.api import ApiRefused
from partnerlab.console.partner_books import account_of, accounts_of
from partnerlab.console.view import Page
from partnerlab.contracts.paths import at
from partnerlab.simulators.kit.http.messages import Response

__all__ = ["account", "index"]

MOST = 500
MOST_RECORDS = 20
"""Of each kind on an account's page."""


def index(page: Page) -> Response:
    """The accounts of one biller in both books."""
    billers = page.api.get("/_sandbox/ic/billers")["billers"]
    wanted = page.query.get("biller", "")
    biller = next((row for row in billers if row["guid"] == wanted), None)
    biller = biller or next((row for row in billers if row["partner"] == "inhance_v2"), billers[0])
    rows = _rows(page, biller)
    whole = len(rows) < MOST
    find = page.query.get("find", "").strip()
    if find:
        rows = [row for row in rows if find.lower() in f"{row['account']} {row['name']}".lower()]
        if not (rows or whole) and (number := _account_beyond(page, biller, find)):
            return page.see(f"books/{biller['guid']}/{number}")
    differ = sum(bool(row["difference"]) for row in rows)
    if page.query.get("differ"):
        rows = [row for row in rows if row["difference"]]
    values = {"billers": billers, "biller": biller, "rows": rows, "differ": differ, "find": find, "whole": whole}
    return page.render("books.html", "books", "Books", **values)


def _rows(page: Page, biller: dict[str, Any]) -> list[dict[str, Any]]:
    guid, by_invoice = biller["guid"], biller["partner"] == "tccs"
    ours: dict[str, Decimal] = defaultdict(Decimal)
    names: dict[str, str] = {}
    for row in page.api.get("/_sandbox/ic/invoices", biller_guid=guid, limit=MOST)["invoices"]:
        key = row["invoice_number"] if by_invoice else row["account_number"]
        ours[key] += Decimal(row["balance_due"])
        names.setdefault(key, row["account_number"])
    theirs = {one.number: one for one in accounts_of(page.api, biller["partner"])}
    rows = []
    for number in sorted({*ours, *theirs}):
        left, right = ours.get(number), theirs.get(number)
        difference = ""
        if left is None:
            difference = "not at Invoice Cloud"
        elif right is None:
            difference = "not at the partner"
        elif left != Decimal(right.balance):
            difference = f"{left - Decimal(right.balance):+,.2f}"
        rows.append(
            {
                "account": number,
                "link": names.get(number, number),
                "name": right.name if right else "",
                "left": left,
                "right": right.balance if right else None,
                "difference": difference,
            }
        )
    return rows


def _account_beyond(page: Page, biller: dict[str, Any], number: str) -> str:
    """
    The account of a number that is not among the first rows; empty where neither side has it.

    A policy is found by the number of its invoice too.
    """
    of_biller, partner = {"biller_guid": biller["guid"]}, biller["partner"]
    try:
        if partner == "tccs" and (invoice := page.api.maybe(at("/_sandbox/ic/invoices/{}", number), **of_biller)):
            return str(invoice["account_number"])
        billed = page.api.get("/_sandbox/ic/invoices", **of_biller, account_number=number, limit=1)["invoices"]
        return number if billed or (partner != "tccs" and account_of(page.api, partner, number)) else ""
    except ApiRefused:  # a name, or whatever else is no number
        return ""


def account(page: Page) -> Response:
    """One account, policy or customer on both sides."""
    guid, number = page.places["guid"], page.places["account"]
    biller = page.api.get(at("/_sandbox/ic/billers/{}", guid))
    partner = biller["partner"]
    customer = _customer(page, guid, number)
    invoices = page.api.get("/_sandbox/ic/invoices", biller_guid=guid, account_number=number)["invoices"]
    newest = page.api.get("/_sandbox/ic/payments", biller_guid=guid, account_number=number, newest="true")
    payments = newest["payments"][::-1]
    if partner == "tccs":
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
