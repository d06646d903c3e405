"""An account number at the REST door is what it looks like, and of a length that every door takes."""

from __future__ import annotations

import pytest

from tests.simulators.ic_webservices.harness import Harness
from tests.simulators.ic_webservices.wire.test_rest import ANN, REMOTE, SECRET, no


@pytest.mark.parametrize("number", ["1000\u200b0101", "9" * 251])
def test_a_number_that_looks_like_another_or_is_too_long_is_refused(harness: Harness, number: str) -> None:
    """[A-126]"""
    wrong = "250 characters" if len(number) > 250 else "holds a character that nobody sees"
    said = no(harness, "customer/CreateCustomerRecord", {"AccountNumber": number, "CustomerName": "Ann"})
    assert said.startswith("AccountNumber: ")
    assert wrong in said
    sent = {"LoginTypeID": 1, "Username": ANN, "Password": SECRET, "Accounts": [number]}
    said = no(harness, f"{REMOTE}/RegisterAccounts", sent)
    assert said.startswith("AccountNumber: ")
    assert wrong in said
