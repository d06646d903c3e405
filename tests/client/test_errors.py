from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
import re

import pytest

import partnerlab.client as client
from partnerlab.client import errors
from partnerlab.client.errors import ClientError, PartnerFault, ProtocolError, RequestInvalid, TransportError, redact

KEY = "11111111-1111-4111-8111-111111111111"

ONE_OF_EACH = [
    TransportError("BalanceCheck", "no answer in time", sent=True, retry_after_s=3.0),
    ProtocolError("BalanceCheck", status=200, rule="is not well-formed XML", body="<a"),
    PartnerFault("BalanceCheck", code="soap:Server", message="Timeout expired.", refused=False),
    RequestInvalid("PaymentAmount", "1.005", "must be whole cents"),
]


def drawn() -> dict[str, str]:
    """Each error that the docstring draws, with the one that it stands below."""
    above: dict[int, str] = {}
    found = {}
    for line in (errors.__doc__ or "").splitlines():
        word = re.match(r"( {4,})([A-Z][A-Za-z]+)(?: {2,}\S|$)", line)
        if word:
            above[len(word[1])] = word[2]
            if len(word[1]) > 4:
                found[word[2]] = above[len(word[1]) - 2]
    return found


def test_the_drawn_tree_is_the_tree() -> None:
    """All of the client's errors, wherever they are defined. What Alembic runs is no module to import."""
    real = {}
    for module in pkgutil.walk_packages(client.__path__, "partnerlab.client."):
        if ".migrations." in module.name:
            continue
        for name, kind in vars(importlib.import_module(module.name)).items():
            own = isinstance(kind, type) and issubclass(kind, BaseException) and kind is not ClientError
            if own and kind.__module__.startswith("partnerlab.client") and not name.startswith("_"):
                real[name] = kind.__bases__[0].__name__
    assert drawn() == real


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_an_error_survives_a_process_boundary(error: ClientError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_the_text_is_made_from_the_fields() -> None:
    assert [str(error) for error in ONE_OF_EACH] == [
        "BalanceCheck: no answer in time (the request may have been carried out)",
        "BalanceCheck: status 200: is not well-formed XML: '<a'",
        "BalanceCheck: soap:Server: Timeout expired.",
        "PaymentAmount: '1.005': must be whole cents",
    ]


def test_a_transport_error_says_when_nothing_was_carried_out() -> None:
    error = TransportError("BalanceCheck", "no connection", sent=False)
    assert str(error) == "BalanceCheck: no connection (the request was not carried out)"
    assert error.retryable


def test_an_excerpt_is_masked_before_it_is_cut() -> None:
    body = "x" * 465 + f"<WebServiceKey>{KEY}</WebServiceKey>"
    error = ProtocolError("BalanceCheck", status=200, rule="is odd", body=body)
    assert len(error.excerpt) == 500
    assert error.excerpt.endswith("<WebServiceKey>•••1111</WebServiceK")


@pytest.mark.parametrize("form", [KEY, KEY.upper(), f"({KEY})"])
def test_redact_finds_a_secret_in_any_case(form: str) -> None:
    assert redact(f"key {form} is wrong", [KEY.replace("1", "a")]) == f"key {form} is wrong"
    assert redact(f"key {form} is wrong", [KEY]) == "key " + form.replace(KEY, "•••") + " is wrong"


@pytest.mark.parametrize("form", ["a&b<'c", "a&amp;b&lt;'c", "a&amp;b&lt;&#x27;c", "a%26b%3C%27c", "A%26B%3c%27C"])
def test_redact_finds_a_secret_however_it_is_escaped(form: str) -> None:
    assert redact(f"<k>{form}</k>", ["a&b<'c"]) == "<k>•••</k>"


def test_redact_leaves_a_secret_too_short_to_blot_out() -> None:
    assert redact("Balance 100.10", ["10", ""]) == "Balance 100.10"
