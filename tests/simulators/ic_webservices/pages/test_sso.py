"""CloudSSO connect: where it leads, what it refuses, and the way out."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from partnerlab.simulators.ic_webservices.domain.portal import REDIRECTS
from tests.simulators.ic_webservices.harness import UTILITY, Harness, advance, freeze
from tests.simulators.ic_webservices.pages.visit import Visit

PAGES = {
    "1": "Your bills",
    "2": "Paperless billing",
    "3": "AutoPay",
    "5": "Payment options",
    "8": "Open bills",
    "9": "Scheduled payments",
    "11": "Pay by text",
}
BACK = "http://localhost:9000/portal/home?tab=1"


def test_every_redirect_has_a_page() -> None:
    assert PAGES.keys() == REDIRECTS.keys()


@pytest.mark.parametrize("redirect_id", PAGES)
def test_each_redirect_leads_to_its_page(visit: Visit, redirect_id: str) -> None:
    page = visit.connect(redirect_id)
    assert (page.status, page.heading) == (200, PAGES[redirect_id])
    assert "10000101" in page.words or redirect_id in ("5", "9", "11")
    assert page.tree.xpath("//form[contains(@action,'sign-out')]")


def test_the_parameters_may_come_in_a_form_and_in_any_case(visit: Visit) -> None:
    values = {"remoteauthenticationtoken": visit.token(), "VIEWMODE": "1", "redirectid": "9"}
    assert visit.post(f"{visit.base}/cloudsso/connect", values).heading == "Scheduled payments"


def test_the_session_id_in_the_address_is_long_and_new_each_time(visit: Visit) -> None:
    token = visit.token()
    ids = {re.search(r"\(S\(([^)]+)\)\)", visit.connect(token=token).url)[1] for _ in range(3)}  # type: ignore[index]
    assert len(ids) == 3
    assert {len(id) for id in ids} == {43}


def test_neither_the_token_nor_the_session_id_is_in_the_store(visit: Visit, harness: Harness) -> None:
    token = visit.token()
    page = visit.connect(token=token)
    rows = repr(harness.lanes.export("default"))
    assert "sealed_token" in rows
    assert token not in rows
    assert page.url.split("(S(")[1].split("))")[0] not in rows


def test_an_iframe_has_no_site_header_and_a_full_page_has_one(visit: Visit) -> None:
    assert not visit.connect(ViewMode="1").tree.xpath("//header")
    (header,) = visit.connect(ViewMode="2").tree.xpath("//header")
    assert "Sandbox Utility" in header.text_content()


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"token": "forged-token"}, 401, "The sign-in token is not valid"),
        ({"token": ""}, 400, "RemoteAuthenticationToken is missing"),
        ({"ViewMode": ""}, 400, "ViewMode is missing"),
        ({"ViewMode": "iframe"}, 400, "ViewMode must be a number"),
        ({"redirect_id": ""}, 400, "RedirectID is missing"),
        ({"redirect_id": "4"}, 404, "There is no page of that RedirectID; 1, 2, 3, 5, 8, 9, 11"),
        ({"redirect_id": "1 "}, 200, ""),
        ({"ReturnUrl": "javascript:alert(1)"}, 400, "ReturnUrl must begin with http:// or https://"),
        ({"ReturnUrl": "http://user:secret@localhost/"}, 400, "ReturnUrl has a user name or password in it"),
        ({"ReturnUrl": "//localhost/x"}, 400, "ReturnUrl must begin with"),
        ({"ReturnUrl": "http://localhost/\r\nSet-Cookie: a=b"}, 400, "ReturnUrl has a blank"),
        ({"CustomReturnSiteName": "a\nb", "ReturnUrl": BACK}, 400, "CustomReturnSiteName must be one line"),
    ],
)
def test_a_link_that_does_not_work_says_why_and_opens_nothing(
    visit: Visit, harness: Harness, more: dict[str, Any], status: int, said: str
) -> None:
    page = visit.connect(**more)
    assert page.status == status
    assert said in page.words
    if status != 200:
        assert "Location" not in page.headers
        assert harness.lanes.export("default")["ic_page_sessions"] == []
        assert "secret" not in page.text


@pytest.mark.parametrize("more", [{"token": "forged-token"}, {"token": ""}, {"ViewMode": ""}, {"redirect_id": "4"}])
def test_a_link_that_does_not_work_leads_back_to_the_site_it_came_from(visit: Visit, more: dict[str, Any]) -> None:
    def ways_back(**given: str) -> list[tuple[str, str]]:
        return [link for link in visit.connect(**more, **given).links().items() if link[1] != "#main"]

    named = {"ReturnUrl": BACK, "CustomReturnSiteName": "Your Bank"}  # anybody could write that name
    assert ways_back(**named) == [("Return to localhost:9000", BACK)]
    assert ways_back() == [], "nobody said where"
    assert ways_back(ReturnUrl="javascript:alert(1)") == []


def test_a_token_of_another_lane_is_unknown(visit: Visit, harness: Harness) -> None:
    token = visit.token()
    harness.lane_name = "other"
    page = visit.connect(token=token)
    assert page.status == 401
    assert harness.lanes.export("other")["ic_page_sessions"] == []


def test_a_page_of_another_lane_is_unknown(visit: Visit, harness: Harness) -> None:
    url = visit.connect().url
    harness.lane_name = "other"
    assert visit.get(url.replace("127.0.0.1:9/", "127.0.0.1:9/lane/other/")).status == 404


def test_a_lane_that_came_by_header_stands_in_every_address(visit: Visit, harness: Harness) -> None:
    harness.lane_name = "mine"
    request = harness.request(
        "GET", "/cloudsso/connect", query=f"RemoteAuthenticationToken={visit.token()}&ViewMode=1&RedirectID=1"
    )
    request.base_url = "http://127.0.0.1:9"
    answer = harness.sim.doors["/cloudsso"](request)
    assert dict(answer.headers)["Location"].startswith("http://127.0.0.1:9/lane/mine/portal/(S(")


def test_an_expired_token_opens_nothing_and_its_pages_close(visit: Visit, harness: Harness) -> None:
    freeze(harness)
    token = visit.token()
    page = visit.connect(token=token)
    advance(harness, timedelta(minutes=19))
    assert visit.page(page, "bills").status == 200  # each use lets it last longer
    advance(harness, timedelta(minutes=19))
    assert visit.page(page, "bills").status == 200
    advance(harness, timedelta(minutes=21))
    over = visit.page(page, "bills")
    assert (over.status, over.heading) == (410, "You are signed out")
    again = visit.connect(token=token)
    assert (again.status, again.heading) == (410, "This link does not work")
    assert "expired" in again.words


def test_sign_out_leads_to_the_return_url_and_ends_the_token(visit: Visit) -> None:
    token = visit.token()
    page = visit.connect(token=token, ReturnUrl=BACK)
    assert page.headers["Content-Security-Policy"].count("form-action 'self';") == 1
    left = visit.submit(page, "Sign out and Return to Sandbox Utility")
    assert (left.status, left.leads_to) == (200, BACK)
    replayed = visit.connect(token=token, ReturnUrl=BACK)
    assert replayed.status == 410
    assert "You signed out" in replayed.words
    over = visit.page(page, "bills")
    assert over.status == 410
    assert over.links()["Return to Sandbox Utility"] == BACK


def test_sign_out_ends_the_other_pages_of_the_token_too(visit: Visit) -> None:
    token = visit.token()
    first, second = visit.connect(token=token), visit.connect(token=token)
    assert visit.submit(first, "Sign out").heading == "You are signed out"
    assert visit.page(second, "bills").status == 410


def test_the_site_name_can_be_the_partners_own(visit: Visit) -> None:
    page = visit.connect(ReturnUrl=BACK, CustomReturnSiteName="My <b>Town</b>")
    (button,) = page.tree.xpath("//form[contains(@action,'sign-out')]//button")
    assert button.get("title") == "Sign out and Return to My <b>Town</b>"
    assert "My <b>" not in page.text


def test_the_site_name_counts_only_with_a_return_url(visit: Visit) -> None:
    (button,) = visit.connect(CustomReturnSiteName="My Town").tree.xpath("//form[contains(@action,'sign-out')]//button")
    assert button.get("title") == "Sign out"


def test_a_stylesheet_that_is_allowed_is_linked_and_its_origin_alone_may_style(visit: Visit) -> None:
    page = visit.connect(CSSUrl="http://localhost:9000/own.css?a=1&b=2")
    assert page.tree.xpath("//link[@rel='stylesheet']/@href")[1] == "http://localhost:9000/own.css?a=1&b=2"
    assert "style-src 'self' http://localhost:9000;" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "url",
    [
        "https://styles.example/sso.css",
        "http://192.0.2.7/x.css",
        "javascript:alert(1)",
        "http://localhost@192.0.2.7/x.css",
        "http://localhost:9000/x.css; script-src *",
    ],
)
def test_a_stylesheet_that_is_not_allowed_is_left_out_and_the_page_works(visit: Visit, url: str) -> None:
    connected = visit.connect(CSSUrl=url, follow=False)
    assert connected.text.startswith("CSSUrl was not used: it ")
    page = visit.get(connected.headers["Location"])
    assert page.status == 200
    assert len(page.tree.xpath("//link[@rel='stylesheet']")) == 1
    assert "style-src 'self';" in page.headers["Content-Security-Policy"]


def test_pages_may_be_framed_by_the_loopback_until_the_biller_names_somebody(visit: Visit, harness: Harness) -> None:
    def framed_by() -> str:
        policy = visit.connect().headers["Content-Security-Policy"]
        return policy.split("frame-ancestors ")[1].split(";")[0]

    assert "'self' http://localhost:* http://127.0.0.1:*" in framed_by()
    for given, expected in (
        (["https://portal.example", "http://localhost:9000"], "'self' https://portal.example http://localhost:9000"),
        (["https://*.example"], "'self' https://*.example"),
        (["*", "https://a.example; script-src *", 7], "'self'"),
        ([], "'self'"),
    ):
        answer = harness.control(
            "PATCH", f"billers/{UTILITY}", {"configuration": {"Portal": {"FrameAncestors": given}}}
        )
        assert answer.status == 200
        assert framed_by() == expected


def test_every_answer_has_the_security_headers(visit: Visit) -> None:
    page = visit.connect()
    visit.page(page, "no-such-page")
    visit.connect(token="forged")
    visit.post(page.url, {})
    assert [shown.status for shown in visit.seen] == [303, 200, 404, 401, 303, 405]
    for shown in visit.seen:
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["Referrer-Policy"] == "no-referrer"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        assert "script" not in shown.text
