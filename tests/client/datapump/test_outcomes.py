"""What the end of an attempt means, for a call that may be repeated and for one that may not."""

from __future__ import annotations

import pytest

from partnerlab.client.datapump.outcomes import judge
from partnerlab.client.datapump.states import State
from partnerlab.client.errors import PartnerFault, ProtocolError, RequestInvalid, TransportError

D, W, U, N = State.DEAD, State.WAITING, State.UNKNOWN, State.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("error", "payment", "flag"),
    [
        (TransportError("X", "no connection", sent=False), W, W),
        (TransportError("X", "status 429", sent=False, retry_after_s=3), W, W),
        (TransportError("X", "certificate", sent=False, retryable=False), D, D),
        (TransportError("X", "no answer in time", sent=True), U, W),
        (TransportError("X", "status 503", sent=True), U, W),
        (PartnerFault("X", code="soap:Server", message="unable", refused=False), U, W),
        (TransportError("X", "no free connection in time", sent=False, local=True), W, W),
        (ProtocolError("X", status=200, rule="is an HTML page"), N, N),
        (ProtocolError("X", status=299, rule="is an HTML page"), N, N),
        (ProtocolError("X", status=300, rule="is an HTML page"), U, W),
        (ProtocolError("X", status=302, rule="redirects are not followed"), U, W),
        (PartnerFault("X", code="Success=false", message="Account is closed"), D, D),
        (PartnerFault("X", code="soap:Client", message="bad"), D, D),
        (PartnerFault("X", code="404", message="status 404"), D, D),
        (RequestInvalid("PaymentAmount", "0.00", "must be above zero"), D, D),
        (TypeError("ours"), U, D),
    ],
)
def test_the_outcome(error: Exception, payment: State, flag: State) -> None:
    assert judge(error, idempotent=False).state is payment
    assert judge(error, idempotent=True).state is flag


def test_only_a_shortage_of_our_own_does_not_count() -> None:
    assert not judge(TransportError("X", "no free connection in time", sent=False, local=True), idempotent=False).made
    assert judge(TransportError("X", "no connection", sent=False), idempotent=False).made


def test_the_partners_words_are_kept() -> None:
    assert judge(PartnerFault("X", code="Success=false", message="Account is closed"), idempotent=False).message == (
        "Success=false: Account is closed"
    )


def test_the_partners_wish_to_wait_is_kept() -> None:
    assert judge(TransportError("X", "busy", sent=False, retry_after_s=7), idempotent=False).after_s == 7
    assert judge(TransportError("X", "busy", sent=True, retry_after_s=8), idempotent=True).after_s == 8


@pytest.mark.parametrize("sent", [True, False])
def test_a_partner_that_asks_for_no_wait_gets_none_of_its_own(sent: bool) -> None:
    assert judge(TransportError("X", "broke", sent=sent), idempotent=True).after_s == 0.0


def test_no_secret_gets_into_the_words() -> None:
    words = judge(ValueError("<WebserviceKey>11111111-1111</WebserviceKey>"), idempotent=True).message
    assert "11111111" not in words
