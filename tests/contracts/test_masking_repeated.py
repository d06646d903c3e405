"""XML whose shape is known is masked as one that nobody saw before."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts import masking
from partnerlab.contracts.masking import MASK, Masked, mask_found
from partnerlab.contracts.masking.repeated import MOST_CHARACTERS, SHAPES, Repeated

KEY = "11111111-1111-4111-8111-111111111111"
TAGS = (
    *('<?xml version="1.0"?>', '<e:Envelope xmlns:e="http://a/b/">', "</e:Envelope>", "<Body>", "</Body>", "<x/>"),
    *("<WebServiceKey>", "</WebServiceKey>", "<Password>", "</Password>", "<w:Password >", "</w:Password>", "<PIN>"),
    *("<Account>", "</Account>", "<!-- a -->", "<![CDATA[a]]>", '<f Password="', '">', '<input name="Password">'),
    *('<a cookie: x="1">', "<a href='http://u:p@h/'>", "<a b=c>", "<Authorization>", "<", "<!--", "]]>", "&lt;PIN&gt;"),
    *('<p authorization="x">', "<p 4111111111111111>", "<p (S(abcdefghijklmnop))>", "<p /cloudpayments/>"),
)
TEXTS = (
    *("", "", "1", "10000101", "125.50", "2026-01-31T12:00:00", KEY, "hunter2-and-more", "Ann Lee", " hunter2 \n"),
    *("4111111111111111", "4111 1111 1111 1111", "41111111", "11111111", "a@b.example", "PIN: 7", "7:PIN", "cookie: a"),
    *("Password=x", "a=b", '"PIN": 1', "'", "(S(abcdefghijklmnop))", "/cloudpayments/abcdefghijklmnopq", "://u:p@h"),
    *(MASK, "é", "&amp;", "%50IN=1", "\\u0041", "|", "authorization:", "Content-Disposition: form-data; name=PIN"),
    *("sandbox-key|and-more", "a<b", "\0"),
)
SECRETS = frozenset((KEY, "sandbox-key|and-more", "11111111", "</Account>10000101", "e:Envelope"))


def plainly(text: str, secrets: frozenset[str]) -> Masked:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Repeated, "places", lambda *_: None)
        return mask_found(text, secrets)


def fill(tags: list[str], texts: list[str]) -> str:
    return "".join(part for pair in zip(tags, texts, strict=True) for part in pair)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(TAGS), min_size=1, max_size=9), st.integers(0, 1 << 32), st.booleans())
def test_it_is_masked_as_one_that_nobody_saw(tags: list[str], seed: int, some: bool) -> None:
    dice, secrets = random.Random(seed), SECRETS if some else frozenset[str]()
    for _ in range(6):
        text = fill(tags, dice.choices(TEXTS[:10] if dice.random() < 0.6 else TEXTS, k=len(tags)))
        assert mask_found(text, secrets) == plainly(text, secrets), text


def test_messages_of_one_kind_are_known_from_the_second_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_repeated", Repeated())
    message = "<Body><Account>{}</Account><WebServiceKey>{}</WebServiceKey><Paid>2026-01-31T12:00:00</Paid></Body>"
    assert masking._repeated.places(message.format("1", KEY)) is None
    first = mask_found(message.format("1", KEY))
    monkeypatch.setattr(masking, "places", None)  # no search is made any more
    second = mask_found(message.format("Lane 2", "another-key-of-24-letters"))
    assert first.text == message.format("1", f"{MASK}1111")
    assert second == (message.format("Lane 2", f"{MASK}ters"), frozenset(("another-key-of-24-letters",)))


@pytest.mark.parametrize(
    "text",
    ["4111111111111111", "a=b", "x:y", "PIN: 1", '"', "'", "&amp;", "%41", "\\", "/", "(", "é", MASK, "{", "\x01"],
)
def test_a_text_that_a_search_could_read_is_looked_through(text: str) -> None:
    repeated = Repeated()
    repeated.learn("<a>1</a>", [])
    assert repeated.places("<a>2</a>") == []
    assert repeated.places(f"<a>{text}</a>") is None


@pytest.mark.parametrize(
    ("message", "later"),
    [
        ("<a href=http://>{}</a>", "user1:secret@host"),
        ('<a xmlns="http://host">{}</a>', "user1:secret@host"),
        ("<a href=http://host:>{}</a>", "secret@host"),
        ('<a content-disposition: name="password">{}</a>', "1\r\n\r\nsecret"),
    ],
)
def test_a_text_that_goes_on_with_its_tag_is_masked(message: str, later: str) -> None:
    mask_found(message.format("1"))
    assert "secret" not in mask_found(message.format(later)).text


def test_one_with_many_credentials_is_not_dearer_than_when_nobody_saw_it() -> None:
    text = "<PIN>1</PIN>" * (MOST_CHARACTERS // len("<PIN>1</PIN>"))

    def cpu_s(secrets: frozenset[str], mask: Callable[[str, frozenset[str]], Masked]) -> float:
        started = time.process_time()
        mask(text, secrets)
        return time.process_time() - started

    mask_found(text)
    times = [(cpu_s(frozenset(), mask_found), cpu_s(frozenset(), plainly)) for _ in range(9)]
    known, plain = map(min, zip(*times, strict=True))
    assert known < plain


def test_what_is_kept_is_bounded() -> None:
    repeated = Repeated()
    for number in range(3 * SHAPES):
        repeated.learn(f"<a{number}>1</a{number}>", [])
        assert len(repeated._shapes) <= SHAPES
    longer = f"<a>{'1 ' * MOST_CHARACTERS}</a>"
    repeated.learn(longer, [])
    assert repeated.places(longer) is None
    assert repeated.places("no XML") is None
