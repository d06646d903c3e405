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
    "very deep": (b"<a>" * 3000 + b"</a>" * 3000, "well-formed"),
    "many attributes": (b"<a " + b" ".join(b'a%d="1"' % n for n in range(20_000)) + b"/>", "attributes"),
    "many elements": (b"<a>" + b"<b/>" * 9_000 + b"</a>", "elements"),
    "many namespaces": (b"<a " + b" ".join(b'xmlns:a%d="b"' % n for n in range(300)) + b"/>", "namespaces"),
    "doctype behind a prologue": (b'<?xml version="1.0"?> <!-- a --><?b c?>\n<!DOCTYPE a><a/>', "dtd"),
    "reference": (b'<a><b href="#c"/></a>', "reference"),
    "reference to itself": (b'<a id="a" href="#a"/>', "reference"),
    "not UTF-8": (b'<?xml version="1.0" encoding="utf-8"?><a>\xff\xfe</a>', "charset"),
    "unknown encoding": (b'<?xml version="1.0" encoding="klingon"?><a/>', "charset"),
}


@pytest.mark.parametrize(("body", "rule"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_document_is_refused_by_its_rule_and_at_once(body: bytes, rule: str) -> None:
    begun = time.process_time()
    with pytest.raises(XmlRefused) as refused:
        parse(body)
    assert refused.value.rule == rule, refused.value
    assert time.process_time() - begun < 2


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


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        ("<a>\u0152\u20ac</a>", "iso-8859-15"),
        ("<a>\u0141\u00f3d\u017a</a>", "Windows-1250"),
        ("<a>\u0416</a>", "koi8-r"),
        ("<a>\u65e5\u672c</a>", "shift_jis"),
        ("<a>\u65e5\u672c</a>", "gb2312"),
        ("<a>\u20ac</a>", "utf-16LE"),
        ("<a>\u20ac</a>", "utf-16BE"),
        ("<a>\u20ac</a>", "utf-32be"),
    ],
)
def test_an_encoding_that_dotnet_knows_is_read(body: str, charset: str) -> None:
    """DigDes/SoapCore#918: older clients send what .NET reads by its charset."""
    text = body.removeprefix("<a>").removesuffix("</a>")
    assert parse(body.encode(charset), charset=charset).text == text
    declared = f'<?xml version="1.0" encoding="{charset}"?>{body}'.encode(charset)
    if not charset.lower().startswith("utf"):  # a declaration cannot be read before its encoding is known
        assert parse(declared).text == text


@pytest.mark.parametrize("charset", [None, "utf-8", "iso-8859-1", "utf-16"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides(encoding: str, charset: str | None) -> None:
    """As .NET's StreamReader has it, whatever the transport and the document say (savonrb/savon#689)."""
    body = '<?xml version="1.0" encoding="koi8-r"?><a>\u20ac</a>'.encode(encoding)
    assert parse(body, charset=charset).text == "\u20ac"


def test_us_ascii_is_read_with_question_marks_and_other_charsets_strictly() -> None:
    assert parse("<a>Zo\u00eb</a>".encode(), charset="us-ascii").text == "Zo??"
    with pytest.raises(XmlRefused, match=r"The document is not windows-1252: character maps to <undefined>\."):
        parse(b"<a>\x81</a>", charset="windows-1252")


@pytest.mark.parametrize("charset", ["klingon", "utf-7", "base64", ""])
def test_a_charset_nobody_needs_is_refused(charset: str) -> None:
    with pytest.raises(XmlRefused) as refused:
        parse(b"<a/>", charset=charset)
    assert refused.value.rule == "charset"


def test_comments_and_instructions_leave_the_text_whole() -> None:
    assert parse(b"<a>10<!-- x -->000<?pi y?>101</a>").text == "10000101"


def test_a_doctype_in_text_or_a_comment_is_none() -> None:
    assert parse(b"<a><![CDATA[<!DOCTYPE x>]]></a>").text == "<!DOCTYPE x>"
    assert parse(b"<!-- <!DOCTYPE x> --><a>b</a>").text == "b"


def test_a_large_document_within_the_bounds_is_read() -> None:
    root = parse(b"<a>" + b'<b c="1"/>' * 7_000 + b"</a>")
    assert len(root) == 7_000


def test_the_place_after_an_element_is_that_of_the_next_tags_name() -> None:
    body = b"<a>\n  <b>x</b>\n  <c/>\n</a>"
    root = parse(body)
    assert place_after(root[0], body, None) == (3, 4)
    assert place_after(root[1], body, None) == (4, 3)
