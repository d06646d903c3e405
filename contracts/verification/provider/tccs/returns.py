"""Payments that come back, and deposits on quotes: scenarios that change the books."""

from __future__ import annotations

from decimal import Decimal

from partnerlab.contracts.verification.provider.tccs.insurer import PAY, SUITE, UNKNOWN_INVOICE, WRONG, Insurer

ODD = Decimal("0.13")
"""Added to the amount of payments that are returned, so that no other payment of that amount is meant."""


@SUITE.check("tccs/return", "TCCS-REJ-1", "TCCS-REJ-2", kind="scenario", writes=True)
def return_raises_both_balances(insurer: Insurer) -> None:
    """A returned payment raises both balances by its amount: they are as they were before it."""
    before, amount = insurer.balances(), insurer.target.amount + ODD
    insurer.expect_done(insurer.pay(amount=str(amount), type="ACH"), "a payment by ACH")
    answer = insurer.report_return(amount)
    zone = insurer.target.time_zone or "this machine's time zone, and --time-zone names another"
    insurer.expect_done(answer, f"the return of that payment, of {insurer.today()} in {zone}")
    insurer.expect_none(insurer.findings(answer.reply), answer.number)
    insurer.expect_moved(before, Decimal(0), "less a payment that was returned")


@SUITE.check("tccs/return-once", "TCCS-REJ-2", kind="scenario", writes=True)
def return_counts_once(insurer: Insurer) -> None:
    """A return that is reported a second time raises nothing again."""
    before, amount = insurer.balances(), insurer.target.amount + 2 * ODD
    insurer.expect_done(insurer.pay(amount=str(amount), type="ACH"), "a payment by ACH")
    for _ in range(2):
        insurer.report_return(amount)
    insurer.expect_moved(before, Decimal(0), "less a payment that was returned, and reported twice")


@SUITE.check("tccs/return-day", "TCCS-REJ-1", kind="scenario", writes=True)
def return_is_of_its_day(insurer: Insurer) -> None:
    """A return of a payment's amount and of another day than the payment's, years before it, is refused."""
    before, amount = insurer.balances(), insurer.target.amount + 4 * ODD
    insurer.expect_done(insurer.pay(amount=str(amount), type="ACH"), "a payment by ACH")
    answer = insurer.report_return(amount, day="01/02/2001")
    insurer.expect_refused(answer, "a return of the year 2001", unknown=True)
    insurer.expect_done(insurer.report_return(amount), "its return")
    insurer.expect_moved(before, Decimal(0), "less a payment that was returned")


@SUITE.check("tccs/return-refusals", "TCCS-REJ-1", kind="scenario", writes=True)
def returns_without_payment_are_refused(insurer: Insurer) -> None:
    """A return of no payment, of an unknown invoice, without IFR or with a wrong key is refused and changes nothing."""
    before, amount = insurer.balances(), insurer.target.amount + 5 * ODD
    answer = insurer.report_return("98765.43")
    insurer.expect_refused(answer, "a return of no payment", unknown=True)
    answer = insurer.report_return("1.00", invoice=UNKNOWN_INVOICE)
    insurer.expect_refused(answer, "an unknown invoice", unknown=True)
    insurer.expect_done(insurer.pay(amount=str(amount), type="ACH"), "a payment by ACH")  # there is something to return
    insurer.expect_refused(insurer.report_return(amount, word="XYZ"), "another word than IFR")
    insurer.expect_refused(insurer.report_return(amount, entryKey=WRONG), "a wrong entryKey")
    insurer.expect_done(insurer.report_return(amount), "its return")
    insurer.expect_moved(before, Decimal(0), "less a payment that was returned")


@SUITE.check("tccs/quote", "TCCS-PAY-7", "TCCS-GUID-3", kind="scenario", writes=True, needs=("quote",))
def deposit_lowers_the_quote(insurer: Insurer) -> None:
    """A quote deposit `InvoiceNumber|InsuredName|Amount` lowers what is left of the deposit by its amount, once."""
    quote, amount = insurer.target.quote, insurer.target.amount
    before = insurer.balances(quote)
    content = f"{quote}|Verify O'Neill|{amount}{insurer.suffix()}"
    for what in ("a quote deposit", "the same deposit again")[: insurer.target.version]:  # version 1 cannot tell
        insurer.expect_done(insurer.call(PAY, content), what)
    insurer.expect_moved(before, -amount, f"less a deposit of {amount}", quote)


@SUITE.check("tccs/quote-refusals", "TCCS-PAY-7", kind="scenario", writes=True, needs=("quote",))
def deposit_needs_a_name(insurer: Insurer) -> None:
    """A quote deposit without an insured's name, or in the form of a payment, is refused and changes nothing."""
    quote, amount = insurer.target.quote, insurer.target.amount
    before = insurer.balances(quote)
    insurer.expect_refused(insurer.call(PAY, f"{quote}||{amount}{insurer.suffix()}"), "a deposit without a name")
    answer = insurer.call(PAY, f"{quote}|{amount}:CC{insurer.suffix()}")
    insurer.expect_refused(answer, "a payment of a quote", unknown=True)
    insurer.expect_moved(before, Decimal(0), "and nothing but refusals since", quote)
