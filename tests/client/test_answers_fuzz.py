"""Whatever comes back, a reader gives a result or raises a ClientError, nothing else, and soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import AnswerNotUnderstood, ClientError, PartnerFault, ProtocolError, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.inhance import Acknowledgement, Balance, Endpoint, operations
from partnerlab.client.invoice_cloud import Account
from partnerlab.client.invoice_cloud.operations import billing as ic

FOLDER = Path(__file__).resolve().parent.parent / "samples" / "client"
SAMPLES = {path.name: path.read_bytes() for path in sorted(FOLDER.glob("in*/*-*.*"))}
ENDPOINT = Endpoint("https://inhance.example.com/iCloud.asmx", "11111111-1111-4111-8111-111111111111")
ACCOUNT = Account("https://ic.example.com", "guid", "33333333-3333-4333-8333-333333333333")
READERS: list[Callable[[HttpResponse], Any]] = [
    lambda response: operations.balance_check.read(ENDPOINT, response),
    lambda response: operations.make_payment.read(ENDPOINT, response),
    lambda response: operations.set_email.read(ENDPOINT, response),
    lambda response: ic.upload_invoice_file.read(ACCOUNT, response),
    lambda response: ic.view_invoice.read(ACCOUNT, response),
    lambda response: ic.view_customer_record.read(ACCOUNT, response),
]

statuses = st.sampled_from([200, 200, 200, 202, 204, 301, 400, 401, 404, 429, 500, 502, 503]) | st.integers(100, 999)
headers = st.dictionaries(st.sampled_from(["content-type", "retry-after", "location"]), st.text(max_size=20))
names = st.sampled_from(
    ["Envelope", "Body", "Header", "Fault", "BalanceCheckResponse", "BalanceCheckResult", "Success", "Balance", "x"]
)
namespaces = st.sampled_from(
    ["http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope", "http://tempuri.org/", ""]
)
leaves = st.sampled_from(
    ["", "true", "false", "1.00", "NaN", "&#0;", "&lt;", "<!--c-->", "<![CDATA[x]]>", "<?pi?>", "é"]
)
elements = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda name, namespace, parts: f'<{name} xmlns="{namespace}">{"".join(parts)}</{name}>',
        names,
        namespaces,
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A sample with a piece cut, doubled, swapped or overwritten."""
    content = draw(st.sampled_from(list(SAMPLES.values())))
    start, end = sorted([draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))])
    match draw(st.sampled_from(["cut", "double", "overwrite", "insert", "truncate"])):
        case "cut":
            return content[:start] + content[end:]
        case "double":
            return content[:end] + content[start:]
        case "overwrite":
            return content[:start] + draw(st.binary(max_size=8)) + content[start + 8 :]
        case "insert":
            return content[:start] + draw(elements).encode() + content[start:]
    return content[:start]


contents = st.binary(max_size=300) | elements.map(str.encode) | damaged()


@given(st.sampled_from(READERS), statuses, headers, contents)
def test_a_reader_gives_a_result_or_a_client_error(
    read: Callable[[HttpResponse], Any], status: int, head: dict[str, str], content: bytes
) -> None:
    outcome = outcome_of(read, HttpResponse(status, head, content))
    if isinstance(outcome, ClientError):
        assert type(outcome) in {AnswerNotUnderstood, PartnerFault, ProtocolError, TransportError}
        assert str(outcome)
    else:
        assert status == 200
        if isinstance(outcome, Balance | Acknowledgement):
            assert b"tempuri" in content


def outcome_of(read: Callable[[HttpResponse], Any], response: HttpResponse) -> Any:
    try:
        return read(response)
    except ClientError as error:
        return error


@given(st.integers(0, 520))
def test_no_answer_cut_short_counts_as_posted(length: int) -> None:
    whole = SAMPLES["payment-200.xml"]
    cut = whole[: min(length, len(whole) - 1)]
    with pytest.raises(ProtocolError):
        operations.make_payment.read(ENDPOINT, HttpResponse(200, {}, cut))


HOSTILE = {
    "deep": b"<a>" * 100_000,
    "deep and closed": b"<a>" * 100_000 + b"</a>" * 100_000,
    "many attributes": b"<a " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>",
    "one long text": SAMPLES["balance-200.xml"].replace(b"125.50", b"9" * 900_000),
    "external entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    "external dtd": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]><a/>',
    "utf-16 with dtd": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>'.encode(
        "utf-16"
    ),
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-a/+AD4-',
    "nul": b"\0" * 1000,
    "unknown charset": b'<?xml version="1.0" encoding="klingon"?><a/>',
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("status", [200, 500])
def test_a_hostile_answer_is_refused_soon_and_reads_nothing(content: bytes, status: int) -> None:
    started = time.process_time()
    with pytest.raises((ProtocolError, TransportError)) as caught:
        operations.balance_check.read(ENDPOINT, HttpResponse(status, {}, content))
    assert "root:" not in str(caught.value)
    assert time.process_time() - started < 2


def test_a_crowd_of_unknown_elements_is_ignored_soon() -> None:
    started = time.process_time()
    content = SAMPLES["balance-200.xml"].replace(b"<Balance>", b"<x/>" * 250_000 + b"<Balance>")
    assert str(operations.balance_check.read(ENDPOINT, HttpResponse(200, {}, content)).balance) == "125.50"
    assert time.process_time() - started < 2
