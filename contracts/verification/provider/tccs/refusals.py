"""Is what is wrong refused, and nothing told. Nothing here changes anything."""

from __future__ import annotations

import re

from partnerlab.contracts.verification.provider.exchange import Asked
from partnerlab.contracts.verification.provider.tccs.insurer import (
    IMAGE,
    STATE,
    SUITE,
    UNKNOWN_INVOICE,
    WRONG,
    Answer,
    Insurer,
)


def expect_nothing_told(insurer: Insurer, answer: Answer) -> None:
    """Raises `Failed` where a refusal tells a balance."""
    told = [name for name in ("Record bal", "Total Balance") if name in answer.members]
    insurer.expect(not told, "a refusal", "no balance in it", ", ".join(told), answer.number)


@SUITE.check("tccs/wrong-key", "TCCS-ADR-4", kind="input")
def wrong_key_is_refused(insurer: Insurer) -> None:
    """A wrong entryKey is refused with 401, and tells nothing."""
    answer = insurer.call(STATE, insurer.target.invoice, entryKey=WRONG)
    expect_nothing_told(insurer, answer)
    insurer.expect_status(answer, 401, "a wrong entryKey")


@SUITE.check("tccs/wrong-consumer", "TCCS-ADR-4", kind="input")
def wrong_consumer_is_refused(insurer: Insurer) -> None:
    """A wrong consumerGUID is refused with 401, and tells nothing."""
    answer = insurer.call(STATE, insurer.target.invoice, consumerGUID=WRONG)
    expect_nothing_told(insurer, answer)
    insurer.expect_status(answer, 401, "a wrong consumerGUID")


@SUITE.check("tccs/no-key", "TCCS-ADR-4", kind="input")
def missing_key_is_refused(insurer: Insurer) -> None:
    """An empty entryKey, and a form without one, are refused and tell nothing."""
    for key in ("", None):
        answer = insurer.call(STATE, insurer.target.invoice, entryKey=key)
        insurer.expect_refused(answer, "an empty entryKey" if key == "" else "no entryKey")
        expect_nothing_told(insurer, answer)


@SUITE.check("tccs/bill-image-wrong-key", "TCCS-ADR-4", "TCCS-PDF-1", kind="input")
def bill_image_needs_the_key(insurer: Insurer) -> None:
    """A bill is not shown for a wrong entryKey: status 401."""
    answer = insurer.call(IMAGE, insurer.target.invoice, entryKey=WRONG)
    insurer.expect_status(answer, 401, "the bill image with a wrong entryKey")


@SUITE.check("tccs/bill-image-unknown", "TCCS-ADR-6", kind="input")
def bill_image_of_nobody_is_refused(insurer: Insurer) -> None:
    """There is no bill of an invoice that the insurer does not have: status 404, where there is one of another."""
    insurer.expect_status(insurer.call(IMAGE, insurer.target.invoice), 200, "the bill image of an invoice that it has")
    insurer.expect_status(insurer.call(IMAGE, UNKNOWN_INVOICE), 404, "the bill image of an unknown invoice")


@SUITE.check("tccs/malformed", "TCCS-ADR-5", kind="input")
def malformed_content_is_refused(insurer: Insurer) -> None:
    """A contentInfo that breaks its format is refused with 400 and told why."""
    number = insurer.target.invoice.rpartition("-")[0]
    for content in ("", number, f"{number}-2020-06-16", f"{number}-13/45/2020"):
        answer = insurer.call(STATE, content)
        insurer.expect_status(answer, 400, f"contentInfo {content!r}")
        told = bool(str(answer.members.get("Message") or "").strip())
        insurer.expect(told, f"contentInfo {content!r}", "a Message that says why", answer.said, answer.number)
        insurer.expect_no_insides(answer.reply.answer.text, answer.number)


@SUITE.check("tccs/malformed-place", "TCCS-ADR-11", kind="input")
def refusals_name_the_place(insurer: Insurer) -> None:
    """The Message of a refused contentInfo names the column, counted from 1, and what was found there."""
    number = insurer.target.invoice.rpartition("-")[0]
    for day in ("13/45/2020", "tomorrow"):
        content, column = f"{number}-{day}", len(number) + 2
        answer = insurer.call(STATE, content)
        words = str(answer.members.get("Message") or "")
        named = re.search(rf"\b{column}\b", words.replace(content, "")) is not None and day in words
        expected = f"a Message that names column {column} and {day!r}"
        insurer.expect(named, f"contentInfo {content!r}", expected, answer.said, answer.number)


@SUITE.check("tccs/no-content", "TCCS-ADR-5", kind="input")
def missing_content_is_refused(insurer: Insurer) -> None:
    """A form without contentInfo is refused with 400 and told why."""
    answer = insurer.call(STATE, None)
    insurer.expect_status(answer, 400, "no contentInfo")
    told = bool(str(answer.members.get("Message") or "").strip())
    insurer.expect(told, "no contentInfo", "a Message that says why", answer.said, answer.number)


@SUITE.check("tccs/unknown-invoice", "TCCS-ADR-6", kind="input")
def unknown_invoice_is_refused(insurer: Insurer) -> None:
    """
    An invoice that the insurer does not have, and another term of a policy that it has, are refused with 404.

    A balance of zero would be taken for paid, and another term's for this one's.
    """
    number = insurer.target.invoice.rpartition("-")[0]
    for invoice, what in ((UNKNOWN_INVOICE, "an unknown invoice"), (f"{number}-01/01/1901", "a term of 1901")):
        answer = insurer.call(STATE, invoice)
        expect_nothing_told(insurer, answer)
        insurer.expect_status(answer, 404, what)


@SUITE.check("tccs/quote-in-invoice", "TCCS-ADR-5", kind="input")
def quote_mark_is_a_character(insurer: Insurer) -> None:
    """A quotation mark in an invoice number is refused, and is no part of a query."""
    number, _, day = insurer.target.invoice.rpartition("-")
    answer = insurer.call(STATE, f"{number}' OR '1'='1-{day}")
    insurer.expect_refused(answer, "an invoice number with quotation marks", unknown=True)
    expect_nothing_told(insurer, answer)
    insurer.expect_no_insides(answer.reply.answer.text, answer.number)


@SUITE.check("tccs/get", "TCCS-ADR-3", kind="input")
def get_is_refused(insurer: Insurer) -> None:
    """GET is refused: the key would stand in addresses and logs."""
    answer = insurer.read(insurer.line.ask(Asked(STATE, "GET", insurer.url(STATE), {"accept": "application/json"})))
    insurer.expect(answer.status in (404, 405), "GET", "status 405", answer.said, answer.number)


@SUITE.check("tccs/not-a-form", "TCCS-ADR-3", kind="input")
def other_bodies_are_refused(insurer: Insurer) -> None:
    """A body that is no form is refused."""
    answer = insurer.call(STATE, insurer.target.invoice, headers={"content-type": "text/plain"})
    insurer.expect_refused(answer, "Content-Type text/plain")
