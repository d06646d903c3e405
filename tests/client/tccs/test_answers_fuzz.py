"""Whatever comes back, a reader gives a result or raises a ClientError, nothing else, and soon."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import AnswerNotUnderstood, ClientError, PartnerFault, ProtocolError, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.tccs import Acknowledgement, Balance, Endpoint
from partnerlab.client.tccs import operations as p
from partnerlab.client.tccs.bill_image import BillReader
from tests.client.tccs.conftest import make_bill

ENDPOINT = Endpoint("https://tccs.example.com", "IC-SANDBOX", "sandbox-entry-key")


def read_bill(response: HttpResponse) -> int:
    reader = BillReader(ENDPOINT, response.status, response.headers)
    for start in range(0, len(response.content), 7):
        reader.take(response.content[start : start + 7])
    return reader.end()


READERS: list[Callable[[HttpResponse], Any]] = [
    lambda response: p.balance.read(ENDPOINT, response),
    lambda response: p.pay.read(ENDPOINT, response),
    read_bill,
]
SAMPLES = [
    b'{"Record bal": 120.00, "Total Balance": 340.00}',
    b'{"Success": true, "Message": "Payment posted."}',
    b'{"Success": false, "Message": "Policy is cancelled."}',
    b"<B><Record_x0020_bal>120.00</Record_x0020_bal><Total_x0020_Balance>340.00</Total_x0020_Balance></B>",
    b'<Result xmlns="u"><Message>Payment posted.</Message><Success>true</Success></Result>',
    b"<Error><Message>Authorization has been denied for this request.</Message></Error>",
    make_bill(300),
]
statuses = st.sampled_from([200, 200, 200, 202, 204, 301, 400, 401, 404, 429, 500, 502, 503]) | st.integers(100, 999)
headers = st.dictionaries(
    st.sampled_from(["content-type", "retry-after", "content-encoding"]),
    st.text(max_size=20) | st.sampled_from(["application/pdf", "application/json; charset=utf-8", "text/html", "gzip"]),
)
names = st.sampled_from(["Record bal", "Total Balance", "Success", "Message", "record BAL", "SUCCESS", "x"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["true", "False", "1.00", "1,000.00", "\ud800", "\u0000", "9" * 400])
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5), max_leaves=12
).map(lambda value: json.dumps(value).encode())
elements = st.recursive(
    st.sampled_from(["", "true", "false", "1.00", "&#0;", "&lt;", "<!--c-->", "<![CDATA[x]]>", "<?pi?>", "é"]),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>",
        st.sampled_from(["Result", "Record_x0020_bal", "Total_x0020_Balance", "Success", "Message", "_xD800_", "x"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=15,
).map(str.encode)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A sample with a piece cut, doubled or overwritten."""
    content = draw(st.sampled_from(SAMPLES))
    start, end = sorted([draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))])
    match draw(st.sampled_from(["cut", "double", "overwrite", "truncate", "whole"])):
        case "cut":
            return content[:start] + content[end:]
        case "double":
            return content[:end] + content[start:]
        case "overwrite":
            return content[:start] + draw(st.binary(max_size=8)) + content[start + 8 :]
        case "truncate":
            return content[:start]
    return content


contents = st.binary(max_size=200) | documents | elements | damaged()


@given(st.sampled_from(READERS), statuses, headers, contents)
def test_a_reader_gives_a_result_or_a_client_error(
    read: Callable[[HttpResponse], Any], status: int, head: dict[str, str], content: bytes
) -> None:
    found = outcome_of(read, HttpResponse(status, head, content))
    if isinstance(found, ClientError):
        assert type(found) in {AnswerNotUnderstood, PartnerFault, ProtocolError, TransportError}
        assert "\x00" not in str(found)  # which PostgreSQL does not take
        str(found).encode()
        return
    assert status == 200
    if isinstance(found, Balance | Acknowledgement):
        assert b"rue" in content or b"bal" in content.lower() or b"1" in content
        repr(found).encode()
    else:
        assert content.startswith(b"%PDF-")
        assert found == len(content)


def outcome_of(read: Callable[[HttpResponse], Any], response: HttpResponse) -> Any:
    try:
        return read(response)
    except ClientError as error:
        return error


@pytest.mark.parametrize("sample", SAMPLES[:5])
def test_no_answer_cut_short_counts(sample: bytes) -> None:
    for length in range(len(sample)):
        for read in READERS:
            with pytest.raises(ProtocolError):
                read(HttpResponse(200, {}, sample[:length]))


HOSTILE = {
    "deep": b"[" * 500_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a value": b'{"Success":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "long number": b'{"Success": ' + b"9" * 900_000 + b"}",
    "long exponent": b'{"Success": 1e999999999}',
    "long text": b'{"Success": "' + b"x" * 900_000 + b'"}',
    "deep xml": b"<a>" * 100_000,
    "many attributes": b"<a " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>",
    "external entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "external dtd": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "billion laughs": b'<!DOCTYPE a [<!ENTITY b "%s"><!ENTITY c "%s">]><a>&c;</a>' % (b"x" * 1000, b"&b;" * 5000),
    "nul": b"\0" * 1000,
    "title without end": b"<title" * 100_000,
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("status", [200, 500])
def test_a_hostile_answer_is_refused_soon_and_reads_nothing(content: bytes, status: int) -> None:
    for read in READERS:
        started = time.process_time()
        with pytest.raises((ProtocolError, TransportError)) as caught:
            read(HttpResponse(status, {}, content))
        assert "root:" not in str(caught.value)
        assert time.process_time() - started < 2


def test_a_crowd_of_unknown_members_is_ignored_soon() -> None:
    started = time.process_time()
    content = json.dumps({**{f"x{n}": n for n in range(50_000)}, "Record bal": 1, "Total Balance": 2}).encode()
    assert str(p.balance.read(ENDPOINT, HttpResponse(200, {}, content)).total_balance) == "2.00"
    assert time.process_time() - started < 2
