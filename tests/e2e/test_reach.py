"""Who reaches the sandbox, and where it may be told to send: names, pages of other sites, tokens, the allow-list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.client.errors import RequestInvalid
from partnerlab.client.settings import Biller
from partnerlab.config import ConfigurationInvalid, configure
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings

TOKEN = "a-token-of-the-team"
FOREIGN = "https://evil.example"
CONTROL = ("/_sandbox/lanes", "/_sandbox/lanes/default/export", "/_sandbox/ic/billers", "/_pump/deliveries")
DOORS = ("/iCloud/iCloud.asmx", "/invoicecloudapi/api/Pay_Input", "/api/v1/biller/status", "/cloudpaymentsapi/v2")
PAGES = ("/portal/site.css", "/cloudsso/connect", "/cloudpayments/none")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0, token=TOKEN, hosts=("sandbox.team.example",))) as made:
        yield made


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url) as client:
        yield client


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "sandbox.team.example"])
def test_where_others_reach_it_a_token_is_needed(host: str) -> None:
    with pytest.raises(ValueError, match="set a token"):
        Sandbox(SandboxSettings(host=host, port=0))
    SandboxSettings(host=host, token=TOKEN).check_reach()
    with pytest.raises(ValueError, match=r"^published "):
        SandboxSettings(published=host).check_reach()
    result = CliRunner().invoke(main, ["sandbox", "--host", host, "--port", "0"])
    assert result.exit_code == 2
    assert "set a token" in result.output


def test_behind_a_proxy_others_reach_it() -> None:
    """Whom the proxy lets in nobody knows here, and the sandbox sees only the proxy's address."""
    with pytest.raises(ValueError, match=r"^forwarded: .*set a token"):
        SandboxSettings(forwarded=True).check_reach()
    assert SandboxSettings(forwarded=True, token=TOKEN).shared
    SandboxSettings(forwarded=True, published="127.0.0.1").check_reach()


@pytest.mark.parametrize("token", ["", "short", "with\nbreak-in-it", "caf\u00e9-caf\u00e9"])
def test_a_token_that_protects_nothing_is_refused(token: str) -> None:
    result = CliRunner().invoke(main, ["sandbox", "--token", token])
    assert result.exit_code == 2
    assert "--token" in result.output
    if token:
        with pytest.raises(ConfigurationInvalid) as refused:
            configure(SandboxSettings, "sandbox", {}, {"PARTNERLAB_SANDBOX_TOKEN": token})
        assert token not in str(refused.value)


