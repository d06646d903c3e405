"""Help pages and the WSDL."""

from __future__ import annotations

import re
from html import unescape

import pytest
from lxml import etree, html

from partnerlab.simulators.kit.asmx.pages import operation_page
from tests.simulators.kit.asmx.asmx_demo import FORM, NS, PATH, SERVICE, request


def page(query: str = "", base_url: str = "http://127.0.0.1:8700", path: str = PATH) -> html.HtmlElement:
    response = SERVICE(request("GET", path, query=query, base_url=base_url))
    assert (response.status, response.content_type) == (200, "text/html; charset=utf-8")
    return html.fromstring(response.body.decode())


def test_the_help_page_lists_every_operation_with_its_page() -> None:
    links = {link.text: link.get("href") for link in page().iter("a")}
    assert links.pop("Service Description") == "Demo.asmx?WSDL"
    assert links == {name: f"Demo.asmx?op={name}" for name in SERVICE.operations}


@pytest.mark.parametrize("query", ["op=Echo", "OP=echo", "x=1&op=ECHO"])
def test_an_operations_page_shows_its_samples(query: str) -> None:
    titles = [title.text for title in page(query).iter("h3")]
    assert titles == ["Test", "SOAP 1.1", "SOAP 1.2", "HTTP POST"]


def test_an_unknown_operation_gets_the_list() -> None:
    assert "The following operations are supported" in page("op=Nope").text_content()


def test_every_sample_request_is_one_the_service_takes() -> None:
    """The placeholders name the types; with a value of each type in their place, the sample is sent."""
    example = {"string": "a", "int": "7", "long": "8", "decimal": "1.50", "dateTime": "2026-11-21T10:00:00"}
    example |= {"boolean": "true", "base64Binary": "aGVsbG8="}
    for name in SERVICE.operations:
        if name in ("Break", "Refuse"):
            continue
        samples = [block.text_content() for block in page(f"op={name}").iter("pre")]
        assert len(samples) in (4, 6)
        for sample, expected in zip(samples[::2], samples[1::2], strict=True):
            head, _, body = sample.partition("\n\n")
            first, *lines = head.split("\n")
            headers = dict(
                line.lower().split(": ", 1) if "SOAPAction" not in line else ("soapaction", line[12:]) for line in lines
            )
            if FORM in head:
                body = "&".join(
                    f"{parameter.name}={example[parameter.type_name]}"
                    for parameter in SERVICE.operations[name].parameters
                )
            else:
                body = re.sub(r">(\w+)<", lambda match: f">{example[match[1]]}<", body)
            response = SERVICE(request(path=first.split()[1], headers=headers, body=body))
            assert response.status == 200, (sample, response.body)
            assert response.content_type == re.search("Content-Type: (.*)", expected)[1]  # type: ignore[index]
            root = expected.partition("\n\n")[2].encode()
            if root:
                assert etree.fromstring(response.body).tag == etree.fromstring(root).tag


def test_the_test_form_posts_every_parameter_to_the_operation() -> None:
    form = page("op=Echo").find(".//form")
    assert form is not None
    assert (form.get("method"), form.get("action")) == ("post", "Demo.asmx/Echo")
    fields = {field.get("name"): field.get("value") for field in form.iter("input")}
    assert list(fields) == ["text", "n", "big", "amount", "when", "flag"]
    assert fields["n"] == "1", "a box begins with a sample of its type"


def test_a_box_begins_with_the_services_own_sample_and_the_page_fits_a_phone() -> None:
    from partnerlab.simulators.inhance_soap.wire.doors import SAMPLES

    operation = SERVICE.operations["Echo"]
    shown = operation_page(
        "Demo", "Demo.asmx", "http://127.0.0.1:8700/Demo.asmx", operation, local=True, samples={"text": 'a "b"'}
    )
    tree = html.fromstring(shown.decode())
    assert tree.xpath("//input[@name='text']/@value") == ['a "b"']
    assert tree.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    assert not re.search(r"grid-template-columns:[^;}]*\d+rem 1fr", shown.decode()), "a column that cannot shrink"
    assert all(SAMPLES.values())


@pytest.mark.parametrize(
    ("base_url", "there"),
    [
        ("http://127.0.0.1:8700", True),
        ("http://localhost:8700/lane/x", True),
        ("http://[::1]:8700", True),
        ("http://sandbox.example.com", False),
        ("http://127.evil.example.com", False),
    ],
)
def test_the_test_form_is_only_there_on_loopback(base_url: str, there: bool) -> None:
    found = page("op=Echo", base_url)
    assert (found.find(".//form") is not None) == there
    assert ("only available for requests from the local machine" in found.text_content()) != there


def test_an_operation_with_complex_parameters_has_no_form() -> None:
    found = page("op=Order")
    assert found.find(".//form") is None
    assert "HTTP POST" not in [title.text for title in found.iter("h3")]


def test_what_the_caller_put_in_host_and_path_is_escaped() -> None:
    for query in ("", "op=Echo", "op=<script>"):
        response = SERVICE(request("GET", '/x"><script>/Demo.asmx', query=query, base_url="http://<script>"))
        assert b"<script>" not in response.body


@pytest.mark.parametrize("query", ["WSDL", "wsdl", "Wsdl", "wsdl=1"])
def test_the_wsdl_has_the_address_it_was_asked_on(query: str) -> None:
    response = SERVICE(request("GET", query=query, base_url="http://sandbox.test:81/lane/a&b"))
    assert (response.status, response.content_type) == (200, "text/xml; charset=utf-8")
    root = etree.fromstring(response.body)
    addresses = [one.get("location") for one in root.iter() if str(one.tag).endswith("}address")]
    assert addresses == ["http://sandbox.test:81/lane/a&b/demo/Demo.asmx"] * 2
    assert root.get("targetNamespace") == NS


def test_one_callers_address_does_not_reach_the_next() -> None:
    SERVICE(request("GET", query="wsdl", base_url="http://forged.example"))
    assert b"forged" not in SERVICE(request("GET", query="wsdl")).body


def test_the_path_is_quoted_in_the_wsdls_address() -> None:
    response = SERVICE(request("GET", '/a "b/Demo.asmx', query="wsdl"))
    assert "/a%20%22b/Demo.asmx" in unescape(response.body.decode())


def test_head_is_answered_like_get() -> None:
    assert SERVICE(request("HEAD")).status == 200


@pytest.mark.parametrize("query", ["disco", "DISCO"])
def test_the_discovery_document_names_the_wsdl_and_both_soap_ports(query: str) -> None:
    """.NET's tools begin there (CoreWCF/CoreWCF#1509)."""
    asked = request("GET", query=query)
    answered = SERVICE(asked)
    assert (answered.status, answered.content_type) == (200, "text/xml; charset=utf-8")
    assert SERVICE.operation(asked) == "disco"
    root = etree.fromstring(answered.body)
    assert root.tag == "{http://schemas.xmlsoap.org/disco/}discovery"
    address = f"http://127.0.0.1:8700{PATH}"
    contract, *ports = root
    assert contract.tag == "{http://schemas.xmlsoap.org/disco/scl/}contractRef"
    assert dict(contract.attrib) == {"ref": f"{address}?wsdl", "docRef": address}
    assert [port.get("address") for port in ports] == [address] * 2
    bindings = [port.get("binding", "").partition(":") for port in ports]
    assert [(port.nsmap[prefix], name) for port, (prefix, _, name) in zip(ports, bindings, strict=True)] == [
        (NS, "DemoSoap"),
        (NS, "DemoSoap12"),
    ]
    assert b'href="Demo.asmx?disco"' in SERVICE(request("GET")).body
