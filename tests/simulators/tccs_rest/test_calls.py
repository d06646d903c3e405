"""The seven calls, as Invoice Cloud sees them."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from lxml import etree

from partnerlab.contracts.tccs_rest import CONTENT_INFO, format_of
from partnerlab.simulators.tccs_rest import Settings
from partnerlab.simulators.tccs_rest.domain import errors
from partnerlab.simulators.tccs_rest.seeds import QUOTES, SEEDS
from partnerlab.simulators.tccs_rest.wire.faults import STATUSES
from tests.contracts.tccs_rest.malformed import MALFORMED
from tests.simulators.tccs_rest.insurer import BASE, BOUND, CREDENTIALS, POLICY, QUOTE, Insurer, form

# Each call with a contentInfo that the seeds allow, and whether its answer is a result.
GOOD = {
    "ARState_Output": POLICY,
    "Pay_Input": f"{POLICY}|24.00:CC",
    "Insufficient_Pay_Report": f"{POLICY}:06/22/2020|25.00|IFR",
    "Paperless_Bill": f"{POLICY}:Y|PB",
    "Recurring_Pay": f"{POLICY}:Y|R",
    "Retrieve_Bill_Image": POLICY,
}
BASES = [base + prefix for base in Settings().bases for prefix in ("/api", "")]


def test_the_constant_policy_and_quote_are_there(insurer: Insurer) -> None:
    assert insurer.balances() == ("120.00", "340.00")
    assert insurer.balances(QUOTE) == ("150.00", "150.00")
    policy = insurer.policy()
    assert (policy["insured_name"], policy["address1"], policy["city"], policy["state"], policy["zip"]) == (
        "Harbor Street Bakery",
        "4 Harbor Street",
        "Gloucester",
        "MA",
        "01930",
    )


@pytest.mark.parametrize(
    ("invoice_number", "record_bal", "total_balance"),
    [
        ("454100011-03/01/2028", "184.75", "1478.00"),
        ("454100012-01/15/2028", "430.00", "430.00"),
        ("454100013-09/30/2027", "642.50", "642.50"),
        ("454100014-12/01/2027", "0.00", "0.00"),
        ("CPP 2210-77-05/20/2028", "-250.00", "-250.00"),
        ("454100016-08/08/2028", "0.00", "360.00"),
        ("306-12/11/2019", "24.00", "48.00"),
    ],
)
def test_the_other_seeds_have_the_balances_they_are_there_for(
    insurer: Insurer, invoice_number: str, record_bal: str, total_balance: str
) -> None:
    assert insurer.balances(invoice_number) == (record_bal, total_balance)


def test_every_seed_says_what_it_is_good_for_and_has_a_number_of_its_own() -> None:
    assert all(seed.purpose for seed in SEEDS)
    numbers = [seed.invoice_number for seed in SEEDS] + [one.invoice_number.removeprefix("Q") for one in QUOTES]
    assert len(set(numbers)) == len(numbers), "a quote could not be bound"


@pytest.mark.parametrize("base", [*BASES, "/INVOICECLOUDAPI/API", "/invcloudservice_prod/Api"])
@pytest.mark.parametrize("endpoint", GOOD)
def test_a_call_is_served_at_every_base_with_and_without_api_in_any_case(
    insurer: Insurer, base: str, endpoint: str
) -> None:
    for spelled in (endpoint, endpoint.lower(), endpoint.upper()):
        response = insurer.call(spelled, GOOD[endpoint], base=base)
        assert response.status == 200, (spelled, response.body)
        assert insurer.door(f"{base}/{spelled}").name == "tccs"


@pytest.mark.parametrize("endpoint", GOOD)
def test_a_door_knows_the_partners_word_for_a_call(insurer: Insurer, endpoint: str) -> None:
    request = insurer.request("POST", f"{BASE}/api/{endpoint.lower()}")
    assert insurer.door(request.path).operation(request) == endpoint


def test_only_the_bill_image_leaves_the_event_loop(insurer: Insurer) -> None:
    inline = {path: app.inline for path, app in insurer.simulator.doors.items()}
    assert {path for path, is_inline in inline.items() if not is_inline} == {
        f"{base}/Retrieve_Bill_Image" for base in BASES
    }


@pytest.mark.parametrize(
    ("endpoint", "content_info"),
    [
        ("Pay_Input", "454100010-03/01/2019|24.00:CC"),
        ("Pay_Input", "306-12/11/2019|24.00:CC@e99fc166-9d990-4a99-bb16-99fe155ebf99"),
        ("Pay_Input", "Q454100010-03/01/2019 | Test Name | 24.00"),
        ("Pay_Input", "Q3272-12/11/2019|Test Name|24.00@e99fc166-9d990-4a99-bb16-99fe155ebf99"),
        ("Insufficient_Pay_Report", "454100010 -03/01/2019 : 06/22/2020 | 25.00 | IFR"),
        ("Paperless_Bill", "454100010-03/01/2019:Y|PB"),
        ("Recurring_Pay", "454100010-03/01/2019 : N | R"),
        ("ARState_Output", "454100010-03/01/2019"),
        ("Retrieve_Bill_Image", "454100010-06/16/2020"),
    ],
)
def test_the_sources_own_examples_are_understood(insurer: Insurer, endpoint: str, content_info: str) -> None:
    """Some name a term that becomes one only when its quote is bound."""
    insurer.deposit("150.00", guid="first")
    assert insurer.call(endpoint, content_info).status == 200


# Accept


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/xml", "application/xml"),
        ("TEXT/XML", "text/xml"),
        ("application/xml, application/json", "application/json"),
        ("application/xml, application/json;q=0.9", "application/xml"),
        ("application/json;q=0.4, text/xml;q=0.5", "text/xml"),
        ("application/xml;q=0.8, */*", "application/json"),
        ("application/xml, */*;q=0.1", "application/xml"),
        ("application/*", "application/json"),
        ("application/xml;q=0", "application/json"),
        ("application/xml;q=nan", "application/json"),
        ("application/xml;q=2, application/json;q=0.1", "application/json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/xml"),
        ("image/png", "application/json"),
        (";;,,", "application/json"),
    ],
)
def test_the_answer_is_what_accept_prefers(insurer: Insurer, accept: str, media_type: str) -> None:
    response = insurer.call("ARState_Output", POLICY, accept=accept)
    assert response.content_type == f"{media_type}; charset=utf-8"
    if media_type == "application/json":
        assert response.body == b'{"Record bal":120.00,"Total Balance":340.00}'
    else:
        assert response.body == (
            b"<Balance><Record_x0020_bal>120.00</Record_x0020_bal>"
            b"<Total_x0020_Balance>340.00</Total_x0020_Balance></Balance>"
        )


def test_a_result_in_xml(insurer: Insurer) -> None:
    response = insurer.call("Pay_Input", f"{POLICY}|24.00:CC", accept="application/xml")
    assert response.body == b"<Result><Message>Payment posted.</Message><Success>true</Success></Result>"


def test_an_error_in_xml_escapes_what_was_sent(insurer: Insurer) -> None:
    response = insurer.call("ARState_Output", "45<100010-06/16/2020", accept="text/xml")
    root = etree.fromstring(response.body)
    assert root.tag == "Error"
    assert root[0].tag == "Message"
    assert (root[0].text or "").startswith("contentInfo, column 3: ")
    assert "'<'" in (root[0].text or "")


# Who may call, and where


@pytest.mark.parametrize("endpoint", GOOD)
@pytest.mark.parametrize(
    "wrong",
    [
        {"entryKey": ""},
        {"entryKey": "sandbox-entry-ke"},
        {"entryKey": "sandbox-entry-key2"},
        {"entryKey": "SANDBOX-ENTRY-KEY"},
        {"consumerGUID": "IC-OTHER"},
        {"consumerGUID": "", "entryKey": ""},
        {"consumerGUID": "ünïcode"},
    ],
)
def test_wrong_credentials_are_refused_and_change_nothing(
    insurer: Insurer, endpoint: str, wrong: dict[str, str]
) -> None:
    before = insurer.export()
    body = urlencode({**CREDENTIALS, "contentInfo": GOOD[endpoint], **wrong}).encode()
    response = insurer.send(f"{BASE}/api/{endpoint}", body)
    assert (response.status, json.loads(response.body)) == (
        401,
        {"Message": "Authorization has been denied for this request."},
    )
    assert insurer.export() == before


def test_an_insurer_can_have_credentials_and_addresses_of_its_own(insurer: Insurer) -> None:
    other = Insurer(insurer.store, Settings(bases=("Policy/Api",), consumer_guid="IC-OTHER", entry_key="other"))
    body = urlencode({"consumerGUID": "IC-OTHER", "entryKey": "other", "contentInfo": POLICY}).encode()
    assert other.send("/policy/api/ARState_Output", body).status == 200
    assert "entry_key" not in repr(other.settings)
    assert "other" not in repr(other.settings)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("endpoint", GOOD)
def test_only_post_is_allowed(insurer: Insurer, endpoint: str, method: str) -> None:
    response = insurer.send(f"{BASE}/api/{endpoint}", b"", method=method)
    assert response.status == 405
    assert response.headers == (("Allow", "POST"),)
    assert json.loads(response.body) == {"Message": f"The requested resource does not support http method '{method}'."}


@pytest.mark.parametrize("path", ["", "/", "/api", "/api/Nope", "/api/Pay_Input/more", "/Retrieve_Bill_Image/x"])
def test_another_path_is_not_found_in_asp_nets_words(insurer: Insurer, path: str) -> None:
    response = insurer.send(f"{BASE}{path}", urlencode(form()).encode())
    uri = f"http://127.0.0.1:8700{BASE}{path}"
    assert response.status == 404
    assert json.loads(response.body) == {"Message": f"No HTTP resource was found that matches the request URI '{uri}'."}


# What the calls say


UNKNOWN = "999-01/01/2030"


@pytest.mark.parametrize("endpoint", GOOD)
@pytest.mark.parametrize("number", [UNKNOWN, f"Q{UNKNOWN}"])
def test_an_unknown_invoice_is_not_found(insurer: Insurer, endpoint: str, number: str) -> None:
    content = GOOD[endpoint].replace(POLICY, number)
    if endpoint == "Pay_Input" and number[0] == "Q":
        content = f"{number}|A Payer|24.00"
    response = insurer.call(endpoint, content)
    assert (response.status, json.loads(response.body)) == (404, {"Message": f"No invoice {number} was found."})


@pytest.mark.parametrize(
    ("endpoint", "content", "message"),
    [
        ("ARState_Output", "454100010", "column 10: expected '-' and an expiration date MM/DD/YYYY, found the end"),
        ("Pay_Input", f"{POLICY}|24.00|CC", "column 27: expected ':' and a payment type, found '|'"),
        ("Pay_Input", f"{POLICY}|24.00:PP", None),
        ("Pay_Input", f"{POLICY}|24:CC", None),
        ("Pay_Input", f"{POLICY}|-24.00:CC", None),
        ("Pay_Input", f"{POLICY}|0.00:CC", None),
        ("Pay_Input", f"{POLICY}|24.00:CC@", None),
        ("Pay_Input", f"{POLICY}|24.00:CC@not a guid", None),
        ("Pay_Input", f"{POLICY}|24.00:CC@{'a' * 100}", None),
        ("Pay_Input", f"{QUOTE}|24.00:CC", None),
        ("Pay_Input", f"{POLICY}|A Payer|24.00", None),
        ("Insufficient_Pay_Report", f"{POLICY}:02/30/2020|25.00|IFR", None),
        ("Insufficient_Pay_Report", f"{POLICY}:06/22/2020|25.00|NSF", None),
        ("Paperless_Bill", f"{POLICY}:Y|R", None),
        ("Paperless_Bill", f"{POLICY}:y|PB", None),
        ("Recurring_Pay", f"{POLICY}:Y|PB", None),
        ("Retrieve_Bill_Image", "", None),
    ],
)
def test_a_malformed_content_info_is_refused_with_its_place_and_changes_nothing(
    insurer: Insurer, endpoint: str, content: str, message: str | None
) -> None:
    before = insurer.export()
    response = insurer.call(endpoint, content)
    said = json.loads(response.body)["Message"]
    assert response.status == 400
    assert said.startswith("contentInfo, column ")
    assert message is None or said == f"contentInfo, {message}"
    assert insurer.export() == before


def test_every_malformed_content_info_is_answered_with_its_column_and_changes_nothing(insurer: Insurer) -> None:
    endpoints = {format: endpoint for endpoint, formats in CONTENT_INFO.items() for format in formats}
    before = insurer.export()
    for format, text, column, _, _ in MALFORMED:
        endpoint = endpoints[format]
        response = insurer.call(endpoint, text)
        said = json.loads(response.body)["Message"]
        assert response.status == 400, text
        # Of a payment the number itself says which of two formats it must have.
        place = f"contentInfo, column {column}: " if format_of(endpoint, text) == format else "contentInfo, column "
        assert said.startswith(place), (text, said)
    assert insurer.export() == before


@pytest.mark.parametrize("endpoint", ["Paperless_Bill", "Recurring_Pay", "Retrieve_Bill_Image"])
def test_a_quote_has_no_switches_and_no_bill(insurer: Insurer, endpoint: str) -> None:
    before = insurer.export()
    response = insurer.call(endpoint, GOOD[endpoint].replace(POLICY, QUOTE))
    assert response.status == 404
    assert json.loads(response.body)["Message"].startswith(f"Quote {QUOTE} has no ")
    assert insurer.export() == before


@pytest.mark.parametrize(
    ("endpoint", "word", "flag", "words"),
    [
        ("Paperless_Bill", "PB", "paperless", "Paperless billing is"),
        ("Recurring_Pay", "R", "recurring", "Recurring payments are"),
    ],
)
def test_a_switch_sets_its_flag_and_says_so(insurer: Insurer, endpoint: str, word: str, flag: str, words: str) -> None:
    for letter, on in (("Y", True), ("Y", True), ("N", False)):
        assert insurer.result(endpoint, f"{POLICY}:{letter}|{word}") == (True, f"{words} {'on' if on else 'off'}.")
        assert insurer.policy()[flag] is on
    events = insurer.policy()["events"][1:]
    assert [(event["kind"], event["detail"]) for event in events] == [
        (f"{flag}_switched", {"on": on}) for on in (True, True, False)
    ]
    assert insurer.policy()["recurring" if flag == "paperless" else "paperless"] is False


def test_every_refusal_of_the_domain_has_a_status() -> None:
    leaves = {
        error
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.DomainError) and error is not errors.DomainError
    }
    assert set(STATUSES) == leaves


def test_a_lane_has_books_of_its_own(insurer: Insurer) -> None:
    other = Insurer(insurer.store, lane="other")
    insurer.pay("20.00", guid="one")
    assert other.balances() == ("120.00", "340.00")
    assert other.pay("20.00", guid="one") == (True, "Payment posted."), "a PaymentGUID is a lane's own"


def test_a_lane_forked_has_the_same_books_and_a_lane_reset_its_seeds(insurer: Insurer) -> None:
    insurer.pay("20.00")
    insurer.deposit("150.00")
    before = insurer.policy(), insurer.policy(BOUND), insurer.quote()
    insurer.lanes.fork("default", "copy")
    copy = Insurer(insurer.store, lane="copy")
    assert (copy.policy(), copy.policy(BOUND), copy.quote()) == before
    copy.advance(timedelta(days=60))
    assert insurer.balances() == ("100.00", "320.00")
    insurer.lanes.reset("default")
    assert (insurer.balances(), insurer.balances(QUOTE)) == (("120.00", "340.00"), ("150.00", "150.00"))


def test_neither_flask_nor_the_pdf_library_is_loaded_before_it_is_needed() -> None:
    """The first answers of a sandbox need not wait for them."""
    code = (
        "import sys; from partnerlab.simulators.kit.world.store import Store;"
        "from partnerlab.simulators.kit.world.lanes import Lanes;"
        "from partnerlab.simulators.tccs_rest import Settings, create_simulator; store = Store('sqlite://');"
        "create_simulator(Settings(), store, Lanes(store)); store.close();"
        "print({'flask', 'reportlab', 'lxml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")
