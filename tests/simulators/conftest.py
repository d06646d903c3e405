"""The stores that a simulator must run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.postgres import new_database


@pytest.fixture
def postgres(postgres_server: str) -> str:
    """The URL of an empty PostgreSQL database."""
    return new_database(postgres_server).replace("postgresql://", "postgresql+psycopg://", 1)


STORES = ["memory", "file", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=STORES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind in turn."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return {"memory": "sqlite://", "file": f"sqlite:///{tmp_path / 'world.db'}"}[request.param]
