"""The five operations, as a caller sees them."""

from __future__ import annotations

import pytest
from lxml import etree

from partnerlab.simulators.inhance_soap import Settings
from partnerlab.simulators.inhance_soap.domain import errors
from partnerlab.simulators.inhance_soap.seeds import SEEDS
from partnerlab.simulators.inhance_soap.wire.faults import MESSAGES, error_message
from tests.simulators.inhance_soap.utility import DEFAULTS, KEY, NS, PARAMETERS, PATH, Utility

VERSIONS = ["1.1", "1.2"]
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_constant_account_is_there(utility: Utility, version: str) -> None:
    assert utility.call("BalanceCheck", version, AccountNumber="10000101", LastInvoiceNumber="500001") == {
        "Balance": "125.50",
        "FutureBalance": "182.75",
        "Phone": "555-0101",
        "Email": "willows@example.com",
        "Success": "true",
    }
    bill = utility.account()["bills"][0]
    assert (bill["invoice_number"], bill["open"]) == ("500001", "125.50")


@pytest.mark.parametrize(
    ("account", "balance", "future"),
    [
        ("10000102", "130.45", "130.45"),
        ("10000103", "0.00", "0.00"),
        ("10000104", "-30.00", "-30.00"),
        ("10000107", "31.05", "31.05"),
        ("10000107CV-20240115093000", "63.20", "63.20"),
        ("10000109", "0.00", "480.00"),
        ("10000110", "12345.67", "12345.67"),
        ("10000111", "0.02", "0.02"),
    ],
)
def test_the_other_seeds_have_the_balances_they_are_there_for(
    utility: Utility, account: str, balance: str, future: str
) -> None:
    assert utility.balance(account) == (balance, future)


def test_every_seed_answers_and_says_what_it_is_good_for(utility: Utility) -> None:
    assert len({seed.account.number for seed in SEEDS}) == len(SEEDS)
    for seed in SEEDS:
        answer = utility.call("BalanceCheck", AccountNumber=seed.account.number)
        # The utility on v1 has no web service.
        assert answer["Success"] == ("true" if seed.account.integration == "v2" else "false")
        assert seed.purpose


def test_a_missing_email_and_phone_are_absent_from_the_answer(utility: Utility) -> None:
    body = utility.soap("BalanceCheck", AccountNumber="10000105").body
    assert b"Email" not in body
    assert b"Phone" not in body
    assert b"ErrorMessage" not in body


@pytest.mark.parametrize("version", VERSIONS)
def test_a_consumer_that_looks_for_the_text_finds_it(utility: Utility, version: str) -> None:
    for operation, fields in GOOD.items():
        assert b"<Success>true</Success>" in utility.soap(operation, version, **fields).body, operation


GOOD = {
    "BalanceCheck": {"AccountNumber": "10000101"},
    "MakePaymentExtended": {"AccountNumber": "10000101", "PaymentReference": "IC-1", "PaymentAmount": "10.00"},
    "SetPaperless": {"Accountnumber": "10000101", "PaperlessOnOff": "On"},
    "SetAutopay": {"Accountnumber": "10000101", "AutoPayOnOff": "On"},
    "SetEmail": {"Accountnumber": "10000101", "NewEmail": "new@example.com"},
}


@pytest.mark.parametrize("operation", GOOD)
def test_a_form_does_what_a_soap_request_does(utility: Utility, operation: str) -> None:
    from urllib.parse import urlencode

    given = {**DEFAULTS, **GOOD[operation]}
    body = urlencode({name: given[name] for name in PARAMETERS[operation]}).encode()
    response = utility.app(utility.send("POST", f"{PATH}/{operation}", headers=FORM, body=body))
    assert response.status == 200, response.body
    root = etree.fromstring(response.body)
    assert root.tag == f"{{{NS}}}{operation}Result"
    assert root.findtext(f"{{{NS}}}Success") == "true"


@pytest.mark.parametrize("operation", GOOD)
@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], KEY + "1", KEY.replace("1", "2")])
def test_a_wrong_key_is_refused_and_changes_nothing(utility: Utility, operation: str, key: str) -> None:
    before = utility.account()
    name = "WebServiceKey" if operation == "BalanceCheck" else "WebserviceKey"
    answer = utility.call(operation, **{**GOOD[operation], name: key})
    assert (answer["Success"], answer["ErrorMessage"]) == ("false", "Invalid web service key.")
    assert answer.get("Balance", "0.00") == "0.00"
    assert "Email" not in answer
    assert utility.account() == before


@pytest.mark.parametrize("operation", GOOD)
def test_a_missing_key_is_a_wrong_key(utility: Utility, operation: str) -> None:
    body = f'<{operation} xmlns="{NS}"/>'
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'
    response = utility.app(utility.send("POST", PATH, headers={"content-type": "text/xml"}, body=envelope.encode()))
    assert b"<Success>false</Success><ErrorMessage>Invalid web service key.</ErrorMessage>" in response.body


