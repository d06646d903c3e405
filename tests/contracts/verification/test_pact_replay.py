"""The pacts replayed by a run: every interaction is failed by an answer that its consumer could not read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.contracts.verification.grading import CheckResult, Failed, Outcome, Run, Suite
from partnerlab.contracts.verification.pact.matrix import PACTS
from partnerlab.contracts.verification.pact.swapping import swapped_body, swapped_header
from partnerlab.contracts.verification.provider import inhance, invoice_cloud, tccs
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer
from partnerlab.contracts.verification.provider.inhance.pacts import REPLAY as INHANCE_PACT
from partnerlab.contracts.verification.provider.invoice_cloud.pacts import REPLAY as INVOICE_CLOUD_PACT
from partnerlab.contracts.verification.provider.pacts import Replay
from partnerlab.contracts.verification.provider.run import Options
from partnerlab.contracts.verification.provider.tccs.pacts import REPLAY as TCCS_PACT
from tests.contracts.verification.mutants import Mutant, answers, has, headers, instead, label
from tests.contracts.verification.worlds import (
    INHANCE,
    INVOICE_CLOUD,
    TCCS,
    inhance_world,
    invoice_cloud_world,
    line_to,
    tccs_world,
    verify_inhance,
    verify_invoice_cloud,
    verify_tccs,
)

VERIFY: dict[str, tuple[Callable[..., Run], Callable[[], Any], Any]] = {
    "inhance": (verify_inhance, inhance_world, INHANCE),
    "tccs": (verify_tccs, tccs_world, TCCS),
    "invoice-cloud": (verify_invoice_cloud, invoice_cloud_world, INVOICE_CLOUD),
}
SUITES: dict[str, Suite[Any]] = {"inhance": inhance.SUITE, "tccs": tccs.SUITE, "invoice-cloud": invoice_cloud.SUITE}
REPLAYS: dict[str, Replay[Any]] = {"inhance": INHANCE_PACT, "tccs": TCCS_PACT, "invoice-cloud": INVOICE_CLOUD_PACT}
PROBES = {"inhance": inhance.Utility, "tccs": tccs.Insurer, "invoice-cloud": invoice_cloud.Platform}
CHECK, STATE, STATUS, INVOICE = (
    label(name) for name in ("BalanceCheck", "ARState_Output", "BillerStatus", "ViewInvoiceByInvoiceNumber")
)
REFUSED, TAKEN = ("<Success>true<", "<Success>false<"), ("<Success>false<", "<Success>true<")
NOT_DONE_JSON: Mutant = answers('"Success": *true', '"Success":false')


def unheard(world: Any) -> Any:
    def send(asked: Asked, timeout_s: float) -> Answered:
        if asked.label == "SetPaperless":
            raise NoAnswer("no-answer-in-time", "no whole answer within 30 s")
        found: Answered = world.send(asked)
        return found

    return send


def refusing_twice(words: str) -> Mutant:
    """A utility that takes no PaymentReference twice, and says so in these words."""

    def mutant(world: Any) -> Any:
        seen: set[str] = set()

        def send(asked: Asked, timeout_s: float) -> Answered:
            found: Answered = world.send(asked)
            reference = re.search(r"<PaymentReference>([^<]*)", asked.body.decode())
            if reference is None or reference[1] not in seen:
                seen.add(reference[1] if reference else "")
                return found
            told = found.body.decode().replace(*REFUSED)
            told = re.sub("<ErrorMessage.*</ErrorMessage>|<ErrorMessage ?/>", "", told)
            told = told.replace(
                "</Success>", f"</Success><ErrorMessage>{words}</ErrorMessage>" if words else "</Success>"
            )
            return replace(found, body=told.encode())

        return send

    return mutant


MUTANTS: list[tuple[str, str, Mutant]] = [
    ("inhance", "a-payment-that-was-posted-before", refusing_twice("")),
    ("inhance", "a-balance-check", answers("<FutureBalance>.*</FutureBalance>", "", CHECK)),
    ("inhance", "a-balance-check", headers("content-type", "text/html", CHECK)),
    ("inhance", "a-balance-check-that-tells-an-e-mail-address", answers("(<Balance>)[^<]*", r"\1abc", CHECK)),
    ("inhance", "a-balance-check-of-an-account-that-is-not-there", answers(*TAKEN, CHECK)),
    ("inhance", "a-balance-check-with-a-wrong-key", answers("<ErrorMessage>.*</ErrorMessage>", "", CHECK)),
    ("inhance", "a-payment-by-card", answers(*REFUSED, label("MakePaymentExtended"))),
    ("inhance", "paperless-is-switched-on", answers(*REFUSED, label("SetPaperless"))),
    ("inhance", "paperless-is-switched-on", unheard),
    ("inhance", "autopay-is-switched-off", answers("SetAutopayResult", "SetAutoPayResult")),
    ("inhance", "the-e-mail-address-changes", answers(' xmlns="http://tempuri.org/"', "", label("SetEmail"))),
    ("tccs", "the-balances-of-a-policy", answers('"Record bal"', '"RecordBal"', STATE)),
    ("tccs", "the-balances-of-a-policy", answers(r'"Total Balance":([0-9.]+)', r'"Total Balance":"\1"', STATE)),
    ("tccs", "the-balances-of-a-policy-that-is-not-there", answers("^", "", STATE, status=200)),
    ("tccs", "the-balances-of-a-policy-with-a-wrong-entrykey", answers("^", "", has("not-the-key"), status=400)),
    ("tccs", "a-payment-by-card-with-its-paymentguid", NOT_DONE_JSON),
    ("tccs", "a-payment-comes-back", instead(404, "{}", "application/json", label("Insufficient_Pay_Report"))),
    ("tccs", "paperless-is-switched-on", instead(200, "", "application/json", label("Paperless_Bill"))),
    ("tccs", "autopay-is-switched-off", NOT_DONE_JSON),
    ("invoice-cloud", "whose-api-key-it-is", answers('"Active": *true', '"Active":"yes"', STATUS)),
    ("invoice-cloud", "whose-api-key-it-is", NOT_DONE_JSON),
    ("invoice-cloud", "a-wrong-api-key", answers("^", "", STATUS, status=200)),
    ("invoice-cloud", "the-users-of-an-account", answers('"Username"', '"UserName"')),
    ("invoice-cloud", "a-page-that-takes-a-payment", answers('"CloudPaymentURL"', '"Url"')),
    ("invoice-cloud", "an-invoice-is-looked-at", answers("(<BalanceDue>)[^<]*", r"\1", INVOICE)),
    (
        "invoice-cloud",
        "an-invoice-is-looked-at-with-a-wrong-key",
        answers(*TAKEN, INVOICE),
    ),
    ("invoice-cloud", "a-balance-is-set", answers(*REFUSED, label("SetInvoiceBalance"))),
]


def replayed(subject: str, name: str, send: Any, **changes: Any) -> CheckResult:
    """What became of one interaction, alone."""
    verify, _, target = VERIFY[subject]
    options = Options(allow_writes=True, only=(f"{subject}/pact-{name}",))
    (result,) = verify(send, replace(target, **changes), options).checks
    return result


@pytest.mark.parametrize(("subject", "name", "mutant"), MUTANTS, ids=[f"{row[0]}-{row[1]}" for row in MUTANTS])
def test_an_answer_that_the_consumer_could_not_read_fails_its_interaction(
    subject: str, name: str, mutant: Mutant
) -> None:
    result = replayed(subject, name, mutant(VERIFY[subject][1]()))
    assert result.outcome is Outcome.FAILED, result
    assert all(one.where and one.expected and one.received and one.exchange for one in result.problems), result
    words = [word for one in result.problems for word in (one.expected, one.received)]
    assert not any(re.search("(?i)expected|actual|but was|mismatch|http:", word) for word in words), words


FAULT = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:Client</faultcode>'
    "<faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>"
)


@pytest.mark.parametrize(
    ("subject", "name", "mutant"),
    [
        ("inhance", "a-balance-check-with-a-wrong-key", instead(500, FAULT, "text/xml", has("not-the-key"))),
        ("inhance", "a-balance-check-of-an-account-that-is-not-there", instead(500, FAULT, "text/xml", CHECK)),
        (
            "tccs",
            "the-balances-of-a-policy-that-is-not-there",
            instead(404, "{}", "application/json", has("NOSUCHPOLICY")),
        ),
        (
            "tccs",
            "the-balances-of-a-policy-with-a-wrong-entrykey",
            instead(401, "no", "text/plain", has("not-the-key")),
        ),
    ],
)
def test_a_refusal_in_another_form_that_the_consumer_reads_fails_no_requirement(
    subject: str, name: str, mutant: Mutant
) -> None:
    result = replayed(subject, name, mutant(VERIFY[subject][1]()))
    assert result.outcome is Outcome.NOT_EXERCISED, result
    assert result.reason == "the service refuses in another form than the pact has, which is read as well"


def test_a_check_says_no_more_than_it_compares() -> None:
    """The client reads other shapes than a pact has ([A-78]): an answer that differs may be read all the same."""
    said = [check.sentence for suite in SUITES.values() for check in suite.checks.values() if check.kind == "pact"]
    assert all(re.fullmatch("The answer to “.+” is as the pact of [a-z-]+ has it[.]", one) for one in said), said


def test_every_interaction_is_failed_by_a_mutant() -> None:
    every = {id for suite in SUITES.values() for id, check in suite.checks.items() if check.kind == "pact"}
    failed = {f"{subject}/pact-{name}" for subject, name, _ in MUTANTS}
    assert every - failed == set()


@pytest.mark.parametrize(("codec", "declared"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16")])
def test_xml_is_compared_in_whatever_unicode_it_comes(codec: str, declared: str) -> None:
    """Pact's parser takes neither a byte order mark nor UTF-16; whoever calls the service takes both."""
    world = inhance_world()

    def send(asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        text = found.body.decode().replace('encoding="utf-8"', f'encoding="{declared}"')
        return replace(found, body=text.encode(codec), headers={"content-type": f"text/xml; charset={declared}"})

    run = verify_inhance(send, options=Options(only=("inhance/pact-a-balance-check",)))
    assert [one.outcome for one in run.checks] == [Outcome.PASSED]


def test_what_pact_cannot_read_is_told_without_its_insides() -> None:
    broken = answers("</soap:Envelope>", "")(inhance_world())
    run = verify_inhance(broken, options=Options(only=("inhance/pact-a-balance-check",)))
    (problem,) = run.checks[0].problems
    assert problem.expected == "a body that can be read as what its Content-Type says"


def test_a_reference_that_is_refused_the_second_time_is_reached_by_posting_it() -> None:
    name = "a-payment-that-was-posted-before"
    result = replayed("inhance", name, refusing_twice("Posted already.")(inhance_world()))
    assert result.outcome is Outcome.PASSED, result
    result = replayed("inhance", name, inhance_world().send)
    assert result.outcome is Outcome.NOT_EXERCISED
    assert "a second time" in result.reason


@pytest.mark.parametrize("subject", REPLAYS)
def test_states_and_values_are_those_of_the_pact(subject: str) -> None:
    """A state or a value that no pact has would be stale, and one that has no function would stop a run."""
    pact = (PACTS / REPLAYS[subject].file).read_text("utf-8")
    interactions = json.loads(pact)["interactions"]
    assert {state["name"] for one in interactions for state in one["providerStates"]} == set(REPLAYS[subject].states)
    assert set(REPLAYS[subject].writing) <= {one["description"] for one in interactions}
    probe: Any = PROBES[subject](line_to(lambda *_: None, VERIFY[subject][2].url), VERIFY[subject][2])  # type: ignore[arg-type, return-value]
    keys = {"sandbox-api-key": "Basic c2FuZGJveC1hcGkta2V5Og=="}
    for value in REPLAYS[subject].swaps(probe):
        written = keys.get(value, value.replace("/", "%2F") if subject == "tccs" else value)
        assert written in pact, value


def test_the_runs_own_values_are_sent_and_none_of_the_pacts() -> None:
    sent: list[Asked] = []

    def send(asked: Asked, timeout_s: float) -> Answered:
        sent.append(asked)
        return Answered(200, {"content-type": "text/plain"}, b"")

    own = {"account": "77", "key": "<k&y>", "invoice": 9, "namespace": "urn:biller/", "url": "http://127.0.0.1:8700/x"}
    probe = inhance.Utility(line_to(send, own["url"]), replace(INHANCE, **own))  # type: ignore[arg-type]
    with pytest.raises(Failed, match="Content-Type"):
        inhance.SUITE.checks["inhance/pact-a-payment-by-card"].run(probe)
    (asked,) = sent
    body = asked.body.decode()
    for text in ("<AccountNumber>77<", ">&lt;k&amp;y&gt;<", ">9<", 'xmlns="urn:biller/"', "<PaymentAmount>1.37<"):
        assert text in body
    assert asked.headers["soapaction"] == '"urn:biller/MakePaymentExtended"'
    assert [text for text in ("10000101", "pact-1", "tempuri", "2026-11-20", "40.00") if text in body] == []


def test_values_are_swapped_where_they_are_values() -> None:
    swaps = {"24.00": "1.37", "24": "x", "a/b": "c&d"}
    form = "application/x-www-form-urlencoded"
    assert swapped_body(b"p=a%2Fb%7C24.00&q=", form, swaps) == b"p=c%26d%7C1.37&q="
    assert swapped_body(b'{"n": ["a/b", 24, true]}', "application/json; charset=utf-8", swaps) == (
        b'{"n": ["c&d", 24, true]}'
    )
    assert swapped_body(b"<a>a/b</a>", "text/xml", swaps) == b"<a>c&amp;d</a>"
    assert swapped_header("Authorization", "Basic YS9iOg==", swaps) == "Basic YyZkOg=="
    assert swapped_header("authorization", "Basic ***", swaps) == "Basic ***"


def test_a_state_that_the_server_is_not_in_is_not_exercised() -> None:
    send = answers("<Email>.*</Email>", "", CHECK)(inhance_world())
    result = replayed("inhance", "a-balance-check-that-tells-an-e-mail-address", send)
    assert (result.outcome, "no e-mail address" in result.reason) == (Outcome.NOT_EXERCISED, True)
    result = replayed("tccs", "a-payment-by-card-with-its-paymentguid", tccs_world().send, version=1)
    assert (result.outcome, "version 1" in result.reason) == (Outcome.NOT_EXERCISED, True)


def test_pacts_report_is_not_in_our_output_and_no_proxy_is_asked(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert replayed("tccs", "the-balances-of-a-policy", tccs_world().send).outcome is Outcome.PASSED
    assert capfd.readouterr() == ("", "")


def test_what_was_switched_is_put_back() -> None:
    world = inhance_world()
    sent: list[bytes] = []

    def send(asked: Asked, timeout_s: float) -> Answered:
        sent.append(asked.body)
        return world.send(asked)

    assert replayed("inhance", "paperless-is-switched-on", send, paperless=False).outcome is Outcome.PASSED
    assert [b">On<" in body for body in sent[-2:]] == [True, False]
    assert b">Off<" in sent[-1]
