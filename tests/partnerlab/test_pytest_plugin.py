"""The plugin as pytest loads it: in runs of its own, with warnings as errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PLUGIN = "partnerlab.pytest_plugin"

TESTS = """
import sys
import pytest

@pytest.fixture
def clock():
    return "the project's own"

def test_a_fixture_of_the_projects_own_wins_and_the_others_go_on(clock, partnerlab_clock, faults, lane):
    assert clock == "the project's own"
    assert partnerlab_clock.now().tzinfo is not None
    assert faults.all() == []

@pytest.mark.parametrize("amount", ["1.00", "2.00", "3.00", "4.00"])
def test_each_has_a_world_of_its_own(amount, partner, invoice_cloud, settled, journal):
    assert partner.payments("10000101") == []
    invoice_cloud.pay("10000101", amount)
    settled()
    assert [row["amount"] for row in partner.payments("10000101")] == [amount]
    journal.assert_valid()

@pytest.mark.partnerlab(partner="tccs")
def test_a_mark_says_whose_books_they_are(partner, invoice_cloud):
    assert partner.consumer_guid == invoice_cloud.biller["settings"]["12"]

def test_the_engine_of_production_is_not_imported(settled, sandbox):
    settled()
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert not {"dbos", "spyne", "hypothesis"} & set(sys.modules)
"""


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """pytest on what stands in a folder, by its plugin's module, as a checkout may not be installed anew."""
    command = [sys.executable, "-m", "pytest", "-W", "error", "-q", "-p", "no:cacheprovider", "-p", PLUGIN, *options]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, encoding="utf-8", check=False, timeout=240
    )


def test_tests_of_two_workers_have_worlds_of_their_own_and_warn_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS, "utf-8")
    done = run(tmp_path, "-p", "xdist", "-n", "2", "--strict-markers")
    assert (done.returncode, done.stdout.rstrip().splitlines()[-1][:8]) == (0, "7 passed"), done.stdout + done.stderr


REFUSED = """
def test_it(invoice_cloud):
    invoice_cloud.pay("1000010199", "40.00")
"""


def test_a_refusal_is_shown_at_the_tests_own_line(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(REFUSED, "utf-8")
    done = run(tmp_path)
    assert "There is no customer '1000010199'." in done.stdout
    assert re.findall(r"^(\S+\.py):\d+: ", done.stdout, re.MULTILINE) == ["test_it.py"], "no line of ours"


MISSPELLED = """
import pytest

def test_1(faults):
    faults.add("comit-then-drop")

def test_2(journal):
    journal.entries(door="inhanse")

def test_3(journal):
    assert not journal.entries(operation="BalanceChek")

@pytest.mark.partnerlab(partnr="tccs")
def test_4(partner):
    pass
"""


def test_a_misspelled_name_is_told_which_was_meant(tmp_path: Path) -> None:
    """A door or an operation that there is none of found nothing, so that a test of what was not said passed."""
    (tmp_path / "test_it.py").write_text(MISSPELLED, "utf-8")
    done = run(tmp_path)
    assert done.stdout.rstrip().splitlines()[-1].startswith(("3 failed, 1 error", "4 failed")), done.stdout
    for words in ("commit-then-drop?", "inhance?", "BalanceCheck?", 'mark.partnerlab(partner="tccs")'):
        assert words in done.stdout


def test_a_sandbox_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(partnerlab_lane):\n    pass\n", "utf-8")
    done = run(tmp_path, "--partnerlab-url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "http://127.0.0.1:9" in done.stdout
    assert "Is the server running?" in done.stdout


def test_what_is_not_installed_is_named_with_the_extra_that_brings_it(tmp_path: Path) -> None:
    absent = "import sys\nsys.modules['httptools'] = None\n"
    (tmp_path / "test_it.py").write_text(absent + "def test_it(lane):\n    pass\n", "utf-8")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "needs `pip install 'partnerlab[sandbox]'`" in done.stdout
    assert "Traceback" not in done.stdout


def test_loading_it_imports_pytest_and_the_standard_library_only() -> None:
    code = (
        "import sys, pytest\nbefore = set(sys.modules)\n"
        f"import {PLUGIN}\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))\n"
        "print(sorted(name for name in sys.modules if name.startswith('partnerlab')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["['partnerlab']", f"['partnerlab', '{PLUGIN}']"]


def test_pytest_finds_it_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"partnerlab": PLUGIN}


def test_every_fixture_has_a_long_name_and_asks_for_long_names_only() -> None:
    text = (ROOT / "partnerlab" / "pytest_plugin.py").read_text("utf-8")
    asked = dict(re.findall(r"^def (\w+)\(([^)]*)\)", text.split("def pytest_configure")[1], re.MULTILINE))
    long = {name for name in asked if name.startswith("partnerlab_")}
    short = set(asked) - long - {"_partner_of"}
    assert {f"partnerlab_{name}" for name in short} == long
    for name, arguments in asked.items():
        needed = set(re.findall(r"(\w+):", arguments)) - {"request", "pytestconfig", "config"}
        assert needed <= long, name


@pytest.mark.parametrize("name", ["github-workflows", "gitlab-ci"])
def test_the_jobs_on_its_page_are_what_their_service_takes(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "pytest.md").read_text("utf-8")
    github, gitlab = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    job = tmp_path / "job.yml"
    job.write_text(github if name == "github-workflows" else gitlab, "utf-8")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}", str(job)]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    job.write_text(job.read_text("utf-8").replace("timeout", "time-out"), "utf-8")
    assert subprocess.run(check, capture_output=True, check=False, timeout=60).returncode == 1
