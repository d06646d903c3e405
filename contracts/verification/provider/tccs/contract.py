"""Is what the service answers as the contract has it. Nothing here changes anything."""

from __future__ import annotations

from decimal import Decimal

from partnerlab.contracts.verification.provider.probe import money
from partnerlab.contracts.verification.provider.tccs.insurer import IMAGE, STATE, SUITE, Insurer


@SUITE.check("tccs/balance", "TCCS-RTDR-1", "TCCS-ADR-3")
def balance_is_answered(insurer: Insurer) -> None:
    """ARState_Output of the invoice answers `Record bal` and `Total Balance`."""
    insurer.balances()


@SUITE.check("tccs/balance-valid", "TCCS-RTDR-1")
def balance_answer_is_valid(insurer: Insurer) -> None:
    """The answer of ARState_Output is valid: status, content type, and the two numbers by the schema."""
    answer = insurer.call(STATE, insurer.target.invoice)
    insurer.expect_none(insurer.findings(answer.reply), answer.number)


@SUITE.check("tccs/amounts", "TCCS-RTDR-1")
def amounts_are_whole_cents(insurer: Insurer) -> None:
    """Both balances are amounts of whole cents, written as plain decimals."""
    answer = insurer.call(STATE, insurer.target.invoice)
    for name in ("Record bal", "Total Balance"):
        value = money(str(answer.members.get(name, "")))
        plain = value is not None and value == value.quantize(Decimal("0.01"))
        insurer.expect(plain, name, "a number with at most two decimals", answer.said, answer.number)


@SUITE.check("tccs/total-covers-record", "TCCS-RTDR-3")
def total_covers_record(insurer: Insurer) -> None:
    """Total Balance, all that the policy term owes, is never less than Record bal, what is billed of it."""
    found = insurer.balances()
    expected = f"at least Record bal, {found.record}"
    insurer.expect(found.total >= found.record, "Total Balance", expected, str(found.total), found.exchange)


@SUITE.check("tccs/balance-repeats", "TCCS-RTDR-1")
def asking_changes_nothing(insurer: Insurer) -> None:
    """ARState_Output asked twice answers the same: asking changes nothing."""
    insurer.expect_moved(insurer.balances(), Decimal(0), "and nothing but a question since")


@SUITE.check("tccs/xml", "TCCS-ADR-7")
def xml_is_answered(insurer: Insurer) -> None:
    """With Accept: application/xml the same balances are answered as XML."""
    answer = insurer.call(STATE, insurer.target.invoice, headers={"accept": "application/xml"})
    received = answer.reply.answer.media_type or "none"
    is_xml = received in ("application/xml", "text/xml")
    insurer.expect(is_xml, "Content-Type", "application/xml", received, answer.number)
    insurer.expect_none(insurer.findings(answer.reply), answer.number)
    insurer.expect_same(answer, "in XML")


@SUITE.check("tccs/bill-image", "TCCS-PDF-1")
def bill_image_is_a_pdf(insurer: Insurer) -> None:
    """Retrieve_Bill_Image of the invoice answers a PDF."""
    answer = insurer.call(IMAGE, insurer.target.invoice, headers={"accept": "application/pdf"})
    insurer.expect_status(answer, 200, IMAGE)
    insurer.expect_none(insurer.findings(answer.reply), answer.number)
    whole = b"%%EOF" in answer.reply.answer.body[-1024:]
    insurer.expect(whole, "the PDF", "%%EOF at its end", "a PDF that was cut off", answer.number)
