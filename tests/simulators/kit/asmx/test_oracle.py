"""The compiled codecs against Spyne itself: one declaration, the same requests, the same values in the answers."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from partnerlab.simulators.kit.http.messages import Request
from tests.simulators.kit.asmx.asmx_demo import NS, SERVICE, SPYNE, soap


def leaves(body: bytes) -> Iterator[tuple[str, Any]]:
    """Full tags and values of an answer, in order; dates and amounts as what they mean."""
    root = etree.fromstring(body)
    for one in root[-1].iter():
        local = etree.QName(one).localname
        text: Any = one.text
        if text and local in ("amount", "Total", "Price"):
            text = Decimal(text)
        elif text and local == "when":
            text = datetime.fromisoformat(text)
            text = text.replace(tzinfo=UTC) if text.tzinfo is None else text
        nil = one.get("{http://www.w3.org/2001/XMLSchema-instance}nil")
        yield local, (text or "", nil)


def same(asked: Request) -> None:
    ours, theirs = SERVICE(asked), SPYNE(asked)
    assert ours.status == theirs.status == 200, (ours.body, theirs.body)
    assert ours.content_type == theirs.content_type
    assert b":EchoResult" not in ours.body  # theirs has prefixes: it is Spyne that answered
    assert list(leaves(ours.body)) == list(leaves(theirs.body)), (ours.body, theirs.body)
    namespaces = [
        {etree.QName(one).namespace for one in etree.fromstring(body)[-1][0].iter()}
        for body in (ours.body, theirs.body)
    ]
    assert namespaces[0] == namespaces[1] == {NS}


text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2).map(lambda one: format(one, "f"))
moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1)).map(lambda one: one.isoformat())
whole = st.integers(-(2**31), 2**31 - 1).map(str)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_simple_values_come_back_as_spyne_gives_them_back(version: str, data: st.DataObject) -> None:
    fields = {
        "text": data.draw(st.none() | text),
        "n": data.draw(whole),
        "big": data.draw(st.integers(-(2**63), 2**63 - 1).map(str)),
        "amount": data.draw(amounts),
        "when": data.draw(moments),
        "flag": data.draw(st.sampled_from(["true", "false", "1", "0"])),
    }
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value is not None)
    same(soap("Echo", inner, version=version))


lines = st.lists(st.tuples(text, whole.filter(lambda one: abs(int(one)) < 10**6), amounts), max_size=3)


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@settings(max_examples=20, deadline=None)
@given(lines=lines, notes=st.lists(text, min_size=1, max_size=3), limit=whole)
def test_nested_values_come_back_as_spyne_gives_them_back(
    version: str, lines: list[tuple[str, str, str]], notes: list[str], limit: str
) -> None:
    inner = "".join(
        f"<Line><Sku>{escape(sku)}</Sku><Quantity>{quantity}</Quantity><Price>{price}</Price></Line>"
        for sku, quantity, price in lines
    )
    noted = "".join(f"<string>{escape(note)}</string>" for note in notes)
    body = f"<Req><Customer>c</Customer><Lines>{inner}</Lines><Notes>{noted}</Notes><Limit>{limit}</Limit></Req>"
    same(soap("Order", body, version=version))


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_bytes_are_counted_alike(version: str) -> None:
    same(soap("Size", "<data>aGVsbG8=</data>", version=version))


def test_spyne_does_not_look_through_all_memory_for_garbage_after_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    monkeypatch.setattr(gc, "collect", lambda *_: looked.append(_) or 0)
    monkeypatch.setattr("spyne.context._LAST_GC_RUN", 0.0)
    assert SPYNE(soap("Size", "<data>aGVsbG8=</data>")).status == 200
    assert not looked
