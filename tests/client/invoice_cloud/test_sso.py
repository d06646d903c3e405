"""CloudSSO: the address, the form, and what neither may do."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

from partnerlab.client.errors import RequestInvalid
from partnerlab.client.invoice_cloud import CloudSso, Redirect, ViewMode, sso, sso_form, sso_url

BASE = "https://ic.example.com"
TOKEN = "tok+/=\"<&>' é"
ALL = {
    "css_url": "https://css.example.com/a.css?x=1&y=2",
    "return_url": "https://portal.example.com/bye",
    "custom_return_site_name": 'Ann & <Bob>\'s "City"',
}


def test_the_address_carries_the_required_parameters_and_no_others() -> None:
    parts = urlsplit(sso_url(BASE + "/", TOKEN, Redirect.AUTOPAY))
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "ic.example.com", "/cloudsso/connect")
    assert parse_qs(parts.query) == {"RemoteAuthenticationToken": [TOKEN], "ViewMode": ["1"], "RedirectID": ["3"]}


def test_the_address_and_the_form_carry_the_same() -> None:
    form = sso_form(BASE, TOKEN, Redirect.PAPERLESS, **ALL)
    assert form.fields == {
        "RemoteAuthenticationToken": TOKEN,
        "ViewMode": "1",
        "RedirectID": "2",
        "CSSUrl": ALL["css_url"],
        "ReturnUrl": ALL["return_url"],
        "CustomReturnSiteName": ALL["custom_return_site_name"],
    }
    query = urlsplit(sso_url(BASE, TOKEN, Redirect.PAPERLESS, **ALL)).query
    assert parse_qs(query) == {name: [value] for name, value in form.fields.items()}


def test_the_form_posts_exactly_its_fields_whatever_is_in_them() -> None:
    form = sso_form(BASE, TOKEN, Redirect.RECENT_BILLS, **ALL)
    text = form.html(target='frame"><script>', script_nonce="n-1")
    (found,) = html.fragment_fromstring(text, create_parent=True).iter("form")
    assert (found.get("method"), found.get("action")) == ("post", "https://ic.example.com/cloudsso/connect")
    assert found.get("target") == 'frame"><script>'
    assert {e.get("name"): e.get("value") for e in found.iter("input")} == form.fields
    assert {e.get("type") for e in found.iter("input")} == {"hidden"}
    assert "tok" not in text.partition("action")[2].partition(">")[0]
    assert '<script nonce="n-1">document.getElementById("cloudsso").submit()</script>' in text
    assert "<noscript><button>" in text


def test_a_form_shows_no_token() -> None:
    assert "tok" not in repr(sso_form(BASE, TOKEN, Redirect.RECENT_BILLS))


@pytest.mark.parametrize(
    ("own", "field"),
    [
        ({"redirect": 4}, "RedirectID"),
        ({"redirect": 1}, "RedirectID"),
        ({"token": ""}, "RemoteAuthenticationToken"),
        ({"token": "a\r\nb"}, "RemoteAuthenticationToken"),
        ({"view_mode": 7}, "ViewMode"),
        ({"css_url": "http://css.example.com/"}, "CSSUrl"),
        ({"return_url": "javascript:alert(1)"}, "ReturnUrl"),
        ({"custom_return_site_name": "City"}, "CustomReturnSiteName"),
        ({"base_url": "http://ic.example.com"}, "base_url"),
        ({"base_url": "https://user:secret@ic.example.com"}, "base_url"),
    ],
)
def test_a_parameter_that_breaks_a_rule_is_named(own: dict[str, Any], field: str) -> None:
    given: dict[str, Any] = {"base_url": BASE, "token": TOKEN, "redirect": Redirect.AUTOPAY, **own}
    for make in (sso_url, sso_form):
        with pytest.raises(RequestInvalid) as caught:
            make(**given)
        assert caught.value.field == field
        assert "secret" not in str(caught.value)


def test_a_sandbox_over_http_is_for_those_who_say_so() -> None:
    assert CloudSso("http://sandbox:8700", allow_http=True).url(TOKEN, Redirect.AUTOPAY).startswith("http://sandbox")


def test_each_partner_has_the_pages_of_its_document() -> None:
    assert {int(page) for page in sso.INHANCE_PORTAL_PAGES} == {1, 2, 3, 5, 9, 11}
    assert {int(page) for page in sso.WATERSMART_PAGES} == {2, 3, 5, 8, 9, 11}
    assert Redirect.PAY_BY_TEXT.page == "Customer Portal Pay By Text Enrollment"
    assert all(page.page for page in Redirect)


def test_the_view_modes_are_0_and_1() -> None:
    assert {mode.name: int(mode) for mode in ViewMode} == {"WINDOW": 0, "IFRAME": 1}
