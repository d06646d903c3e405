"""Set-ups that are wrong: each is named, and nothing is graded, so that nobody is blamed for them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from partnerlab.contracts.verification.grading import Outcome, Run
from partnerlab.contracts.verification.provider import inhance as inhance_provider
from partnerlab.contracts.verification.provider.configuration import ADVICE, Misconfigured, check_address
from partnerlab.contracts.verification.provider.exchange import Answered, Asked, NoAnswer, Send
from partnerlab.contracts.verification.provider.line import Line
from partnerlab.contracts.verification.provider.run import Options
from partnerlab.contracts.verification.provider.secrets import Secrets
from tests.contracts.verification.mutants import answers
from tests.contracts.verification.worlds import (
    INHANCE,
    INVOICE_CLOUD,
    ORIGIN,
    TCCS,
    World,
    inhance_world,
    invoice_cloud_world,
    tccs_world,
    verify_inhance,
    verify_invoice_cloud,
    verify_tccs,
)

PAGE = b"<html><body>Sign in</body></html>"
OTHER_FAULT = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>'
    b"<faultcode>soap:Client</faultcode><faultstring>Server did not recognize the value of HTTP Header SOAPAction:"
    b" http://tempuri.org/BalanceCheck.</faultstring></soap:Fault></soap:Body></soap:Envelope>"
)
OTHER_WSDL = (
    b'<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" targetNamespace="http://tempuri.org/">'
    b'<wsdl:portType name="X"><wsdl:operation name="Ping"/></wsdl:portType></wsdl:definitions>'
)


def always(status: int, body: bytes = PAGE, media_type: str = "text/html", **headers: str) -> Send:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda asked, timeout_s: Answered(status, {"content-type": media_type, **named}, body)


def silent(name: str) -> Send:
    def send(asked: Asked, timeout_s: float) -> Answered:
        raise NoAnswer(name, "as the network says it")

    return send


def another_service(asked: Asked, timeout_s: float) -> Answered:
    return Answered(
        *((200, {}, OTHER_WSDL) if asked.method == "GET" else (500, {"content-type": "text/xml"}, OTHER_FAULT))
    )


def without_wsdl(asked: Asked, timeout_s: float) -> Answered:
    return Answered(*((404, {}, PAGE) if asked.method == "GET" else (500, {"content-type": "text/xml"}, OTHER_FAULT)))


def one_word_for_all(asked: Asked, timeout_s: float) -> Answered:
    found = inhance_world().send(asked)
    body = found.body.replace(b"Invalid web service key.", b"Denied.").replace(b"was not found", b"Denied")
    start, end = body.find(b"<ErrorMessage>"), body.find(b"</ErrorMessage>")
    return replace(found, body=body if start < 0 else body[: start + 14] + b"Denied." + body[end:])


def inhance(send: Send | None = None, **target: Any) -> Callable[[], Run]:
    return lambda: verify_inhance(send or inhance_world().send, replace(INHANCE, **target))


def tccs(send: Send | None = None, **target: Any) -> Callable[[], Run]:
    return lambda: verify_tccs(send or tccs_world().send, replace(TCCS, **target))


def platform(send: Send | None = None, **target: Any) -> Callable[[], Run]:
    return lambda: verify_invoice_cloud(send or invoice_cloud_world().send, replace(INVOICE_CLOUD, **target))


PLANTED: list[tuple[str, str, Callable[[], Run]]] = [
    ("inhance: a host that nobody knows", "host-unknown", inhance(silent("host-unknown"))),
    ("inhance: a port where nothing listens", "connection-refused", inhance(silent("connection-refused"))),
    ("inhance: a firewall that swallows", "no-connection-in-time", inhance(silent("no-connection-in-time"))),
    ("inhance: a service that hangs", "no-answer-in-time", inhance(silent("no-answer-in-time"))),
    ("inhance: a line that breaks", "connection-broken", inhance(silent("connection-broken"))),
    ("inhance: a port of something else", "not-http", inhance(silent("not-http"))),
    ("inhance: a certificate of nobody known", "certificate", inhance(silent("certificate"))),
    ("inhance: https to a port without TLS", "not-tls", inhance(silent("not-tls"))),
    ("inhance: an address that moved", "redirect", inhance(always(301, location="https://new.example/"))),
    ("inhance: a path where nothing is", "wrong-path", inhance(url=f"{ORIGIN}/iCloud/other.asmx")),
    ("inhance: a path that takes no POST", "wrong-path", inhance(always(405))),
    ("inhance: a gateway that asks who", "http-credentials", inhance(always(401, www_authenticate="Basic realm=x"))),
    ("inhance: a firewall that says no", "http-credentials", inhance(always(403))),
    ("inhance: a service that is down", "service-down", inhance(always(503))),
    ("inhance: too many callers", "busy", inhance(always(429))),
    ("inhance: a sign-in page", "not-the-service", inhance(always(200))),
    ("inhance: another web service", "wrong-service", inhance(another_service)),
    ("inhance: another namespace", "wrong-namespace", inhance(namespace="http://utility.example/")),
    ("inhance: no WSDL, and an action unknown", "wrong-namespace", inhance(without_wsdl)),
    ("inhance: a key that is wrong", "wrong-key", inhance(key="22222222-2222-4222-8222-222222222222")),
    ("inhance: an account that is not there", "wrong-account", inhance(account="99999999")),
    ("inhance: one of the two, nobody says which", "key-or-account", inhance(one_word_for_all, account="99999999")),
    ("tccs: a host that nobody knows", "host-unknown", tccs(silent("host-unknown"))),
    ("tccs: a base path where nothing is", "wrong-path", tccs(url=f"{ORIGIN}/invoicecloud")),
    ("tccs: a base path of a web server", "wrong-path", tccs(always(404))),
    ("tccs: an address that moved", "redirect", tccs(always(308, location="https://new.example/"))),
    ("tccs: a gateway that asks who", "http-credentials", tccs(always(401, www_authenticate="Basic realm=x"))),
    ("tccs: a sign-in page", "not-the-service", tccs(always(200))),
    ("tccs: a gateway without its service", "service-down", tccs(always(502))),
    ("tccs: a consumerGUID that is wrong", "wrong-key", tccs(consumer_guid="IC-OTHER")),
    ("tccs: an entryKey that is wrong", "wrong-key", tccs(entry_key="sandbox-entry-kez")),
    ("tccs: an invoice that is not there", "wrong-invoice", tccs(invoice="454100019-06/16/2020")),
    ("tccs: an invoice number in another form", "bad-value", tccs(invoice="454100010-2020-06-16")),
    ("tccs: a quote number in another form", "bad-value", tccs(quote="Q454100010")),
    ("platform: a line that breaks", "connection-broken", platform(silent("connection-broken"))),
    ("platform: a path too many", "wrong-path", platform(url=f"{ORIGIN}/portal")),
    ("platform: a sign-in page", "not-the-service", platform(always(200))),
    ("platform: an API key that is wrong", "wrong-key", platform(api_key="sandbox-api-kez")),
    ("platform: another biller's GUID", "wrong-biller", platform(biller_guid="44444444-4444-4444-8444-444444444444")),
    ("platform: another biller's service key", "wrong-key", platform(web_service_key="55555555-5555-4555-8555-5")),
    ("platform: an account that is not there", "wrong-account", platform(account="99999999")),
    ("platform: an invoice that is not there", "wrong-invoice", platform(invoice="999999")),
]


@pytest.mark.parametrize(("name", "run"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED])
def test_a_wrong_set_up_is_named_and_nothing_is_graded(name: str, run: Callable[[], Run]) -> None:
    found = run()
    assert found.configuration is not None
    assert (found.configuration.name, found.exit_code()) == (name, 3)
    assert found.configuration.text
    assert found.configuration.advice == ADVICE[name]
    assert (found.checks, found.requirements, found.wrote) == ((), (), False)


def cut(world: World, kind: str) -> Send:
    """Answers of a media type lack their end."""

    def send(asked: Asked, timeout_s: float) -> Answered:
        found = world.send(asked)
        return replace(found, body=found.body[:-3]) if kind in found.headers["content-type"] else found

    return send


@pytest.mark.parametrize(
    ("run", "check", "place", "word"),
    [
        (
            inhance(cut(inhance_world(), "text/xml")),
            "inhance/balance-valid",
            "document",
            "XML",
        ),
        (tccs(cut(tccs_world(), "json")), "tccs/balance-valid", "line 1, column", "JSON"),
    ],
    ids=["inhance", "tccs"],
)
def test_a_service_whose_answers_cannot_be_read_is_graded_and_told_where(
    run: Callable[[], Run], check: str, place: str, word: str
) -> None:
    """It says of itself that it is the service: a wrong path would not."""
    found = run()
    assert (found.configuration, found.exit_code()) == (None, 1)
    (problem,) = next(one for one in found.checks if one.check == check).problems
    assert problem.where.startswith(place)
    assert f"well-formed {word}" in problem.expected


@pytest.mark.parametrize(
    ("found", "written", "place", "received"),
    [
        ("<(/?)Success>", r"<\1success>", "BalanceCheckResult", "status 200, no Success but Balance, FutureBalance"),
        (">true</Success>", ">yes</Success>", "BalanceCheckResult", "status 200, Success yes"),
        ("<Balance>[^<]*", "<Balance>125,50", "BalanceCheckResult/Balance", "'125,50'"),
        ("<Balance>[^<]*</Balance>", "", "BalanceCheckResult/Balance", "no such element"),
        ("^", " ", "BalanceCheckResult", "bytes of text/xml: XML "),
    ],
)
def test_a_balance_that_says_neither_yes_nor_no_or_no_amount_is_no_wrong_key(
    found: str, written: str, place: str, received: str
) -> None:
    run = verify_inhance(answers(found, written)(inhance_world()), options=Options(only=["inhance/balance"]))
    assert run.configuration is None
    (problem,) = run.checks[0].problems
    assert problem.where == place
    assert received in problem.received


def test_what_is_served_in_place_of_a_wsdl_is_told() -> None:
    broken = answers("</wsdl:definitions>", "")(inhance_world())
    run = verify_inhance(broken, options=Options(only=["inhance/wsdl"]))
    (problem,) = run.checks[0].problems
    assert "no XML but" in problem.received
    assert "Premature end of data in tag definitions" in problem.received


def test_a_wrong_key_is_told_though_the_account_is_wrong_too() -> None:
    found = verify_inhance(inhance_world().send, replace(INHANCE, key="wrong", account="99999999"))
    assert found.configuration is not None
    assert found.configuration.name == "wrong-key"


def test_keys_go_in_the_clear_to_this_machine_only() -> None:
    for url in ("https://utility.example/x", "http://localhost:1/x", "http://127.0.0.1/x", "http://[::1]/x"):
        check_address(url, allow_http=False)
    with pytest.raises(Misconfigured, match="in the clear"):
        check_address("http://utility.example/x", allow_http=False)
    check_address("http://utility.example/x", allow_http=True)


def test_a_service_that_slept_is_given_time_for_its_first_answer() -> None:
    def waking(asked: Asked, timeout_s: float) -> Answered:
        if timeout_s < 10:
            raise NoAnswer("no-answer-in-time", "no whole answer within 4 s")
        return inhance_world().send(asked)

    found = verify_inhance(waking, options=Options(only=["inhance/path-case"]))
    assert (found.configuration, [one.outcome for one in found.checks]) == (None, [Outcome.PASSED])


def test_the_calls_before_grading_end_within_five_seconds_together() -> None:
    patience: list[float] = []

    def dripping(asked: Asked, timeout_s: float) -> Answered:
        patience.append(timeout_s)
        return inhance_world().send(asked)

    target = replace(INHANCE, account="99999999")
    now = itertools.count(0, 0.25)  # a quarter of a second between two looks at the clock
    line = Line(dripping, target.url, Secrets({}), rate=1e9, sleep=lambda _: None, monotonic=lambda: float(next(now)))
    with line.within(5), pytest.raises(Misconfigured):
        inhance_provider.preflight(inhance_provider.Utility(line, target))
    assert len(patience) == 3
    assert max(patience) <= 5
    assert sorted(set(patience), reverse=True) == patience, "each has what the ones before it left"