@pytest.mark.parametrize("operation", GOOD)
@pytest.mark.parametrize("account", ["99999999", "<&>", "x" * 50])
def test_an_unknown_account_is_refused(utility: Utility, operation: str, account: str) -> None:
    name = PARAMETERS[operation][0]
    answer = utility.call(operation, **{**GOOD[operation], name: account})
    assert (answer["Success"], answer["ErrorMessage"]) == ("false", f"Account {account} was not found.")


@pytest.mark.parametrize("account", ["", "   "])
def test_a_missing_account_number_is_refused(utility: Utility, account: str) -> None:
    answer = utility.call("BalanceCheck", AccountNumber=account)
    assert answer["ErrorMessage"] == "AccountNumber: '' is missing."


def test_blanks_around_an_account_number_do_not_matter(utility: Utility) -> None:
    assert utility.balance(" 10000101\n") == ("125.50", "182.75")


@pytest.mark.parametrize(("operation", "switch"), [("SetPaperless", "PaperlessOnOff"), ("SetAutopay", "AutoPayOnOff")])
@pytest.mark.parametrize("value", ["", "on", "OFF", "true", "1", "Yes"])
def test_a_switch_is_on_or_off_and_nothing_else(utility: Utility, operation: str, switch: str, value: str) -> None:
    answer = utility.call(operation, **{"Accountnumber": "10000101", switch: value})
    assert (answer["Success"], answer["ErrorMessage"]) == ("false", f"{switch}: '{value}' is neither On nor Off.")


@pytest.mark.parametrize(
    ("operation", "switch", "field"),
    [("SetPaperless", "PaperlessOnOff", "paperless"), ("SetAutopay", "AutoPayOnOff", "autopay")],
)
def test_a_switch_is_kept_until_it_is_switched_again(utility: Utility, operation: str, switch: str, field: str) -> None:
    for value in ("On", "On", "Off"):
        assert utility.call(operation, **{"Accountnumber": "10000101", switch: value}) == {"Success": "true"}
        assert utility.account()[field] is (value == "On")
    kinds = [(event["kind"], event["detail"]) for event in utility.account()["events"][1:]]
    assert kinds == [(f"{field}_switched", {"on": on}) for on in (True, True, False)]


@pytest.mark.parametrize(("operation", "switch"), [("SetPaperless", "PaperlessOnOff"), ("SetAutopay", "AutoPayOnOff")])
@pytest.mark.parametrize("number", ["10000107CV-20240115093000", "10000107-CV-20240115", "10000107cv-20240115093000"])
def test_a_switch_takes_the_plain_number_of_a_conveyed_account(
    utility: Utility, operation: str, switch: str, number: str
) -> None:
    answer = utility.call(operation, **{"Accountnumber": number, switch: "On"})
    assert (answer["Success"], answer["ErrorMessage"]) == ("false", f"Account {number} was not found.")
    assert utility.call(operation, **{"Accountnumber": "10000107", switch: "On"})["Success"] == "true"


def test_a_payment_and_an_email_for_a_conveyed_account_reach_that_account(utility: Utility) -> None:
    conveyed = "10000107CV-20240115093000"
    utility.pay("20.00", conveyed)
    utility.call("SetEmail", Accountnumber=conveyed, NewEmail="former.owner@example.com")
    assert utility.balance(conveyed) == ("43.20", "43.20")
    assert utility.balance("10000107") == ("31.05", "31.05")
    assert utility.account("10000107")["email"] == "present@example.com"


def test_a_new_email_is_in_the_next_balance_answer(utility: Utility) -> None:
    utility.call("SetEmail", Accountnumber="10000105", NewEmail=" r.ashdown@example.com ")
    assert utility.call("BalanceCheck", AccountNumber="10000105")["Email"] == "r.ashdown@example.com"


@pytest.mark.parametrize(
    "email",
    [
        "",
        "plain",
        "@example.com",
        "a@",
        "a@b",
        "a b@example.com",
        "a@@example.com",
        "a@example.",
        "a,b@example.com",
        "x" * 250 + "@example.com",
        "a@-example.com",
        "a@.com",
        "a\nb@example.com",
    ],
)
def test_what_is_no_email_address_is_refused(utility: Utility, email: str) -> None:
    answer = utility.call("SetEmail", Accountnumber="10000101", NewEmail=email)
    assert answer["Success"] == "false"
    assert answer["ErrorMessage"].endswith("is not an e-mail address.")
    assert utility.account()["email"] == "willows@example.com"


@pytest.mark.parametrize(
    "email", ["a@b.co", "first.last+tag@mail.example.com", "o'neil@example.com", "björk@example.com"]
)
def test_an_email_address_is_taken(utility: Utility, email: str) -> None:
    assert utility.call("SetEmail", Accountnumber="10000101", NewEmail=email) == {"Success": "true"}


