"""The essentials of accessible HTML, on every page, fresh and with mistakes in the form."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.simulators.ic_webservices.harness import INVOICE, Harness, freeze
from tests.simulators.ic_webservices.pages.visit import CARD, Shown, Visit

PATHS = (
    "bills",
    "open-bills",
    f"bill/{INVOICE}",
    f"pay/{INVOICE}",
    "scheduled-payments",
    "payment-options",
    "payment-options/new/card",
    "payment-options/new/bank-account",
    "autopay",
    "paperless",
    "pay-by-text",
    "no-such-page",
)
UNSEEN = ("hidden",)


@pytest.fixture
def pages(visit: Visit, harness: Harness) -> list[Shown]:
    """Every page, empty and with something on it, and each form sent with mistakes."""
    freeze(harness)
    start = visit.connect()
    shown = [visit.page(start, path) for path in PATHS]
    shown += [
        visit.submit(visit.page(start, f"pay/{INVOICE}"), "Pay"),
        visit.submit(visit.page(start, f"pay/{INVOICE}"), "Pay", Method="", When=""),
        visit.submit(visit.page(start, "payment-options/new/card"), "Save"),
        visit.submit(visit.page(start, "payment-options/new/bank-account"), "Save"),
        visit.submit(visit.page(start, "pay-by-text"), "Send me a message"),
        visit.submit(visit.page(start, "pay-by-text"), "Send me a message", Phone="4135550101"),
        visit.submit(visit.page(start, f"pay/{INVOICE}"), "Pay", **CARD, Amount="5.00"),
        visit.submit(visit.page(start, f"pay/{INVOICE}"), "Pay", **CARD, Amount="5.00", When="later", Day="2026-06-24"),
        visit.connect(token="forged"),
    ]
    shown += [visit.page(start, path) for path in PATHS]
    return shown


def test_each_control_has_one_label_and_ids_are_unique(pages: list[Shown]) -> None:
    for page in pages:
        tree = page.tree
        ids = tree.xpath("//@id")
        assert len(ids) == len({*ids}), page.url
        for control in tree.xpath("//input|//select|//textarea"):
            if control.get("type") in UNSEEN:
                continue
            wrapping = control.xpath("ancestor::label")
            pointing = tree.xpath("//label[@for=$id]", id=control.get("id") or "-")
            assert len(wrapping) + len(pointing) == 1, (page.url, control.get("name"))
            assert (wrapping or pointing)[0].text_content().strip()


def test_what_describes_a_control_is_there(pages: list[Shown]) -> None:
    seen = 0
    for page in pages:
        tree = page.tree
        for id in " ".join(tree.xpath("//@aria-describedby")).split():
            assert tree.xpath("//*[@id=$id]", id=id), (page.url, id)
            seen += 1
    assert seen > 20


def test_each_mistake_is_named_beside_its_field_and_linked_from_the_summary(pages: list[Shown]) -> None:
    wrong = [page for page in pages if page.errors]
    assert len(wrong) >= 4
    for page in wrong:
        tree = page.tree
        (summary,) = tree.xpath("//*[@id='problems']")
        assert summary.get("role") == "alert"
        assert summary.get("tabindex") == "-1"
        assert tree.xpath("string(//title)").startswith("Error: ")
        for name, reason in page.errors.items():
            (field,) = tree.xpath("//*[@id=$id]", id=name)
            assert f"{name}-error" in field.get("aria-describedby")
            assert field.get("aria-invalid") == "true"
            assert tree.xpath("string(//*[@id=$id])", id=f"{name}-error").strip() == reason


def test_headings_begin_at_one_and_leave_no_level_out(pages: list[Shown]) -> None:
    for page in pages:
        levels = [int(heading.tag[1]) for heading in page.tree.xpath("//h1|//h2|//h3|//h4")]
        assert levels.count(1) == 1, page.url
        assert all(after - before <= 1 for before, after in pairwise(levels)), page.url


def test_pages_have_a_language_a_title_a_skip_link_and_landmarks(pages: list[Shown]) -> None:
    for page in pages:
        tree = page.tree
        assert tree.get("lang") == "en"
        assert len(tree.xpath("string(//title)").strip()) > 3
        (skip,) = tree.xpath("//a[@class='skip']/@href")
        assert tree.xpath("//main[@id=$id]", id=skip[1:])
        assert len(tree.xpath("//main")) == 1
        assert tree.xpath("//meta[@name='viewport']")


def test_links_and_buttons_have_a_name_of_their_own(pages: list[Shown]) -> None:
    for page in pages:
        names: dict[str, set[str]] = {}
        for link in page.tree.xpath("//main//a[@href]"):
            name = " ".join((link.get("aria-label") or link.text_content()).split())
            assert name, page.url
            names.setdefault(name, set()).add(link.get("href"))
        assert all(len(targets) == 1 for targets in names.values()), (page.url, names)
        for button in page.tree.xpath("//button"):
            assert (button.get("aria-label") or button.text_content()).strip()


def test_radio_buttons_stand_in_a_fieldset_with_a_legend(pages: list[Shown]) -> None:
    for page in pages:
        for radio in page.tree.xpath("//input[@type='radio']"):
            legends = radio.xpath("ancestor::fieldset/legend")
            assert legends, (page.url, radio.get("name"))
            assert legends[0].text_content().strip()


def test_what_was_done_is_a_status_message(visit: Visit) -> None:
    page = visit.submit(visit.connect("2"), "Switch paperless billing on")
    (status,) = page.tree.xpath("//*[@role='status']")
    assert status.text_content().strip() == "Paperless billing is on."


def test_the_colours_have_enough_contrast(visit: Visit) -> None:
    css = visit.get(f"{visit.base}/portal/site.css")
    assert css.response.content_type.startswith("text/css")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", css.text))
    pairs = [
        *(("ink", ground) for ground in ("paper", "ground", "accent-tint", "good-tint", "bad-tint", "warn-tint")),
        *(("soft", ground) for ground in ("paper", "ground", "accent-tint")),
        *(("accent", ground) for ground in ("paper", "ground", "accent-tint")),
        *(("paper", ground) for ground in ("accent", "accent-dark")),
        ("bad", "paper"),
        ("bad", "bad-tint"),
        ("good", "good-tint"),
        ("warn", "warn-tint"),
        ("accent-dark", "accent-tint"),
    ]
    for text, ground in pairs:
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, 1.4.3)."""

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
