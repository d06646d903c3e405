"""
Does the service do what it says: read before, write, read after. Everything here changes the policy's books.

Switches are left as the target says that they stood; payments of a dollar or two stay, unless they are returned.
"""

from __future__ import annotations

from decimal import Decimal

from partnerlab.contracts.verification.grading import NotHere
from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.tccs.insurer import (
    PAPERLESS,
    PAY,
    RECURRING,
    SUITE,
    UNKNOWN_INVOICE,
    WRONG,
    Insurer,
)

NOTHING = Decimal(0)


def needs_version_2(insurer: Insurer) -> None:
    """Raises `NotHere` for a service that takes no PaymentGUID."""
    if insurer.target.version < 2:
        raise NotHere("version 1 of the service has no PaymentGUID")


@SUITE.check("tccs/payment", "TCCS-PAY-1", "TCCS-PAY-6", kind="scenario", writes=True)
def payment_lowers_both_balances(insurer: Insurer) -> None:
    """A payment lowers `Record bal` and `Total Balance` by its amount, to the cent."""
    before = insurer.balances()
    insurer.expect_done(insurer.pay(), "a payment")
    insurer.expect_moved(before, -insurer.target.amount, f"less a payment of {insurer.target.amount}")


@SUITE.check("tccs/payment-valid", "TCCS-PAY-1", kind="scenario", writes=True)
def payment_answer_is_valid(insurer: Insurer) -> None:
    """The answer of Pay_Input is valid by the schema: Success and Message."""
    answer = insurer.pay()
    insurer.expect_none(insurer.findings(answer.reply), answer.number)


@SUITE.check("tccs/payment-types", "TCCS-PAY-3", "TCCS-PAY-4", kind="scenario", writes=True)
def payment_types_are_taken(insurer: Insurer) -> None:
    """Payments of the types CC and ACH are both posted."""
    before = insurer.balances()
    for type in ("CC", "ACH"):
        insurer.expect_done(insurer.pay(type=type), f"a payment of type {type}")
    insurer.expect_moved(before, -2 * insurer.target.amount, "less a payment of each type")


@SUITE.check("tccs/payment-spaces", "TCCS-ADR-10", kind="scenario", writes=True)
def payment_with_spaces_is_taken(insurer: Insurer) -> None:
    """A payment with spaces around its separators is posted like one without."""
    before, target = insurer.balances(), insurer.target
    guid = insurer.suffix().replace("@", " @ ")
    answer = insurer.call(PAY, f"{target.invoice} | {target.amount} : CC{guid}")
    insurer.expect_done(answer, "a payment with spaces")
    insurer.expect_moved(before, -target.amount, f"less a payment of {target.amount}")


@SUITE.check("tccs/payment-without-type", "TCCS-PAY-11", kind="scenario", writes=True)
def payment_without_type_is_refused(insurer: Insurer) -> None:
    """A payment without a type, and of another type than CC and ACH, is refused and changes nothing."""
    before, target = insurer.balances(), insurer.target
    for ending in ("", ":", ":CHK"):
        answer = insurer.call(PAY, f"{target.invoice}|{target.amount}{ending}{insurer.suffix()}")
        insurer.expect_refused(answer, f"a payment that ends in {ending!r}")
    insurer.expect_moved(before, NOTHING, "and nothing but refusals since")


@SUITE.check("tccs/payment-malformed", "TCCS-ADR-5", kind="scenario", writes=True)
def malformed_payment_changes_nothing(insurer: Insurer) -> None:
    """A payment whose contentInfo breaks its format is refused with 400 and changes nothing."""
    before, target = insurer.balances(), insurer.target
    whole = f"{target.invoice}|{target.amount}:CC{insurer.suffix()}"
    for content in (f"{whole}|VERIFY", whole.replace("|", "||", 1), whole.replace("|", ":", 1), target.invoice):
        insurer.expect_status(insurer.call(PAY, content), 400, f"contentInfo {content!r}")
    insurer.expect_moved(before, NOTHING, "and nothing but refusals since")


