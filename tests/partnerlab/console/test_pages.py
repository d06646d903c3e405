"""Every page of the console answers, by the control API alone, safe from what callers send and from other sites."""

from __future__ import annotations

import re
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

import pytest

from partnerlab.console.view import NAVIGATION
from partnerlab.sandbox import Sandbox
from partnerlab.settings import SandboxSettings
from tests.module_graph import imports, modules
from tests.partnerlab.console.conftest import Reader

MOST_SCRIPT_BYTES = 60_000
ACCOUNT, UTILITY = "10000101", "22222222-2222-4222-8222-222222222222"
SOAP = {"content-type": "text/xml; charset=utf-8", "soapaction": '"http://tempuri.org/BalanceCheck"'}
BALANCE_CHECK = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<BalanceCheck xmlns="http://tempuri.org/"><AccountNumber>{account}</AccountNumber>'
    "<LastInvoiceNumber>{last}</LastInvoiceNumber>"
    "<WebServiceKey>11111111-1111-4111-8111-111111111111</WebServiceKey></BalanceCheck></soap:Body></soap:Envelope>"
)
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


def check_balance(reader: Reader, account: str = ACCOUNT, last: str = "0") -> str:
    escaped = account.replace("&", "&amp;").replace("<", "&lt;")
    return reader.call("/iCloud/iCloud.asmx", BALANCE_CHECK.format(account=escaped, last=last).encode(), **SOAP)


@pytest.mark.parametrize(("path", "name"), NAVIGATION)
def test_every_page_is_there_says_where_it_is_and_runs_no_script_of_others(
    reader: Reader, path: str, name: str
) -> None:
    page = reader.get(f"/console/{path}")
    assert page.status == 200
    assert re.search(rf'aria-current="page">{re.escape(name.replace("&", "&amp;"))}<', page.raw)
    assert page.raw.count("<h1") == 1
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"


def test_the_first_page_is_at_the_root_in_every_lane(reader: Reader) -> None:
    page = reader.get("/")
    assert "Three things to try" in page.text
    assert f'data-copy="{reader.sandbox.url}/iCloud/iCloud.asmx?wsdl"' in page.raw
    for row in reader.api("/_sandbox/inhance/accounts")["accounts"][:3]:
        assert row["account_number"] in page.text
    reader.send("/_sandbox/lanes", {"name": "mine"})
    assert f"{reader.sandbox.url}/lane/mine/iCloud/iCloud.asmx?wsdl" in reader.get("/lane/mine/").raw


def test_a_lane_that_there_is_not_is_told_and_not_made(reader: Reader) -> None:
    reader.send("/_sandbox/lanes", {"name": "trouble"})
    before = reader.api("/_sandbox/lanes")["lanes"]
    for path in ("/lane/troulbe", "/lane/troulbe/console/payments", "/lane/no such/console/"):
        moved = reader.moved(path.replace(" ", "%20"))
        page = reader.get(moved)
        assert page.status == 404
        assert f"There is no lane {path.split('/')[2]}." in page.text
        assert ("Did you mean trouble ?" in page.text) is ("troulbe" in path)
    told = reader.post("/lane/troulbe/console/try/pay")
    assert "There is no lane troulbe." in told.text
    assert [lane["name"] for lane in reader.api("/_sandbox/lanes")["lanes"]] == [lane["name"] for lane in before]
    assert reader.get("/console/lanes?missing=trouble").status == 200


def test_a_seed_that_is_no_number_is_refused(reader: Reader) -> None:
    page = reader.post("/console/lanes", name="seedless", seed="many")
    assert "That did not work. seed" in page.text


def test_nothing_there_is_told_on_a_page_and_a_form_has_no_page(reader: Reader) -> None:
    assert (reader.get("/console/nothing").status, reader.get("/console/try/pay").status) == (404, 405)
    missing = reader.get("/console/traffic/none")
    assert missing.status == 404
    assert 'aria-current="page"' not in missing.raw
    assert "To the start" in missing.text


def test_what_the_pages_bring_is_small_and_needs_no_eval() -> None:
    """Under the policy htmx's inline handlers and filters fail with a word on the browser's console only."""
    static = files("partnerlab.console") / "static"
    assert sum(len((static / name).read_bytes()) for name in ("htmx.min.js", "console.js")) <= MOST_SCRIPT_BYTES
    for template in (files("partnerlab.console") / "templates").iterdir():
        text = template.read_text("utf-8")
        assert not re.search(r"\son\w+=|hx-on|\bjs:|<style|style=|javascript:|\|safe", text), template.name
        assert all("[" not in trigger for trigger in re.findall(r'hx-trigger="([^"]*)"', text)), template.name
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text), f"{template.name} loads something from elsewhere"
    assert "eval(" not in (static / "console.js").read_text("utf-8")


def test_the_console_knows_no_store_and_no_service() -> None:
    """It does nothing that the control API cannot, because it has nothing else."""
    for path in modules("partnerlab/console"):
        for name, _ in imports(path):
            if name.startswith(("partnerlab.simulators", "partnerlab.client")):
                assert name.startswith("partnerlab.simulators.kit.http"), f"{path} imports {name}"


def test_what_callers_send_is_shown_as_text(reader: Reader) -> None:
    id = check_balance(reader, HOSTILE)
    reader.call("/iCloud/iCloud.asmx?<script>alert(3)</script>", b"<x>", **SOAP)
    reader.get("/_sandbox/lanes")
    for page in (reader.get(f"/console/traffic/{id}"), reader.get("/console/traffic")):
        assert "<script>alert" not in page.raw
        assert "<img" not in page.raw
    assert HOSTILE in reader.get(f"/console/traffic/{id}").text
    for path in ("catalogue?find=", "payments?find=", "books?find=", "traffic?search=", "traffic?operation="):
        assert "<script>alert" not in reader.get(f"/console/{path}%3Cscript%3Ealert(1)").raw


