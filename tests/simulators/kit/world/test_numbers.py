"""A database has numbers in the order that Python has."""

from __future__ import annotations

import random

from partnerlab.contracts.numbers import number_key, number_sql
from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.store import Statement, Store

ALPHABET = "0019aAzZ- _/|éß中\U0001f4b0"
NUMBERS = schema.Tables()
schema.Table(
    "kit_test_numbers",
    NUMBERS,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("number", schema.Text, primary_key=True),
)


def test_numbers_go_as_people_read_them_in_every_database(store_url: str) -> None:
    dice = random.Random(3)
    drawn = {"".join(dice.choices(ALPHABET, k=dice.randint(0, 6))) for _ in range(2_000)}
    store = Store(store_url)
    store.add(NUMBERS)
    with store.write() as tx:
        insert = Statement("INSERT INTO kit_test_numbers (lane, number) VALUES ('a', :number)")
        tx.run_many(insert, [{"number": one} for one in drawn])
    with store.read() as tx:
        order = ", ".join(number_sql("number"))
        found = [number for (number,) in tx.all(Statement(f"SELECT number FROM kit_test_numbers ORDER BY {order}"))]
    store.close()
    assert found == sorted(drawn, key=number_key)
