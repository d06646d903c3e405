"""Secrets are blotted out, however they are written."""

from __future__ import annotations

import json
import time
from html import escape
from urllib.parse import quote

import pytest

from partnerlab.contracts.masking import MASK, SECRET_NAMES, mask_text

SECRET = "hunter2-and-more"
TOKEN = "dGhpcy1pcy1hLXRva2VuLW9mLTMyLWJ5dGVzLWxvbmc"


def shown(name: str) -> str:
    """What may be seen of the secret under that name."""
    return MASK if "Password" in name or name in ("PIN", "CVV", "TrackData") else f"{MASK}more"


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_secret_in_escaped_xml_is_masked(name: str, times: int) -> None:
    text = f"<x:{name} a='1'>{SECRET}</x:{name}>"
    for _ in range(times):
        text = escape(text)
    masked = mask_text(f"<Envelope><Document>{text}</Document></Envelope>")
    assert SECRET not in masked
    assert shown(name) in masked
    assert masked.endswith("</Document></Envelope>")


@pytest.mark.parametrize(
    "text",
    [
        "&#60;Password&#62;hunter2&#60;/Password&#62;",
        "&#x3C;Password&#x3e;hunter2&#x3C;/Password&#x3e;",
        "&lt;Password>hunter2&lt;/Password>",
        "&lt;Password&gt;hunter2",
        "&lt;Password&gt;hun&amp;amp;hunter2&lt;/Password&gt;",
        "&lt;Password&gt;&lt;![CDATA[hunter2]]&gt;&lt;/Password&gt;",
        "&lt;Password&gt;&lt;!-- --&gt;hunter2&lt;/Password&gt;",
    ],
)
def test_escaped_xml_is_masked_however_it_is_written(text: str) -> None:
    assert "hunter2" not in mask_text(f"<a>{text}</a>")


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_form_field_is_masked_whose_name_is_percent_encoded(name: str) -> None:
    for encoded in (quote(name[0], safe="").replace(name[0], f"%{ord(name[0]):02x}") + name[1:], _encoded(name)):
        for before in ("", "a=1&", "path?", "POST /x?y=2&"):
            masked = mask_text(f"{before}{encoded}={SECRET}&after=kept")
            assert SECRET not in masked, encoded
            assert masked == f"{before}{encoded}={shown(name)}&after=kept"


def test_other_fields_with_encoded_names_are_kept() -> None:
    assert mask_text("caf%C3%A9=open&%41ccountNumber=10000101") == "caf%C3%A9=open&%41ccountNumber=10000101"


@pytest.mark.parametrize(
    "before",
    [
        "GET /cloudpayments/",
        "GET /cloudpayments//",
        "http://127.0.0.1:8700/lane/mine/cloudpayments/",
        '{"CloudPaymentURL": "http:\\/\\/localhost\\/cloudpayments\\/',
        "/portal/(S(",
        "/portal/%28S%28",
    ],
)
def test_the_key_in_a_page_address_is_masked(before: str) -> None:
    masked = mask_text(f"{before}{TOKEN}))/pay")
    assert TOKEN not in masked
    assert masked == f"{before}{MASK}{TOKEN[-4:]}))/pay"


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("line", ["\r\n", "\n"])
def test_a_field_of_a_multipart_form_is_masked(name: str, line: str) -> None:
    for after in ("", f'; filename="x"{line}Content-Type: text/plain'):
        part = f'--b{line}Content-Disposition: form-data; name="{name}"{after}{line}{line}{SECRET}{line}'
        other = f'--b{line}Content-Disposition: form-data; name="Amount"{line}{line}12.50{line}--b--'
        for text in (part + other, other.removesuffix("--b--") + part + "--b--"):
            masked = mask_text(text)
            assert masked == text.replace(SECRET, shown(name))


def test_a_multipart_form_that_is_cut_in_a_secret_is_masked() -> None:
    assert "123" not in mask_text('--b\r\nContent-Disposition: form-data; name="CVV"\r\n\r\n123')


def test_the_token_in_a_form_of_a_page_is_masked() -> None:
    form = f'<form><input type="hidden" name="CsrfToken" value="{TOKEN}"><input name="Amount" value="12.50"></form>'
    assert mask_text(form) == form.replace(TOKEN, MASK + TOKEN[-4:])


def test_many_fields_that_are_no_secrets_take_no_longer_for_being_many() -> None:
    part = 'Content-Disposition: form-data; name="CVV"; '
    text = "<input name='x' " * 20_000 + part * 20_000
    started = time.process_time()
    mask_text(text)
    assert time.process_time() - started < 5


def test_other_addresses_are_kept() -> None:
    for text in ("POST /cloudpaymentsapi/v2", "/cloudpayments/", "a function f(S(x)) of S"):
        assert mask_text(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "&lt;Password&gt;",
        "&lt;Password ",
        "&amp;",
        "&lt;",
        "&%50assword",
        "%50",
        "/cloudpayments/",
        "(S(",
        "&lt;a:",
        "&lt;Password&gt;&lt;!",
    ],
)
def test_no_text_makes_masking_slow(piece: str) -> None:
    text = ("&lt;Password&gt;" + piece * 65_536)[:65_536]
    started = time.process_time()
    mask_text(text)
    assert time.process_time() - started < 2  # some hundredths


def _encoded(name: str) -> str:
    return "".join(f"%{ord(c):02X}" for c in name)


@pytest.mark.parametrize(
    "text",
    [
        '{"Password": "Sandbox!2345-long"}',
        "<NewPassword>Sandbox!2345-long</NewPassword>",
        "Username=a&Password=Sandbox!2345-long",
        "Username=a&%50assword=Sandbox!2345-long",
        "&lt;Password&gt;Sandbox!2345-long&lt;/Password&gt;",
    ],
)
def test_of_a_password_nothing_is_shown(text: str) -> None:
    masked = mask_text(text)
    assert "long" not in masked
    assert MASK in masked


@pytest.mark.parametrize("rest", ['","ViewMode":1}', '&transid=1","ViewMode":1}', '" , "ViewMode" : 1}'])
def test_a_secret_in_an_address_leaves_the_rest_of_the_document_as_it_is(rest: str) -> None:
    secret = "partner-secret-4711"
    document = '{"PostBackURL":"https://partner.example/postback?a=1&token=' + secret + rest
    for text in (document, json.dumps(document)):
        masked = mask_text(text)
        assert masked == text.replace(secret, "•••4711")
        assert json.loads(masked)


def test_a_secret_with_a_quotation_mark_in_it_is_masked_to_its_end_where_no_address_is_quoted() -> None:
    for text in ('token=abc"def-secret-123', '"see http://x/ y token=abc"def-secret-123'):
        assert "def" not in mask_text(text)
