"""`partnerlab export` against a sandbox: each payment in one file, and a run that broke off is finished by the next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from partnerlab.cli import main
from partnerlab.commands import export as export_command
from partnerlab.remote import Remote, RemoteRefused
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0)) as running:
        yield running


@pytest.fixture
def lane(sandbox: Sandbox, request: pytest.FixtureRequest) -> str:
    name = f"export-{abs(hash(request.node.name)) % 10**8}"
    sandbox.lanes.get(name)
    return name


def pay(sandbox: Sandbox, lane: str, **order: str) -> str:
    order = {"account_number": "10000101", "amount": "1.00", "tender": "credit_card", **order}
    if order["tender"] == "credit_card":
        order.setdefault("card_number", "4111111111111111")
    with closing(Remote(sandbox.url, lane)) as remote:
        return str(remote.post("/_sandbox/ic/payments", order)["payment_guid"])


def export(sandbox: Sandbox, lane: str, folder: Path, *arguments: str) -> Result:
    options = ("--biller", "inhance_v2", "--out", str(folder), "--url", sandbox.url, "--lane", lane)
    return CliRunner().invoke(main, ["export", "payments", *options, *arguments])


def guids(folder: Path) -> list[str]:
    lines = (line for path in sorted(folder.iterdir()) for line in path.read_text().splitlines())
    return [line.split(",")[4] for line in lines]


def test_the_names_of_the_files_are_printed_and_a_second_run_has_nothing(
    sandbox: Sandbox, lane: str, tmp_path: Path
) -> None:
    guid = pay(sandbox, lane)
    done = export(sandbox, lane, tmp_path)
    assert done.exit_code == 0, done.output
    assert done.output.split() == [path.name for path in tmp_path.iterdir()]
    assert guids(tmp_path) == [guid]
    again = export(sandbox, lane, tmp_path)
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "Invoice Cloud has no new payments for inhance_v2\n"


def test_a_split_export_has_a_file_for_each_kind(sandbox: Sandbox, lane: str, tmp_path: Path) -> None:
    pay(sandbox, lane)
    pay(sandbox, lane, card_number="378282246310005")
    pay(sandbox, lane, tender="ach", bank_account="000123456789")
    names = export(sandbox, lane, tmp_path, "--split").output.split()
    assert [name.rstrip(".csv0123456789") for name in sorted(names)] == [
        "ICPayments_AMEX_",
        "ICPayments_Bank_",
        "ICPayments_CC_",
    ]


def test_a_batch_is_written_again_by_its_number(sandbox: Sandbox, lane: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    pay(sandbox, lane)
    [name] = export(sandbox, lane, first).output.split()
    pay(sandbox, lane)
    export(sandbox, lane, first)
    assert export(sandbox, lane, second, "--batch", "1").output.split() == [name]
    assert (first / name).read_bytes() == (second / name).read_bytes()
    for more, words in (
        (("--batch", "1", "--split"), "--split: --batch writes a batch again as it was"),
        (("--batch", "1", "--biller", "watersmart"), "batch 1 is another biller's than watersmart's"),
    ):
        refused = export(sandbox, lane, second, *more)
        assert (refused.exit_code, words in refused.output) == (2, True), refused.output
    missing = export(sandbox, lane, second, "--batch", "99")
    assert missing.exit_code == 1
    assert "export" in missing.output


@pytest.mark.parametrize("at", ["_place", "_deliver"])
def test_a_run_that_breaks_off_is_finished_by_the_next(
    sandbox: Sandbox, lane: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    whole = export_command._place

    def place_and_break(remote: Remote, made: dict[str, object], folder: Path) -> None:
        whole(remote, made, folder)
        raise KeyboardInterrupt

    def break_off(*_: object) -> None:
        raise KeyboardInterrupt

    expected = [pay(sandbox, lane)]
    with monkeypatch.context() as patch:
        patch.setattr(export_command, at, place_and_break if at == "_place" else break_off)
        assert export(sandbox, lane, tmp_path).exit_code != 0
    expected.append(pay(sandbox, lane))
    assert export(sandbox, lane, tmp_path).exit_code == 0
    assert sorted(guids(tmp_path)) == sorted(expected)


def test_files_of_a_lane_that_was_reset_meanwhile_confirm_nothing_in_the_new_one(
    sandbox: Sandbox, lane: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first batch has the number of the one that was fetched."""
    whole = export_command._place

    def place_and_reset(remote: Remote, made: dict[str, Any], folder: Path) -> None:
        whole(remote, made, folder)
        sandbox.lanes.reset(lane)
        pay(sandbox, lane)
        with closing(Remote(sandbox.url, lane)) as other:
            again = other.post("/_sandbox/ic/exports", {"kind": "payments"})["export"]
        assert again["report_id"] == made["report_id"]

    pay(sandbox, lane)
    with monkeypatch.context() as patch:
        patch.setattr(export_command, "_place", place_and_reset)
        done = export(sandbox, lane, tmp_path)
    assert done.exit_code == 1
    assert f"lane '{lane}' was reset" in done.output
    with closing(Remote(sandbox.url, lane)) as remote:
        [waits] = remote.get("/_sandbox/ic/exports", waiting="true")["exports"]
    second = tmp_path / "second"
    second.mkdir()
    assert export(sandbox, lane, second).output.split() == [waits["files"][0]["name"]]


