"""Every error of a simulator's domain keeps what it was given and says it in words, for answers and logs."""

from __future__ import annotations

import importlib
import inspect
from datetime import date
from typing import Any

import pytest

PARTNERS = ("ic_webservices", "inhance_soap", "tccs_rest", "watersmart")
# Values that no text can stand for; the others are given a text of their own.
GIVEN: dict[str, Any] = {"amount_cents": 1250, "on": date(2026, 3, 2), "duplicate_of": 7, "returned": True}
UNSAID = {
    ("*", "code"),
    ("*", "feature"),
    ("*", "returned"),
    ("TokenInvalid", "reason"),
    ("AccountNotLinked", "username"),
}
"""By error and name: what stands beside the words, or chooses them."""
WORDS = {("NotSupported", "reason"), ("NotSupported", "text"), ("PaymentRefused", "reason")}
"""What is the words."""
ERRORS = [
    (partner, name, found)
    for partner in PARTNERS
    for module in (importlib.import_module(f"partnerlab.simulators.{partner}.domain.errors"),)
    for name, found in ((name, getattr(module, name)) for name in module.__all__)
    if inspect.isclass(found) and "__init__" in vars(found)
]


@pytest.mark.parametrize(("partner", "name", "error"), ERRORS, ids=[f"{one[0]}-{one[1]}" for one in ERRORS])
def test_an_error_keeps_and_says_what_it_was_given(partner: str, name: str, error: Any) -> None:
    names = inspect.signature(error).parameters
    given = {key: "expired" if name == "TokenInvalid" else GIVEN.get(key, f"own {key}") for key in names}
    made = error(**given)
    assert " " in str(made)
    for key, value in given.items():
        if (name, key) not in WORDS:
            assert getattr(made, key) == value
        if not {("*", key), (name, key)} & UNSAID:
            assert str(value) in str(made)
