"""Whatever comes back, a reader of JSON gives a result or raises a ClientError, and no secret is in its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partnerlab.client.errors import AnswerNotUnderstood, ClientError, PartnerFault, ProtocolError, TransportError
from partnerlab.client.http import HttpResponse
from partnerlab.client.invoice_cloud import CloudCustomer, CloudPaymentRequest, NewCustomer, RestAccount
from partnerlab.client.invoice_cloud.operations import cloud_payments, rest

ACCOUNT = RestAccount("https://ic.example.com", "sandbox-api-key")
SECRET = "Sandbox!2345-secret"
CALLS = [
    rest.biller_status(ACCOUNT),
    rest.retrieve_users(ACCOUNT, username="x"),
    rest.remote_authentication(ACCOUNT, "x", SECRET),
    rest.register_accounts(ACCOUNT, "x", SECRET, ["1"]),
    rest.retrieve_user_accounts(ACCOUNT, token=SECRET),
    rest.update_password(ACCOUNT, "x", SECRET),
    rest.update_email_address(ACCOUNT, "a@example.com", username="x"),
    rest.retrieve_customer_guid(ACCOUNT, "1"),
    rest.create_customer_record(ACCOUNT, NewCustomer("1", "x")),
    rest.retrieve_customer_account(ACCOUNT, "g"),
    cloud_payments.create_cloud_payment(ACCOUNT, CloudPaymentRequest((CloudCustomer("1"),))),
]
NAMES = st.sampled_from(
    ["Success", "ErrorMessage", "Users", "Accounts", "CustomerGuid", "Data", "CloudPaymentURL", "Registered", "x"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5).map(lambda found: {"Success": True} | found)
CONTENTS = st.binary(max_size=200) | (OBJECTS | VALUES).map(lambda value: json.dumps(value).encode())


@given(
    st.sampled_from(CALLS),
    st.sampled_from([200, 200, 200, 204, 301, 400, 401, 404, 408, 429, 500, 503]) | st.integers(100, 999),
    st.dictionaries(st.sampled_from(["content-type", "retry-after"]), st.text(max_size=8)),
    CONTENTS,
)
def test_a_reader_gives_a_result_or_a_client_error(call: Any, status: int, head: Any, content: bytes) -> None:
    outcome = outcome_of(call, HttpResponse(status, head, content))
    if not isinstance(outcome, ClientError):
        assert status == 200
        return
    assert type(outcome) in {AnswerNotUnderstood, PartnerFault, ProtocolError, TransportError}
    if SECRET in call.request.secrets:
        assert SECRET not in str(outcome) + repr(vars(outcome))


def outcome_of(call: Any, response: HttpResponse) -> Any:
    try:
        return call.read(response)
    except ClientError as error:
        return error


@pytest.mark.parametrize("number", ["1e999999999999999999999", "1" * 5000, "-0", "1E5", "0.1e-400"])
def test_no_number_is_too_odd(number: str) -> None:
    body = f'{{"Success":true,"AccountNumber":"1","CustomerGuid":"g","BalanceDue":{number}}}'
    with pytest.raises(ProtocolError):
        rest.retrieve_customer_account(ACCOUNT, "g").read(HttpResponse(200, {}, body.encode()))
