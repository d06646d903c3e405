"""The stores that a simulator must run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import drop_database, new_database


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    database = new_database(postgres_server)
    yield database.replace("postgresql://", "postgresql+psycopg://", 1)
    drop_database(postgres_server, database)


STORES = ["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind in turn."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return {"memory": "sqlite://", "file": f"sqlite:///{tmp_path / 'world.db'}"}[request.param]
