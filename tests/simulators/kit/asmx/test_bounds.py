"""64 KB of whatever a stranger makes up cost a service at most 50 ms of processor time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.simulators.kit.http.messages import Request
from tests.simulators.kit.asmx.asmx_demo import FORM, NS, PATH, SERVICE, SOAP11, SOAP12, request

SIZE = 64 * 1024
BUDGET_S = 0.050 * 4  # 50 ms of a core of one's own; CPU time swells where neighbours share caches and threads

# What is repeated until the body is full. `#` becomes a number, so that names differ.
UNITS = [
    "<a/>",
    "<a></a>",
    "<n/>",
    "<n>1</n>",
    "<a#/>",
    "<string/>",
    "<Line/>",
    "<a>",
    "</a>",
    "<Body",
    "<s:Body>",
    "<s:Header/>",
    "<",
    ">",
    "&",
    "&#65;",
    "&lt;",
    "&a#;",
    "]]>",
    "<!---->",
    "<!--",
    "<?a?>",
    "<?",
    "<![CDATA[]]>",
    "<![CDATA[",
    "0",
    "9",
    "1,",
    "1/",
    "0.",
    ".",
    "-",
    "+",
    "=",
    "%",
    "%41",
    "a=b&",
    "a#=b&",
    ";",
    "'",
    '"',
    "a",
    "A=",
    "x:",
    "é",
    "<a_b='c'/>",
    "<a_b#='c'/>",
    "_",
    "_b#='c'",
    "<a_xmlns='u#'/>",
    "<a_xmlns:b='u'/>",
    "_xmlns:b#='u#'",
    "<!DOCTYPE_a>",
    "<!ENTITY_a#_'b'>",
    "<!ATTLIST_a_b#_CDATA_'c'>",
]
UNITS = [*(unit.replace("_", " ") for unit in UNITS), "\n", "\t", "\0", "\ufffe"]
# Where it stands.
PLACES = {
    "document": ("", ""),
    "prologue": ('<?xml version="1.0"?>', "<a/>"),
    "declaration": ("<?xml ", "?><a/>"),
    "document type": ("<!DOCTYPE a [", "]><a/>"),
    "attributes of the envelope": (f"<s:Envelope xmlns:s='{SOAP11}' ", "/>"),
    "headers": (f"<s:Envelope xmlns:s='{SOAP11}'><s:Header>", "</s:Header><s:Body/></s:Envelope>"),
    "body": (f"<s:Envelope xmlns:s='{SOAP11}'><s:Body>", "</s:Body></s:Envelope>"),
    **{
        f"{operation}, {inner}": (
            f"<s:Envelope xmlns:s='{SOAP11}'><s:Body><{operation} xmlns='{NS}'>{start}",
            f"{end}</{operation}></s:Body></s:Envelope>",
        )
        for operation, inner, start, end in (
            ("Echo", "fields", "", ""),
            ("Echo", "text", "<text>", "</text>"),
            *(("Echo", f"{field} {words}", f"<{field}>{first}", f"{last}</{field}>")
              for field in ("n", "big", "amount", "when", "flag")
              for words, first, last in (("alone", "", ""), ("and a letter", "", "x"), ("after a value", "1", "x"))),
            ("Echo", "after a date", "<when>2026-01-01T00:00:00.", "x</when>"),
            ("Order", "lines", "<Req><Lines>", "</Lines></Req>"),
            ("Order", "notes", "<Req><Notes>", "</Notes></Req>"),
            ("Size", "bytes", "<data>", "</data>"),
        )
    },
}  # fmt: skip
FORMS = [
    "{}",
    "text={}&n=7&big=8&amount=1&when=2026-11-21T10:00:00&flag=true",
    "text=a&n={}&big=8&amount=1&when=2026-11-21T10:00:00&flag=true",
    "text=a&n=7&big=8&amount={}x&when=2026-11-21T10:00:00&flag=true",
    "text=a&n=7&big=8&amount=1&when={}x&flag=true",
]
MEDIA = ["text/xml; charset=utf-8", "text/xml", "text/xml; charset=utf-16", "application/soap+xml"]

units = st.lists(st.sampled_from(UNITS), min_size=1, max_size=3).map("".join)


def filled(start: str, unit: str, end: str) -> str:
    count = (SIZE - len(start) - len(end)) // (len(unit) + 4 * unit.count("#"))
    middle = "".join([unit.replace("#", str(at)) for at in range(count)]) if "#" in unit else unit * count
    return (start + middle + end)[:SIZE]


def processor_time(asked: Request) -> float:
    """Seconds of this thread, the best of three: a loaded machine is no fault of the service."""
    best = float("inf")
    for _ in range(3):
        begun = time.thread_time()
        SERVICE.operation(asked)
        SERVICE(asked)
        best = min(best, time.thread_time() - begun)
        if best < BUDGET_S:
            break
    return best


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(list(PLACES)), units, st.sampled_from(MEDIA))
def test_a_soap_body_is_answered_in_time(place: str, unit: str, media: str) -> None:
    start, end = PLACES[place]
    text = filled(start, unit, end)
    if "soap+xml" in media:
        text = text.replace(SOAP11, SOAP12)
    body = text.encode("utf-16" if media.endswith("16") else "utf-8", "surrogatepass")[:SIZE]
    operation = place.partition(",")[0] if "," in place else "Echo"
    headers = {"content-type": media, "soapaction": f'"{NS}{operation}"'}
    asked = request(headers=headers, body=body)
    assert processor_time(asked) <= BUDGET_S


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(FORMS), units)
def test_a_form_is_answered_in_time(form: str, unit: str) -> None:
    start, _, end = form.partition("{}")
    body = filled(start, unit, end).encode("utf-8", "surrogatepass")[:SIZE]
    assert processor_time(request(path=f"{PATH}/Echo", headers={"content-type": FORM}, body=body)) <= BUDGET_S


@pytest.mark.parametrize("field", ["n", "big", "amount"])
def test_a_number_of_zeros_that_is_none_is_refused_in_time(field: str) -> None:
    """The pattern of an integer let zeros match in two ways: 40 KB of them took seconds, 64 KB minutes."""
    start, end = PLACES[f"Echo, {field} and a letter"]
    asked = request(
        headers={"content-type": MEDIA[0], "soapaction": f'"{NS}Echo"'}, body=filled(start, "0", end).encode()
    )
    assert SERVICE(asked).status == 500
    assert processor_time(asked) <= BUDGET_S
