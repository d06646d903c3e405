"""Rows from templates: the same by the compiled module and in pure Python."""

from __future__ import annotations

import gc
import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partnerlab.contracts.files import Layout, load_layout, with_columns
from partnerlab.contracts.files.templates import KINDS, MOST_HELD, Page, page
from partnerlab.generators.bif import generate_bif
from partnerlab.generators.tccs_bif import generate_tccs_bif
from tests.contracts.files.odd import OTHERS

pytestmark = pytest.mark.usefixtures("modules")

VALUES = {
    "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    "integer": st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 99),
    "cents": st.integers(0, 30_000) | st.sampled_from([MOST_HELD - 1, MOST_HELD, MOST_HELD + 1, 2**63 - 1]),
}


def both() -> tuple[Page, Page]:
    """A page of each kind."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PARTNERLAB_PURE", "1")
        pure = page()
    compiled = page()
    assert type(pure) is not type(compiled)
    return pure, compiled


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_rows(data: st.DataObject) -> None:
    layout = data.draw(st.sampled_from([load_layout("inhance_v2"), load_layout("tccs"), OTHERS]))
    record = data.draw(st.sampled_from(layout.records))
    names = data.draw(st.permutations([field.name for field in record.named]))
    kinds = {name: data.draw(st.sampled_from(KINDS)) for name in names[: data.draw(st.integers(0, 9))]}
    fixed = {name: data.draw(st.sampled_from(["", "x", "{y}'\"", "Zoë"])) for name in names[9:11]}
    pages = both()
    templates = [one.template(record, kinds, fixed) for one in pages]
    rows = []
    for _ in range(data.draw(st.integers(0, 3))):
        values = [data.draw(VALUES[kind]) for kind in kinds.values()]
        for template in templates:
            template(*values)
        texts = {
            name: f"{value // 100}.{value % 100:02}" if kinds[name] == "cents" else str(value)
            for name, value in zip(kinds, values, strict=True)
        }
        cells = [{"": field.constant, **fixed, **texts}.get(field.name, field.constant) for field in record.fields]
        rows.append("|".join(cells) + "\n")
    for one in pages:
        assert one.take() == ("".join(rows).encode(), len(rows))
        assert one.take() == (b"", 0)


@pytest.mark.parametrize("meters", [1, (1, 3), 25])
def test_generated_files_are_the_same(meters: Any) -> None:
    layouts: list[Layout] = [
        load_layout("inhance_v2"),
        OTHERS,
        with_columns(load_layout("inhance_v2"), "by_file_spec_id"),
    ]
    for layout in layouts:
        found = []
        for pure in ("0", "1"):
            with pytest.MonkeyPatch.context() as patched:
                patched.setenv("PARTNERLAB_PURE", pure)
                stream, tccs = io.BytesIO(), io.BytesIO()
                made = generate_bif(stream, 700, as_of=date(2026, 3, 2), meters=meters, layout=layout)
                generate_tccs_bif(tccs, 300, as_of=date(2026, 3, 2))
                found.append((made, stream.getvalue(), tccs.getvalue()))
        assert found[0] == found[1]


def test_what_is_refused() -> None:
    record = load_layout("inhance_v2").record("CR")
    for one in both():
        with pytest.raises(KeyError, match="CR has no field Nothing"):
            one.template(record, {"Nothing": "text"})
        with pytest.raises(KeyError, match="a cell is no date"):
            one.template(record, {"City": "date"})
        template = one.template(record, {"City": "text", "Zip": "integer"})
        for values in ((), ("a",), ("a", 1, 2)):
            with pytest.raises(TypeError):
                template(*values)
        template("a", 1)
        assert one.take()[1] == 1


def test_a_value_of_another_type_puts_nothing_on_the_page(modules: dict[str, Any]) -> None:
    made = modules["_templates"].Page()
    put = made.template(((b"<", 0, 1), (b"|", 1, 0), (b"|", 2, 2)), b">")
    put(7, "a", 1234)
    for values, error in (
        ((7, 1, 1), TypeError), ((7, "a", "1"), TypeError), ((True, "a", 1), TypeError),
        ((2**63, "a", 1), OverflowError),
        ((7, "\ud800", 1), UnicodeEncodeError), ((7, None, 1), TypeError), ((7, "a", -1), ValueError),
    ):  # fmt: skip
        with pytest.raises(error):
            put(*values)
    with pytest.raises(TypeError):
        put(7, "a", c=1)
    put(-(2**63), "é" * 300, 0)
    assert made.take() == (b"<a|7|12.34>" + f"<{'é' * 300}|-9223372036854775808|0.00>".encode(), 2)
    for pieces, end in (
        ([], b""), (((b"", 3, 0),), b""), (((b"", -1, 0),), b""), (((b"", 0, 1),), b""), (((b"", 0, -1),), b""),
        ((("", 0, 0),), b""), (("x",), b""), (((b"", 0),), b""), ((), ""),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError, SystemError)):
            made.template(pieces, end)
    with pytest.raises(TypeError):
        type(put)()


def test_a_template_keeps_its_page(modules: dict[str, Any]) -> None:
    put = modules["_templates"].Page().template(((b"", 0, 0),), b"\n")
    gc.collect()
    put("x" * 10_000)
