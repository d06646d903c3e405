"""
Does the service do what it says: read before, write, read after. Everything here changes the account.

Enrolments are left as the target says that they stood, the e-mail address as it was; payments stay, of a dollar or two.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from partnerlab.contracts.verification.grading import NotHere
from partnerlab.contracts.verification.provider.inhance.utility import (
    SUITE,
    UNKNOWN_ACCOUNT,
    WRONG_KEY,
    Balances,
    Utility,
)
from partnerlab.contracts.verification.provider.soap import SoapAnswer, envelope, read_answer, soap_call

PAY = "MakePaymentExtended"


def expect_done(utility: Utility, answer: SoapAnswer) -> None:
    """Raises `Failed` unless a call was done."""
    utility.expect(answer.success, answer.reply.asked.label, "Success true", answer.said, answer.number)


def expect_lowered(utility: Utility, before: Balances, amount: Decimal, what: str) -> None:
    """Raises `Failed` unless both balances fell by *amount* since *before*."""
    after = utility.balances()
    for name, old, new in (("Balance", before.balance, after.balance), ("FutureBalance", before.future, after.future)):
        received = f"{new}, which is {old - new} less"
        utility.expect(
            old - new == amount, name, f"{old - amount}: {old} less {amount}, {what}", received, after.exchange
        )


@SUITE.check("inhance/payment", "INH2-PAY-1", "INH2-PAY-8", kind="scenario", writes=True)
def payment_lowers_the_balance(utility: Utility) -> None:
    """A payment lowers Balance and FutureBalance by its amount, to the cent."""
    before = utility.balances()
    expect_done(utility, utility.call(PAY))
    expect_lowered(utility, before, utility.target.amount, "the payment")


@SUITE.check("inhance/payment-valid", "INH2-PAY-1", kind="scenario", writes=True)
def payment_answer_is_valid(utility: Utility) -> None:
    """The answer of MakePaymentExtended is valid by the schema."""
    answer = utility.call(PAY)
    expect_done(utility, answer)
    utility.expect_none((one for one in utility.findings(answer.reply) if one.rule != "unprefixed"), answer.number)


@SUITE.check("inhance/two-payments", "INH2-PAY-8", "INH2-PAY-2", kind="scenario", writes=True)
def two_payments_both_count(utility: Utility) -> None:
    """Two payments of one amount, one after the other with references of their own, both count."""
    before = utility.balances()
    for _ in range(2):
        expect_done(utility, utility.call(PAY))
    expect_lowered(utility, before, 2 * utility.target.amount, "two payments")


@SUITE.check("inhance/payments-at-once", "INH2-PAY-8", "INH2-PAY-2", kind="scenario", writes=True)
def payments_at_once_all_count(utility: Utility) -> None:
    """Four payments at the same time all count: none is lost to another."""
    before, target = utility.balances(), utility.target
    asked = []
    for _ in range(4):
        body = envelope(target.namespace, PAY, utility.fields(PAY, {}))
        asked.append(soap_call(target.url, target.namespace, PAY, body))
    done = sum(read_answer(reply).success for reply in utility.line.ask_at_once(asked))
    expect_lowered(
        utility, before, done * target.amount, f"{done} payments at the same time were answered with success"
    )
    utility.expect(done > 0, PAY, "Success true of at least one", "none")


@SUITE.check("inhance/payment-types", "INH2-PAY-5", kind="scenario", writes=True)
def payment_types_are_taken(utility: Utility) -> None:
    """Payments of the types `Credit Card` and `ACH` are both posted."""
    before = utility.balances()
    for name in ("Credit Card", "ACH"):
        expect_done(utility, utility.call(PAY, PaymentTypeDesc=name))
    expect_lowered(utility, before, 2 * utility.target.amount, "a payment of each type")


@SUITE.check("inhance/payment-forms", "INH2-PAY-1", kind="scenario", writes=True)
def payment_is_taken_in_every_form(utility: Utility) -> None:
    """A PaymentDate with a zone or parts of a second, and a PaymentAmount with fewer decimals, are what they mean."""
    before, paid = utility.balances(), Decimal(0)
    now = datetime.now(UTC)
    eastern = (now - timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M:%S.1234567-05:00")  # as .NET writes a local time
    for amount, date in (("1.4", eastern), ("1", now.strftime("%Y-%m-%dT%H:%M:%SZ"))):
        answer = utility.call(PAY, PaymentAmount=amount, PaymentDate=date)
        what = f"PaymentAmount {amount}, PaymentDate {date}"
        utility.expect(answer.success, what, "Success true", answer.said, answer.number)
        paid += Decimal(amount)
    expect_lowered(utility, before, paid, "two payments")


@SUITE.check("inhance/fee", "INH2-PAY-7", kind="scenario", writes=True)
def fee_credits_nothing(utility: Utility) -> None:
    """The convenience fee credits nothing: the balance falls by the amount alone."""
    before = utility.balances()
    expect_done(utility, utility.call(PAY, ConvenienceFee="2.95"))
    expect_lowered(utility, before, utility.target.amount, "without the fee of 2.95")


@SUITE.check("inhance/payment-wrong-key", "INH2-ADR-3", kind="scenario", writes=True)
def payment_with_wrong_key_changes_nothing(utility: Utility) -> None:
    """A payment with a wrong key is refused and changes nothing."""
    before = utility.balances()
    utility.expect_refused(utility.call(PAY, WebserviceKey=WRONG_KEY), "a payment with a wrong key")
    utility.expect_unchanged(before, "a payment with a wrong key")


@SUITE.check("inhance/payment-unknown-account", "INH2-PAY-2", kind="scenario", writes=True)
def payment_of_unknown_account_is_refused(utility: Utility) -> None:
    """A payment for an unknown account is refused: money would be lost."""
    before = utility.balances()
    answer = utility.call(PAY, AccountNumber=UNKNOWN_ACCOUNT)
    utility.expect_refused(answer, "a payment for an unknown account")
    utility.expect_unchanged(before, "a payment for another account")


@SUITE.check(
    "inhance/change-refusals-have-words",
    "INH2-PAY-1",
    "INH2-PPL-1",
    "INH2-AUT-1",
    "INH2-EML-1",
    kind="scenario",
    writes=True,
)
def refused_changes_say_why(utility: Utility) -> None:
    """A payment, a switch and an address of an unknown account are refused with an ErrorMessage."""
    for operation, changes in (
        (PAY, {"AccountNumber": UNKNOWN_ACCOUNT}),
        ("SetPaperless", {"Accountnumber": UNKNOWN_ACCOUNT}),
        ("SetAutopay", {"Accountnumber": UNKNOWN_ACCOUNT}),
        ("SetEmail", {"Accountnumber": UNKNOWN_ACCOUNT, "NewEmail": "verify.refused@example.com"}),
    ):
        answer = utility.call(operation, **changes)
        words = answer.fault or answer.result.get("ErrorMessage", "").strip()
        told = answer.success or bool(words)  # that it is refused is another check's
        utility.expect(told, f"{operation}, ErrorMessage of a refusal", "why", "nothing", answer.number)


@SUITE.check("inhance/payment-amounts", "INH2-PAY-1", kind="scenario", writes=True)
def impossible_amounts_change_nothing(utility: Utility) -> None:
    """Amounts of zero, less than zero and text are refused and change nothing."""
    before = utility.balances()
    for amount in ("0.00", "-1.00", "one"):
        utility.expect_refused(utility.call(PAY, PaymentAmount=amount), f"PaymentAmount {amount}")
    utility.expect_unchanged(before, "a payment that is refused")


@SUITE.check("inhance/parts-of-a-cent", "INH2-PAY-1", kind="scenario", writes=True)
def parts_of_a_cent_are_not_rounded(utility: Utility) -> None:
    """An amount with parts of a cent is refused, not rounded."""
    before = utility.balances()
    answer = utility.call(PAY, PaymentAmount="1.005")
    if answer.success:  # a second one makes whole cents of the balance, so that no other check fails by this
        utility.call(PAY, PaymentAmount="1.005")
    utility.expect_refused(answer, "PaymentAmount 1.005")
    utility.expect_unchanged(before, "a payment that is refused")


@SUITE.check("inhance/paperless", "INH2-PPL-1", "INH2-PPL-2", kind="scenario", writes=True)
def paperless_is_switched(utility: Utility) -> None:
    """SetPaperless On and Off are both done, each with a valid answer, and change no balance."""
    _switch(utility, "SetPaperless", "PaperlessOnOff", standing=utility.target.paperless)


@SUITE.check("inhance/autopay", "INH2-AUT-1", "INH2-AUT-2", kind="scenario", writes=True)
def autopay_is_switched(utility: Utility) -> None:
    """SetAutopay On and Off are both done, each with a valid answer, and change no balance."""
    _switch(utility, "SetAutopay", "AutoPayOnOff", standing=utility.target.autopay)


@SUITE.check("inhance/paperless-refusals", "INH2-PPL-1", kind="scenario", writes=True)
def paperless_refuses(utility: Utility) -> None:
    """SetPaperless refuses another word than On and Off, an unknown account and a wrong key."""
    _refuses(utility, "SetPaperless", "PaperlessOnOff", standing=utility.target.paperless)


@SUITE.check("inhance/autopay-refusals", "INH2-AUT-1", kind="scenario", writes=True)
def autopay_refuses(utility: Utility) -> None:
    """SetAutopay refuses another word than On and Off, an unknown account and a wrong key."""
    _refuses(utility, "SetAutopay", "AutoPayOnOff", standing=utility.target.autopay)


@SUITE.check("inhance/email", "INH2-EML-1", "INH2-EML-2", kind="scenario", writes=True)
def email_is_changed(utility: Utility) -> None:
    """SetEmail changes the address that BalanceCheck tells, and back again."""
    before = utility.balances()
    if not before.email:
        raise NotHere("BalanceCheck tells no e-mail address of this account, so the change could not be seen")
    new = "verify.partnerlab@example.com"
    try:
        answer = utility.call("SetEmail", NewEmail=new)
        expect_done(utility, answer)
        utility.expect_none((one for one in utility.findings(answer.reply) if one.rule != "unprefixed"), answer.number)
        changed = utility.balances()
        utility.expect(changed.email.lower() == new, "Email", new, changed.email or "nothing", changed.exchange)
    finally:
        utility.call("SetEmail", NewEmail=before.email)
    after = utility.balances()
    utility.expect(after.email == before.email, "Email", before.email, after.email or "nothing", after.exchange)
    utility.expect(after[:2] == before[:2], "Balance", str(before.balance), str(after.balance), after.exchange)


@SUITE.check("inhance/email-refusals", "INH2-EML-1", "INH2-ADR-3", kind="scenario", writes=True)
def email_refuses(utility: Utility) -> None:
    """SetEmail with a wrong key, or of an unknown account, is refused and changes nothing."""
    before = utility.balances()
    new = "verify.refused@example.com"
    _expect_there(utility, "SetEmail", NewEmail=before.email)
    utility.expect_refused(utility.call("SetEmail", NewEmail=new, WebserviceKey=WRONG_KEY), "a wrong key")
    utility.expect_refused(utility.call("SetEmail", NewEmail=new, Accountnumber=UNKNOWN_ACCOUNT), "an unknown account")
    after = utility.balances()
    utility.expect(after.email == before.email, "Email", before.email or "none", after.email or "none", after.exchange)


def _switch(utility: Utility, operation: str, word: str, *, standing: bool) -> None:
    before = utility.balances()
    for value in ("Off", "On") if standing else ("On", "Off"):
        answer = utility.call(operation, **{word: value})
        utility.expect(answer.success, f"{operation} {value}", "Success true", answer.said, answer.number)
        utility.expect_none((one for one in utility.findings(answer.reply) if one.rule != "unprefixed"), answer.number)
    utility.expect_unchanged(before, operation)


def _expect_there(utility: Utility, operation: str, **same: str) -> None:
    """Raises `Failed` where an operation does not take what stands: one that is not there refuses nothing."""
    answer = utility.call(operation, **same)
    utility.expect(answer.success, f"{operation} of what stands", "Success true", answer.said, answer.number)


def _refuses(utility: Utility, operation: str, word: str, *, standing: bool) -> None:
    _expect_there(utility, operation, **{word: "On" if standing else "Off"})
    utility.expect_refused(utility.call(operation, **{word: "Maybe"}), f"{word} Maybe")
    utility.expect_refused(utility.call(operation, Accountnumber=UNKNOWN_ACCOUNT), "an unknown account")
    utility.expect_refused(utility.call(operation, WebserviceKey=WRONG_KEY), "a wrong key")
