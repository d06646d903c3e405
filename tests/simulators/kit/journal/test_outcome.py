"""The outcome of an exchange in a line, from the answers of every interface."""

from __future__ import annotations

import time

import pytest

from partnerlab.simulators.kit.journal.outcome import outcome_of


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


@pytest.mark.parametrize(
    "part", ["<", "<Message>", "<faultstring ", '"Message" : "\\', '"Success"' + " " * 20, "<a:Text "]
)
def test_no_answer_costs_more_than_a_moment(part: str) -> None:
    answer = part * (65_536 // len(part))
    started = time.perf_counter()
    outcome_of(200, answer)
    assert time.perf_counter() - started < 0.5