def test_pages_of_other_sites_change_nothing(reader: Reader) -> None:
    assert reader.post("/console/try/pay", origin="http://evil.example").status == 403
    assert reader.post("/console/lanes/default/reset", origin="null").status == 403
    assert reader.get("/console/traffic", host="evil.example").status == 403


def test_a_form_that_fails_says_so_where_it_stands(reader: Reader) -> None:
    id = check_balance(reader)
    for form, place in (
        ("faults", "clock"),
        ("jobs/inhance_v1/nothing/run", "clock"),
        ("lanes/nothing/reset", "lanes"),
        (f"traffic/{id}x/replay", f"traffic/{id}x"),
    ):
        page = reader.post(f"/console/{form}", name="none")
        assert page.path.partition("?")[0] == f"/console/{place}"
        assert "That did not work." in page.text or page.status == 404


def test_what_was_typed_stands_in_a_form_that_failed(reader: Reader) -> None:
    """Else one corrects the operation and switches another fault on."""
    page = reader.post("/console/faults", name="slow", operation="BalanceChek", count="3", probability="0.5")
    assert "did you mean BalanceCheck?" in page.text
    assert re.search(r"<option selected>\s*slow", page.raw)
    for name, typed in (("operation", "BalanceChek"), ("count", "3"), ("probability", "0.5")):
        assert f'name="{name}" value="{typed}"' in page.raw
    assert 'name="duration" value="3 days"' in reader.post("/console/clock/advance", duration="3 days").raw
    assert 'value="no name!"' in reader.post("/console/lanes", name="no name!").raw
    assert 'value="3 days"' not in reader.get("/console/clock").raw


def test_without_it_the_root_lists_the_doors() -> None:
    with Sandbox(SandboxSettings(port=0, console=False), in_process=True) as sandbox:
        answer = Reader(sandbox).get("/")
    assert answer.status == 404
    assert "/iCloud/iCloud.asmx" in answer.raw


def test_a_sandbox_with_a_token_lets_a_browser_sign_in() -> None:
    with Sandbox(SandboxSettings(port=0, token="long-enough-token"), in_process=True) as sandbox:
        reader = Reader(sandbox)
        for path in ("/", "/console/traffic", "/lane/x/", "/console/sign-in/x", "/console/static/../traffic"):
            answer = reader.get(path)
            assert answer.status == 303
            assert parse_qs(urlsplit(answer.headers["Location"]).query)["to"] == [path]
        led_on = ("/lane/x/console/traffic?operation=Balance%20Check", "/console/books/44/CPP%202210-77")
        asked = [parse_qs(urlsplit(reader.get(path).headers["Location"]).query)["to"][0] for path in led_on]
        for to, then in (
            *zip(asked, led_on, strict=True),
            ("/console/payments", "/console/payments"),
            ("/lane/x/console", "/lane/x/console"),
            *(
                (elsewhere, "/console/")
                for elsewhere in ("//evil.example", "https://evil.example/", "/console\\x", "/consolex", "/\n")
            ),
        ):
            moved = reader.sent_to("/console/sign-in", token="long-enough-token", to=to)
            assert moved == then
        form = "/lane/x/console/faults"
        stands_on = "/lane/x/console/clock?note=1"
        for referer, then in (
            (f"{sandbox.url}{stands_on}", stands_on),
            ("", "/lane/x/"),
            ("http://evil.example/console/", "/lane/x/"),
            (f"{sandbox.url}0/console/", "/lane/x/"),
        ):
            led = parse_qs(urlsplit(reader.sent_to(form, referer=referer)).query)["to"]
            assert led == [then], "where a form goes is no page"
        assert reader.get("/_sandbox/lanes").status == 401
        assert "asks for its token" in reader.get("/console/sign-in").text
        assert reader.get("/console/static/console.css").status == 200
        wrong = reader.post("/console/sign-in", token="another-token")
        assert (wrong.status, "Set-Cookie" in wrong.headers) == (403, False)
        cookie = reader.signed_in("long-enough-token")
        assert "HttpOnly; SameSite=Strict" in cookie
        assert "long-enough-token" not in cookie
        session = cookie.partition(";")[0]
        assert "Three things to try" in reader.get("/", cookie=f"other=1; {session}").text
        assert reader.get("/_sandbox/lanes", cookie=session).status == 200
        assert reader.get("/_sandbox/lanes", cookie=session, origin="http://evil.example").status == 403
        assert reader.get("/", cookie=f"{session}0").status == 303


def test_a_search_of_the_catalogue_that_finds_nothing_says_where_it_stands_or_what_to_try(reader: Reader) -> None:
    page = reader.get("/console/catalogue?kind=settings&find=commit-then-drop")
    assert "Nothing in settings has “commit-then-drop”. It stands in" in page.text
    (there,) = [link for link in page.links("/console/catalogue?") if "kind=faults&amp;find=" in link]
    found = reader.get(there.replace("&amp;", "&"))
    assert "Nothing in" not in found.text
    assert "commit-then-drop" in found.text
    nowhere = reader.get("/console/catalogue?kind=capabilities&find=zzz%3Cb%3E")
    assert "has “zzz<b>”. It stands in no other registry either: try a part of the word" in nowhere.text
    assert "<table" not in nowhere.raw
    assert "Nothing in" not in reader.get("/console/catalogue?kind=capabilities&find=e-mail").text
