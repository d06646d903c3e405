"""A recorded call runs again as it is printed: as a curl command, as a Python program, as a test."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from partnerlab.client.inhance import InHanceClient
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices, inhance_soap, tccs_rest

KEYS = {
    "INHANCE_KEY": inhance_soap.Settings().key,
    "TCCS_ENTRY_KEY": tccs_rest.Settings().entry_key,
    "IC_API_KEY": ic_webservices.Settings().utility_api_key,
}
ENVELOPE = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<SetEmail xmlns="http://tempuri.org/"><Accountnumber>10000101</Accountnumber>'
    '<NewMail>it\'s &amp; "such"@example.com</NewMail>'
    f"<WebserviceKey>{KEYS['INHANCE_KEY']}</WebserviceKey></SetEmail></soap:Body></soap:Envelope>"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


@pytest.fixture(scope="module")
def entries(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """One call of each kind, as the journal has it, by a name for it."""
    tccs = tccs_rest.Settings()
    with (
        httpx.Client(base_url=f"{sandbox.url}/lane/again") as http,
        InHanceClient(f"{sandbox.url}/lane/again/iCloud/iCloud.asmx", KEYS["INHANCE_KEY"]) as client,
    ):
        client.balance_check("10000101", 0)
        http.post(
            "/iCloud/iCloud.asmx",
            content=ENVELOPE,
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://tempuri.org/SetEmail"'},
        )
        form = {"consumerGUID": tccs.consumer_guid, "entryKey": tccs.entry_key}
        http.post(
            "/invoicecloudapi/api/ARState_Output",
            data={**form, "contentInfo": ic_webservices.Settings().policy_invoice},
        )
        http.get("/api/v1/biller/status", auth=(KEYS["IC_API_KEY"], ""))
        http.post("/iClod.asmx", content=b"{")
    found = sandbox.journal.find("again")
    names = ("client", "misspelt", "form", "get", "nowhere")
    assert len(found) == len(names)
    return {name: {"id": entry.id, "status": entry.status} for name, entry in zip(names, found, strict=True)}


def repeated(sandbox: Sandbox, id: str, language: str) -> dict[str, Any]:
    answer = httpx.get(f"{sandbox.url}/lane/again/_sandbox/journal/{id}/as/{language}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, env={"PATH": "/usr/bin:/bin", **KEYS}, capture_output=True, timeout=60, cwd=cwd)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout.decode()


def newest(sandbox: Sandbox) -> dict[str, Any]:
    entry = sandbox.journal.find("again", limit=1)[0]
    return {"request": entry.request, "status": entry.status, "query": entry.query, "path": entry.path}


@pytest.mark.parametrize("name", ["client", "misspelt", "form", "get", "nowhere"])
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_curl_command_sends_the_same_again(sandbox: Sandbox, entries: dict[str, dict[str, Any]], name: str) -> None:
    first = sandbox.journal.get("again", entries[name]["id"])
    assert first is not None
    run("sh", "-c", repeated(sandbox, first.id, "curl")["text"])
    assert newest(sandbox) == {
        "request": first.request,
        "status": first.status,
        "query": first.query,
        "path": first.path,
    }


@pytest.mark.parametrize(("name", "by_client"), [("client", True), ("misspelt", False), ("form", True), ("get", True)])
def test_the_program_sends_the_same_again_by_the_client_where_that_would(
    sandbox: Sandbox, entries: dict[str, dict[str, Any]], name: str, by_client: bool
) -> None:
    first = sandbox.journal.get("again", entries[name]["id"])
    assert first is not None
    program = repeated(sandbox, first.id, "python")["text"]
    assert ("partnerlab.client" in program, "import httpx" in program) == (by_client, not by_client)
    run(sys.executable, "-c", program)
    again = newest(sandbox)
    assert (again["request"], again["status"]) == (first.request, first.status)


def test_the_tests_pass_as_they_are_printed(
    sandbox: Sandbox, entries: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    for name, entry in entries.items():
        (tmp_path / f"test_{name}.py").write_text(repeated(sandbox, entry["id"], "pytest")["text"])
    said = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", cwd=tmp_path)
    assert f"{len(entries)} passed" in said


def test_no_key_is_printed_and_a_missing_one_is_named(sandbox: Sandbox, entries: dict[str, dict[str, Any]]) -> None:
    for name, variable in (("client", "INHANCE_KEY"), ("form", "TCCS_ENTRY_KEY"), ("get", "IC_API_KEY")):
        for language in ("curl", "python", "pytest"):
            found = repeated(sandbox, entries[name]["id"], language)
            assert found["variables"] == [variable]
            assert variable in found["text"]
            assert not [key for key in KEYS.values() if key in found["text"]]
    command = repeated(sandbox, entries["client"]["id"], "curl")["text"]
    done = subprocess.run(["sh", "-c", command], env={"PATH": "/usr/bin:/bin"}, capture_output=True, timeout=30)
    assert done.returncode != 0
    assert b"INHANCE_KEY: set it to the value of WebServiceKey" in done.stderr


def test_a_body_of_which_only_the_beginning_is_kept_is_not_repeated(sandbox: Sandbox) -> None:
    httpx.post(f"{sandbox.url}/lane/long/nowhere", content=b"x" * 70_000)
    (entry,) = sandbox.journal.find("long")
    answer = httpx.get(f"{sandbox.url}/lane/long/_sandbox/journal/{entry.id}/as/curl")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "entry_not_repeatable")
    assert "70,000 bytes" in answer.json()["error"]["message"]
