"""What the parser refuses, each by its rule, and that it takes no time over it."""

from __future__ import annotations

import time

import pytest

from partnerlab.simulators.kit.asmx.xml import MAX_BYTES, XmlRefused, parse, place_after

LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, (b"&a%s;" % (str(n - 1).encode() if n else b"")) * 10) for n in range(10))
    + b"]><a>&a9;</a>"
)

HOSTILE = {
    "nothing": (b"", "empty"),
    "blanks": (b" \r\n\t", "empty"),
    "too long": (b"<a>" + b"x" * MAX_BYTES + b"</a>", "size"),
    "text": (b"not xml", "well-formed"),
    "two roots": (b"<a/><b/>", "well-formed"),
    "unclosed": (b"<a><b></a>", "well-formed"),
    "undefined entity": (b"<a>&nope;</a>", "well-formed"),
    "undefined prefix": (b"<x:a/>", "well-formed"),
    "control character": (b"<a>\x01</a>", "well-formed"),
    "doctype": (b"<!DOCTYPE a><a/>", "dtd"),
    "doctype in UTF-16": ('<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"), "dtd"),
    "internal entity": (b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "dtd"),
    "file entity": (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "dtd"),
    "network entity": (b'<!DOCTYPE a [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]><a>&e;</a>', "dtd"),
    "external DTD": (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', "dtd"),
    "parameter entity": (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><a/>', "dtd"),
    "default attribute": (b'<!DOCTYPE a [<!ATTLIST a b CDATA "x">]><a/>', "dtd"),
    "deep": (b"<a>" * 100 + b"</a>" * 100, "depth"),
    "very deep": (b"<a>" * 5000 + b"</a>" * 5000, "well-formed"),
    "many attributes": (b"<a " + b" ".join(b'a%d="1"' % n for n in range(20_000)) + b"/>", "attributes"),
    "many elements": (b"<a>" + b"<b/>" * 60_000 + b"</a>", "elements"),
    "reference": (b'<a><b href="#c"/></a>', "reference"),
    "reference to itself": (b'<a id="a" href="#a"/>', "reference"),
    "not UTF-8": (b'<?xml version="1.0" encoding="utf-8"?><a>\xff\xfe</a>', "charset"),
    "unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', "charset"),
}


@pytest.mark.parametrize(("body", "rule"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_document_is_refused_by_its_rule_and_at_once(body: bytes, rule: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(XmlRefused) as refused:
        parse(body)
    assert refused.value.rule == rule, refused.value
    assert time.perf_counter() - begun < 2


def test_entities_that_multiply_are_refused() -> None:
    with pytest.raises(XmlRefused) as refused:
        parse(LAUGHS)
    assert refused.value.rule in ("dtd", "well-formed")


def test_an_xinclude_is_only_an_element() -> None:
    root = parse(
        b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" hRef="file:///etc/passwd"/></a>'
    )
    assert "".join(root.itertext()) == ""


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_charset_of_the_transport_is_read(charset: str) -> None:
    assert parse("<a>Bäckerei</a>".encode(charset), charset=charset).text == "Bäckerei"


def test_the_charset_of_the_transport_wins_over_the_declaration() -> None:
    body = '<?xml version="1.0" encoding="utf-8"?><a>ä</a>'.encode("iso-8859-1")
    assert parse(body, charset="iso-8859-1").text == "ä"


@pytest.mark.parametrize("charset", ["klingon", "utf-7", "base64", ""])
def test_a_charset_nobody_needs_is_refused(charset: str) -> None:
    with pytest.raises(XmlRefused) as refused:
        parse(b"<a/>", charset=charset)
    assert refused.value.rule == "charset"


def test_comments_and_instructions_leave_the_text_whole() -> None:
    assert parse(b"<a>10<!-- x -->000<?pi y?>101</a>").text == "10000101"


def test_a_doctype_in_text_is_text() -> None:
    assert parse(b"<a><![CDATA[<!DOCTYPE x>]]></a>").text == "<!DOCTYPE x>"


def test_a_large_document_within_the_bounds_is_read() -> None:
    root = parse(b"<a>" + b'<b c="1"/>' * 20_000 + b"</a>")
    assert len(root) == 20_000


def test_the_place_after_an_element_is_that_of_the_next_tags_name() -> None:
    body = b"<a>\n  <b>x</b>\n  <c/>\n</a>"
    root = parse(body)
    assert place_after(root[0], body, None) == (3, 4)
    assert place_after(root[1], body, None) == (4, 3)
