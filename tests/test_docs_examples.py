"""The Python examples of the documentation do what the text beside them says, against a sandbox."""

from __future__ import annotations

import io
import queue
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from partnerlab.client.jobs.ways import FolderWay
from partnerlab.generators.bif import generate_bif
from partnerlab.journey.cloud_payments import pay_by_card
from partnerlab.journey.visitor import Visitor
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from partnerlab.simulators.inhance_soap import InHance
from partnerlab.simulators.watersmart import WaterSmart
from partnerlab.systems.inhance_books import InHanceBooks
from partnerlab.systems.watersmart_books import WaterSmartBooks
from tests.partnerlab.test_pytest_plugin import run as run_pytest
from tests.post_box import PostBox

ROOT = Path(__file__).parent.parent
PRINTED = "http://127.0.0.1:8700"
POST_BACK = "http://127.0.0.1:9000/post"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples(page: str) -> list[str]:
    return EXAMPLE.findall((ROOT / page).read_text("utf-8"))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(port=0)) as running:
        yield running


def run(sandbox: Sandbox, code: str, names: dict[str, Any] | None = None, **addresses: str) -> dict[str, Any]:
    """
    The names that an example leaves, run as printed but for the addresses; `printed` is what it wrote.

    *names* are those of the examples before it.
    """
    names = {} if names is None else names
    for printed, real in {PRINTED: sandbox.url, **addresses}.items():
        code = code.replace(printed, real)
    # Not pytest's own capture: the data pump's engine would keep its stream beyond the test.
    with redirect_stdout(io.StringIO()) as stdout:
        exec(compile(code, "example", "exec"), names)
    return {**names, "printed": stdout.getvalue()}


def test_every_example_is_run_by_one_of_these_tests() -> None:
    pages = (
        "README.md",
        "docs/client.md",
        "docs/tccs.md",
        "docs/sandbox.md",
        "docs/files.md",
        "docs/pytest.md",
        "docs/jobs.md",
        "docs/start/laptop.md",
        "docs/start/ci.md",
        "docs/audit.md",
    )
    assert [len(examples(page)) for page in pages] == [1, 4, 1, 1, 1, 2, 2, 1, 1, 1]
    compile(examples("docs/pytest.md")[1], "recipe", "exec")  # needs an engine for containers
    others = set(ROOT.glob("docs/**/*.md")) - {ROOT / page for page in pages}
    assert [path.name for path in others if EXAMPLE.search(path.read_text("utf-8"))] == []


def test_the_readme_posts_a_payment(sandbox: Sandbox) -> None:
    assert "125.50" in run(sandbox, examples("docs/start/laptop.md")[0])["printed"]
    assert "125.50" in run(sandbox, examples("README.md")[0])["printed"]
    update = run(sandbox, examples("docs/client.md")[0])["update"]
    assert (update.problem, update.balance_due) == (None, Decimal("85.50"))


def test_the_balance_of_an_opened_bill_is_retrieved(sandbox: Sandbox) -> None:
    update = run(sandbox, examples("docs/client.md")[0])["update"]
    assert update.problem is None
    assert (update.balance_due, update.total_amount_due) == (Decimal("125.50"), Decimal("182.75"))
    assert update.email_address == "willows@example.com"


def test_a_payment_on_the_page_is_posted_back_and_credited(sandbox: Sandbox) -> None:
    stories, postback = examples("docs/client.md")[1:3]
    with PostBox() as box, Visitor() as visitor:
        names = run(sandbox, stories, **{POST_BACK: box.url})
        assert "1. RetrieveUsers: done: 10000101 registered" in names["printed"]
        assert names["access"].session.token not in names["printed"]
        assert names["jump"].form.fields["RedirectID"] == "3"
        assert 'target="name-of-the-iframe"' in names["page"]
        names = run(sandbox, postback, names)
        assert pay_by_card(visitor, names["made"].url, name="Willows Laundry").status == 200
        credit = names["on_postback"](*box.take())
    assert (credit.invoice_number, credit.payment_amount) == ("500001", Decimal("125.50"))
    with pytest.raises(queue.Empty):
        box.take(timeout_s=0)