@pytest.mark.parametrize(
    ("operation", "field"),
    [
        ("BalanceCheck", "AccountNumber"),
        ("MakePaymentExtended", "PaymentReference"),
        ("MakePaymentExtended", "DocumentNumber"),
        ("MakePaymentExtended", "PaymentTypeDesc"),
        ("SetPaperless", "PaperlessOnOff"),
        ("SetEmail", "NewEmail"),
    ],
)
@pytest.mark.parametrize("value", ["a\x00b@example.com", "a\nb@example.com", "a\x1bb@example.com"])
def test_a_control_character_is_refused_even_in_a_form(shared: Utility, operation: str, field: str, value: str) -> None:
    from urllib.parse import urlencode

    given = {**DEFAULTS, **GOOD[operation], field: value}
    body = urlencode({name: given[name] for name in PARAMETERS[operation]}).encode()
    response = shared.app(shared.send("POST", f"{PATH}/{operation}", headers=FORM, body=body))
    assert response.status == 200, response.body
    assert b"<Success>false</Success>" in response.body


def test_characters_that_xml_escapes_come_through(utility: Utility) -> None:
    utility.api("PUT", "/accounts/10000101", body={"phone": "<555 & 1>"})
    assert utility.call("BalanceCheck", AccountNumber="10000101")["Phone"] == "<555 & 1>"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"PaymentAmount": "0"}, "PaymentAmount: '0' is not more than zero."),
        ({"PaymentAmount": "0.00"}, "PaymentAmount: '0.00' is not more than zero."),
        ({"PaymentAmount": "-5.00"}, "PaymentAmount: '-5.00' is not more than zero."),
        ({"PaymentAmount": "1.005"}, "PaymentAmount: '1.005' has a part of a cent."),
        ({"PaymentAmount": "1" * 28}, f"PaymentAmount: '{'1' * 28}' is out of bounds."),
        ({"ConvenienceFee": "-0.01"}, "ConvenienceFee: '-0.01' is negative."),
        ({"PaymentReference": ""}, "PaymentReference: '' is missing."),
        ({"PaymentReference": "x" * 256}, f"PaymentReference: '{'x' * 80}' is longer than 255 characters."),
        ({"PaymentDate": "0001-01-01T00:00:00"}, "PaymentDate: '0001-01-01T00:00:00' is missing or out of bounds."),
        (
            {"PaymentDate": "9999-12-31T23:59:59-14:00"},
            "PaymentDate: '9999-12-31T23:59:59-14:00' is missing or out of bounds.",
        ),
    ],
)
def test_a_payment_that_cannot_be_is_refused(utility: Utility, fields: dict[str, str], message: str) -> None:
    given = {**GOOD["MakePaymentExtended"], **fields}
    assert utility.call("MakePaymentExtended", **given) == {"Success": "false", "ErrorMessage": message}
    assert utility.balance() == ("125.50", "182.75")
    assert utility.account()["payments"] == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-21T10:00:00", "2026-11-21T15:00:00+00:00"),
        ("2026-11-21T10:00:00.25Z", "2026-11-21T10:00:00.250000+00:00"),
        ("2026-11-21T10:00:00-05:00", "2026-11-21T15:00:00+00:00"),
        ("2026-11-21", "2026-11-21T05:00:00+00:00"),
    ],
)
def test_a_payments_date_may_have_an_offset_or_none(utility: Utility, sent: str, kept: str) -> None:
    utility.pay("1.00", PaymentDate=sent)
    assert utility.account()["payments"][0]["paid_at"] == kept


def test_every_refusal_of_an_operation_has_its_words() -> None:
    classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.DomainError)}
    # The control routes alone can bill an account, return a payment, and ask for what v1 does not do.
    by_hand = {errors.InvoiceTaken, errors.PaymentUnknown, errors.PaymentSettled, errors.NotSupported}
    assert set(MESSAGES) == classes - {errors.DomainError} - by_hand


def test_a_refusals_words_do_not_repeat_a_long_value() -> None:
    refused = errors.ValueInvalid("NewEmail", "x" * 10_000, "is not an e-mail address")
    assert len(error_message(refused)) < 150


def test_the_settings_do_not_show_the_key() -> None:
    assert KEY not in repr(Settings())


def test_another_namespace_can_be_set(utility: Utility) -> None:
    other = Utility(utility.store, Settings(namespace="urn:other"))
    wsdl = other.app(other.send("GET", PATH, query="wsdl")).body
    assert b"tempuri.org" not in wsdl
    assert b'soapAction="urn:otherBalanceCheck"' in wsdl or b'soapAction="urn:other/BalanceCheck"' in wsdl
