"""`partnerlab lanes`: worlds taken to a file and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main
from partnerlab.contracts.paths import at
from partnerlab.remote import Remote, RemoteRefused
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0), in_process=True) as running:
        yield running


def lanes(sandbox: Sandbox, *arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["lanes", *arguments, "--url", sandbox.url], input=given)


def balance(sandbox: Sandbox, lane: str) -> str:
    remote = Remote(sandbox.url, lane)
    found: str = remote.get("/_sandbox/inhance/accounts/10000101")["balance"]
    remote.close()
    return found


def test_an_exported_lane_is_imported_as_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    assert lanes(sandbox, "create", "before").exit_code == 0
    pay = ["trigger", "pay", "10000101", "40.00", "--lane", "before", "--url", sandbox.url]
    assert CliRunner().invoke(main, pay).exit_code == 0
    assert sandbox.settle("before")
    file = tmp_path / "before.json"
    assert lanes(sandbox, "export", "before", str(file)).exit_code == 0
    assert lanes(sandbox, "reset", "before").exit_code == 0
    made = lanes(sandbox, "import", "again", str(file))
    assert (made.exit_code, made.output.split()[0]) == (0, "again")
    assert (balance(sandbox, "before"), balance(sandbox, "again")) == ("125.50", "85.50")
    piped = lanes(sandbox, "export", "again")
    assert lanes(sandbox, "import", "piped", given=piped.output).exit_code == 0
    assert balance(sandbox, "piped") == "85.50"


def test_what_is_no_export_and_no_lane_is_refused_in_words(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    file.write_bytes(b"\xff{")
    done = lanes(sandbox, "import", "never", str(file))
    assert done.exit_code == 2
    assert "no export of a lane" in done.output
    file.write_text(json.dumps({"rows": 1}))
    assert lanes(sandbox, "import", "never", str(file)).exit_code == 2
    missing = tmp_path / "missing.json"
    assert lanes(sandbox, "export", "never", str(missing)).exit_code == 1
    assert not missing.exists()
    assert "never" not in lanes(sandbox, "list").output


def test_an_export_that_is_too_large_for_the_sandbox_is_told_what_sets_the_bound(tmp_path: Path) -> None:
    file = tmp_path / "large.json"
    file.write_text(json.dumps({"tables": {"x": ["y" * 1_200_000]}}), "utf-8")
    with Sandbox(SandboxSettings(port=0, max_import_bytes=1_048_577), in_process=True) as small:
        done = lanes(small, "import", "never", str(file))
    assert done.exit_code == 1
    limit = "the body is over 1048577 bytes; max_import_bytes of [sandbox] says what a sandbox takes"
    assert done.output == f"Error: {limit}\n"


@pytest.mark.parametrize("by", ["a file", "a pipe"])
def test_an_export_that_is_larger_than_other_bodies_may_be_is_taken_to_a_file_and_back(tmp_path: Path, by: str) -> None:
    file, again = tmp_path / "large.json", tmp_path / "again.json"
    with Sandbox(SandboxSettings(port=0), ic_webservices.Settings(max_upload_bytes=1), in_process=True) as small:
        assert lanes(small, "export", "default", str(file)).exit_code == 0
        tables = json.loads(file.read_bytes())["tables"]
        account = {**tables["inhance_accounts"][0], "customer_name": "é" * 400}
        tables["inhance_accounts"] = [{**account, "account_number": f"{n:05}"} for n in range(4_000)]
        file.write_text(json.dumps({"lane": "x", "tables": tables}, ensure_ascii=False), "utf-8")
        assert file.stat().st_size > 3_000_000
        given = {"given": file.read_text("utf-8")} if by == "a pipe" else {}
        done = lanes(small, "import", "large", *([] if given else [str(file)]), **given)
        assert done.exit_code == 0, done.output
        assert lanes(small, "export", "large", str(again)).exit_code == 0
        found = json.loads(again.read_bytes())["tables"]["inhance_accounts"]
        assert found == [{**row, "lane": "large"} for row in tables["inhance_accounts"]]


def test_a_broken_import_leaves_the_lane_as_it_was_and_says_where_it_broke(sandbox: Sandbox, tmp_path: Path) -> None:
    file, after = tmp_path / "before.json", tmp_path / "after.json"
    assert lanes(sandbox, "create", "kept").exit_code == 0
    assert lanes(sandbox, "export", "kept", str(file)).exit_code == 0
    whole, credit = file.read_bytes(), b'"credit_cents":0'
    for broken, told in (
        (whole[:-1_000], "body: the body is not JSON: "),
        (whole.replace(credit, b'"credit_cents":"0"', 1), "tables.inhance_accounts[0].credit_cents: not a"),
        (whole.replace(credit, b'"credit_cents":0.5', 1), "tables.inhance_accounts[0].credit_cents: not a"),
        (whole.replace(b'"inhance_accounts":', b'"no_such_table":', 1), "tables.no_such_table: no such table"),
        (whole.replace(b'"partner":"inhance_v2"', b'"partner":"acme"'), "tables.ic_billers[1].partner: not one of"),
    ):
        (tmp_path / "broken.json").write_bytes(broken)
        done = lanes(sandbox, "import", "kept", str(tmp_path / "broken.json"))
        assert done.exit_code == 2
        assert f"no export of a lane: {told}" in " ".join(done.output.split())
        assert lanes(sandbox, "export", "kept", str(after)).exit_code == 0
        assert after.read_bytes() == whole


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"lane": "x", "tables": {"lanes": [{"offset_us": NaN}]}}', 2),
        ("[" * 100_000, 2),
        ('{"lane": "\\ud800", "tables": {}}', 2),
    ],
)
def test_what_json_can_spell_and_no_lane_holds_is_refused_in_words(
    sandbox: Sandbox, tmp_path: Path, content: str, code: int
) -> None:
    file = tmp_path / "odd.json"
    file.write_text(content)
    done = lanes(sandbox, "import", "never", str(file))
    assert done.exit_code == code
    assert "Error: " in done.output
    assert "never" not in lanes(sandbox, "list").output


@pytest.mark.parametrize("arguments", [("export", "\udcff"), ("create", "\udcff"), ("fork", "default", "\udcff")])
def test_a_name_that_is_no_text_is_refused_in_words(sandbox: Sandbox, arguments: tuple[str, ...]) -> None:
    """A shell passes bytes on that are no UTF-8."""
    done = lanes(sandbox, *arguments)
    assert (done.exit_code, "what was given is no text" in done.output) == (2, True)


@pytest.mark.parametrize("verb", ["reset", "drop", "export"])
@pytest.mark.parametrize("name", ["x/../warm", "../lanes/warm", "warm/", "warm?x=1", "warm#x", "..", ""])
def test_a_name_addresses_no_other_lane(sandbox: Sandbox, verb: str, name: str) -> None:
    remote = Remote(sandbox.url)
    with suppress(RemoteRefused):
        remote.post("/_sandbox/lanes", {"name": "warm"})
    made_at = remote.get("/_sandbox/lanes/warm")["made_at"]
    done = lanes(sandbox, verb, name)
    assert done.exit_code in (1, 2)
    assert done.output.startswith(("Error: ", "Usage: "))
    assert remote.get("/_sandbox/lanes/warm")["made_at"] == made_at
    remote.close()


@pytest.mark.parametrize("account", ["10/x", "10/paperless", "a b#c?d%2F"])
def test_an_account_with_a_slash_in_its_number_is_reached_from_the_command_line(sandbox: Sandbox, account: str) -> None:
    remote = Remote(sandbox.url)
    remote.put(at("/_sandbox/inhance/accounts/{}", account), {"customer_name": "Slash"})
    bill = {"invoice_number": str(700 + len(account)), "amount": "1.00"}
    remote.post(at("/_sandbox/inhance/accounts/{}/bills", account), bill)
    assert remote.get(at("/_sandbox/inhance/accounts/{}", account))["account_number"] == account
    blocked = CliRunner().invoke(main, ["clerk", "block", account, "cards", "on", "--url", sandbox.url])
    assert blocked.exit_code == 1
    assert f"There is no customer '{account}'" in blocked.output
    remote.close()
