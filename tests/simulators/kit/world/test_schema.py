"""Declared tables: SQLAlchemy, told of the same tables, would make them by the same statements."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from partnerlab.simulators.ic_webservices import tables as ic
from partnerlab.simulators.inhance_soap import tables as inhance
from partnerlab.simulators.kit.faults import faults
from partnerlab.simulators.kit.journal import entries
from partnerlab.simulators.kit.world import lanes, schema
from partnerlab.simulators.kit.world.jobs import timed
from partnerlab.simulators.kit.world.metadata import metadata
from partnerlab.simulators.kit.world.store import Statement
from partnerlab.simulators.tccs_rest import tables as tccs
from partnerlab.simulators.watersmart import tables as water

MODULES = (ic, inhance, tccs, water, lanes, entries, faults, timed)
DECLARED = {table.name: table for module in MODULES for table in module.TABLES}


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_sqlalchemy_would_make_the_same_tables(database: str) -> None:
    dialect = sqlite.dialect() if database == "sqlite" else postgresql.dialect()
    theirs = metadata(DECLARED.values()).tables
    assert set(theirs) == set(DECLARED)
    for name, table in DECLARED.items():
        made, *indexes = table.sql(sqlite=database == "sqlite")
        assert _plain(made) == _plain(str(CreateTable(theirs[name]).compile(dialect=dialect)))
        wanted = [str(CreateIndex(index).compile(dialect=dialect)) for index in theirs[name].indexes]
        assert sorted(indexes) == sorted(map(_plain, wanted))


def test_a_key_is_never_null_and_a_default_is_text() -> None:
    tables = schema.Tables()
    key = schema.Column("lane", schema.Text, primary_key=True)
    table = schema.Table("things", tables, key, schema.Column("n", schema.BigInteger, server_default="0"), rowid=False)
    assert table.sql(sqlite=True) == [
        "CREATE TABLE things (lane TEXT NOT NULL, n BIGINT DEFAULT '0', PRIMARY KEY (lane)) WITHOUT ROWID"
    ]
    assert table.sql(sqlite=False) == [
        "CREATE TABLE things (lane TEXT COLLATE \"C\" NOT NULL, n BIGINT DEFAULT '0', PRIMARY KEY (lane))"
    ]
    assert list(tables) == [table]


@pytest.mark.parametrize(
    ("text", "values", "sqlite", "postgresql", "row"),
    [
        ("SELECT 1", {}, "SELECT 1", "SELECT 1", ()),
        ("SELECT :a", {"a": 1, "b": 2}, "SELECT ?", "SELECT %s", (1,)),
        ("SELECT :b, :a, :b", {"a": 1, "b": 2}, "SELECT ?, ?, ?", "SELECT %s, %s, %s", (2, 1, 2)),
        ("SELECT :a, :b", (1, 2), "SELECT ?, ?", "SELECT %s, %s", (1, 2)),
        # What is no parameter stays: a cast, a percent sign, a time of day.
        ("SELECT x::text, 'a%', '10:30', :y", {"y": 1}, None, "SELECT x::text, 'a%%', '10:30', %s", (1,)),
    ],
)
def test_parameters_are_given_in_the_order_of_the_text(
    text: str, values: object, sqlite: str | None, postgresql: str, row: tuple[int, ...]
) -> None:
    statement = Statement(text)
    assert statement.bind(values, sqlite=False) == (postgresql, row)
    if sqlite is not None:
        assert statement.bind(values, sqlite=True) == (sqlite, row)


def test_only_postgresql_is_asked_to_lock_rows() -> None:
    statement = Statement("SELECT n FROM things", locking=True)
    assert statement.bind({}, sqlite=True)[0] == "SELECT n FROM things"
    assert statement.bind({}, sqlite=False)[0] == "SELECT n FROM things FOR UPDATE"


def test_a_parameter_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        Statement("SELECT :a, :b").bind({"a": 1}, sqlite=True)


def _plain(sql: str) -> str:
    """SQL without SQLAlchemy's line breaks, and without quotes around a name that needs none."""
    return re.sub(r"\s+", " ", sql).strip().replace("( ", "(").replace(" )", ")").replace(" ,", ",").replace('"', "")
