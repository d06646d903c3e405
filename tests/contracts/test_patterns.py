"""Patterns mean in Python what they mean in the contracts: above all, `$` is the end and no line break may follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from partnerlab.contracts.patterns import ecma
from partnerlab.contracts.verification.openapi import Document
from partnerlab.simulators.ic_webservices.domain.customers import is_conveyed

CONTRACTS = Path(__file__).parents[2] / "contracts"


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^[a-z]+$", "abc", True),
        ("^[a-z]+$", "abc\n", False),
        ("^(a|b$)", "b", True),
        ("^(a|b$)", "b\n", False),
        (r"^\$[0-9]$", "$1", True),
        (r"^\$[0-9]\$$", "$1$", True),
        (r"^\$[0-9]\$$", "$1$\n", False),
        (r"^[$a\]]+$", "$a]", True),
        (r"^\\$", "\\", True),
        (r"^\\$", "\\\n", False),
        (r"^\d$", "\N{ARABIC-INDIC DIGIT FOUR}", False),
        ("b$", "ab", True),
    ],
)
def test_a_pattern_is_read_as_the_contract_means_it(pattern: str, text: str, fits: bool) -> None:
    assert bool(ecma(pattern).search(text)) is fits


def schemas(node: Any, here: str = "") -> Iterator[tuple[str, str]]:
    """Every pattern of a document with the JSON pointer of its schema."""
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield here, node["pattern"]
        for name, inside in node.items():
            yield from schemas(inside, f"{here}/{str(name).replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for at, inside in enumerate(node):
            yield from schemas(inside, f"{here}/{at}")


@pytest.mark.parametrize("path", sorted(CONTRACTS.rglob("*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_pattern_of_a_contract_lets_a_line_break_follow(path: Path) -> None:
    """Each is drawn a text that fits it; the verdict takes that text, and refuses it with a line break behind it."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st

    found = list(schemas(yaml.safe_load(path.read_bytes())))
    document = Document(path.read_bytes())
    assert all(pattern.endswith("$") for _, pattern in found), "a pattern that says nothing of the end"

    @settings(max_examples=5, database=None, deadline=None, phases=[Phase.generate], derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.data())
    def check(data: st.DataObject) -> None:
        for pointer, pattern in found:
            if "/" in pointer and all(not part.isdigit() for part in pointer.split("/")):
                text = data.draw(st.from_regex(ecma(pattern), fullmatch=True))
                rules = {error.validator for error in document.validator(pointer).iter_errors(f"{text}\n")}
                assert "pattern" in rules or ecma(pattern).search(f"{text}\n"), (pointer, text)
                assert "pattern" not in {error.validator for error in document.validator(pointer).iter_errors(text)}

    check()


def test_no_expression_of_the_sources_ends_in_a_dollar_sign_that_a_line_break_may_follow() -> None:
    """In Python `\\Z` or `fullmatch` says the end; only where MULTILINE stands beside it `$` is the end of a line."""
    rooms = ("client", "contracts", "generators", "partnerlab", "simulators")
    expression = re.compile(r"""re\.(?:compile|match|search)\(\s*r?b?["'].*(?<!\\)\$["')|]""")
    lines = [
        f"{path.relative_to(CONTRACTS.parent)}:{number}"
        for room in rooms
        for path in sorted((CONTRACTS.parent / room).rglob("*.py"))
        if not (room == "partnerlab" and path.relative_to(CONTRACTS.parent).parts[1] in rooms)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if expression.search(line) and "MULTILINE" not in line
    ]
    assert lines == []


def test_a_conveyed_account_number_has_nothing_behind_its_digits() -> None:
    assert is_conveyed("10000101CV-20260616")
    assert not is_conveyed("10000101CV-20260616\n")
