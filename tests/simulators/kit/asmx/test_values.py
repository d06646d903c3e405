"""What becomes of values: .NET's deserialisation manners, and how answers are written."""

# ruff: noqa: RUF012 - Spyne takes the lists away when it makes the classes

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from partnerlab.simulators.kit.asmx.generate import render
from partnerlab.simulators.kit.asmx.spyne_compat import ComplexModel, Integer32, ServiceBase, Unicode, rpc
from partnerlab.simulators.kit.asmx.types import SCALARS
from tests.simulators.kit.asmx.asmx_demo import NS, RESULTS, SERVICE, answer, envelope, fault, post, soap, values

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
FORMAT = "Input string was not in a correct format."


def echo(inner: str) -> dict[str, str | None]:
    response = SERVICE(soap("Echo", inner))
    assert response.status == 200, response.body
    return values(response)


def test_missing_value_types_have_their_defaults_and_a_missing_string_is_absent() -> None:
    assert echo("") == {
        "n": "0",
        "big": "0",
        "amount": "0",
        "when": "0001-01-01T00:00:00",
        "flag": "false",
    }


def test_unknown_elements_and_attributes_are_ignored() -> None:
    assert echo('<what x="1"><n>9</n></what><n unit="m">5</n>')["n"] == "5"


def test_order_is_not_enforced() -> None:
    assert echo("<flag>1</flag><n>5</n><text>a</text>")["text"] == "a"


def test_of_an_element_sent_twice_the_first_counts() -> None:
    assert echo("<n>5</n><n>6</n>")["n"] == "5"


def test_names_are_matched_with_regard_to_case_and_namespace() -> None:
    assert echo('<N>5</N><n xmlns="">6</n><n xmlns="urn:other">7</n>')["n"] == "0"


def test_a_wrapper_in_another_namespace_leaves_every_argument_at_its_default() -> None:
    assert values(SERVICE(soap("Echo", "<n>5</n>", namespace="urn:other")))["n"] == "0"


@pytest.mark.parametrize("body", ["", "<Echo/>"])
def test_an_empty_body_with_a_soap_action_does_too(body: str) -> None:
    assert values(post(envelope(body), soapaction=f'"{NS}Echo"'))["n"] == "0"


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("n", " 5 ", "5"),
        ("n", "+5", "5"),
        ("n", "-0", "0"),
        ("n", "0000000000000000000000007", "7"),
        ("n", "2147483647", "2147483647"),
        ("n", "-2147483648", "-2147483648"),
        ("n", "<![CDATA[5]]>", "5"),
        ("n", "1<!-- -->2", "12"),
        ("big", "9223372036854775807", "9223372036854775807"),
        ("amount", "125.50", "125.50"),
        ("amount", "-.5", "-0.5"),
        ("amount", "5.", "5"),
        ("amount", "\n 1 \n", "1"),
        ("amount", "79228162514264337593543950335", "79228162514264337593543950335"),
        ("amount", "0." + "1" * 60, "0." + "1" * 29),
        ("flag", "true", "true"),
        ("flag", "1", "true"),
        ("flag", " 0 ", "false"),
        ("when", "2026-11-21T10:00:00", "2026-11-21T10:00:00"),
        ("when", "2026-11-21T10:00:00.5", "2026-11-21T10:00:00.500000"),
        ("when", "2026-11-21T10:00:00.1234567", "2026-11-21T10:00:00.123456"),
        ("when", "2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"),
        ("when", "2026-11-21T10:00:00-05:00", "2026-11-21T10:00:00-05:00"),
        ("when", "2026-11-21T10:00:00.25+14:00", "2026-11-21T10:00:00.250000+14:00"),
        ("when", "2026-11-21", "2026-11-21T00:00:00"),
        ("text", "  a  b ", "  a  b "),
        ("text", "&lt;&amp;&gt;", "<&>"),
        ("text", "&#xD;", "\r"),
        ("text", "ä€𝄞", "ä€𝄞"),
    ],
)
def test_a_value_is_read_as_dotnet_reads_it(field: str, sent: str, read: str) -> None:
    assert echo(f"<{field}>{sent}</{field}>")[field] == read


