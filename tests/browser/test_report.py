"""The report of a verification in a browser, from `file://`: wide, on a phone, dark, on paper, by axe."""

from __future__ import annotations

import io
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from partnerlab.contracts.verification.report.html import to_html
from tests.contracts.verification.runs import HOSTILE, configuration_run, large_run, small_run

RUNS = {"graded": small_run, "configuration": configuration_run, "large": lambda: large_run(500, 1_900)}


CUT = """[...document.querySelectorAll("main p, main li, main td, main th, main h2, main h3, main b, main pre")]
    .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display != "inline")
    .filter((one) => !one.closest(".box")).map((one) => one.textContent.slice(0, 80))"""
"""What is wider than its place and not in a box that scrolls."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for name, run in RUNS.items():
        (folder / f"{name}.html").write_text(to_html(run()), "utf-8")
    return folder


@pytest.mark.parametrize("name", RUNS)
def test_the_report_has_no_violation_and_fits_every_width(page: Any, folder: Path, name: str) -> None:
    page.goto((folder / f"{name}.html").as_uri())
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    for scheme in ("light", "dark") if name == "graded" else ("light",):  # the colours are the same in all of them
        page.emulate_media(color_scheme=scheme)
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
    for width in (1100, 375, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert width != 320 or page.evaluate(CUT) == []


def test_a_failure_is_reached_by_its_link(page: Any, folder: Path) -> None:
    page.goto((folder / "graded.html").as_uri())
    page.get_by_role("link", name="inhance/wrong-key").first.click()
    assert page.url.endswith("#inhance-wrong-key")
    assert page.locator("#inhance-wrong-key").is_visible()
    assert page.locator("script").count() == 0


def test_on_paper_each_failure_has_its_call_and_what_passed_is_a_line(page: Any, folder: Path) -> None:
    page.goto((folder / "graded.html").as_uri())
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(page.pdf())).pages)
    printed = "".join(text.split())
    assert "Sent(call1,BalanceCheck)" in printed
    assert "curl-sS" in printed, "folded on the screen"
    assert "requirements (must)" in text, "a table's first columns are not broken into letters"
    assert "".join(HOSTILE.replace("\x1b", "#x1B").split())[:60] in printed
    page.goto((folder / "large.html").as_uri())
    assert len(PdfReader(io.BytesIO(page.pdf())).pages) < 8, "the calls of what passed fill no paper"