@SUITE.check("tccs/payment-amounts", "TCCS-PAY-10", kind="scenario", writes=True)
def impossible_amounts_are_refused(insurer: Insurer) -> None:
    """Amounts of zero, below zero, without two decimals or with a thousands separator are refused, change nothing."""
    before = insurer.balances()
    for amount in ("0.00", "-1.00", "1.4", "1.005", "1,000.00", "one"):
        insurer.expect_refused(insurer.pay(amount=amount), f"amount {amount}")
    insurer.expect_moved(before, NOTHING, "and nothing but refusals since")


@SUITE.check("tccs/payment-wrong-key", "TCCS-ADR-4", kind="scenario", writes=True)
def payment_with_wrong_key_changes_nothing(insurer: Insurer) -> None:
    """A payment with a wrong entryKey is refused with 401 and changes nothing."""
    before = insurer.balances()
    insurer.expect_status(insurer.pay(entryKey=WRONG), 401, "a payment with a wrong entryKey")
    insurer.expect_moved(before, NOTHING, "and nothing but a refusal since")


@SUITE.check("tccs/payment-unknown-invoice", "TCCS-ADR-6", kind="scenario", writes=True)
def payment_of_unknown_invoice_is_refused(insurer: Insurer) -> None:
    """A payment for an unknown invoice is refused with 404: money would be lost."""
    before = insurer.balances()
    insurer.expect_status(insurer.pay(invoice=UNKNOWN_INVOICE), 404, "a payment for an unknown invoice")
    insurer.expect_moved(before, NOTHING, "and nothing but a refusal since")


@SUITE.check("tccs/guid-once", "TCCS-GUID-3", kind="scenario", writes=True)
def payment_guid_posts_once(insurer: Insurer) -> None:
    """A payment whose PaymentGUID comes a second time is answered with success and posts nothing again."""
    needs_version_2(insurer)
    before, guid = insurer.balances(), insurer.new_reference()
    insurer.expect_done(insurer.pay(guid=guid), "the first payment")
    insurer.expect_done(insurer.pay(guid=guid), "the same payment again, which is done already")
    insurer.expect_moved(before, -insurer.target.amount, "less one payment, sent twice")


@SUITE.check("tccs/guid-own", "TCCS-PAY-6", kind="scenario", writes=True)
def two_payments_both_count(insurer: Insurer) -> None:
    """Two payments of one amount, each with a PaymentGUID of its own, both count."""
    before = insurer.balances()
    for _ in range(2):
        insurer.expect_done(insurer.pay(), "a payment")
    insurer.expect_moved(before, -2 * insurer.target.amount, "less two payments")


@SUITE.check("tccs/guid-at-once", "TCCS-GUID-3", kind="scenario", writes=True)
def payment_guid_at_once_posts_once(insurer: Insurer) -> None:
    """One payment sent four times at the same time posts once."""
    needs_version_2(insurer)
    before, guid = insurer.balances(), insurer.new_reference()
    asked = [_asked(insurer, guid) for _ in range(4)]
    done = [insurer.read(reply).success for reply in insurer.line.ask_at_once(asked)]
    insurer.expect(any(done), "one payment four times at once", "Success true of at least one", "none")
    insurer.expect_moved(before, -insurer.target.amount, "less one payment, sent four times at once")


@SUITE.check("tccs/payments-at-once", "TCCS-PAY-6", kind="scenario", writes=True)
def payments_at_once_all_count(insurer: Insurer) -> None:
    """Four payments at the same time all count: none is lost to another."""
    before = insurer.balances()
    asked = [_asked(insurer, "") for _ in range(4)]
    done = sum(insurer.read(reply).success for reply in insurer.line.ask_at_once(asked))
    insurer.expect(done > 0, "four payments at once", "Success true of at least one", "none")
    insurer.expect_moved(before, -done * insurer.target.amount, f"less {done} payments that were answered with success")


