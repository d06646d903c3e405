"""Paths of requests made from names."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest

from partnerlab.contracts.paths import NameInvalid, at

NAMES = [
    "mine",
    "a/b",
    "x/../default",
    "..",
    ".",
    "...",
    "a?b=1",
    "a#b",
    "50%",
    "%2F",
    "ä ö",
    "a;b",
    "{}",
    "default:3f2c",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_one_segment_whatever_it_holds(name: str) -> None:
    """As httpx sends it, which resolves `..` as browsers and proxies do."""
    sent = httpx.Request("GET", "http://127.0.0.1" + at("/_sandbox/lanes/{}/reset", name)).url.raw_path.decode()
    assert sent.startswith("/_sandbox/lanes/")
    *before, segment, last = sent.split("/")
    assert (before, last, unquote(segment)) == (["", "_sandbox", "lanes"], "reset", name)


def test_a_name_of_the_usual_form_stands_as_it_is() -> None:
    assert at("/_pump/deliveries/{}:{}", "mine", "0a6cf1de-2f7b") == "/_pump/deliveries/mine:0a6cf1de-2f7b"
    assert at("/_sandbox/faults/{}", 3) == "/_sandbox/faults/3"


@pytest.mark.parametrize(("name", "told"), [("", "a name is empty"), ("\udcff", "is no text")])
def test_what_no_path_can_hold_is_refused(name: str, told: str) -> None:
    with pytest.raises(NameInvalid, match=told):
        at("/_sandbox/lanes/{}", name)
