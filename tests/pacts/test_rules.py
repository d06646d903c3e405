"""The rules refuse what is wrong: a rule that Pact ignores would pass in silence."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from pact import Pact, Verifier
from pact.error import MismatchesError

from partnerlab.contracts.data import read_bytes
from partnerlab.contracts.tccs_rest import CONTENT_INFO, parse_content_info
from partnerlab.contracts.verification.pact.examples import soap_answer
from partnerlab.contracts.verification.pact.rules import content_info_pattern, form_rules, xml_rules
from partnerlab.contracts.verification.pact.schema import Types
from tests.pacts.rest_talks import TCCS
from tests.pacts.soap_talks import INHANCE
from tests.pacts.talk import add_talk

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
FILES = Path(__file__).parents[2] / "contracts" / "pacts"


@pytest.fixture
def service() -> Iterator[Any]:
    """A service that answers whatever it is told to."""

    class Handler(BaseHTTPRequestHandler):
        body = b""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/xml; charset=utf-8")
            self.send_header("Content-Length", str(len(type(self).body)))
            self.end_headers()
            self.wfile.write(type(self).body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def holds(service: Any, body: str) -> bool:
    """Whether a balance answer is what the pact of the data pump lets pass."""
    handler, url = service
    handler.body = body.encode()
    verifier = Verifier("inhance", host="127.0.0.1").add_source(FILES / "data-pump-inhance.json")
    verifier = verifier.filter("^a balance check$").add_transport(url=url).set_request_timeout(60_000)
    try:
        verifier.verify()
    except RuntimeError:
        return False
    assert verifier.results["interactionResults"]
    return True


GOOD = INHANCE[0].answer


@pytest.mark.parametrize(
    ("found", "written", "passes"),
    [
        ("<Balance>125.50", "<Balance>-3.07", True),
        ("<Balance>125.50", "<Balance>125.5", True),
        ("<Balance>125.50", "<Balance>125.5000", True),  # as SQL Server's money comes
        ("<FutureBalance>125.50", "<FutureBalance>.5", True),  # as Oracle writes a half
        ("<Success>true", "<Success>1", True),
        ("<Success>true", "<Success>0", False),
        ("soap:", "s:", True),
        ("<Balance>125.50", "<Balance>abc", False),
        ("<Balance>125.50", "<Balance>1E+3", False),
        ("<Balance>125.50", "<Balance>125.505", False),
        ("<Balance>125.50</Balance>", "<Balance></Balance>", False),
        ("<Balance>125.50</Balance>", "", False),
        ("<Success>true", "<Success>yes", False),
        ('xmlns="http://tempuri.org/"', 'xmlns="urn:other"', False),
        ('xmlns="http://tempuri.org/"', "", False),
    ],
)
def test_a_wrong_value_in_a_soap_answer_is_refused(service: Any, found: str, written: str, passes: bool) -> None:
    body = GOOD.replace(found, written)
    body = body.replace("xmlns:soap", "xmlns:s") if found == "soap:" else body
    assert body != GOOD
    assert holds(service, body) is passes


@pytest.mark.parametrize(
    ("content", "passes"),
    [
        ("454100010-06/16/2020|24.00:CC@a-1", True),
        ("454100010-06/16/2020|24.0:CC@a-1", False),
        ("454100010-06/16/2020|0.00:CC@a-1", False),
        ("454100010-06/16/2020|24.005:CC@a-1", False),
        ("454100010-13/16/2020|24.00:CC@a-1", False),
        ("454100010-06/16/2020|24.00:XX@a-1", False),
        ("454100010-06/16/2020|24.00:CC", False),
        ("Q454100010-06/16/2020|24.00:CC@a-1", False),
    ],
)
def test_a_wrong_value_in_a_form_is_refused(content: str, passes: bool) -> None:
    (talk,) = (one for one in TCCS if one.requirements[0] == "TCCS-PAY-1")
    pact = Pact("data-pump", "tccs").with_specification("V4")
    request = add_talk(pact, talk).request
    form = dict(pair.split("=") for pair in request.content.decode().split("&"))
    data = {**{name: httpx.QueryParams(f"x={value}")["x"] for name, value in form.items()}, "contentInfo": content}

    def send() -> int:
        with pact.serve() as server:
            path = request.url.removeprefix("http://provider.example")
            url = f"{str(server.url).rstrip('/')}{path}"
            return httpx.post(url, data=data, headers={"Accept": "application/json"}).status_code

    if passes:
        assert send() == 200
    else:
        with pytest.raises(MismatchesError):
            send()


@pytest.mark.parametrize("format", sorted({name for names in CONTENT_INFO.values() for name in names}))
def test_the_pattern_of_a_form_is_the_grammars(format: str) -> None:
    """As strict as the parser, which goes another way, but for days that no calendar has."""
    from partnerlab.contracts.data import read_toml

    row = {one["name"]: one for one in read_toml("tccs_rest/content_info.toml")["format"]}[format]
    example = re.sub(r" *([|:@-]) *", r"\1", row["example"])  # some of the source's have blanks that are never sent
    pattern = content_info_pattern(format, optional="@" in example)
    assert re.fullmatch(pattern, example)
    parse_content_info(format, example)
    for wrong in (f"{example[1:-1]}|", f"{example} ", "", "x"):
        assert not re.fullmatch(pattern, wrong)


def test_every_rule_fits_one_place_of_its_example() -> None:
    for talk in INHANCE:
        content = talk.call("http://provider.example").request.content
        for rules, body in ((talk.request_rules, content), (talk.answer_rules, talk.answer.encode())):
            root = etree.fromstring(body)
            for path in rules:
                steps = re.findall(r"\['(?:([^']*):)?([^':]+)'\]", path.removesuffix("['#text']"))
                xpath = "/" + "/".join(f"*[local-name()='{name}' and namespace-uri()='{uri}']" for uri, name in steps)
                assert len(root.getroottree().xpath(xpath)) == 1, path


def test_what_a_contract_does_not_have_raises() -> None:
    types = Types(read_bytes("inhance_soap/iCloud.wsdl"))
    with pytest.raises(KeyError, match="Nothing"):
        soap_answer(types, "{http://tempuri.org/}SetEmailResponse", {"Nothing": "1"})
    with pytest.raises(KeyError, match="amount"):
        form_rules({"amount": "x"}, "a=1")
    operation = '<SetEmail xmlns="http://tempuri.org/"><Mail>1</Mail></SetEmail>'
    envelope = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{operation}</s:Body></s:Envelope>'
    with pytest.raises(KeyError, match="Mail"):
        xml_rules(types, envelope.encode())


def test_the_files_are_of_version_4_of_the_specification() -> None:
    for path in FILES.glob("*.json"):
        assert json.loads(path.read_bytes())["metadata"]["pactSpecification"] == {"version": "4.0"}
