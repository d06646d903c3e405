"""Patterns that are compiled at their first use: each is one, and behaves as what `re.compile` makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

import pytest

from partnerlab.contracts.first_use import pattern
from tests.module_graph import ROOT, name_of


def test_it_behaves_as_a_compiled_pattern() -> None:
    made = pattern("a(.)", re.IGNORECASE)
    assert "search" not in vars(made), "nothing is compiled yet"
    found = made.search("xAb")
    assert found is not None
    assert found[1] == "b"
    assert made.sub("-", "ab ac") == "- -"
    assert made.pattern == "a(.)"
    assert made.flags & re.IGNORECASE


def test_what_is_no_pattern_is_refused_when_it_is_used() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.search("")


def test_every_one_of_the_product_compiles() -> None:
    paths = [path for path in ROOT.rglob("*.py") if "first_use import pattern" in path.read_text("utf-8")]
    users = {name_of(path) for path in paths if path.parts[len(ROOT.parts)] not in ("tests", ".venv", "build")}
    made = [one for name in users for value in vars(import_module(name)).values() for one in _patterns(value)]
    assert len(made) > 80
    assert all(isinstance(one.pattern, str | bytes) for one in made)


def _patterns(value: object) -> Iterator[Any]:
    """The patterns in a module's value."""
    if type(value) is cast(type, pattern):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _patterns(one)
    elif isinstance(value, dict):
        yield from _patterns([*value, *value.values()])
