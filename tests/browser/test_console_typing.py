"""Who types, selects or chooses on a page of the console loses nothing while traffic comes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.partnerlab.console.conftest import Reader
from tests.partnerlab.console.test_pages import check_balance

WORD = "MakePaymentExtended"
ALL_MATCH = (
    "[...document.querySelectorAll('.operation')].every((one) => one.textContent.startsWith('Make'))"
    " && document.querySelector('.operation') !== null"
)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """A sandbox in whose default lane a payment was made and a balance asked for."""
    with Sandbox(SandboxSettings(port=0), in_process=True) as sandbox:
        made = Reader(sandbox)
        made.post("/console/try/pay")
        made.settle()
        check_balance(made)
        yield made


def hold(page: Any, address: str) -> list[Any]:
    """The requests to *address*, which wait from now on."""
    held: list[Any] = []
    page.route(address, lambda route: held.append(route))
    return held


def wait_for(page: Any, held: list[Any], count: int) -> None:
    for _ in range(1_200):
        if len(held) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{len(held)} of {count} were asked for")


def let_go(page: Any, address: str, held: list[Any]) -> None:
    for one in held:
        one.continue_()
    page.unroute(address)


def test_what_is_typed_while_a_search_is_under_way_is_searched_for(page: Any, reader: Reader) -> None:
    page.goto(f"{reader.sandbox.url}/console/traffic")
    searches = "**/console/traffic?*operation=*"
    held = hold(page, searches)
    field = page.get_by_label("Operation")
    field.press_sequentially(WORD[:4])
    wait_for(page, held, 1)
    field.press_sequentially(WORD[4:11])
    page.wait_for_timeout(600)
    field.press_sequentially(WORD[11:])
    page.wait_for_timeout(600)
    let_go(page, searches, held)
    page.wait_for_url(f"**operation={WORD}**")
    page.wait_for_function(ALL_MATCH)
    assert field.input_value() == WORD
    assert field.evaluate("field => field === document.activeElement")


def test_no_letter_and_no_result_is_lost_while_traffic_comes_on_a_slow_machine(page: Any, reader: Reader) -> None:
    page.goto(f"{reader.sandbox.url}/console/traffic")
    page.wait_for_function("() => navigator.locks.query().then((found) => found.held.length > 0)")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    field = page.get_by_label("Operation")
    for letter in WORD:
        field.press_sequentially(letter)
        check_balance(reader)
        page.wait_for_timeout(90 if letter.islower() else 300)
    page.wait_for_url(f"**operation={WORD}**")
    page.wait_for_function(ALL_MATCH)
    assert field.input_value() == WORD
    assert field.evaluate("field => field === document.activeElement")


def test_what_is_typed_before_the_page_listens_is_searched_for(page: Any, reader: Reader) -> None:
    script = "**/console/static/console.js"
    held = hold(page, script)
    page.goto(f"{reader.sandbox.url}/console/traffic", wait_until="commit")
    page.get_by_label("Operation").fill(WORD)
    let_go(page, script, held)
    page.wait_for_url(f"**operation={WORD}**")


def test_what_is_typed_before_htmx_hears_the_form_is_searched_for(page: Any, reader: Reader) -> None:
    """It goes over the page at a timer of its own, which a busy machine runs after the first letters."""
    page.add_init_script("""
        const real = window.setTimeout;
        window.setTimeout = (run, after, ...more) => after === undefined
            ? (window.initialise = run, 0) : real(run, after, ...more);
    """)
    page.goto(f"{reader.sandbox.url}/console/traffic")
    field = page.get_by_label("Operation")
    field.press_sequentially(WORD)
    page.wait_for_timeout(200)
    page.evaluate("window.initialise()")
    page.wait_for_url(f"**operation={WORD}**", timeout=10_000)
    page.wait_for_function(ALL_MATCH)
    assert field.input_value() == WORD


def test_what_is_typed_when_the_exchanges_are_forgotten_is_searched_for(page: Any, reader: Reader) -> None:
    """The list was begun anew, and the page drawn again without what was just typed."""
    reader.post("/console/lanes", name="forgetting")
    reader.post("/lane/forgetting/console/try/pay")
    page.goto(f"{reader.sandbox.url}/lane/forgetting/console/traffic")
    page.wait_for_function("() => navigator.locks.query().then((found) => found.held.length > 0)")
    rows = "**/traffic/rows*"
    held = hold(page, rows)
    reader.post("/lane/forgetting/console/try/pay")
    wait_for(page, held, 1)
    reader.post("/lane/forgetting/console/traffic/clear")
    page.get_by_label("Operation").evaluate("(field, word) => { field.value = word }", WORD)  # as within the pause
    let_go(page, rows, held)
    page.wait_for_url(f"**operation={WORD}**", timeout=10_000)
    assert page.get_by_label("Operation").input_value() == WORD


def test_back_leads_to_what_was_searched_for_and_then_to_the_page_before(page: Any, reader: Reader) -> None:
    page.goto(f"{reader.sandbox.url}/console/payments")
    page.goto(f"{reader.sandbox.url}/console/traffic")
    for part in (WORD[:4], WORD[4:]):
        page.get_by_label("Operation").press_sequentially(part)
        page.wait_for_url(f"**operation=*{part}**")
    page.get_by_role("link", name=WORD).first.click()
    page.wait_for_url("**/console/traffic/*")
    page.go_back()
    page.wait_for_url(f"**operation={WORD}**")
    assert page.get_by_label("Operation").input_value() == WORD
    page.wait_for_function(ALL_MATCH)
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    page.go_back()
    page.wait_for_url("**/console/payments")


def test_what_is_selected_in_a_row_stays_selected_when_another_row_comes(page: Any, reader: Reader) -> None:
    reader.post("/console/lanes", name="selecting")
    reader.post("/lane/selecting/console/try/pay")
    page.set_viewport_size({"width": 760, "height": 700})
    page.goto(f"{reader.sandbox.url}/lane/selecting/console/payments")
    row = page.locator("[data-row]").first
    first = row.locator("a").inner_text()
    row.locator("td").nth(1).evaluate("cell => getSelection().selectAllChildren(cell)")
    selected = page.evaluate("getSelection().toString()")
    moved = page.evaluate(
        "(() => { const box = document.querySelector('.scroll'); box.scrollLeft = 7; return box.scrollLeft })()"
    )
    reader.post("/lane/selecting/console/try/pay")
    page.locator("[data-row]").nth(1).get_by_role("link", name=first).wait_for()
    assert page.evaluate("getSelection().toString()") == selected == "10000101"
    assert page.evaluate("document.querySelector('.scroll').scrollLeft") == moved
    reader.post("/console/lanes/selecting/drop")


@pytest.mark.parametrize(
    ("path", "label", "word"),
    [
        ("payments", "Reference, account or invoice", "IC0000000001"),
        ("books", "Number, name or address", "10000102"),
        ("catalogue", "Search", "4111"),
    ],
)
def test_each_list_is_searched_as_one_types_and_keeps_the_focus(
    page: Any, reader: Reader, path: str, label: str, word: str
) -> None:
    page.goto(f"{reader.sandbox.url}/console/{path}")
    page.keyboard.press("/")
    field = page.get_by_label(label)
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.type(word, delay=30)
    page.wait_for_url(f"**find={word}*")
    page.wait_for_function(
        "word => [...document.querySelectorAll('#list [data-row]')].every((row) => row.textContent.includes(word))",
        arg=word,
    )
    assert page.locator("#list [data-row]").count() > 0
    assert field.input_value() == word
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert field.input_value() == word
    page.reload()
    assert field.input_value() == word


def test_what_a_search_found_is_told_and_stays_when_its_field_is_left_by_escape(page: Any, reader: Reader) -> None:
    """A browser empties a search field at Escape: the rows that it found would be gone before `j` goes to one."""
    page.goto(f"{reader.sandbox.url}/console/books")
    said = page.locator("#said")
    page.keyboard.press("/")
    for word, words in (("10000102", "1 row"), ("1000010", None), ("no such account", "No rows")):
        page.keyboard.press("Control+a")
        page.keyboard.type(word)
        page.wait_for_url(f"**find={word.replace(' ', '+')}")
        page.wait_for_function("words => document.getElementById('said').textContent === words", arg=words or "9 rows")
    assert said.get_attribute("role") == "status"
    page.keyboard.press("Control+a")
    page.keyboard.type("10000102")
    page.wait_for_url("**find=10000102")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "10000102"
    page.wait_for_timeout(700)
    assert page.url.endswith("find=10000102")
    assert page.get_by_label("Number, name or address").input_value() == "10000102"


def test_what_was_typed_stays_where_the_sandbox_does_not_answer_or_another_page_answers(
    page: Any, reader: Reader
) -> None:
    searches = "**/console/payments?find=*"
    page.goto(f"{reader.sandbox.url}/console/payments")
    field = page.get_by_label("Reference, account or invoice")
    for answer in (lambda route: route.abort(), lambda route: route.fulfill(status=503, body="<p>Busy</p>")):
        page.route(searches, answer)
        field.fill("")
        field.press_sequentially("IC00")
        page.wait_for_timeout(700)
        assert field.input_value() == "IC00"
        assert page.locator("#list [data-row]").count() > 0
        page.unroute(searches)
    page.keyboard.press("Enter")
    page.wait_for_url("**find=IC00**")


@pytest.mark.parametrize("path", ["payments?find=", "traffic?search="])
def test_a_search_without_an_answer_is_said_and_asked_again(page: Any, reader: Reader, path: str) -> None:
    """The rows below are not those that were searched for, as while a sandbox is started anew."""
    name, field_name = path[:-1].split("?")
    page.goto(f"{reader.sandbox.url}/console/{name}")
    page.route(f"**/console/{path}*", lambda route: route.abort())
    field = page.locator(f"input[name={field_name}]")
    field.press_sequentially("no such word")
    said = page.get_by_text("The search was not answered.")
    said.wait_for()
    assert said.bounding_box()["height"] > 10  # not for a screen reader alone
    assert page.locator("#list [data-row]").count() > 0
    page.unroute(f"**/console/{path}*")
    if name == "traffic":
        check_balance(reader)
    page.wait_for_url(f"**{field_name}=no+such+word**")
    page.wait_for_function("document.querySelector('#list [data-row]') === null")
    assert page.locator("#said").text_content() == "No rows"
    assert page.locator("#said").bounding_box()["height"] < 3
    assert field.evaluate("field => field === document.activeElement")


def test_a_number_is_whole_at_1280(page: Any, reader: Reader) -> None:
    """A column that is as wide as a part of its numbers cannot be read."""
    page.set_viewport_size({"width": 1280, "height": 860})
    folded = "[...document.querySelectorAll('td.key bdi')].filter((one) => one.getClientRects().length > 1).length"
    for path in ("payments", "deliveries", "audit?every=1"):
        page.goto(f"{reader.sandbox.url}/console/{path}")
        assert page.locator("td.key bdi").count() > 0, path
        assert page.evaluate(folded) == 0, path


def test_what_was_forgotten_in_another_tab_is_not_shown_any_more(page: Any, reader: Reader) -> None:
    check_balance(reader)
    address = f"{reader.sandbox.url}/console/traffic?operation=BalanceCheck"
    page.goto(address)
    assert page.locator("[data-row]").count() > 0
    reader.post("/console/traffic/clear")
    page.get_by_text("No exchange matches.").wait_for()
    check_balance(reader)
    page.locator("[data-row]").wait_for()
    assert page.url == address


def test_a_search_that_was_cleared_leaves_nothing_in_the_address(page: Any, reader: Reader) -> None:
    page.goto(f"{reader.sandbox.url}/console/payments")
    field = page.get_by_role("searchbox")
    field.fill("nobody")
    page.wait_for_url("**/console/payments?find=nobody")
    field.fill("")
    page.wait_for_url("**/console/payments")
