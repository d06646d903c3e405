"""Bodies read by their shape: the same answers, byte for byte, as the parser's way gives."""

import os
import random
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import pytest

from partnerlab.simulators.kit.asmx import shapes
from partnerlab.simulators.kit.asmx.front import AsmxService
from partnerlab.simulators.kit.asmx.message import Message, Operation, Service, Simple
from partnerlab.simulators.kit.http.messages import Request, Response
from partnerlab.simulators.kit.world.lanes import Lane

CALLS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "1500"))
"""Random calls that are compared."""

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"


class PayRequest(Message):
    Account: Annotated[str | None, Simple("string", least=0)] = None
    Amount: Annotated[Any, Simple("decimal")] = 0
    Count: Annotated[Any, Simple("int")] = 0
    Note: Annotated[str | None, Simple("string", least=0)] = None


class EchoRequest(Message):
    Text: Annotated[str | None, Simple("string", least=0)] = None


PAY = Operation("Pay", PayRequest, Simple("string", least=0), "")
ECHO = Operation("Echo", EchoRequest, Simple("string", least=0), "")
SERVICE: Service[Any] = Service("Till", "http://tempuri.org/", PAY, ECHO)


class Handlers:
    def Pay(self, _: Request, sent: PayRequest) -> str:
        if sent.Note == "fail":
            raise RuntimeError("a bug of ours")
        return repr([(name, getattr(sent, name)) for name in ("Account", "Amount", "Count", "Note")])

    def Echo(self, _: Request, sent: EchoRequest) -> str:
        return repr(sent.Text)


class Pair(NamedTuple):
    """One service that remembers shapes and one that does not."""

    quick: AsmxService
    plain: AsmxService
    hits: list[bytes]

    def ask(self, body: bytes, content_type: str = "text/xml; charset=utf-8", action: str | None = '"x"') -> Response:
        """The answer of both, which is the same."""
        headers = {"content-type": content_type} | ({} if action is None else {"soapaction": action})
        request = Request("POST", "/till.asmx", "", headers, body, "http://127.0.0.1", "1", Lane("default"))
        quick, plain = self.quick(request), self.plain(request)
        assert (quick.status, quick.content_type, quick.body) == (plain.status, plain.content_type, plain.body), body
        hits = len(self.hits)
        if (ready := self.quick.ready(request)) is not None:
            again = ready(request)
            assert (again.status, again.content_type, again.body) == (plain.status, plain.content_type, plain.body)
        assert (ready is not None) == (len(self.hits) > hits)
        del self.hits[hits:]
        return quick


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Pair]:
    hits: list[bytes] = []
    read = shapes.Shapes.read

    def counting(self: shapes.Shapes, headers: Any, body: bytes) -> Any:
        seen = read(self, headers, body)
        hits.extend([body] if seen else [])
        return seen

    monkeypatch.setattr(shapes.Shapes, "read", counting)
    made = [
        AsmxService(name="till", service=SERVICE, handlers=Handlers(), wsdl=b"<x/>", shapes=on) for on in (True, False)
    ]
    with caplog.at_level("CRITICAL"):  # bugs of ours are logged, here on purpose
        yield Pair(made[0], made[1], hits)


ACTION = '"http://tempuri.org/Pay"'


def pay(inner: str, *, soap: str = SOAP11, head: str = "", attributes: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{soap}">{head}<s:Body>'
        f'<Pay xmlns="http://tempuri.org/"{attributes}>{inner}</Pay></s:Body></s:Envelope>'
    ).encode()


def sent(account: str = "1", amount: str = "2.00", count: str = "3", note: str = "n") -> bytes:
    return pay(f"<Account>{account}</Account><Amount>{amount}</Amount><Count>{count}</Count><Note>{note}</Note>")


def test_the_second_body_of_a_shape_is_not_parsed(pair: Pair) -> None:
    pair.ask(sent(), action=ACTION)
    assert not pair.hits
    answer = pair.ask(sent(account=" other account; 'x' ", amount="-7.5", count="12", note=""), action=ACTION)
    assert len(pair.hits) == 1
    assert b"other account" in answer.body
    assert answer.status == 200


@pytest.mark.parametrize(
    "body",
    [
        sent(account="a&amp;b"),
        sent(account="a&#65;b"),
        sent(account="a]b"),
        sent(account="a>b"),
        sent(account="ä"),
        sent(account="a\tb"),
        sent(account="a\r\nb"),
        sent(account="a\x01b"),
        sent(account="a\x7fb"),
        sent(account="<b/>"),
        sent(account="<![CDATA[x]]>"),
        sent(account="<!-- x -->"),
        sent(account="<?pi x?>"),
        sent(account="x" * 5_000),
        sent(amount="much"),
        sent(amount=""),
        sent(count="1.5"),
        sent(count="99999999999"),
        sent()[:-1],
        sent() + b" ",
        sent() + b"x",
        b" " + sent(),
        b"\xef\xbb\xbf" + sent(),
        sent().replace(b"<Count>", b'<Count a="b">'),
        sent().replace(b"<Note>n</Note>", b"<Note/>"),
        sent().replace(b"<Note>n</Note>", b""),
        sent().replace(b"<Account>", b"<Account >"),
        sent().replace(b"tempuri.org", b"tempurj.org"),
        sent().replace(b"<?xml", b"<!DOCTYPE x><?xml"),
    ],
)
def test_what_differs_in_anything_but_plain_values_is_parsed(pair: Pair, body: bytes) -> None:
    pair.ask(sent(), action=ACTION)
    pair.ask(body, action=ACTION)
    assert not pair.hits