@SUITE.check("tccs/guid-forms", "TCCS-GUID-2", kind="scenario", writes=True)
def payment_guid_need_not_be_a_uuid(insurer: Insurer) -> None:
    """A PaymentGUID that is no UUID is taken, and so are two of 99 characters that differ in the last alone."""
    needs_version_2(insurer)
    before = insurer.balances()
    short, long = insurer.new_reference("e99fc166-9d990"), f"{insurer.new_reference()}-".ljust(98, "a")
    for guid in (short, f"{long}a", f"{long}b"):
        insurer.expect_done(insurer.pay(guid=guid), f"PaymentGUID of {len(guid)} characters")
    insurer.expect_moved(before, -3 * insurer.target.amount, "less three payments, each with a PaymentGUID of its own")


@SUITE.check("tccs/guid-malformed", "TCCS-GUID-2", kind="scenario", writes=True)
def malformed_guid_is_refused(insurer: Insurer) -> None:
    """A PaymentGUID with a space or another character, or of 100 characters, is refused and changes nothing."""
    needs_version_2(insurer)
    before = insurer.balances()
    for guid in ("VERIFY 1", "VERIFY_1", "VERIFY-" + "a" * 93):
        insurer.expect_refused(insurer.pay(guid=guid), f"PaymentGUID {guid[:12]}, {len(guid)} characters")
    insurer.expect_moved(before, NOTHING, "and nothing but refusals since")


@SUITE.check("tccs/paperless", "TCCS-PPL-1", "TCCS-PPL-2", kind="scenario", writes=True)
def paperless_is_switched(insurer: Insurer) -> None:
    """Paperless_Bill Y and N are both done, each with a valid answer, and change no balance."""
    _switch(insurer, PAPERLESS, "PB", standing=insurer.target.paperless)


@SUITE.check("tccs/recurring", "TCCS-AUT-1", "TCCS-AUT-2", kind="scenario", writes=True)
def recurring_is_switched(insurer: Insurer) -> None:
    """Recurring_Pay Y and N are both done, each with a valid answer, and change no balance."""
    _switch(insurer, RECURRING, "R", standing=insurer.target.recurring)


@SUITE.check("tccs/paperless-refusals", "TCCS-PPL-1", "TCCS-ADR-4", "TCCS-ADR-6", kind="scenario", writes=True)
def paperless_refuses(insurer: Insurer) -> None:
    """Paperless_Bill refuses another flag, another word, an unknown invoice and a wrong key."""
    _refuses(insurer, PAPERLESS, "PB")


@SUITE.check("tccs/recurring-refusals", "TCCS-AUT-1", "TCCS-ADR-4", "TCCS-ADR-6", kind="scenario", writes=True)
def recurring_refuses(insurer: Insurer) -> None:
    """Recurring_Pay refuses another flag, another word, an unknown invoice and a wrong key."""
    _refuses(insurer, RECURRING, "R")


def _asked(insurer: Insurer, guid: str) -> Asked:
    """The request of a payment, not sent yet."""
    target = insurer.target
    return insurer.request(PAY, f"{target.invoice}|{target.amount}:CC{insurer.suffix(guid)}")


def _switch(insurer: Insurer, operation: str, word: str, *, standing: bool) -> None:
    before = insurer.balances()
    for flag in ("N", "Y") if standing else ("Y", "N"):
        answer = insurer.call(operation, f"{insurer.target.invoice}:{flag}|{word}")
        insurer.expect_done(answer, f"{operation} {flag}")
        insurer.expect_none(insurer.findings(answer.reply), answer.number)
    insurer.expect_moved(before, NOTHING, f"and nothing but {operation} since")


def _refuses(insurer: Insurer, operation: str, word: str) -> None:
    invoice = insurer.target.invoice
    insurer.expect_refused(insurer.call(operation, f"{invoice}:X|{word}"), "the flag X")
    for other in ("VERIFY", "R" if word == "PB" else "PB"):
        insurer.expect_refused(insurer.call(operation, f"{invoice}:Y|{other}"), f"the word {other}")
    insurer.expect_status(insurer.call(operation, f"{UNKNOWN_INVOICE}:Y|{word}"), 404, "an unknown invoice")
    insurer.expect_status(insurer.call(operation, f"{invoice}:Y|{word}", entryKey=WRONG), 401, "a wrong entryKey")