@pytest.mark.parametrize(
    ("field", "sent", "words"),
    [
        ("n", "", FORMAT),
        ("n", "abc", FORMAT),
        ("n", "1.0", FORMAT),
        ("n", "1_000", FORMAT),
        ("n", "٣", FORMAT),
        ("n", "2147483648", "Value was either too large or too small for an Int32."),
        ("n", "9" * 5000, "Value was either too large or too small for an Int32."),
        ("big", "9223372036854775808", "Value was either too large or too small for an Int64."),
        ("amount", "", FORMAT),
        ("amount", "1E3", FORMAT),
        ("amount", "1,000.00", FORMAT),
        ("amount", "NaN", FORMAT),
        ("amount", "$5", FORMAT),
        ("amount", "9" * 30, "Value was either too large or too small for a Decimal."),
        ("flag", "yes", "The string 'yes' is not a valid Boolean value."),
        ("flag", "True", "The string 'True' is not a valid Boolean value."),
        ("when", "", "The string '' is not a valid AllXsd value."),
        ("when", "2026-13-01T00:00:00", "The string '2026-13-01T00:00:00' is not a valid AllXsd value."),
        ("when", "11/21/2026", "The string '11/21/2026' is not a valid AllXsd value."),
        ("when", "2026-11-21T10:00:00+15:00", "The string '2026-11-21T10:00:00+15:00' is not a valid AllXsd value."),
    ],
)
@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_value_that_cannot_be_read_is_a_fault_in_dotnets_words(
    field: str, sent: str, words: str, version: str
) -> None:
    response = SERVICE(soap("Echo", f"<{field}>{sent}</{field}>", version=version))
    assert response.status == 500
    code, text = fault(response)
    assert code == {"1.1": "soap:Client", "1.2": "soap:Sender"}[version]
    start, _, rest = text.partition("(1, ")
    assert start == "Server was unable to read request. ---> There is an error in XML document "
    assert rest.partition("). ---> ")[2] == words


def test_the_fault_gives_the_place_of_the_tag_after_the_value() -> None:
    body = envelope(f'\n<Echo xmlns="{NS}">\n  <n>abc</n>\n  <text/>\n</Echo>')
    assert "(4, 4)" in fault(post(body))[1]


def test_the_place_is_given_for_other_encodings_too() -> None:
    body = envelope(f'<Echo xmlns="{NS}"><text>ä</text><n>abc</n></Echo>').replace("utf-8", "utf-16").encode("utf-16")
    assert "There is an error in XML document (1, " in fault(post(body, content_type="text/xml; charset=utf-16"))[1]


@pytest.mark.parametrize(
    ("type", "usual", "others"),
    [
        ("dateTime", "2026-01-31T12:00:00", "0123456789-:T .ZW+\u0663"),
        ("decimal", "125.50", "0123456789.+-eE_n \u0663"),
        ("int", "12550", "0123456789.+-_ \u0663"),
    ],
)
def test_a_blank_after_a_value_which_takes_it_the_long_way_changes_nothing(type: str, usual: str, others: str) -> None:
    random, parse = Random(7), SCALARS[type].parse
    read = 0
    for _ in range(20_000):
        text = list(usual)
        for _ in range(random.randrange(4)):
            text[random.randrange(len(text))] = random.choice(others)
        found = value_of(parse, "".join(text))
        assert found == value_of(parse, f"{''.join(text)} "), text
        read += found is not None
    assert 1_000 < read < 19_000


def value_of(parse: Callable[[str], Any], text: str) -> Any:
    """What a text is read as, and how that is written; None where it is refused."""
    try:
        return parse(text), str(parse(text))
    except ValueError:
        return None


def test_elements_inside_a_value_are_refused() -> None:
    assert "invalid XmlNodeType" in fault(SERVICE(soap("Echo", "<n><b/>5</n>")))[1]


def test_nil_makes_a_string_absent() -> None:
    assert "text" not in echo(f'<text {XSI} xsi:nil="true"/>')


def test_nil_cannot_stand_for_a_value_type() -> None:
    assert FORMAT in fault(SERVICE(soap("Echo", f'<n {XSI} xsi:nil="true"/>')))[1]