@pytest.mark.parametrize("path", CONTROL)
def test_the_token_is_asked_for_wherever_keys_and_payments_can_be_read(http: httpx.Client, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong-token"}, {"Authorization": "Bearer"}, {"Host": "127.0.0.1"}):
        for lane in ("", "/lane/mine"):
            assert http.get(lane + path, headers=headers).status_code == 401
    assert http.get(path, headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


def test_a_probe_needs_no_token_and_a_partner_has_its_own_key(http: httpx.Client) -> None:
    assert http.get("/_sandbox/health").status_code == 200
    assert http.get("/iCloud/iCloud.asmx?wsdl").status_code == 200


def test_the_command_line_brings_the_token_of_the_environment(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["journal", "--url", sandbox.url]
    assert "Authorization" in CliRunner().invoke(main, command).output
    monkeypatch.setenv("PARTNERLAB_TOKEN", TOKEN)
    assert CliRunner().invoke(main, command).exit_code == 0


@pytest.mark.parametrize("path", [*DOORS, *PAGES, *CONTROL])
def test_a_name_that_is_not_its_own_is_not_answered(http: httpx.Client, path: str) -> None:
    for host in ("rebound.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "192.0.2.7"):
        answer = http.get(path, headers={"Host": host, "Authorization": f"Bearer {TOKEN}"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host_not_allowed")
    for host in ("localhost:1", "sandbox.team.example", "SANDBOX.team.example:8700", "[::1]"):
        assert http.get(path, headers={"Host": host}).status_code != 403 or path in PAGES


@pytest.mark.parametrize("path", [*DOORS, *CONTROL])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
    ],
)
def test_a_page_of_another_site_cannot_pay_or_read(http: httpx.Client, path: str, headers: dict[str, str]) -> None:
    headers |= {"Authorization": f"Bearer {TOKEN}"}
    form = "consumerGUID=IC-SANDBOX&entryKey=sandbox-entry-key&contentInfo=454100010-06/16/2020|24.00:CC"
    answer = http.post(path, content=form, headers={**headers, "Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")


def test_a_preflight_is_refused_in_words_that_tell_its_developer_who_calls(http: httpx.Client) -> None:
    asked = {"Origin": FOREIGN, "Access-Control-Request-Method": "POST"}
    answer = http.options("/cloudpaymentsapi/v2", headers=asked)
    assert answer.status_code == 403
    assert "(Origin): it is called by a server, which keeps its key" in answer.json()["error"]["message"]
    assert "called by a server" not in http.options("/_sandbox/lanes", headers=asked).json()["error"]["message"]


@pytest.mark.parametrize("path", PAGES)
def test_the_hosted_pages_take_visitors_of_other_sites(http: httpx.Client, path: str) -> None:
    headers = {"Origin": FOREIGN, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = http.get(path, headers=headers)
    assert "origin_not_allowed" not in answer.text


def test_pages_of_its_own_and_programs_are_answered(sandbox: Sandbox, http: httpx.Client) -> None:
    for headers in ({"Origin": sandbox.url, "Sec-Fetch-Site": "same-origin"}, {}, {"Sec-Fetch-Site": "none"}):
        assert http.get("/iCloud/iCloud.asmx", headers=headers).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert http.get("/iCloud/iCloud.asmx", headers=link).status_code == 200


@pytest.mark.parametrize(
    ("configuration", "url", "passes"),
    [
        ({}, "http://127.0.0.1:1/x", True),
        ({}, "http://localhost:1/x", True),
        ({}, "http://192.0.2.7/x", False),
        ({}, "http://169.254.169.254/latest", False),
        ({}, "http://2130706433/x", False),
        ({}, "https://partner.example/x", False),
        ({"Egress": {"Allow": ["192.0.2.0/24"]}}, "http://192.0.2.7/x", True),
        ({"Egress": {"Allow": ["192.0.2.0/24"]}}, "http://198.51.100.1/x", False),
        ({"Egress": {"Allow": "all"}}, "http://127.0.0.1:1/x", False),
    ],
)
def test_a_setting_sends_nothing_where_the_allow_list_does_not_say(
    sandbox: Sandbox, configuration: dict[str, Any], url: str, passes: bool
) -> None:
    biller = Biller("22222222-2222-4222-8222-222222222222", "inhance_v2", {}, configuration)
    if passes:
        sandbox._directory.check_egress(biller, url)
    else:
        with pytest.raises(RequestInvalid, match="url"):
            sandbox._directory.check_egress(biller, url)


def test_balance_requests_and_the_pump_ask_the_allow_list(sandbox: Sandbox) -> None:
    authorized = {"Authorization": f"Bearer {TOKEN}", "X-Sandbox-Lane": "egress"}
    with httpx.Client(base_url=sandbox.url, headers=authorized, timeout=30) as http:
        guid = "22222222-2222-4222-8222-222222222222"
        settings = {"8": "http://192.0.2.7/iCloud.asmx", "11": "http://192.0.2.7/iCloud.asmx"}
        assert http.patch(f"/_sandbox/ic/billers/{guid}", json={"settings": settings}).status_code == 200
        found = sandbox._enquiries.balances("egress", guid, "10000101", "500001")
        assert "allow-list" in found["problem"]
        biller = sandbox.biller("egress", guid)
        from partnerlab.client.datapump.events import Email
        from partnerlab.client.http import HttpRequest

        event = Email(
            id="e-1",
            lane="egress",
            biller_guid=guid,
            account_number="1",
            occurred_at=datetime.now(UTC),
            email_address="",
        )
        transport = sandbox.pump.router.transport_for(event, biller)

        with pytest.raises(RequestInvalid, match="allow-list"):
            transport.send(HttpRequest("MakePaymentExtended", settings["11"], {}, b""))
