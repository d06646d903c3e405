"""A form is read alike whether others that began as it does came before or not."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from partnerlab.simulators.kit.http.messages import Request
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.tccs_rest.domain.errors import CredentialsWrong
from partnerlab.simulators.tccs_rest.wire.forms import Form, FormRefused
from partnerlab.simulators.tccs_rest.wire.forms_before import KNOWN, FormsBefore

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600")) * 4

FORM = "application/x-www-form-urlencoded"
TYPES = [FORM] * 12 + [
    f"{FORM}; charset=iso-8859-1",
    f"{FORM}; charset=UTF-8",
    f"{FORM}; charset=IBM037",
    "",
    "text/xml",
]
NAMES = ["consumerGUID"] * 6 + ["consumerguid", "contentInfo", "x", "entry%4Bey", "=", ""]
TEXTS = [b"306-12/11/2019|24.00", b"306-12%2F11%2F2019", b"a+b", b"", b"%c3%a9", b"%e9", b"%", b"contentInfo=x", b"a=b"]
TEXTS += [b"x&x=1", b"x&contentInfo=y", b"x&", b"&", b"x&CONTENTINFO=contentInfo=", b"\xff", b"x" * 2_000]


def check(form: Form) -> None:
    if (form.consumer_guid, form.entry_key) != ("me", "secret"):
        raise CredentialsWrong


def request(body: bytes, content_type: str = FORM) -> Request:
    return Request("POST", "/", "", {"content-type": content_type}, body, "http://x", "1", Lane("default"))


def outcome(read: Callable[[Request], str], asked: Request) -> str:
    """The contentInfo, or the refusal."""
    try:
        return f"read {read(asked)}"
    except FormRefused as refused:
        return f"refused {refused.status} {refused.message}"
    except CredentialsWrong:
        return "not let in"


def test_random_forms_are_read_alike() -> None:
    chance, found = random.Random(3), set()
    remembering, plain = FormsBefore(check), FormsBefore(check, remember=False)
    for _ in range(CALLS):
        user, key = chance.choice(["me"] * 8 + ["m%65", "other"]), chance.choice(["secret"] * 8 + ["wrong", "se+cret"])
        pairs = [f"{chance.choice(NAMES)}={user}", f"entryKey={key}"]
        if chance.random() < 0.1:
            pairs.reverse()
        last = chance.choice([b"contentInfo="] * 9 + [b"contentinfo="])
        asked = request("&".join(pairs).encode() + b"&" + last + chance.choice(TEXTS), chance.choice(TYPES))
        expected = outcome(plain.content_info, asked)
        assert outcome(remembering.content_info, asked) == expected, asked.body
        found.add(expected.partition(" ")[0])
    assert found == {"read", "refused", "not"}
    assert remembering._known
    assert not plain._known


@pytest.mark.parametrize(
    "body",
    [
        b"consumerGUID=me&entryKey=wrong&contentInfo=x",
        b"contentInfo=x&consumerGUID=me&entryKey=secret",
        b"consumerGUID=me&entryKey=secret&contentInfo=a&x=contentInfo=b",
        *(b"consumerGUID=me&entryKey=secret&contentInfo=%b&xcontentInfo=c" % text for text in (b"a", b"b", b"other")),
        b"consumerGUID=me&entryKey=secret&contentinfo=a",
        b"consumerGUID=me&entryKey=secret&contentInfo=" + b"x" * 1_024,
    ],
)
def test_only_the_beginning_of_a_form_that_was_let_in_is_kept(body: bytes) -> None:
    forms = FormsBefore(check)
    for _ in range(2):
        outcome(forms.content_info, request(body))
    assert not forms._known


def test_credentials_are_compared_once_for_each_beginning_and_charset() -> None:
    compared: list[Form] = []
    forms = FormsBefore(compared.append)
    for content_type in (FORM, f"{FORM}; charset=iso-8859-1"):
        for text in (b"a", b"b", b"%e9" if "8859" in content_type else b"c"):
            asked = request(b"consumerGUID=me&entryKey=secret&contentInfo=" + text, content_type)
            assert forms.content_info(asked) == text.decode().replace("%e9", "\u00e9")
    assert len(compared) == 2


def test_no_more_beginnings_are_kept_than_may_be() -> None:
    forms = FormsBefore(check)
    for n in range(3 * KNOWN):
        asked = request(f"x={n}&consumerGUID=me&entryKey=secret&contentInfo=%41".encode())
        assert [forms.content_info(asked) for _ in range(2)] == ["A", "A"]
        assert 0 < len(forms._known) <= KNOWN
