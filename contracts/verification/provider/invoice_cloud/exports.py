"""What goes out to partners in bulk: payments and changes since a moment. Changes nothing."""

from __future__ import annotations

from lxml import etree

from partnerlab.contracts.verification.grading import NotHere
from partnerlab.contracts.verification.provider.invoice_cloud.platform import (
    INVOICING,
    MANAGEMENT,
    NO_DATE,
    SUITE,
    Platform,
)
from partnerlab.contracts.verification.provider.soap import SoapAnswer

LONG_AGO, YEARS_AHEAD = "2000-01-01T00:00:00", "2090-01-01T00:00:00"
OTHERS_WORD = {"1": "ach", "2": "card"}
"""By PaymentTypeID, what its PaymentTypeDesc cannot say."""


def payments(platform: Platform, since: str) -> tuple[list[dict[str, str]], int]:
    """The rows of ExportPayments, and the exchange that told them. Raises `Failed`."""
    answer = platform.soap(INVOICING, "ExportPayments", [("Since", since)])
    platform.expect_done(answer, "ExportPayments")
    return _rows(answer, "Payments"), answer.number


@SUITE.check("invoice-cloud/export-payments", "ICWS-EXP-1")
def payments_are_exported(platform: Platform) -> None:
    """ExportPayments since a moment answers its rows validly, and each is of an approved payment."""
    found, number = payments(platform, LONG_AGO)
    bad = [row.get("PaymentGUID", "") for row in found if row.get("Approved", "").lower() not in ("true", "1")]
    platform.expect(not bad, "Payments, Approved", "true in each row", f"another word in {', '.join(bad)}", number)


@SUITE.check("invoice-cloud/export-types", "ICWS-EXP-3")
def payment_types_have_their_ids(platform: Platform) -> None:
    """PaymentTypeID of an exported payment is 1 or 2, and PaymentTypeDesc writes it out."""
    found, number = payments(platform, LONG_AGO)
    if not found:
        raise NotHere("this biller has no payments")
    for row in found:
        id, words = row.get("PaymentTypeID", ""), row.get("PaymentTypeDesc", "")
        platform.expect(id in OTHERS_WORD, "PaymentTypeID", "1 or 2", id or "nothing", number)
        right = bool(words.strip()) and OTHERS_WORD[id] not in words.lower()
        platform.expect(right, "PaymentTypeDesc", f"the words of type {id}", words or "nothing", number)


@SUITE.check("invoice-cloud/export-since", "ICWS-EXP-5")
def the_moment_itself_counts(platform: Platform) -> None:
    """ExportPayments since the date of the last payment tells that payment again: nothing is missed."""
    found, _ = payments(platform, LONG_AGO)
    if not found:
        raise NotHere("this biller has no payments")
    last = max(found, key=lambda row: row.get("PaymentDate", ""))
    again, number = payments(platform, last["PaymentDate"])
    guids = {row.get("PaymentGUID") for row in again}
    platform.expect(last["PaymentGUID"] in guids, "Payments", last["PaymentGUID"], f"{len(guids)} others", number)


@SUITE.check("invoice-cloud/export-later", "ICWS-EXP-1", "ICWS-EXP-4")
def nothing_is_exported_of_times_to_come(platform: Platform) -> None:
    """ExportPayments and ExportCustomerChanges since a moment years ahead answer no rows."""
    found, number = payments(platform, YEARS_AHEAD)
    platform.expect(not found, f"Payments since {YEARS_AHEAD}", "none", str(len(found)), number)
    answer = platform.soap(MANAGEMENT, "ExportCustomerChanges", [("Since", YEARS_AHEAD)])
    rows = _rows(answer, "Changes")
    platform.expect(not rows, f"Changes since {YEARS_AHEAD}", "none", str(len(rows)), answer.number)


@SUITE.check("invoice-cloud/export-changes", "ICWS-EXP-4")
def changes_are_exported(platform: Platform) -> None:
    """ExportCustomerChanges since a moment answers validly: in each row an account, and when what of it changed."""
    answer = platform.soap(MANAGEMENT, "ExportCustomerChanges", [("Since", LONG_AGO)])
    platform.expect_done(answer, "ExportCustomerChanges")
    rows = _rows(answer, "Changes")
    if not rows:
        raise NotHere("no payer of this biller has changed anything")
    for row in rows:
        dates = [value for name, value in row.items() if name.endswith("Date") and not value.startswith(NO_DATE)]
        account = row.get("AccountNumber", "")
        platform.expect(bool(account.strip()), "Changes, AccountNumber", "an account", "nothing", answer.number)
        platform.expect(bool(dates), f"Changes, {account}", "the date of a change", "none", answer.number)


def _rows(answer: SoapAnswer, name: str) -> list[dict[str, str]]:
    """The rows of an answer by the names of their members, none where it has no such list."""
    found = None if answer.element is None else answer.element.find(f"{{*}}{name}")
    return [] if found is None else [{etree.QName(one).localname: one.text or "" for one in row} for row in found]
