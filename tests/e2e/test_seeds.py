"""Every account of the lists, as the first screen prints them, is on both sides, and can be paid where it is due."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from partnerlab.both_sides import InHanceSides
from partnerlab.commands.sandbox import called_by, screen
from partnerlab.contracts import seeds
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators import ic_webservices
from partnerlab.systems import every

INVOICE_CLOUD = ic_webservices.Settings()
# biller, account number, what Invoice Cloud asks for in cents
SEEDED = [
    *((INVOICE_CLOUD.utility_guid, seed.account, seed.balance_cents) for seed in seeds.utility_accounts()),
    *((INVOICE_CLOUD.utility_v1_guid, seed.account, seed.balance_cents) for seed in seeds.accounts("utility_v1")),
    *((INVOICE_CLOUD.insurance_guid, seed.policy_number, seed.billed_cents) for seed in seeds.policies()),
    *(
        (INVOICE_CLOUD.watersmart_guid, seed.account, seed.balance_cents)
        for seed in seeds.accounts("watersmart")
        if not seed.new
    ),
]


def test_the_first_screen_prints_the_whole_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = screen("http://127.0.0.1:8700", every([INVOICE_CLOUD]))
    lists = (seeds.utility_accounts(), seeds.policies(), seeds.quotes(), seeds.accounts("watersmart"))
    for seed in [seed for each in lists for seed in each]:
        number = getattr(seed, "account", "") or getattr(seed, "number", "")
        assert f"  {number}  " in shown
        assert seed.purpose in shown


def test_a_narrow_terminal_has_the_same_and_its_lines_end_where_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = every([INVOICE_CLOUD])
    monkeypatch.setenv("COLUMNS", "200")
    wide = screen("http://127.0.0.1:8700", settings)
    monkeypatch.setenv("COLUMNS", "80")
    narrow = screen("http://127.0.0.1:8700", settings)
    assert narrow.split() == wide.split()
    # What is pasted stays in one piece.
    assert [
        line for line in narrow.splitlines() if len(line) > 80 and "http" not in line and "X-Sandbox" not in line
    ] == []
    assert "  20000202                   past due, and nobody is registered\n" in narrow


def test_the_commands_to_paste_are_by_the_name_that_the_shell_finds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / ".venv" / "bin" / "partnerlab"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin")
    assert called_by(str(program)) == ".venv/bin/partnerlab"
    assert called_by("/usr/lib/python3/pytest") == "partnerlab"
    monkeypatch.setenv("PATH", str(program.parent))
    assert called_by(str(program)) == "partnerlab"
    settings = every([INVOICE_CLOUD])
    shown = screen("http://127.0.0.1:8700", settings, command=".venv/bin/partnerlab")
    assert "  .venv/bin/partnerlab trigger pay 10000101 40.00\n" in shown
    assert "PARTNERLAB_TOKEN" not in shown
    shared = screen("http://sandbox.lan:8700", settings, shared=True, token=True)
    assert "the documented ones are refused" in shared
    assert "PARTNERLAB_TOKEN" in shared


@pytest.mark.parametrize(("biller", "account", "due_cents"), SEEDED, ids=lambda value: str(value))
def test_a_seeded_account_is_asked_for_what_the_partner_says_and_paid(
    sandbox: Sandbox, lane: str, sides: InHanceSides, biller: str, account: str, due_cents: int
) -> None:
    with httpx.Client(base_url=f"{sandbox.url}/lane/{lane}/_sandbox/ic") as control:
        listed = control.get("/invoices", params={"biller_guid": biller, "account_number": account}).json()["invoices"]
        open_now = [invoice for invoice in listed if invoice["status"] == "open"]
        asked = sum(Decimal(invoice["balance_due"]) for invoice in open_now)
        assert asked == max(Decimal(due_cents).scaleb(-2), Decimal(0))
        if due_cents <= 0:
            return
        (invoice,) = open_now
        body = {
            "biller_guid": biller,
            "account_number": account,
            "amount": str(asked),
            "tender": "credit_card",
            "card_number": "4111111111111111",
        }
        opened = control.post(f"/invoices/{invoice['invoice_number']}/open", json={"biller_guid": biller}).json()
        assert opened["invoice"]["balance_due"] == str(asked), "the partner's answer changes nothing"
        paid = control.post("/payments", json=body)
        assert (paid.status_code, paid.json()["state"]) == (201, "accepted")
    if biller in (INVOICE_CLOUD.watersmart_guid, INVOICE_CLOUD.utility_v1_guid):
        return  # their payments are fetched
    sides.settle()
    delivered = sandbox.pump.deliveries(lane=lane, account_number=account, kind="payment")
    assert [row.state for row in delivered] == ["delivered"]


def test_a_bill_of_watersmarts_that_is_dated_before_the_seeded_one_is_asked_for_beside_it() -> None:
    """Its bills carry no balance forward, the seeded ones neither."""
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox, httpx.Client(base_url=sandbox.url) as client:
        account, biller = "20000201", INVOICE_CLOUD.watersmart_guid
        bill = {"amount": "0.99", "invoiced_on": "2026-01-05"}
        assert client.post(f"/_sandbox/watersmart/customers/{account}/bills", json=bill).status_code == 201
        assert client.post("/_sandbox/jobs/watersmart/invoices/run").status_code == 200
        where = {"biller_guid": biller, "account_number": account}
        found = client.get("/_sandbox/ic/invoices", params=where).json()["invoices"]
    assert {one["status"] for one in found} == {"open"}
    assert sorted(one["balance_due"] for one in found) == ["0.99", "64.20"]
