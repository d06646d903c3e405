"""The outcome of an exchange in a line, from the answers of every interface."""

from __future__ import annotations

import time

import pytest

from partnerlab.contracts.verification.findings import Finding
from partnerlab.contracts.verification.meaning import outcome_of, read_meaning, verdict_line


@pytest.mark.parametrize(
    ("status", "answer", "faults", "outcome"),
    [
        (0, "", ("commit-then-drop",), "no answer [commit-then-drop]"),
        (200, "<r><Success>true</Success></r>", (), "done"),
        (200, "<Success>false</Success><ErrorMessage>No &lt;such&gt;\n account.</ErrorMessage>", (),
         "refused: No <such> account."),
        (200, '{"Success": true, "Message": "Payment posted."}', (), "done"),
        (200, '{"Success": "False", "Message": null}', (), "refused"),
        (200, '{"Record bal": 120.00}', (), "answered"),
        (500, "<soap:Fault><faultcode>x</faultcode><faultstring>Server was unable.</faultstring></soap:Fault>",
         ("slow",), "failed: Server was unable. [slow]"),
        (500, '<s:Reason><s:Text xml:lang="en">Of SOAP 1.2</s:Text></s:Reason>', (), "failed: Of SOAP 1.2"),
        (400, '{"error": {"code": "x", "message": "must be a date"}}', (), "refused: must be a date"),
        (401, "", (), "refused: Unauthorized"),
        (599, "", (), "failed: 599"),
        (303, "", (), "redirected"),
        (200, "<html>Success</html>", (), "answered"),
        (404, f'{{"Message": "{"x" * 300}"}}', (), f"refused: {'x' * 99}…"),
    ],
)  # fmt: skip
def test_an_answer_is_said_in_a_line(status: int, answer: str, faults: tuple[str, ...], outcome: str) -> None:
    assert outcome_of(status, answer, faults) == outcome


BROKEN = (Finding("request", "schema", "x", "y", "z"),)
DENIED = "<Success>false</Success><ErrorMessage>{}</ErrorMessage>"


@pytest.mark.parametrize(
    ("findings", "status", "answer", "line"),
    [
        ((), 200, "<Success>true</Success>", "valid"),
        ((), 200, DENIED.format("Invalid web service key."), "valid, refused: wrong key"),
        ((), 200, DENIED.format("Account 1 was not found."), "valid, refused: unknown account"),
        ((), 200, DENIED.format("The amount is too high."), "valid, refused: The amount is too high."),
        ((), 401, "", "valid, refused: wrong key"),
        (BROKEN, 405, "", "1 broken, refused: wrong method"),
        (BROKEN, 404, "Nothing is served at '/x'.\nThese", "1 broken, refused: no such path"),
        (BROKEN, 500, "<faultstring>Server did not recognize the value of HTTP Header SOAPAction: x.</faultstring>",
         "1 broken, refused: no such operation"),
        (BROKEN, 500, "<faultcode>soap:Client</faultcode><faultstring>Bad.</faultstring>", "1 broken, refused: Bad."),
        ((), 500, "<faultcode>soap:Server</faultcode><faultstring>Bad.</faultstring>", "valid, failed: Bad."),
        ((), 500, "<faultcode>soap:MustUnderstand</faultcode><faultstring>No.</faultstring>", "valid, refused: No."),
        ((), 500, "Request format is invalid: text/xml.", "valid, refused: no such operation"),
        ((), 0, "", "valid, no answer"),
        (None, 200, "<html>", "-"),
        (None, 503, "", "failed: Service Unavailable"),
    ],
)  # fmt: skip
def test_valid_alone_means_that_form_and_meaning_are_right(
    findings: tuple[Finding, ...] | None, status: int, answer: str, line: str
) -> None:
    assert verdict_line(findings, read_meaning(status, answer)) == line


@pytest.mark.parametrize(
    "part", ["<", "<Message>", "<faultstring ", '"Message" : "\\', '"Success"' + " " * 20, "<a:Text "]
)
def test_no_answer_costs_more_than_a_moment(part: str) -> None:
    answer = part * (65_536 // len(part))
    started = time.process_time()
    outcome_of(200, answer)
    assert time.process_time() - started < 2