def test_the_jobs_of_ones_own_books_run(sandbox: Sandbox, tmp_path: Path) -> None:
    lane = sandbox.lanes.get("default")
    (biller,) = [one for one in sandbox.ic.world.services.records.billers(lane) if one.partner == "inhance_v1"]
    inhance, watersmart = (sandbox.simulators[part] for part in ("inhance", "watersmart"))
    assert isinstance(inhance, InHance)
    assert isinstance(watersmart, WaterSmart)
    names = run(sandbox, examples("docs/jobs.md")[0], {"books": InHanceBooks(inhance.world, lane, biller)})
    water = WaterSmartBooks(watersmart.world, lane)
    names["water_books"] = water
    run(sandbox, examples("docs/jobs.md")[1], names)
    names["way"] = FolderWay(tmp_path)
    for part in ("inbox", "outbox"):
        (tmp_path / part).mkdir()
    said = {job.name: job.run(datetime.now(UTC)) for job in names["timed"]}
    names["invoice_cloud"].close()
    assert said.pop("inhance_v1-all-balances") == "4 balances sent"
    assert said.pop("inhance_v1-balances") == "nothing changed"
    assert said.pop("watersmart-collect") == "Invoice Cloud has nothing new"
    assert "1 row: put into" in said.pop("watersmart-invoices")
    assert said.pop("watersmart-balances") == "no balance changed"
    assert set(said.values()) == {"nothing new"}


def test_a_lane_nobody_paid_in_is_audited_without_a_finding(sandbox: Sandbox) -> None:
    names = run(sandbox, examples("docs/audit.md")[0].replace("my-lane", "audited"))
    assert names["books"]


def test_a_declared_operation_is_a_request_to_send_oneself() -> None:
    with redirect_stdout(io.StringIO()) as stdout:
        exec(compile(examples("docs/client.md")[3], "example", "exec"), {})
    assert stdout.getvalue() == '"http://tempuri.org/SetEmail"\n'


def test_the_insurers_example_pays_once_and_saves_the_bill(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    balance, first, second, saved = run(sandbox, examples("docs/tccs.md")[0])["printed"].splitlines()
    assert "120.00" in balance
    assert (first, second) == ("Payment posted.", "Payment had been posted already.")
    assert saved == f"{(tmp_path / 'bill.pdf').stat().st_size} bytes"
    assert (tmp_path / "bill.pdf").read_bytes().startswith(b"%PDF-")


def test_a_sandbox_stands_in_a_test_as_the_page_says() -> None:
    names: dict[str, Any] = {}
    exec(compile(examples("docs/sandbox.md")[0], "example", "exec"), names)
    assert names["sandbox"].url.startswith("http://127.0.0.1:")


def test_the_tests_on_the_pages_pass_as_they_are_printed(tmp_path: Path) -> None:
    for page in ("docs/pytest.md", "docs/start/ci.md"):
        (tmp_path / f"test_{Path(page).stem}.py").write_text(examples(page)[0], "utf-8")
    assert len(examples("docs/pytest.md")[0].splitlines()) <= 18
    done = run_pytest(tmp_path)
    assert (done.returncode, done.stdout.rstrip().splitlines()[-1][:8]) == (0, "2 passed"), done.stdout + done.stderr


def test_a_file_is_read_group_by_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Path("bills.bif").open("wb") as out:
        generate_bif(out, 10, as_of=date(2026, 6, 16), seed=7)
    names: dict[str, Any] = {}
    exec(compile(examples("docs/files.md")[0], "example", "exec"), names)
    assert isinstance(names["group"].invoice.TotalAmountDue, Decimal)
    assert names["group"].details