ORDER = (
    "<Req><Customer>a</Customer><Lines><Line><Sku>x</Sku><Quantity>2</Quantity><Price>1.25</Price></Line>"
    "<Line><Price>3</Price><Quantity>1</Quantity></Line></Lines><Notes><string>n</string><string/></Notes>"
    "<Limit>5</Limit></Req>"
)


def test_nested_types_and_arrays_are_read_and_written() -> None:
    response = SERVICE(soap("Order", ORDER))
    assert b"".join(response.body.split(b"OrderResult>")[1:2]).decode() == (
        "<Total>5.50</Total><Lines><Line><Sku>x</Sku><Quantity>2</Quantity><Price>1.25</Price></Line>"
        "<Line><Quantity>1</Quantity><Price>3</Price></Line></Lines><Notes><string>n</string><string /></Notes>"
        "<Limit>5</Limit></"
    )


def test_a_missing_object_is_absent_an_empty_array_is_not_and_null_of_a_nullable_is_nil() -> None:
    assert SERVICE(soap("Order")).body.endswith(b'<OrderResponse xmlns="urn:demo/" /></soap:Body></soap:Envelope>')
    body = SERVICE(soap("Order", f'<Req><Lines/><Limit {XSI} xsi:nil="true"/></Req>')).body
    assert b'<OrderResult><Total>0</Total><Lines /><Limit xsi:nil="true" /></OrderResult>' in body


def test_base64_is_bytes_for_the_handler() -> None:
    assert values(SERVICE(soap("Size", "<data>aGVs\nbG8=</data>"))) == {"SizeResult": "5"}
    assert "Base-64" in fault(SERVICE(soap("Size", "<data>a</data>")))[1]


def test_an_operation_without_result_answers_an_empty_element() -> None:
    element = answer(SERVICE(soap("Nothing", "<text>a</text>")))
    assert (element.tag, len(element)) == (f"{{{NS}}}NothingResponse", 0)


def test_characters_that_xml_cannot_hold_do_not_break_an_answer() -> None:
    write = SERVICE.operations["Who"].write
    text = write("a\x00\x1b\ud800\ufffeb<&>\r\n\t")
    assert f"<WhoResult>a{chr(0xFFFD) * 4}b&lt;&amp;&gt;&#xD;\n\t</WhoResult>" in text


def test_an_answer_without_a_value_that_must_be_there_is_a_bug_and_not_a_document() -> None:
    with pytest.raises(TypeError, match="amount has no value"):
        SERVICE.operations["Echo"].write(RESULTS["Echo"](n=1, big=1, amount=None))


def test_decimals_are_written_plainly() -> None:
    answered = RESULTS["Echo"](amount=Decimal("1E+3"))
    assert "<amount>1000</amount>" in SERVICE.operations["Echo"].write(answered)


def test_what_a_handler_did_not_set_has_the_default_of_its_type() -> None:
    assert SERVICE.operations["Echo"].write(RESULTS["Echo"](text="a")) == (
        f'<EchoResponse xmlns="{NS}"><EchoResult><text>a</text><n>0</n><big>0</big><amount>0</amount>'
        "<when>0001-01-01T00:00:00</when><flag>false</flag></EchoResult></EchoResponse>"
    )


def test_a_message_shows_its_names_and_no_value_which_may_be_secret() -> None:
    assert repr(RESULTS["Echo"](text="hunter2", n=1)) == "EchoResult(text, n)"


class Odd(ComplexModel):
    _type_info = [("many", Unicode.customize(max_occurs="unbounded"))]


class HiddenRequest(ComplexModel):
    _type_info = [("one", Unicode)]


@pytest.mark.parametrize(
    ("type", "words"),
    [
        (Odd, r"Do\.odd\.many: max_occurs"),
        (HiddenRequest, r"Do\.odd: a type called HiddenRequest could hide the message of an operation"),
    ],
)
def test_a_type_without_codec_is_refused_when_the_messages_are_made(type: Any, words: str) -> None:
    class Service(ServiceBase):
        @rpc(type, _returns=Integer32)
        def Do(ctx: Any, odd: Any) -> int:
            return 1

    with pytest.raises(TypeError, match=words):
        render(Service, NS)
