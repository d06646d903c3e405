"""
An export that somebody edited is refused with its place and rule, or every page and operation takes the lane.

One cell of the export of a lane in which much has happened is given another type or text; where that is taken, each
operation of the control API is called in the lane, each page of the console is looked at, and its clock goes on.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from partnerlab.soak.in_process import InProcessWorld
from tests.partnerlab.walking.drawing import Drawing, Operation, operations
from tests.partnerlab.walking.walk import NOT_WALKED, Setting, Walk

EDITS = int(os.environ.get("PARTNERLAB_EDITS", "4"))
"""How many edits are tried; more where somebody wants to know: `PARTNERLAB_EDITS=2000`."""
MOMENTS = (
    *("2026-02-03", "2026-02-30", "26-1-1", "9999-12-31", "0001-01-01", "2026-02-03T04:05:06"),
    *("2026-02-03T04:05:06+05:00", "2026-02-03T04:05:06+00:00", "0001-01-01T00:00:00+00:00"),
)
TEXTS = (
    *("", " ", "x", "-1", "NaN", "1e400", "null", "{}", "[]", "[1]", '{"a": 1}', '{"a": {"b": [NaN]}}', "../.."),
    *("ż\u2028'\"<&>;--", "x" * 5_000, "\0", "\ud800"),
)
NUMBERS = (0, 1, -1, 2, 7, 2**31 - 1, -(2**31), 2**62, 2**63 - 1, -(2**63), 2**63, 2**70)
OTHERS: tuple[Any, ...] = (None, True, 1.5, float("nan"), float("inf"), [], {}, ["x"])
LANE, DAY = "imported", date(2027, 1, 20)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def world() -> Iterator[InProcessWorld]:
    with InProcessWorld(3, lambda _: None) as world:
        yield world


@pytest.fixture(scope="module")
def exported(world: InProcessWorld) -> Rows:
    walk = Walk(world, 3, Setting(trouble=False))
    walk.go(150)
    rows: Rows = world.control.get(f"/_sandbox/lanes/{world.lane}/export")["tables"]
    return rows


class Visitor:
    """Looks at all that a lane shows, and does all that can be done in it; `wrong` is what may not be."""

    def __init__(self, world: InProcessWorld) -> None:
        self.wrong: list[str] = []
        headers = {"X-Sandbox-Lane": LANE}
        self._client = httpx.Client(transport=world.browser, base_url="http://127.0.0.1:8700", headers=headers)
        document = self._client.get("/_sandbox/openapi.json").json()
        self._operations = [one for one in operations(document) if one.id not in NOT_WALKED]

    def load(self, rows: Rows) -> bool:
        """Have the lane loaded; False where that is refused, which needs a place and a rule."""
        content = json.dumps({"tables": rows}).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._client.post(f"/_sandbox/lanes/{LANE}/import", content=content, headers=headers)
        if answer.status_code == 400:
            refused = answer.json()["error"]
            if not refused["message"] or (refused["code"] == "import_invalid" and "tables" not in refused["field"]):
                self.wrong.append(f"refused without a place: {refused}")
        elif answer.status_code != 200:
            self.wrong.append(f"{answer.status_code} to the import: {answer.text[:300]}")
        return answer.status_code == 200

    def visit(self, seed: int) -> None:
        """Everything once."""
        drawing = Drawing(random.Random(seed), f"i{seed}")
        for operation in self._operations:
            self._do(drawing, operation)
        waiting, seen = ["/"], set[str]()
        while waiting:
            path = waiting.pop()
            if (shape := re.sub(r"[0-9a-f-]{8,}|\d+", "N", path)) not in seen:
                seen.add(shape)
                page = self._ask("GET", path, headers={"Accept": "text/html"})
                waiting += [one.replace("&amp;", "&") for one in re.findall(r'href="(/[^"#]*)"', page.text)]
        self._ask("POST", "/_sandbox/clock/advance", json={"duration": "2d"})
        self._ask("GET", f"/_sandbox/lanes/{LANE}/export")

    def _do(self, drawing: Drawing, operation: Operation) -> None:
        try:
            drawn = drawing.call(operation, self._look, DAY)
        except LookupError:
            return  # what it would be about was refused
        if drawn is not None:
            self._ask(drawn.method, drawn.target, json=drawn.body)

    def _look(self, path: str) -> Any:
        return self._ask("GET", path).json()

    def _ask(self, method: str, target: str, **how: Any) -> httpx.Response:
        answer = self._client.request(method, target, **how)
        if answer.status_code >= 500:
            self.wrong.append(f"{answer.status_code} to {method} {target[:200]}: {answer.text[-300:]}")
        return answer


LINES = (
    *('[["a","NaN",{}]]', '[["a","1e400000",{}]]', '[["a","Infinity",{}]]', '[["a",1.5,{}]]', '[["a",true,{}]]'),
    *(
        '[[1,"1.00",{}]]',
        "[[null,null,{}]]",
        '[["a","1.00",[]]]',
        '[["a","1.00",{"b":1}]]',
        '[["a","1.00",{"b":null}]]',
    ),
    *('[["a","1.00",{},1]]', '[["a","",{}]]', '["abc"]', '{"a": 1}', "[null]", "null", "x"),
)


@pytest.mark.parametrize("text", LINES)
def test_lines_of_a_bill_that_no_page_can_show_are_refused_with_their_place(
    world: InProcessWorld, exported: Rows, text: str
) -> None:
    rows = [{**one, "lines": text} for one in exported["ic_invoices"]]
    visitor = Visitor(world)
    assert not visitor.load({**exported, "ic_invoices": rows})
    assert visitor.wrong == []


def test_an_edited_export_is_refused_or_taken_by_every_page(world: InProcessWorld, exported: Rows) -> None:
    cells = sorted({(table, column) for table, rows in exported.items() for row in rows for column in row})
    dice, wrong, taken = random.Random("edits"), [], 0
    for number in range(EDITS):
        table, column = dice.choice(cells)
        at = dice.choice([place for place, row in enumerate(exported[table]) if column in row])
        before = exported[table][at][column]
        likely = NUMBERS if isinstance(before, int) else (*MOMENTS, *TEXTS)
        after = dice.choice(likely if dice.random() < 0.9 else OTHERS)
        rows = [{**row, column: after} if place == at else row for place, row in enumerate(exported[table])]
        visitor = Visitor(world)
        if visitor.load({**exported, table: rows}):
            taken += 1
            visitor.visit(number)
        wrong += [f"{table}[{at}].{column} = {after!r:.80}: {one}" for one in visitor.wrong[:2]]
    assert wrong == []
    assert taken > 0, "some are taken"
