"""
The console in a browser: live, by keyboard alone, on a phone, in the dark, by axe.

With `PARTNERLAB_SCREENSHOTS=docs/images` the pages that are checked are kept there as pictures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.odd_names import ODD_NAMES
from tests.partnerlab.console.conftest import Reader
from tests.partnerlab.console.test_odd_names import rename
from tests.partnerlab.console.test_pages import UTILITY, check_balance

SCREENSHOTS = os.environ.get("PARTNERLAB_SCREENSHOTS", "")
SIZES = ((1280, 860), (375, 812))
SCHEMES = ("light", "dark")
CUT = """[...document.querySelectorAll(".scroll")].filter((box) => box.scrollWidth > box.clientWidth)
    .map((box) => `${box.getAttribute("aria-label")} is cut by ${box.scrollWidth - box.clientWidth}`)"""
NARROW = ("start", "traffic", "exchange", "story", "clock")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """A sandbox in which every page has something to show."""
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        made = Reader(sandbox)
        made.post("/console/try/pay")
        made.settle()
        made.post("/console/try/lost")
        made.settle()
        made.post("/console/try/days")
        made.post("/console/lanes", name="colleague", seed="7")
        made.post("/console/faults", name="commit-then-timeout", operation="SetAutopay", count="2")
        yield made


def pages(reader: Reader) -> dict[str, str]:
    """Each kind of page by name, with an address at which it shows something."""
    stories = reader.get("/console/payments").links("/console/payments/")
    return {
        "start": "/",
        "traffic": "/console/traffic",
        "exchange": f"/console/traffic/{check_balance(reader, last='soon')}",
        "payments": "/console/payments",
        "story": stories[0],
        "books": f"/console/books?biller={UTILITY}",
        "account": f"/console/books/{UTILITY}/10000101",
        "audit": "/console/audit?every=1",
        "deliveries": "/console/deliveries",
        "delivery": reader.get("/console/deliveries?state=unknown").links("/console/deliveries/")[0],
        "files": "/console/files",
        "clock": "/console/clock",
        "mailbox": "/console/mailbox",
        "catalogue": "/console/catalogue?kind=faults",
        "verify": "/console/verify?role=inhance-v2",
        "lanes": "/console/lanes",
        "problem": "/console/no-such-page",
        "sign-in": "/console/sign-in",
    }


def test_odd_names_fit_the_narrowest_page_and_turn_nothing_around_them(page: Any) -> None:
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        reader = Reader(sandbox)
        rename(reader, ODD_NAMES["endless"])
        reader.post("/console/try/pay")
        reader.settle()
        for number, kind in (("77000001", "endless"), ("77000002", "right-to-left"), ("77000003", "script")):
            reader.put(f"/_sandbox/inhance/accounts/{number}", {"customer_name": ODD_NAMES[kind]})
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 640})
            for path in (
                f"books?biller={UTILITY}",
                f"books/{UTILITY}/10000101",
                f"books/{UTILITY}/77000001",
                f"books/{UTILITY}/77000002",
                "mailbox",
            ):
                page.goto(f"{sandbox.url}/console/{path}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                beyond = page.evaluate(
                    "[...document.querySelectorAll('main bdi, main pre')].filter((one) =>"
                    " one.getBoundingClientRect().right > innerWidth && !one.closest('.scroll'))"
                    ".map((one) => one.textContent.slice(0, 40))"
                )
                assert beyond == [], (path, width)
                columns = page.evaluate("[...document.querySelectorAll('main td')].map((one) => one.clientWidth)")
                assert max(columns, default=0) < 900, (path, width, "a name makes its column as wide as itself")
        page.goto(f"{sandbox.url}/console/books/{UTILITY}/77000002")
        name = page.locator("bdi", has_text=ODD_NAMES["right-to-left"]).first
        assert name.evaluate("one => getComputedStyle(one).unicodeBidi") == "isolate"


def test_no_page_has_a_violation_and_each_fits_every_width(page: Any, reader: Reader) -> None:
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    wrong = []
    site = reader.sandbox.site
    open_to_all = site.guard
    assert open_to_all is not None
    for name, path in pages(reader).items():
        site.guard = replace(open_to_all, token="a-token-of-the-team") if name == "sign-in" else open_to_all
        page.goto(f"{reader.sandbox.url}{path}")
        page.evaluate(axe)
        page.set_viewport_size({"width": 320, "height": 640})  # 1280 at 400 %, WCAG 1.4.10
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            wrong.append(f"{name} is wider than 320")
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    wrong.append(f"{name} is wider than {width}")
                wrong += [f"{name} at {width}: {cut}" for cut in page.evaluate(CUT)]
                # Colours are the same at every width, and narrow pages differ in few kinds of rows.
                if (width, scheme) == (1280, "dark") or ((width, scheme) == (375, "light") and name in NARROW):
                    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
                    wrong += [f"{name} {width} {scheme}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
                keep(page, f"console-{name}-{width}-{scheme}")
    site.guard = open_to_all
    assert not wrong


def test_in_a_story_no_word_stands_on_another_at_320_pixels(page: Any, reader: Reader) -> None:
    page.set_viewport_size({"width": 320, "height": 640})  # 1280 at 400 %, WCAG 1.4.10
    over = """[...document.querySelectorAll('.story li')].filter((step) => {
        const [time, side] = [step.querySelector('time'), step.querySelector('.side-name')].map((one) => {
            const range = document.createRange();
            range.selectNodeContents(one);
            return range.getBoundingClientRect();
        });
        return side.top < time.bottom && side.left < time.right;
    }).map((step) => step.textContent)"""
    for name in ("story", "delivery"):
        page.goto(f"{reader.sandbox.url}{pages(reader)[name]}")
        assert page.evaluate(over) == [], name


def test_on_a_phone_no_page_jumps_when_its_script_comes(page: Any, reader: Reader) -> None:
    page.set_viewport_size({"width": 375, "height": 812})
    page.add_init_script(
        "moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) => { moved += one.value; }))"
        ".observe({type: 'layout-shift', buffered: true})"
    )

    def later(route: Any) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route("**/console/static/console.js", later)
    for path in (f"books?biller={UTILITY}", "catalogue?kind=faults", "clock"):
        page.goto(f"{reader.sandbox.url}/console/{path}")
        page.wait_for_timeout(300)
        assert page.evaluate("moved") < 0.1, path  # what browsers' makers call good


def test_without_scripts_nothing_is_promised_that_only_a_script_does(browser: Any, reader: Reader) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    for path in ("/", "/console/traffic"):
        plain.goto(f"{reader.sandbox.url}{path}")
        assert plain.locator("noscript p").is_visible()
        for words in ("Keys", "Copy"):
            assert not plain.get_by_role("button", name=words).first.is_visible()
        assert not plain.get_by_text("live", exact=True).is_visible()
    plain.goto(f"{reader.sandbox.url}/lane/colleague/console/")
    plain.get_by_role("button", name="Pay 40.00 USD").click()
    assert plain.get_by_text("Paid: Approved.").is_visible()
    context.close()


def test_nothing_of_a_page_is_cut_off_on_paper(page: Any, reader: Reader) -> None:
    page.set_viewport_size({"width": 680, "height": 960})  # A4 and letter at 96 dots an inch, less the margins
    page.emulate_media(media="print", color_scheme="light")
    outside = """[...document.querySelectorAll("main .scroll :is(th, td), main .scroll .badge")].filter((cell) =>
        cell.checkVisibility() && cell.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map((cell) => cell.textContent.trim().slice(0, 40))"""
    wrong = []
    for name, path in pages(reader).items():
        page.goto(f"{reader.sandbox.url}{path}")
        wrong += [f"{name}: {one}" for one in page.evaluate(CUT) + page.evaluate(outside)]
        hidden = (
            "[...document.querySelectorAll('.scroll')].every((box) => getComputedStyle(box).overflowX == 'visible')"
        )
        if not page.evaluate(hidden):
            wrong.append(f"{name}: what is wider than the paper is cut")
    assert not wrong


def keep(page: Any, name: str) -> None:
    """A picture of the page, in few colours, where pictures are asked for."""
    if SCREENSHOTS:
        from PIL import Image

        with Image.open(BytesIO(page.screenshot())) as picture:
            picture.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
                Path(SCREENSHOTS) / f"{name}.png", optimize=True
            )


def test_what_happens_appears_in_every_tab_and_is_sent_again_by_keyboard(page: Any, reader: Reader) -> None:
    url, check = reader.sandbox.url, check_balance
    page.goto(f"{url}/console/traffic?operation=BalanceCheck")
    other = page.context.new_page()
    other.goto(f"{url}/console/traffic?operation=BalanceCheck")
    page.bring_to_front()
    # The first tab listens; both show what comes, once each.
    page.wait_for_function("document.querySelector('#live-word').textContent === 'live'")
    with page.expect_response(lambda answer: "traffic/rows" in answer.url):
        id = listened_to(page, reader)
    page.wait_for_selector(f"li:first-child a[href='/console/traffic/{id}']")
    assert page.locator(f"a[href='/console/traffic/{id}']").count() == 1
    other.bring_to_front()
    other.wait_for_selector(f"li:first-child a[href='/console/traffic/{id}']")
    other.close()
    # j chooses, Enter opens, r sends again, and the result opens.
    page.bring_to_front()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/console/traffic/{id}")
    page.keyboard.press("r")
    page.wait_for_selector("text=Sent again")
    page.wait_for_load_state()  # keys work once the page's script has run
    assert f"/{id}" not in page.url
    # e edits; what is typed there is text.
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.id") == "body"
    page.keyboard.type("jrk")
    assert "jrk" in page.locator("#body").input_value()
    page.keyboard.press("Escape")
    # ? lists the keys, and there they are switched off.
    page.keyboard.press("?")
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    here = page.url
    page.keyboard.press("r")
    page.goto(f"{url}/console/traffic")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.tagName") == "BODY", here
    check(reader)


def listened_to(page: Any, reader: Reader) -> str:
    """The id of a call made when somebody listens: until then a call is made each time somebody asks."""
    page.wait_for_function("() => navigator.locks.query().then((found) => found.held.length > 0)")
    return check_balance(reader)


def test_what_cannot_be_taken_back_is_asked_first(page: Any, reader: Reader) -> None:
    reader.post("/console/lanes", name="short-lived")
    page.goto(f"{reader.sandbox.url}/console/lanes")
    page.evaluate("window.confirm = (question) => { window.asked = question; return false }")
    page.get_by_role("button", name="Drop short-lived").click()
    assert page.evaluate("window.asked") == "Remove short-lived and everything in it?"
    assert page.get_by_role("button", name="Drop short-lived").is_visible()
    page.evaluate("window.confirm = () => true")
    page.get_by_role("button", name="Drop short-lived").click()
    page.wait_for_selector("text=Lane short-lived and everything in it is gone.")
    menu = page.locator("details.menu")
    menu.locator("summary").click()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None


def test_what_happened_before_a_page_listened_is_shown(page: Any, reader: Reader) -> None:
    """A delivery takes some hundredths of a second: as long as the page takes to listen."""
    held: list[Any] = []
    reader.post("/console/lanes", name="listening")
    page.route("**/_sandbox/events", lambda route: held.append(route))
    page.goto(f"{reader.sandbox.url}/lane/listening/")
    page.get_by_role("button", name="Pay 40.00 USD").click()
    with page.expect_response("**/console/payments/**"):  # it draws itself again once, and hears nothing yet
        page.wait_for_selector("text=Paid: Approved.")
    assert held
    assert reader.sandbox.settle("listening")
    held[-1].continue_()
    page.wait_for_selector("text=Posted once", timeout=10_000)


def test_a_search_narrows_the_list_as_it_is_typed_and_a_payment_unfolds_as_it_is_delivered(
    page: Any, reader: Reader
) -> None:
    url = reader.sandbox.url
    page.goto(f"{url}/console/traffic")
    page.keyboard.press("/")
    page.get_by_label("Operation").press_sequentially("MakePaymentExtended")
    page.wait_for_url("**operation=MakePaymentExtended**")
    page.wait_for_function(
        "[...document.querySelectorAll('.operation')].every((one) => one.textContent.startsWith('Make'))"
    )
    page.goto(f"{url}/")
    page.get_by_role("button", name="Pay 40.00 USD").click()
    page.wait_for_selector("text=Paid: Approved.")
    reader.settle()
    page.wait_for_selector("text=Posted once")
    page.get_by_role("link", name="Attempt 1").click()
    page.wait_for_url("**/console/deliveries/**")


def test_an_export_is_taken_back_and_one_that_is_too_large_is_not_sent(
    page: Any, reader: Reader, tmp_path: Path
) -> None:
    page.goto(f"{reader.sandbox.url}/console/lanes")
    with page.expect_download() as exported:
        page.get_by_role("link", name="Export colleague").click()
    file = tmp_path / "colleague.json"
    exported.value.save_as(file)
    page.get_by_label("Import as lane").fill("taken-back")
    choose = page.get_by_label("Export file")
    choose.evaluate("input => { input.dataset.most = '20000' }")
    choose.set_input_files(file)
    assert "the sandbox takes up to 0 MB" in choose.evaluate("input => input.validationMessage")
    page.get_by_role("button", name="Import it").click()
    assert "taken-back" not in [lane["name"] for lane in reader.api("/_sandbox/lanes")["lanes"]]
    page.reload()
    page.get_by_label("Import as lane").fill("taken-back")
    page.get_by_label("Export file").set_input_files(file)
    page.get_by_role("button", name="Import it").click()
    page.get_by_text("This is taken-back, as colleague.json holds it.").wait_for()
    assert page.url.startswith(f"{reader.sandbox.url}/lane/taken-back/console/lanes")
    reader.post("/console/lanes/taken-back/drop")


def test_a_list_that_is_drawn_again_keeps_the_focus_and_the_chosen_row(page: Any, reader: Reader) -> None:
    reader.post("/console/lanes", name="drawn-again")  # where the bill is not paid yet
    reader.post("/lane/drawn-again/console/try/pay")
    page.goto(f"{reader.sandbox.url}/lane/drawn-again/console/payments")
    page.keyboard.press("j")
    chosen = page.locator("[data-row] a").nth(0).get_attribute("href")
    focused = "href => document.activeElement.getAttribute('href') === href"
    page.wait_for_function(focused, arg=chosen)
    reader.post("/lane/drawn-again/console/try/pay")
    assert reader.sandbox.settle("drawn-again")
    page.wait_for_selector(f"[data-row].chosen:nth-child(2) a[href='{chosen}']")
    page.wait_for_function(focused, arg=chosen)
    page.keyboard.press("k")
    page.wait_for_function(focused, arg=page.locator("[data-row] a").nth(0).get_attribute("href"))
    reader.post("/console/lanes/drawn-again/drop")


def test_a_payment_that_no_exchange_tells_of_appears_and_what_is_selected_stays(page: Any, reader: Reader) -> None:
    (biller,) = [one for one in reader.api("/_sandbox/ic/billers")["billers"] if one["partner"] == "inhance_v1"]
    reader.post("/console/lanes", name="fetched-later")
    page.goto(f"{reader.sandbox.url}/lane/fetched-later/console/payments")
    page.get_by_text("Nobody has paid yet.").wait_for()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.empty'))")
    with page.expect_response("**/console/payments"):  # it is looked for, and nothing changed
        pass
    page.wait_for_timeout(200)
    assert "Nobody has paid yet." in page.evaluate("getSelection().toString()")
    order = {
        "biller_guid": biller["guid"],
        "account_number": "30000301",
        "amount": "10.00",
        "tender": "credit_card",
        "card_number": "4111111111111111",
    }
    reader.send("/lane/fetched-later/_sandbox/ic/payments", order)
    page.wait_for_selector("[data-row]", timeout=15_000)
    reader.post("/console/lanes/fetched-later/drop")


def test_the_lane_menu_gives_the_focus_back_and_closes_where_one_tabs_on(page: Any, reader: Reader) -> None:
    page.goto(f"{reader.sandbox.url}/console/payments")
    menu = page.locator("details.menu")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.localName") == "summary"
    page.keyboard.press("Enter")
    assert menu.get_attribute("open") is not None
    for _ in range(menu.locator("a").count() + 1):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Keys"
    assert menu.get_attribute("open") is None
