"""A bill file made by hand, so that these tests rest on nothing but the codec."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import hatch_build
from partnerlab.contracts.files import InvoiceGroup, Layout, Row, in_c, load_layout, write_bif

BILLER = "22222222-2222-4222-8222-222222222222"
FORMAT = "88888888-8888-4888-8888-888888888888"

MakeGroup = Callable[..., InvoiceGroup]
MakeFile = Callable[..., bytes]


@pytest.fixture(scope="session")
def layout() -> Layout:
    return load_layout("inhance_v2")


@pytest.fixture(scope="session")
def header(layout: Layout) -> Row:
    return layout.record("FH").make(BillerGuid=BILLER, FileCreationDate=date(2026, 3, 2))


@pytest.fixture(scope="session")
def make_group(layout: Layout) -> MakeGroup:
    """A good invoice; a test says only what it is about: `make_group(7, invoice={...}, details=[{...}])`."""
    standard = layout

    def make(
        number: int | str = 600001,
        *,
        invoice: dict[str, Any] | None = None,
        customer: dict[str, Any] | None = None,
        details: Iterable[dict[str, Any]] = ({},),
        of: Layout | None = None,
    ) -> InvoiceGroup:
        layout = of or standard
        return InvoiceGroup(
            layout.record("IH").make(
                **{
                    "InvoiceFormatGuid": FORMAT,
                    "InvoiceNumber": str(number),
                    "InvoiceDate": date(2026, 3, 2),
                    "InvoiceDueDate": date(2026, 3, 23),
                    "TotalAmountDue": Decimal("125.50"),
                    "InvoiceTypeID": 1,
                    **(invoice or {}),
                }
            ),
            layout.record("CR").make(
                **{"AccountNumber": "20000001", "CustomerName": "Ann Example", **(customer or {})}
            ),
            tuple(
                layout.record("ID").make(**{"Description": "Water", "LineItemTotal": Decimal("125.50"), **detail})
                for detail in details
            ),
        )

    return make


@pytest.fixture(scope="session")
def make_file(layout: Layout, header: Row, make_group: MakeGroup) -> MakeFile:
    """The bytes of a good file: `make_file()` has three invoices of one line each, on lines 2, 5 and 8."""

    def make(groups: Iterable[InvoiceGroup] | None = None, of: Layout = layout) -> bytes:
        stream = io.BytesIO()
        write_bif(stream, of, header, [make_group(600001 + at) for at in range(3)] if groups is None else groups)
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compiled modules by name, as their sources are now, each warning an error."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("PARTNERLAB_PURE", raising=False)
        patched.setenv("CC", f"{os.environ.get('CC', 'cc')} -Wall -Wextra -Werror")
        try:
            paths = hatch_build.compile_modules(folder)
        except hatch_build.NotCompiled as why:
            if shutil.which("cc"):
                raise
            pytest.skip(f"{why}: what is tested elsewhere is the pure way")
    modules = {}
    for path in map(Path, paths):
        name = path.name.partition(".")[0]
        spec = importlib.util.spec_from_file_location(f"partnerlab.contracts.files.{name}", path)
        assert spec
        assert spec.loader
        modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(modules[name])
    return modules


@pytest.fixture(scope="module")
def modules(built: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """These in the place of what was built before."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("PARTNERLAB_PURE", raising=False)
        patched.setattr(in_c, "_built", built.__getitem__)
        yield built


@pytest.fixture(scope="module")
def module(modules: dict[str, Any]) -> Any:
    """The one that reads."""
    return modules[in_c.INVOICES]


@pytest.fixture(scope="module", params=["compiled", "pure"])
def either_way(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each test with the compiled modules and without them."""
    if request.param == "compiled":
        request.getfixturevalue("modules")
        yield request.param
        return
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PARTNERLAB_PURE", "1")
        yield request.param
