"""A template writes what the plain way writes, byte for byte, and refuses what that refuses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from partnerlab import simulators
from partnerlab.simulators.kit.asmx import templates
from partnerlab.simulators.kit.asmx.codec import OperationCodec, compile_service
from partnerlab.simulators.kit.asmx.faults import SOAP11, SOAP12

RESULTS = 10_000
VALUES: dict[str, list[Any]] = {
    "string": ["", " ", "a", "<&>\"'", "]]>", "{x}", "%s", "\\N{x}", "\r\n", "\x00", "\ud800", "ä€😀", None],
    "int": [0, -1, 2**31, None],
    "long": [0, 2**63, None],
    "decimal": [Decimal("0"), Decimal("-0.01"), Decimal("1E+3"), Decimal("1E-9"), 7, Decimal("NaN"), None],
    "boolean": [True, False, None],
    "dateTime": [datetime(1, 1, 1), datetime(2026, 3, 2, 12, 0, 0, 5, UTC), None],
    "date": [date(1, 1, 1), None],
    "base64Binary": [b"", b"\x00\xff", None],
}


def _operations() -> list[OperationCodec]:
    """Every operation that any simulator serves."""
    declared = []
    for folder in Path(simulators.__file__).parent.glob("*/wire/messages"):
        for file in folder.glob("[a-z]*.py"):
            package = f"{simulators.__name__}.{folder.parent.parent.name}.wire.messages.{file.stem}"
            declared.append(import_module(package).SERVICE)
    return [one for service in declared for one in compile_service(service).values()]


OPERATIONS = _operations()
TEMPLATED = [
    one
    for one in OPERATIONS
    if one.result is not None and one.result.members and all(member.scalar for member in one.result.members)
]


def _results(operation: OperationCodec, chance: random.Random) -> Iterator[Any]:
    assert operation.result is not None
    message = operation.result.message
    while True:
        if message is None or chance.random() < 0.01:
            yield None
            continue
        members = [one for one in operation.result.members if chance.random() < 0.9]
        yield message(**{one.name: chance.choice(VALUES[one.type_name]) for one in members})


def _outcome(write: templates.Writer, result: Any) -> bytes | tuple[type, str]:
    try:
        return write(result)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


def test_random_results_are_written_alike() -> None:
    assert len(TEMPLATED) >= 5
    chance = random.Random(7)
    each = [(one, _results(one, chance), version) for one in TEMPLATED for version in (SOAP11, SOAP12)]
    pairs = [(templates.template(one, version), templates.plain_writer(one, version)) for one, _, version in each]
    kinds = set()
    for (_, results, _), (quick, plain) in islice(cycle(zip(each, pairs, strict=True)), RESULTS):
        result = next(results)
        expected = _outcome(plain, result)
        assert _outcome(quick, result) == expected
        kinds.add(type(expected))
    assert kinds == {bytes, tuple}, "some are written, some refused"


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one not in TEMPLATED], ids=lambda one: one.name)
def test_other_results_are_written_plainly(operation: OperationCodec) -> None:
    quick, plain = templates.template(operation, SOAP11), templates.plain_writer(operation, SOAP11)
    assert quick.__code__ is plain.__code__
