"""Checks of HTTP itself, the same for every subject: kept connections, encodings, the header Expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from partnerlab.contracts.verification.grading import Suite
from partnerlab.contracts.verification.provider.exchange import Asked, NoAnswer
from partnerlab.contracts.verification.provider.line import Reply
from partnerlab.contracts.verification.provider.probe import Probe

__all__ = ["check_http_itself"]

Subject = TypeVar("Subject", bound=Probe)
CALLS = 3
OVER = "call {} over one connection"


def check_http_itself(
    suite: Suite[Subject],
    question: Callable[[Subject], Asked],
    refused: Callable[[Subject], Asked],
    expect_told: Callable[[Subject, Reply, str], None],
) -> None:
    """
    Declare the checks for a subject.

    *question* changes nothing, and *expect_told* raises `Failed` unless a reply answers it; *refused* is one whose
    answer has another length.
    """

    @suite.check(f"{suite.subject}/kept-connection", "HTTP-1")
    def kept_connection(subject: Subject) -> None:
        """Calls one after the other over one connection are each answered as over connections of their own."""
        for number in range(CALLS):
            expect_told(subject, _kept(subject, question(subject), 2 * number + 1), OVER.format(2 * number + 1))
            _kept(subject, refused(subject), 2 * number + 2)

    @suite.check(f"{suite.subject}/encoding", "HTTP-2")
    def encoding(subject: Subject) -> None:
        """An answer has no Content-Encoding where none is accepted: the caller could not read it."""
        reply = subject.line.ask(question(subject))
        found = reply.answer.headers.get("content-encoding", "identity")
        plain = found.strip().lower() == "identity"
        subject.expect(plain, "header Content-Encoding", "none: the call accepts none", found, reply.number)

    @suite.check(f"{suite.subject}/expect-continue", "HTTP-3", kind="tolerance")
    def expect_continue(subject: Subject) -> None:
        """A call with `Expect: 100-continue` is answered like one without."""
        asked = question(subject)
        reply = subject.line.ask(replace(asked, headers={**asked.headers, "expect": "100-continue"}))
        expect_told(subject, reply, "Expect: 100-continue")


def _kept(subject: Probe, asked: Asked, number: int) -> Reply:
    try:
        return subject.line.ask(replace(asked, kept=True))
    except NoAnswer as error:
        received = f"{error}: is the answer before it as long as its Content-Length says, and the connection kept?"
        expected, exchange = "an answer, as over another connection", len(subject.line.exchanges)
        subject.fail(OVER.format(number), expected, received, exchange)
