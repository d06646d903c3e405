"""What an answer means: JSON and XML, refusals, and everything that is no answer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from partnerlab.client.errors import ClientError, PartnerFault, ProtocolError, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.tccs import Acknowledgement, Balance, Endpoint
from partnerlab.client.tccs import operations as p
from tests.client.tccs.conftest import GUID, KEY

ENDPOINT = Endpoint("https://tccs.example.com/invoicecloudapi", GUID, KEY)


def answer(content: bytes | str, status: int = 200, **headers: str) -> HttpResponse:
    content = content.encode() if isinstance(content, str) else content
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def balance(content: bytes | str, status: int = 200, **headers: str) -> Balance:
    return p.balance.read(ENDPOINT, answer(content, status, **headers))


def told(content: bytes | str, status: int = 200, **headers: str) -> Acknowledgement:
    return p.pay.read(ENDPOINT, answer(content, status, **headers))


BY_DATA_CONTRACT = (
    '<B xmlns="http://schemas.datacontract.org/2004/07/InvoiceCloudApi.Models"'
    ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Note i:nil="true"/>'
    "<Record_x0020_bal> 120.0 </Record_x0020_bal><!-- x --><Total_x0020_Balance>340</Total_x0020_Balance></B>"
)
OWED = Balance(Decimal("120.00"), Decimal("340.00"))


@pytest.mark.parametrize(
    "content",
    [
        '{"Record bal": 120.00, "Total Balance": 340.00}',
        '{"Record bal": 120, "Total Balance": 340.0}',
        '{"record BAL": "120.00", "TOTAL balance": " 340.0000 "}',
        '{"Total Balance": 340, "Record bal": 120, "Success": true, "Policy": {"a": [1]}, "Note": null}',
        b'\xef\xbb\xbf{"Record bal": 120, "Total Balance": 340}',
        '{"Record bal": 120, "Total Balance": 340}'.encode("utf-16"),
        "<Balance><Record_x0020_bal>120.00</Record_x0020_bal><Total_x0020_Balance>340.00</Total_x0020_Balance></Balance>",
        BY_DATA_CONTRACT,
        "\ufeff" + BY_DATA_CONTRACT.replace("<Record_x0020_bal>", "<RECORD_x0020_bal>").replace("/Record", "/RECORD"),
    ],
)
def test_a_balance_is_read_however_it_is_written(content: bytes | str) -> None:
    assert balance(content) == OWED
    assert balance(content, content_type="text/html") == OWED, "what it is labelled does not matter"


def test_a_credit_is_negative_and_zero_has_no_sign() -> None:
    found = balance('{"Record bal": -12.50, "Total Balance": -0.00}')
    assert (str(found.record_balance), str(found.total_balance)) == ("-12.50", "0.00")


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ('"1,23.50"', "is not a decimal number"),
        ('"1.120,00"', "is not a decimal number"),
        ('",120.00"', "is not a decimal number"),
        ('"$12.00"', "is not a decimal number"),
        ('"12,00"', "is not a decimal number"),
        ("1.2E+200", "is not a decimal number"),
        ("1E+18", "has too many digits"),
        ("1.2E-3", "is not in whole cents"),
        ("120.10000000000001", "is not in whole cents"),
        ("12.345", "is not in whole cents"),
        ('""', "is not a decimal number"),
        ("true", "is not a decimal number"),
        ("null", "Record bal is missing"),
        ("[120]", "must be a value, not a list"),
        ('{"a": 1}', "must be a value, not an object"),
        ("9" * 5000, "is not a decimal number"),
        ("NaN", "is no number"),
        ("Infinity", "is no number"),
    ],
)
def test_an_amount_is_a_decimal_in_whole_cents_or_the_answer_is_broken(value: str, rule: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        balance(f'{{"Record bal": {value}, "Total Balance": 1}}')
    assert rule in caught.value.rule
    assert caught.value.operation == "ARState_Output"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "is empty"),
        (" \r\n", "is empty"),
        ("OK", "is not valid JSON"),
        ('{"Record bal": 1', "is not valid JSON"),
        ('"{}"', "Record bal is missing"),
        ('"posted"', "a text holds 'posted', not an answer"),
        ("[]", "found a list"),
        ("null", "found null"),
        ("true", "Record bal is missing"),
        ("12", "found a number"),
        ("{}", "Record bal is missing"),
        ('{"Record bal": 1}', "Total Balance is missing"),
        ('{"Record bal": 1, "record bal": 1, "Total Balance": 1}', "Record bal stands twice"),
        ('{"Record bal": 1, "Record bal": 2, "Total Balance": 1}', "Record bal stands twice"),
        ('{"Success": "yes"}', "Success: 'yes' is not true or false"),
        ("<html><title>Log in</title></html>", "is an HTML page in place of JSON: Log in"),
        ("<!DOCTYPE html><title>Log in</title>", "is an HTML page"),
        ("<Balance>", "is not well-formed XML"),
        ("<Balance/>", "Record bal is missing"),
        ('<!DOCTYPE a [<!ENTITY e "1">]><a><Record_x0020_bal>&e;</Record_x0020_bal></a>', "a DTD is not accepted"),
        ("<a><Record_x0020_bal><b/></Record_x0020_bal></a>", "must be a value, not elements"),
        (b"\xff\xfe\x00", "is not valid JSON"),
        (b"[" * 200_000, "too deep"),
    ],
)
def test_a_200_that_is_no_answer_breaks_the_contract(content: bytes | str, rule: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        balance(content)
    assert rule in caught.value.rule
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"Success": true, "Message": "Payment posted."}', "Payment posted."),
        ('{"success": "True", "message": null}', ""),
        ('{"Success": true}', ""),
        ("<Result><Message>Payment posted.</Message><Success>true</Success></Result>", "Payment posted."),
        ("<Result><Message/><Success>1</Success></Result>", ""),
        ('{"Success": true, "Message": "a\\u0000\\r\\nb\\ud800"}', "a   b"),
    ],
)
def test_what_was_done_is_acknowledged_with_the_partner_s_remark(content: str, message: str) -> None:
    assert told(content) == Acknowledgement(message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"Success": false, "Message": "Policy is cancelled."}', "Policy is cancelled."),
        ('{"SUCCESS": "False"}', "the partner gave no reason"),
        ("<Result><Message>Policy is cancelled.</Message><Success>false</Success></Result>", "Policy is cancelled."),
    ],
)
def test_success_false_is_a_refusal_of_every_call(content: str, message: str) -> None:
    for read in (balance, told):
        with pytest.raises(PartnerFault) as caught:
            read(content)
        assert (caught.value.code, caught.value.message, caught.value.refused) == ("Success=false", message, True)


def test_an_answer_without_success_is_not_taken_for_one() -> None:
    with pytest.raises(ProtocolError, match="Success is missing"):
        told('{"Message": "Payment posted."}')
    with pytest.raises(ProtocolError, match="Success is missing"):
        told('{"Record bal": 1, "Total Balance": 1}')


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (401, '{"Message": "Authorization has been denied for this request."}', "Authorization has been denied"),
        (400, '{"Message": "contentInfo, column 27: expected \':\'"}', "contentInfo, column 27"),
        (404, '{"Message": "No invoice 1 was found."}', "No invoice 1 was found."),
        (404, "<Error><Message>No invoice 1 was found.</Message></Error>", "No invoice 1 was found."),
        (404, "<html><title>404 - File or directory not found.</title></html>", "status 404: 404 - File or directory"),
        (403, "", "status 403"),
        (415, '{"message": ["a"]}', "status 415"),
        (405, "Method not allowed\nx", "status 405: Method not allowed"),
    ],
)
def test_a_4xx_is_a_refusal_in_the_partner_s_words(status: int, content: str, message: str) -> None:
    with pytest.raises(PartnerFault) as caught:
        told(content, status, content_type="text/plain")
    assert caught.value.code == str(status)
    assert caught.value.message.startswith(message)
    assert caught.value.refused


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_5xx_leaves_it_unknown(status: int) -> None:
    with pytest.raises(TransportError) as caught:
        told("<html><title>Server Error</title></html>", status)
    assert caught.value.sent
    assert caught.value.reason == f"status {status}: Server Error"


def test_a_500_with_the_partner_s_words_leaves_it_unknown_too() -> None:
    with pytest.raises(PartnerFault) as caught:
        told('{"Message": "An error has occurred."}', 500)
    assert (caught.value.code, caught.value.message, caught.value.refused) == ("500", "An error has occurred.", False)


def test_a_503_in_json_says_when_to_come_back() -> None:
    with pytest.raises(TransportError) as caught:
        told('{"Message": "Down for maintenance."}', 503, retry_after="120")
    assert (caught.value.retry_after_s, caught.value.sent) == (120.0, True)
    assert "Down for maintenance." in caught.value.reason


def test_a_429_was_not_carried_out() -> None:
    with pytest.raises(TransportError) as caught:
        told("", 429, retry_after="soon")
    assert (caught.value.sent, caught.value.retry_after_s) == (False, None)


@pytest.mark.parametrize("status", [201, 202, 204, 301, 302, 304])
def test_no_other_status_is_an_answer(status: int) -> None:
    with pytest.raises(ProtocolError):
        told('{"Success": true}', status)


# -- no key in any text ------------------------------------------------------------------------------------------------

KEYS = ["5e4ec0de-feed-4bad-8bad-5e4ec0de5e4e", "se'cret+key&<7>", 'quo"te\\back/slash', "clé secrète ü"]


def spellings(key: str) -> list[str]:
    """How .NET, a form or a page may repeat a key."""
    from html import escape
    from urllib.parse import quote, quote_plus

    dot_net = "".join(c if c.isascii() and c not in "\"'&+<>`\\" else f"\\u{ord(c):04X}" for c in key)
    dot_net = dot_net.replace("\\u005C", "\\\\")
    return [key, json.dumps(key)[1:-1], escape(key), quote(key, ""), quote_plus(key), dot_net, key.upper()]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("status", [200, 302, 400, 401, 500, 503])
def test_no_error_repeats_the_key_in_any_spelling(key: str, status: int) -> None:
    endpoint = Endpoint("https://tccs.example.com", GUID, key)
    for spelled in spellings(key):
        for content in (
            f"entryKey={spelled}&contentInfo=1",
            f"no such key: {spelled}",
            f'{{"entryKey": "{spelled}", "Success": "{spelled}"}}',
            f'{{"Success": false, "Message": "{spelled}"}}',
            f'{{"Success": true, "Message": "{spelled}"}}',
            f'{{"Record bal": "{spelled}", "Total Balance": 1}}',
            f"<html><title>{spelled}</title></html>",
            f"<Result><Success>{spelled}</Success><Message>{spelled}</Message></Result>",
        ):
            for read in (
                lambda response: p.balance.read(endpoint, response),
                lambda response: p.pay.read(endpoint, response),
            ):
                try:
                    found: Any = read(answer(content, status, content_type="text/plain"))
                except ClientError as error:
                    found = error
                text = f"{found!r} {found} {getattr(found, '__dict__', '')}"
                for tale in (key, spelled):
                    assert tale not in text, (content, text)


def test_a_key_is_never_cut_in_two_and_half_shown() -> None:
    key = KEYS[0]
    endpoint = Endpoint("https://tccs.example.com", GUID, key)
    for length in range(0, 2100, 5):
        words = json.dumps({"Success": False, "Message": "x" * length + key})
        for status in (200, 400, 500):
            with pytest.raises(ClientError) as caught:
                p.balance.read(endpoint, answer(words, status))
            assert key[:8] not in str(caught.value), length