def test_only_what_was_answered_is_learned(pair: Pair) -> None:
    for body in (sent(note="fail"), sent(count="x"), pay("<Account>1</Account>", head="<s:Header/>")):
        pair.ask(body, action=ACTION)
        pair.ask(body, action=ACTION)
    assert not pair.hits
    pair.ask(sent(), action=ACTION)
    assert pair.ask(sent(note="fail"), action=ACTION).status == 500  # a fault, of a body that was read by its shape
    assert len(pair.hits) == 1


@pytest.mark.parametrize(
    "body",
    [
        pay("<Account>1</Account><Account>2</Account>"),
        pay("<Account>1</Account><Strange>2</Strange>"),
        pay('<Account xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"></Account>'),
        pay('<Note xmlns="http://other/">1</Note><Note>2</Note>'),
        pay("<Group><Account>1</Account></Group>"),
        pay("<Note/><Account>1</Account>"),
        pay(""),
        pay("  <Account>1</Account>\n  <Note> </Note>  "),
        pay("<Account>1</Account>", attributes=' a="b"'),
        b'<Envelope xmlns="'
        + SOAP11.encode()
        + b'"><Body><p:Pay xmlns:p="http://tempuri.org/"><p:Account>1</p:Account>'
        b"</p:Pay></Body></Envelope>",
    ],
)
def test_other_ways_to_write_a_message_are_learned_too(pair: Pair, body: bytes) -> None:
    first = pair.ask(body, action=ACTION)
    assert pair.ask(body, action=ACTION).body == first.body
    assert pair.ask(body.replace(b">1<", b">44<"), action=ACTION).status == 200
    assert len(pair.hits) >= 1


def test_a_body_is_of_its_headers(pair: Pair) -> None:
    body = pay("<Account>1</Account>", soap=SOAP12)
    pair.ask(body, "application/soap+xml; charset=utf-8", None)
    pair.ask(body, "application/soap+xml; charset=utf-8", None)
    assert len(pair.hits) == 1
    pair.ask(body, "text/xml; charset=utf-8", ACTION)
    pair.ask(body, "application/soap+xml; charset=utf-16", None)
    pair.ask(body, "text/plain", None)
    assert len(pair.hits) == 1


def test_what_is_remembered_is_bounded(pair: Pair) -> None:
    for n in range(3 * shapes.SHAPES):
        pair.ask(pay(f"<Account>1</Account><X{n}/>"), action=ACTION)
    for n in range(2 * shapes.HEADS):
        pair.ask(sent(), f"text/xml; charset=utf-8; n={n}", ACTION)
    known = pair.quick._shapes._known
    assert len(known) <= shapes.HEADS
    assert all(len(some) <= shapes.SHAPES for some in known.values())
    pair.ask(sent(note="x" * shapes.MOST_BYTES), "text/xml; charset=utf-8; long", ACTION)
    assert ("text/xml; charset=utf-8; long", ACTION) not in known


WORDS = [
    "1",
    "10000101",
    "2.50",
    "-3",
    "x",
    "",
    " ",
    "&amp;",
    "&#13;",
    "ä",
    "]",
    ">",
    "a=b",
    "xmlns",
    "href",
    "\n",
    "nan",
]
STYLES = [
    "<{0}>{1}</{0}>",
    "<{0}>{1}</{0}>",
    "<{0}>{1}</{0}>",
    "<{0} >{1}</{0}>",
    "<{0}/>",
    "<{0}><![CDATA[{1}]]></{0}>",
    "<!-- c --><{0}>{1}</{0}>",
    '<{0} a="b>c">{1}</{0}>',
    '<{0} xmlns="http://other/">{1}</{0}>',
]


def test_random_calls_are_answered_alike(pair: Pair) -> None:
    chance = random.Random(7)
    types = ["text/xml; charset=utf-8", "text/xml", "text/xml; charset=iso-8859-1", "text/xml; charset=shift_jis"]
    for _ in range(CALLS):
        names = chance.choice(
            [["Account", "Amount", "Count", "Note"], ["Account", "Note"], ["Note", "Account", "Note"]]
        )
        styles = ["<{0}>{1}</{0}>"] if chance.random() < 0.7 else STYLES
        good = {"Amount": ["1", "2.50", "-3"], "Count": ["1", "-3"]}
        inner = "".join(
            chance.choice(styles).format(name, chance.choice(good.get(name, WORDS) if chance.random() < 0.9 else WORDS))
            for name in names
        )
        pair.ask(pay(inner), chance.choice(types), ACTION if chance.random() < 0.9 else None)
    assert len(pair.hits) > CALLS / 20
