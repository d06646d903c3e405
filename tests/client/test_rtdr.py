"""Real-time data retrieval: what a balance answer changes, and that nothing ever fails the payer."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client import rtdr
from partnerlab.client.http import PAYER_WAITS, AsyncTransport, HttpRequest, HttpResponse, Transport
from partnerlab.client.rtdr import BalanceUpdate, refresh, refresh_async
from partnerlab.client.settings import Biller

KEY_10 = "10101010-1111-4111-8111-111111111111"
KEY_13 = "13131313-1111-4111-8111-111111111111"
EMAIL_ON = {"RTDR": {"UpdateEmail": True}}
UNCHANGED = BalanceUpdate()


def biller(configuration: Mapping[str, Any] | None = None, partner: str = "inhance_v2", **settings: str) -> Biller:
    values = {"8": "https://inhance.example.com/iCloud/iCloud.asmx", "13": KEY_13, **settings}
    # A keyword cannot be a number: s10 is setting 10.
    values = {re.sub(r"^s(?=\d)", "", id): value for id, value in values.items()}
    return Biller("guid-1", partner, values, configuration or {})


def answer(email: str = "new@example.com", balance: str = "125.50", future: str = "182.75") -> HttpResponse:
    content = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<BalanceCheckResponse xmlns="http://tempuri.org/"><BalanceCheckResult>'
        f"<Balance>{balance}</Balance><FutureBalance>{future}</FutureBalance><Phone>555-0100</Phone>"
        f"<Email>{email}</Email><Success>true</Success>"
        "</BalanceCheckResult></BalanceCheckResponse></soap:Body></soap:Envelope>"
    )
    return HttpResponse(200, {"content-type": "text/xml"}, content.encode())


class Partner:
    """Answers every request with one answer, or raises; keeps the requests."""

    def __init__(self, outcome: HttpResponse | BaseException) -> None:
        self.outcome = outcome
        self.requests: list[HttpRequest] = []

    def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    async def send_async(self, request: HttpRequest) -> HttpResponse:
        return self.send(request)


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Callable[..., BalanceUpdate]:
    def run(biller: Biller, partner: Partner, account: str = "10000101", invoice: str = "500001") -> BalanceUpdate:
        if request.param == "sync":
            return refresh(biller, account, invoice, send=partner.send)
        return asyncio.run(refresh_async(biller, account, invoice, send=partner.send_async))

    return run


Ask = Callable[..., BalanceUpdate]


def test_version_1_changes_the_balance_due_only(ask: Ask) -> None:
    assert ask(biller(), Partner(answer())) == BalanceUpdate(balance_due=Decimal("125.50"))
    assert ask(biller(rtdr_version="1"), Partner(answer())) == BalanceUpdate(balance_due=Decimal("125.50"))


def test_version_2_also_changes_the_total(ask: Ask) -> None:
    assert ask(biller(rtdr_version="2"), Partner(answer())) == BalanceUpdate(
        balance_due=Decimal("125.50"), total_amount_due=Decimal("182.75")
    )


@pytest.mark.parametrize(
    ("settings", "total"),
    [({"s35": "2"}, Decimal("182.75")), ({"s35": "1"}, None), ({"s35": "2", "rtdr_version": "1"}, None), ({}, None)],
)
def test_setting_35_is_the_version_where_rtdr_version_is_not_set(
    ask: Ask, settings: dict[str, str], total: Decimal | None
) -> None:
    assert ask(biller(**settings), Partner(answer())).total_amount_due == total


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_email_changes_where_the_configuration_says_so_in_both_versions(ask: Ask, version: str) -> None:
    update = ask(biller(EMAIL_ON, rtdr_version=version), Partner(answer()))
    assert update.email_address == "new@example.com"


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"RTDR": {}},
        {"RTDR": {"UpdateEmail": False}},
        {"RTDR": {"UpdateEmail": "true"}},
        {"RTDR": {"UpdateEmail": 1}},
        {"RTDR": True},
        {"RTDR": None},
        {"UpdateEmail": True},
    ],
)
def test_without_the_configuration_the_email_stays(ask: Ask, configuration: dict[str, Any]) -> None:
    update = ask(biller(configuration), Partner(answer()))
    assert (update.balance_due, update.email_address, update.problem) == (Decimal("125.50"), None, None)


@pytest.mark.parametrize("email", ["", "  ", "none", "n/a", "a@b, c@d", "a@example.com;b@example.com", "@", "a b@c"])
def test_an_answer_without_an_address_leaves_the_email_and_changes_the_balance(ask: Ask, email: str) -> None:
    update = ask(biller(EMAIL_ON), Partner(answer(email=email)))
    assert update == BalanceUpdate(balance_due=Decimal("125.50"))


def test_a_zero_balance_is_a_balance(ask: Ask) -> None:
    update = ask(biller(rtdr_version="2"), Partner(answer(balance="0", future="-5")))
    assert (update.balance_due, update.total_amount_due) == (Decimal("0.00"), Decimal("-5.00"))


@pytest.mark.parametrize(("settings", "key"), [({}, KEY_13), ({"s10": KEY_10}, KEY_10), ({"s10": ""}, KEY_13)])
def test_key_10_goes_before_key_13(ask: Ask, settings: dict[str, str], key: str) -> None:
    partner = Partner(answer())
    ask(biller(**settings), partner)
    assert f"<WebServiceKey>{key}</WebServiceKey>".encode() in partner.requests[0].content


@pytest.mark.parametrize(("invoice", "number"), [("500001", "500001"), ("500001-A", "0"), ("", "0")])
def test_last_invoice_number(ask: Ask, invoice: str, number: str) -> None:
    partner = Partner(answer())
    ask(biller(), partner, invoice=invoice)
    assert f"<LastInvoiceNumber>{number}</LastInvoiceNumber>".encode() in partner.requests[0].content


def test_a_conveyed_account_is_asked_for_as_it_stands(ask: Ask) -> None:
    partner = Partner(answer())
    ask(biller(), partner, account="10000101CV-20260616")
    assert b"<AccountNumber>10000101CV-20260616</AccountNumber>" in partner.requests[0].content


def test_the_biller_s_namespace_is_used(ask: Ask) -> None:
    partner = Partner(answer())
    ask(biller(soap_namespace="urn:own"), partner)
    assert b'<BalanceCheck xmlns="urn:own">' in partner.requests[0].content


# --- TCCS ---------------------------------------------------------------------------------------------------------

ENTRY_KEY = "5e4ec0de-feed-4bad-8bad-5e4ec0de5e4e"
POLICY_INVOICE = "454100010-06/16/2020"


def insurer(configuration: Mapping[str, Any] | None = None, **settings: str) -> Biller:
    own = {"8": "https://tccs.example.com/invoicecloudapi", "9": "IC-SANDBOX", "10": ENTRY_KEY, "13": KEY_13}
    return biller(configuration, partner="tccs", **(own | settings))


def owed(content: str = '{"Record bal": 120.00, "Total Balance": 340.00}', status: int = 200) -> HttpResponse:
    return HttpResponse(status, {"content-type": "application/json"}, content.encode())


@pytest.mark.parametrize("settings", [{}, {"35": "1"}, {"35": "2"}])
def test_tccs_changes_the_balance_due_and_the_total(ask: Ask, settings: dict[str, str]) -> None:
    update = ask(insurer(EMAIL_ON, **settings), Partner(owed()), "454100010", POLICY_INVOICE)
    assert update == BalanceUpdate(balance_due=Decimal("120.00"), total_amount_due=Decimal("340.00"))


def test_tccs_is_asked_by_the_invoice_number(ask: Ask) -> None:
    partner = Partner(owed())
    ask(insurer(), partner, "454100010", POLICY_INVOICE)
    (request,) = partner.requests
    assert request.url == "https://tccs.example.com/invoicecloudapi/api/ARState_Output"
    assert request.content == (
        b"consumerGUID=IC-SANDBOX&entryKey=" + ENTRY_KEY.encode() + b"&contentInfo=454100010-06%2F16%2F2020"
    )


def test_the_whole_address_of_the_endpoint_serves_too(ask: Ask) -> None:
    partner = Partner(owed())
    ask(insurer(s8="https://tccs.example.com/InvCloudAPI_PROD/arstate_output"), partner, "1", POLICY_INVOICE)
    assert partner.requests[0].url == "https://tccs.example.com/InvCloudAPI_PROD/arstate_output"


@pytest.mark.parametrize(
    ("setup", "invoice", "problem"),
    [
        (insurer(s8=""), POLICY_INVOICE, "setting 8"),
        (insurer(s9=""), POLICY_INVOICE, "setting 9"),
        (insurer(s10=""), POLICY_INVOICE, "setting 10"),
        (insurer(s8="https://tccs.example.com/api/Pay_Input"), POLICY_INVOICE, "another operation"),
        (insurer(), "", "InvoiceNumber"),
        (insurer(), "1|2", "InvoiceNumber"),
    ],
)
def test_a_wrong_set_up_of_tccs_is_a_problem_and_nothing_is_sent(
    ask: Ask, setup: Biller, invoice: str, problem: str
) -> None:
    partner = Partner(owed())
    update = ask(setup, partner, "454100010", invoice)
    assert problem in (update.problem or "")
    assert update == BalanceUpdate(problem=update.problem)
    assert partner.requests == []


@pytest.mark.parametrize(
    ("answered", "problem"),
    [
        (owed('{"Message": "No invoice was found."}', 404), "ARState_Output: 404: No invoice was found."),
        (owed('{"Record bal": "1,20.00", "Total Balance": 1}'), "Record bal: '1,20.00' is not a decimal number"),
        (owed("<html><title>Log in</title></html>"), "is an HTML page"),
        (owed(f'{{"Message": "entryKey {ENTRY_KEY} is wrong"}}', 401), "entryKey ••• is wrong"),
        (owed("", 503), "status 503"),
    ],
)
def test_whatever_tccs_answers_the_payer_sees_the_old_balances(ask: Ask, answered: HttpResponse, problem: str) -> None:
    update = ask(insurer(), Partner(answered), "454100010", POLICY_INVOICE)
    assert problem in (update.problem or "")
    assert ENTRY_KEY not in (update.problem or "")
    assert update == BalanceUpdate(problem=update.problem)


@given(st.integers(100, 599), st.binary(max_size=500))
def test_no_answer_of_tccs_raises(status: int, content: bytes) -> None:
    update = refresh(insurer(), "1", "1", send=Partner(HttpResponse(status, {}, content)).send)
    assert update == BalanceUpdate(problem=update.problem)
    assert update.problem


# --- nothing fails the payer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setup", "problem"),
    [
        (biller(s8=""), "setting 8"),
        (biller(s8="http://inhance.example.com/"), None),
        (Biller("guid-1", "inhance_v2", {"8": "https://inhance.example.com/"}), "setting 13"),
        (biller(rtdr_version="3"), "setting rtdr_version: '3': must be 1 or 2"),
        (biller(soap_namespace="é"), "namespace"),
        (biller(partner="acme"), "partner: 'acme': must be one of inhance_v2"),
    ],
)
def test_a_wrong_set_up_is_a_problem_not_an_error(ask: Ask, setup: Biller, problem: str | None) -> None:
    partner = Partner(answer())
    update = ask(setup, partner)
    if problem is None:  # a URL is the transport's to refuse; see below
        assert update.problem is None
        return
    assert problem in (update.problem or "")
    assert update == BalanceUpdate(problem=update.problem)
    assert partner.requests == []


def test_an_account_number_that_cannot_be_sent_is_a_problem(ask: Ask) -> None:
    update = ask(biller(), Partner(answer()), account="1\x00")
    assert "AccountNumber" in (update.problem or "")


def test_a_refusal_is_a_problem_in_the_partner_s_words(ask: Ask, sample: Callable[[str], bytes]) -> None:
    update = ask(biller(EMAIL_ON), Partner(HttpResponse(200, {}, sample("inhance/refused-200.xml"))))
    assert update == BalanceUpdate(problem="BalanceCheck: Success=false: Account 99 not found")


@pytest.mark.parametrize("outcome", [RuntimeError(KEY_13), ValueError(), OSError("no"), KeyError("x")])
def test_a_bug_is_a_problem_too_and_is_logged(
    ask: Ask, outcome: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    update = ask(biller(), Partner(outcome))
    assert update == BalanceUpdate(problem=f"the balance check failed: {type(outcome).__name__}")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert KEY_13 not in caplog.text


def test_a_key_that_is_interrupted_is_not_swallowed(ask: Ask) -> None:
    with pytest.raises(KeyboardInterrupt):
        ask(biller(), Partner(KeyboardInterrupt()))


@given(st.integers(100, 599), st.binary(max_size=2000))
def test_no_answer_at_all_raises(status: int, content: bytes) -> None:
    update = refresh(biller(EMAIL_ON, rtdr_version="2"), "1", "1", send=Partner(HttpResponse(status, {}, content)).send)
    assert update == BalanceUpdate(problem=update.problem)
    assert update.problem


@pytest.mark.parametrize("behaviour", ["refuse", "reset", "http"])
def test_a_network_that_fails_is_a_problem(serve: Callable[..., Any], behaviour: str) -> None:
    server = serve(lambda connection: connection.request() and connection.reset())
    url = {"refuse": "http://127.0.0.1:9/", "reset": server.url, "http": "http://inhance.example.com/"}[behaviour]

    async def asynchronous() -> BalanceUpdate:
        async with AsyncTransport(timeouts=PAYER_WAITS) as transport:
            return await refresh_async(biller(s8=url), "1", "1", send=transport.send)

    with Transport(timeouts=PAYER_WAITS) as transport:
        plain = refresh(biller(s8=url), "1", "1", send=transport.send)
    for update in (plain, asyncio.run(asynchronous())):
        assert update.problem
        assert update == BalanceUpdate(problem=update.problem)


def test_a_partner_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_acme(biller: Biller, account_number: str, invoice_number: str) -> rtdr.Enquiry:
        request = HttpRequest("Ask", "https://acme.example.com/", {}, f"{account_number}/{invoice_number}".encode())

        def read(response: HttpResponse) -> rtdr.Owed:
            return rtdr.Owed(Decimal(response.content.decode()), Decimal(9), "a@b.c")

        return rtdr.Enquiry(request, read, whole=False)

    monkeypatch.setattr(rtdr, "ENQUIRIES", {**rtdr.ENQUIRIES, "acme": ask_acme})
    partner = Partner(HttpResponse(200, {}, b"7.00"))
    assert refresh(biller(partner="acme"), "a", "i", send=partner.send) == BalanceUpdate(Decimal("7.00"))
    assert partner.requests[0].content == b"a/i"
