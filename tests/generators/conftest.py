from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from partnerlab.contracts.files import Layout, load_layout
from partnerlab.generators.bif import generate_bif
from partnerlab.generators.tccs_bif import generate_tccs_bif

AS_OF = date(2026, 3, 2)


@pytest.fixture(scope="session")
def layout() -> Layout:
    return load_layout("inhance_v2")


@pytest.fixture(scope="session")
def make_tccs_file() -> Callable[..., bytes]:
    """The bytes of a generated file of TCCS: `make_tccs_file(100, seed=2)`."""

    def make(invoices: int = 20, **options: Any) -> bytes:
        stream = io.BytesIO()
        generate_tccs_bif(stream, invoices, **{"as_of": AS_OF, **options})
        return stream.getvalue()

    return make


@pytest.fixture(scope="session")
def make_file() -> Callable[..., bytes]:
    """The bytes of a generated file: `make_file(100, meters=(1, 25))`."""

    def make(invoices: int = 20, **options: Any) -> bytes:
        stream = io.BytesIO()
        generate_bif(stream, invoices, **{"as_of": AS_OF, **options})
        return stream.getvalue()

    return make