def test_a_batch_of_the_world_before_is_confirmed_to_nobody(sandbox: Sandbox, lane: str) -> None:
    """By whoever asks the control API by hand, without the header that the command sends."""
    with closing(Remote(sandbox.url, lane)) as remote:
        made = []
        for _ in range(2):
            pay(sandbox, lane)
            made.append(remote.post("/_sandbox/ic/exports", {"kind": "payments"})["export"])
            remote.post(f"/_sandbox/lanes/{lane}/reset")
        pay(sandbox, lane)
        waits = remote.post("/_sandbox/ic/exports", {"kind": "payments"})["export"]
        assert {one["report_id"] for one in made} == {waits["report_id"]}
        for one in made:
            whose = {"biller_guid": one["biller_guid"], "world": one["world"]}
            with pytest.raises(RemoteRefused, match="was reset"):
                remote.post(f"/_sandbox/ic/exports/{one['report_id']}/delivered", whose)
        assert remote.get("/_sandbox/ic/exports", waiting="true")["exports"] == [waits]


def test_misuse_is_told(sandbox: Sandbox, lane: str, tmp_path: Path) -> None:
    nowhere = export(sandbox, lane, tmp_path / "nowhere")
    assert nowhere.exit_code == 2
    options = ("--out", str(tmp_path), "--url", sandbox.url, "--lane", lane)
    split = CliRunner().invoke(main, ["export", "rejects", "--split", *options])
    assert split.exit_code == 2
    assert "--split is for payments" in split.output


def test_watersmarts_files_go_in_and_a_clerks_entries_go_out(sandbox: Sandbox, lane: str, tmp_path: Path) -> None:
    """`trigger upload`, `uploads`, `clerk` and `export` on WaterSmart's biller."""

    def typed(*words: str | Path, code: int = 0) -> str:
        place = ("--url", sandbox.url, "--lane", lane)
        done = CliRunner().invoke(main, [*map(str, words), *place])
        assert done.exit_code == code, done.output
        return done.stdout

    def sent(name: str, rows: str, code: int = 0) -> Any:
        (tmp_path / name).write_text(rows)
        return json.loads(typed("trigger", "upload", tmp_path / name, "--biller", "watersmart", "--json", code=code))

    first = "20000201,Brook,-4.20,2,\n99999,Nobody,1.00,2,\n"
    told = sent("monday.csv", first, code=1)
    assert (told["invoices_accepted"], told["invoices_rejected"]) == (1, 1)
    assert told["message"] == "1 adjustment was rejected, 1 loaded."
    assert "Nothing was applied" in sent("again.csv", first)["message"]
    report = json.loads(typed("uploads", "show", told["upload_id"], "--quarantine", tmp_path / "mend.csv", "--json"))
    assert [one["after"] for one in report["adjustments"]] == ["60.00"]
    assert [(one["line"], one["column_number"], one["rule"]) for one in report["problems"]] == [
        (2, 1, "unknown-account")
    ]
    assert (tmp_path / "mend.csv").read_text() == "99999,Nobody,1.00,2,\n"
    sent("tuesday.csv", "20000202,Pond,1.00,2,\n")
    waiting = sent("wednesday.csv", first)
    assert "waits for a person" in waiting["message"]
    assert json.loads(typed("uploads", "dismiss", waiting["upload_id"], "--json"))["state"] == "dismissed"
    waiting = sent("thursday.csv", first)
    assert json.loads(typed("uploads", "accept", waiting["upload_id"], "--json"))["accepted"] == 1
    states = [one["state"] for one in json.loads(typed("uploads", "list", "--biller", "watersmart", "--json"))]
    assert states == ["loaded", "repeated", "loaded", "dismissed", "loaded"]
    shown = typed("uploads", "list", "--biller", "watersmart").splitlines()
    assert [line.split()[2] for line in shown] == states
    assert "1 accepted, 1 rejected  monday.csv  1 adjustment was rejected, 1 loaded." in shown[0]

    water = ("--biller", "watersmart")
    entry = ("20000201", "5.80", "--check", "1042", "--location", "Town hall")
    assert json.loads(typed("clerk", "payment", *entry, *water, "--json"))["offline"] is True
    typed("clerk", "payment", "20000201", "1.00", "--cash", "--check", "1", *water, code=2)
    assert json.loads(typed("clerk", "block", "20000201", "bank", "on", *water, "--json"))["block_payments_eft"] is True
    assert json.loads(typed("clerk", "enrol", "20000201", "paperless", "on", *water, "--json"))["event_id"]
    (name,) = typed("export", "payments", *water, "--out", tmp_path).split()
    (row,) = (tmp_path / name).read_text().splitlines()
    assert row.split(",")[14:] == ["True", "Town hall", "1", "1042"]
    guid = row.split(",")[4]
    assert (
        "tells how a payment is voided"
        in CliRunner().invoke(main, ["trigger", "void", guid, "--url", sandbox.url, "--lane", lane]).output
    )
