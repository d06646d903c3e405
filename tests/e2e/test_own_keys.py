"""Beyond the loopback the documented keys are refused as wrong ones are, and the sandbox's own are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from partnerlab.cli import main
from partnerlab.contracts import seeds
from partnerlab.folders.port import FolderPort, Place, sftp_access
from partnerlab.own_keys import access
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest, watersmart
from partnerlab.systems import Every

TOKEN = "a-token-of-the-team"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
PRINTED = ic_webservices.Settings()
INHANCE, TCCS, WATER = inhance_soap.Settings(), tccs_rest.Settings(), watersmart.Settings()
BILLERS = ("utility", "insurance", "watersmart", "utility_v1")
CUSTOMERS = {"utility": "10000101", "insurance": "454100010", "watersmart": "20000201", "utility_v1": "30000301"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    settings = SandboxSettings(port=0, token=TOKEN, published="192.0.2.7", hosts=("sandbox.lan",))
    with Sandbox(settings, in_process=True) as made:
        yield made


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url) as client:
        yield client


def _inhance(http: httpx.Client, key: str) -> httpx.Response:
    form = {"AccountNumber": "10000101", "LastInvoiceNumber": "500001", "WebServiceKey": key}
    return http.post("/iCloud/iCloud.asmx/BalanceCheck", data=form)


def _tccs(http: httpx.Client, user: str, key: str) -> httpx.Response:
    form = {"consumerGUID": user, "entryKey": key, "contentInfo": "454100010-06/16/2020"}
    return http.post("/invoicecloudapi/api/ARState_Output", data=form)


def _rest(http: httpx.Client, key: str) -> httpx.Response:
    return http.get("/api/v1/biller/status", auth=(key, ""))


def _web_service(http: httpx.Client, kind: str, key: str) -> httpx.Response:
    form = {"BillerGUID": getattr(PRINTED, f"{kind}_guid"), "WebServiceKey": key, "AccountNumber": CUSTOMERS[kind]}
    return http.post("/portal/webservices/CloudManagement.asmx/ViewCustomerRecord", data=form)


def _login(http: httpx.Client, key: str, password: str) -> httpx.Response:
    form = {"BillerGUID": PRINTED.utility_guid, "WebServiceKey": key, "Username": PRINTED.utility_email}
    path = "/portal/webservices/RemoteAuthenticationWS.asmx/RemoteAuthentication"
    account = {"AccountNumber": PRINTED.utility_account, "CustomerName": "", "EmailAddress": ""}
    return http.post(path, data={**form, **account, "Password": password})


def _taken(answer: httpx.Response) -> bool:
    return answer.status_code == 200 and "<Success>false" not in answer.text


def _refused_alike(call: Callable[[str], httpx.Response], documented: str) -> None:
    wrong = "99999999-9999-4999-8999-999999999999"
    refused, usual = call(documented), call(wrong)
    assert not _taken(usual)
    assert (refused.status_code, refused.text) == (usual.status_code, usual.text)


def test_the_utility_and_the_insurer_ask_for_their_own_keys(sandbox: Sandbox, http: httpx.Client) -> None:
    own = sandbox.access
    assert _taken(_inhance(http, own.of(inhance_soap.Settings).key))
    assert _taken(_tccs(http, own.of(tccs_rest.Settings).consumer_guid, own.of(tccs_rest.Settings).entry_key))
    assert not _taken(_tccs(http, TCCS.consumer_guid, own.of(tccs_rest.Settings).entry_key))
    _refused_alike(lambda key: _inhance(http, key), INHANCE.key)
    _refused_alike(lambda key: _inhance(http, f"{{{key.upper()}}}"), INHANCE.key)
    _refused_alike(lambda key: _tccs(http, own.of(tccs_rest.Settings).consumer_guid, key), TCCS.entry_key)


@pytest.mark.parametrize("kind", BILLERS)
def test_each_biller_has_keys_of_its_own_at_invoice_cloud(sandbox: Sandbox, http: httpx.Client, kind: str) -> None:
    own = sandbox.access.of(ic_webservices.Settings)
    mine = {name: getattr(own, f"{kind}_{name}") for name in ("api_key", "web_service_key")}
    assert _taken(_rest(http, mine["api_key"]))
    assert _taken(_web_service(http, kind, mine["web_service_key"]))
    _refused_alike(lambda key: _rest(http, key), getattr(PRINTED, f"{kind}_api_key"))
    _refused_alike(lambda key: _web_service(http, kind, key), getattr(PRINTED, f"{kind}_web_service_key"))
    for other in set(BILLERS) - {kind}:
        assert not _taken(_web_service(http, kind, getattr(own, f"{other}_web_service_key")))


def test_the_documented_password_opens_nothing_and_cannot_be_set(sandbox: Sandbox, http: httpx.Client) -> None:
    own = sandbox.access.of(ic_webservices.Settings)
    key = own.utility_web_service_key
    assert "RemoteAuthenticationToken>" in _login(http, key, own.utility_password).text
    _refused_alike(lambda password: _login(http, key, password), PRINTED.utility_password)
    users = sandbox.ic.world.services.user_accounts
    with pytest.raises(Exception, match="the documentation prints"):
        users.set_password(sandbox.lanes.get("default"), PRINTED.utility_guid, PRINTED.utility_email, "Sandbox!2345")
    customer = next(iter(seeds.accounts("watersmart"))).customer
    portal = f"/_sandbox/watersmart/users/{customer.email}/sign-in"
    refused = http.post(portal, json={"password": WATER.user_password}, headers=AUTHORIZED)
    assert refused.status_code == 403, refused.text
    told = http.post(
        portal, json={"password": sandbox.access.of(watersmart.Settings).user_password}, headers=AUTHORIZED
    )
    assert (told.status_code, told.json()["problem"]) == (200, "")


def test_the_journal_says_why_and_keeps_no_key(sandbox: Sandbox, http: httpx.Client) -> None:
    lane = {"X-Sandbox-Lane": "why"}
    http.headers.update(lane)
    own = sandbox.access
    _inhance(http, INHANCE.key)
    _rest(http, PRINTED.insurance_api_key)
    _tccs(http, own.of(tccs_rest.Settings).consumer_guid, own.of(tccs_rest.Settings).entry_key)
    answered = http.get("/_sandbox/journal", headers=AUTHORIZED)
    assert answered.status_code == 200, answered.text
    entries = answered.json()["entries"]
    found = {entry["path"]: [(one["rule"], one["where"]) for one in entry["findings"] or ()] for entry in entries}
    assert ("documented key", "body") in found["/iCloud/iCloud.asmx/BalanceCheck"]
    assert ("documented key", "header Authorization") in found["/api/v1/biller/status"]
    assert found["/invoicecloudapi/api/ARState_Output"] == []
    shown = str(entries)
    assert INHANCE.key not in shown
    assert own.of(tccs_rest.Settings).entry_key not in shown


def test_the_ways_inside_use_the_own_keys_a_payment_reaches_both_partners(sandbox: Sandbox, http: httpx.Client) -> None:
    http.headers.update({**AUTHORIZED, "X-Sandbox-Lane": "paid"})
    billers = {row["partner"]: row for row in http.get("/_sandbox/ic/billers").json()["billers"]}
    assert billers["tccs"]["settings"]["10"] == sandbox.access.of(tccs_rest.Settings).entry_key
    for partner, account, amount in (("inhance_v2", "10000101", "20.00"), ("tccs", "454100010", "120.00")):
        body = {"biller_guid": billers[partner]["guid"], "account_number": account, "amount": amount}
        card = {"tender": "credit_card", "card_number": "4111111111111111"}
        assert http.post("/_sandbox/ic/payments", json={**body, **card}).status_code == 201
    assert sandbox.settle("paid")
    deliveries = http.get("/_pump/deliveries", params={"lane": "paid"}).json()["deliveries"]
    assert [row["state"] for row in deliveries] == ["delivered", "delivered"]
    run = http.post("/_sandbox/jobs/inhance_v1/invoices/run")
    assert run.status_code == 200, run.text
    assert "refused" not in run.text


def test_what_is_shown_can_be_given_back_and_an_export_holds_no_key(sandbox: Sandbox, http: httpx.Client) -> None:
    http.headers.update({**AUTHORIZED, "X-Sandbox-Lane": "kept"})
    guid = PRINTED.utility_guid
    shown = http.get(f"/_sandbox/ic/billers/{guid}").json()
    changes = {name: shown[name] for name in ("api_key", "web_service_key", "settings")}
    assert http.patch(f"/_sandbox/ic/billers/{guid}", json=changes).json() == shown
    exported = http.get("/_sandbox/lanes/kept/export").text
    for key in sandbox.access.keys.own.values():
        assert key not in exported
    other = access(Every((INHANCE, TCCS, PRINTED, WATER)), token="the token of next year")
    assert not set(other.keys.own.values()) & set(sandbox.access.keys.own.values())
    renewed = Sandbox(SandboxSettings(port=0, token="the token of next year", published="192.0.2.7"), in_process=True)
    with renewed, httpx.Client(base_url=renewed.url) as there:
        bearer = {"Authorization": "Bearer the token of next year"}
        there.post(
            "/_sandbox/lanes/kept/import", content=exported, headers={**bearer, "Content-Type": "application/json"}
        )
        there.headers["X-Sandbox-Lane"] = "kept"
        assert _taken(_rest(there, other.of(ic_webservices.Settings).utility_api_key))
        _refused_alike(lambda key: _rest(there, key), sandbox.access.of(ic_webservices.Settings).utility_api_key)


def test_a_documented_key_in_another_form_is_none_that_somebody_set(sandbox: Sandbox, http: httpx.Client) -> None:
    """As it may stand in a lane that is imported: GUIDs are compared without regard to case and braces."""
    http.headers.update({"X-Sandbox-Lane": "cased"})
    key, guid = PRINTED.utility_api_key.upper(), f"{{{PRINTED.utility_web_service_key.upper()}}}"
    changes = {"api_key": key, "web_service_key": guid}
    patched = http.patch(f"/_sandbox/ic/billers/{PRINTED.utility_guid}", json=changes, headers=AUTHORIZED)
    assert patched.json()["api_key"] == sandbox.access.of(ic_webservices.Settings).utility_api_key
    assert not _taken(_rest(http, key))
    rows = http.get("/_sandbox/lanes/cased/export", headers=AUTHORIZED).json()
    for row in rows["tables"]["ic_billers"]:
        row.update(changes if row["guid"] == PRINTED.utility_guid else {})
    loaded = http.post("/_sandbox/lanes/cased/import", json=rows, headers=AUTHORIZED)
    assert loaded.status_code == 200, loaded.text
    for form in (key, PRINTED.utility_api_key):
        assert not _taken(_rest(http, form))
    for form in (guid, PRINTED.utility_web_service_key):
        assert not _taken(_web_service(http, "utility", form))
    assert _taken(_web_service(http, "utility", sandbox.access.of(ic_webservices.Settings).utility_web_service_key))


def test_a_key_that_was_set_stands_and_on_this_machine_nothing_changes() -> None:
    mine = tccs_rest.Settings(entry_key="mine-alone")
    set_here = access(Every((INHANCE, mine, PRINTED, WATER)), token=TOKEN)
    assert (
        set_here.of(tccs_rest.Settings).entry_key == set_here.of(ic_webservices.Settings).tccs_entry_key == "mine-alone"
    )
    assert set_here.of(inhance_soap.Settings).key != INHANCE.key
    assert set_here.of(ic_webservices.Settings).utility_guid == PRINTED.utility_guid
    made = access(Every((INHANCE, TCCS, PRINTED, WATER)), token=TOKEN)
    documented = ic_webservices.Settings(utility_api_key=PRINTED.utility_api_key.upper())
    written_otherwise = access(Every((INHANCE, TCCS, documented, WATER)), token=TOKEN)
    assert written_otherwise.of(ic_webservices.Settings) == made.of(ic_webservices.Settings) != PRINTED
    untouched = access(Every((INHANCE, TCCS, PRINTED, WATER)), token="")
    assert (
        untouched.of(inhance_soap.Settings),
        untouched.of(ic_webservices.Settings),
        dict(untouched.keys.own),
    ) == (INHANCE, PRINTED, {})


def test_sftp_lets_in_with_the_own_api_key(sandbox: Sandbox, tmp_path: Path) -> None:
    place = Place("default", PRINTED.watersmart_guid)

    class Folders(FolderPort):
        def __init__(self) -> None: ...

    port = Folders()
    object.__setattr__(port, "place", lambda _: place)
    found = sftp_access(sandbox.ic, port)("watersmart")
    assert found is not None
    assert found.password == sandbox.access.of(ic_webservices.Settings).watersmart_api_key


def test_a_command_finds_them_by_itself(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARTNERLAB_TOKEN", TOKEN)
    opened = CliRunner().invoke(main, ["page", "bills", "--url", sandbox.url])
    assert opened.exit_code == 0, opened.output
    assert httpx.get(opened.output.strip(), follow_redirects=True).status_code == 200
