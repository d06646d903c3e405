"""Statements on the pump's database, where another release changes its tables beside this one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from partnerlab.client.datapump.database import create_database
from partnerlab.client.datapump.statements import Statements
from tests.postgres import new_database

SAID = "SELECT said FROM words"


@pytest.mark.postgres
def test_a_question_is_answered_again_after_another_release_changed_its_columns(postgres_server: str) -> None:
    database = create_database(new_database(postgres_server))
    statements = Statements(database)
    with database.begin() as tx:
        tx.exec_driver_sql("CREATE TABLE words (said TEXT)")
        tx.exec_driver_sql("INSERT INTO words VALUES ('yes')")

    def ask() -> str:
        with statements.reading() as connection:
            return str(statements.one(connection, SAID)[0])

    assert [ask() for _ in range(10)] == ["yes"] * 10  # the driver prepares it at the sixth
    with database.begin() as tx:
        tx.exec_driver_sql('ALTER TABLE words ALTER COLUMN said TYPE TEXT COLLATE "C"')
    with pytest.raises(sa.exc.NotSupportedError, match="cached plan"):
        ask()
    assert [ask() for _ in range(10)] == ["yes"] * 10
    database.dispose()
