"""Dataclasses in tables: what is written is read as it was, and what cannot be kept is refused at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any, Literal

import pytest

from partnerlab.simulators.kit.world import schema
from partnerlab.simulators.kit.world.store import Store
from partnerlab.simulators.kit.world.table import ByNumber, Conversion, LaneTx, Table, TableRefused, utc_text

TABLES = schema.Tables()
PARCELS_TABLE = schema.Table(
    "kit_test_parcels",
    TABLES,
    schema.Column("lane", schema.Text, primary_key=True),
    schema.Column("depot", schema.Text, primary_key=True),
    schema.Column("parcel_number", schema.Integer, primary_key=True),
    schema.Column("kind", schema.Text, nullable=False),
    schema.Column("weight_g", schema.BigInteger, nullable=False),
    schema.Column("street", schema.Text, nullable=False),
    schema.Column("city", schema.Text),
    schema.Column("fragile", schema.Integer, nullable=False),
    schema.Column("sent_on", schema.Text, nullable=False),
    schema.Column("arrived_at", schema.Text),
    schema.Column("notes", schema.Text, nullable=False),
    schema.Column("worth", schema.Text, nullable=False),
)


@dataclass(frozen=True)
class Address:
    street: str
    city: str | None = None


@dataclass(frozen=True)
class Parcel:
    depot: str
    number: int
    kind: Literal["box", "bag"]
    weight_g: int
    to: Address
    fragile: bool
    sent_on: date
    arrived_at: datetime | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    worth: Decimal = Decimal("0.00")


WORTH = {Decimal: Conversion(schema.Text, str, Decimal)}
PARCELS = Table(
    PARCELS_TABLE,
    Parcel,
    names={"number": "parcel_number"},
    conversions=WORTH,
    searched=("depot", "street", "city"),
)
BOX = Parcel(
    "north",
    1,
    "box",
    2**40,
    Address("4 Harbor Street", "Gloucester"),
    True,
    date(2026, 11, 27),
    datetime(2026, 11, 27, 9, 30, tzinfo=UTC),
    {"say": "Zoë", "n": [1, None]},
    Decimal("12.50"),
)
BAG = replace(BOX, number=2, kind="bag", to=Address("1 Main"), fragile=False, arrived_at=None, notes={})


@pytest.fixture
def shared(store_url: str) -> Iterator[Store]:
    store = Store(store_url)
    store.add(TABLES)
    yield store
    store.close()


def test_what_was_put_is_read_as_it_was(shared: Store) -> None:
    with shared.write() as tx:
        PARCELS.put(tx, "a", BOX)
        PARCELS.put(tx, "a", BAG)
        PARCELS.put(tx, "b", replace(BOX, weight_g=1))
    with shared.read() as tx:
        assert PARCELS.get(tx, "a", "north", 1) == BOX
        assert PARCELS.get(tx, "a", "north", 2) == BAG
        assert PARCELS.get(tx, "b", "north", 1) == replace(BOX, weight_g=1)
        assert PARCELS.get(tx, "a", "south", 1) is None


def test_a_moment_is_kept_in_utc_and_one_without_zone_is_refused(shared: Store) -> None:
    east = replace(BOX, arrived_at=datetime(2026, 11, 27, 11, 30, tzinfo=timezone(timedelta(hours=2))))
    with shared.write() as tx:
        PARCELS.put(tx, "a", east)
        assert (
            tx.all(PARCELS._get, lane="a", depot="north", parcel_number=1)[0][8] == "2026-11-27T09:30:00.000000+00:00"
        )
        with pytest.raises(ValueError, match="no time zone"):
            PARCELS.put(tx, "a", replace(BOX, arrived_at=datetime(2026, 11, 27)))


def test_a_moments_text_is_that_of_the_standard_library() -> None:
    random = Random(7)
    zones = (UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45)))
    for _ in range(5_000):
        at = datetime(1, 1, 3, tzinfo=UTC) + timedelta(days=random.uniform(0, 3_652_000))
        at = at.replace(microsecond=random.choice((0, 1, 999_999, at.microsecond)), tzinfo=random.choice(zones))
        assert utc_text(at) == at.astimezone(UTC).isoformat(timespec="microseconds")


def test_add_leaves_what_is_there_and_save_needs_it(shared: Store) -> None:
    heavier = replace(BOX, weight_g=9)
    with shared.write() as tx:
        assert not PARCELS.save(tx, "a", BOX)
        assert PARCELS.add(tx, "a", BOX)
        assert not PARCELS.add(tx, "a", heavier)
        assert PARCELS.lock(tx, "a", "north", 1) == BOX
        assert PARCELS.add(tx, "a", BAG)
        assert PARCELS.add(tx, "b", BOX)
        assert PARCELS.save(tx, "a", heavier)
        assert [PARCELS.get(tx, lane, "north", n) for lane, n in (("a", 1), ("a", 2), ("b", 1))] == [heavier, BAG, BOX]
        assert PARCELS.delete(tx, "a", "north", 1) == 1
        assert PARCELS.find(tx, "a", order="parcel_number") == [BAG]
        assert PARCELS.find(tx, "b", order="parcel_number") == [BOX]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HARBOR", [1]),
        ("main", [2]),
        ("north", [1, 2, 3]),
        ("", [1, 2, 3]),
        ("ÖZGÜR", [3]),
        ("ozgur cad", [3]),
        ("Ozgu\u0308r", [3]),
        ("100%", [3]),
        ("100_", []),
        ("_", []),
        ("!", []),
        ("%", [3]),
        ("north4", []),
    ],
)
def test_a_text_is_found_in_whatever_case_and_with_or_without_accents(
    shared: Store, text: str, found: list[int]
) -> None:
    with shared.write() as tx:
        PARCELS.put_all(tx, "a", [BOX, BAG, replace(BOX, number=3, to=Address("Özgür Cad. 100%"))])
        PARCELS.put(tx, "b", BOX)
    with shared.read() as tx:
        assert [one.number for one in PARCELS.find(tx, "a", text=text, order="parcel_number")] == found
        heavier = PARCELS.find(tx, "a", text=text, where="weight_g > :least", least=2**50, order="parcel_number")
        assert heavier == []
        after = PARCELS.find(tx, "a", {"depot": "north"}, text=text, order="parcel_number", after=1, limit=1)
        assert [one.number for one in after] == [number for number in found if number > 1][:1]


def test_what_is_searched_is_a_column() -> None:
    with pytest.raises(TableRefused, match="kit_test_parcels, colour: is searched, but no column"):
        Table(PARCELS_TABLE, Parcel, names={"number": "parcel_number"}, conversions=WORTH, searched=("colour",))


def test_values_are_found_by_columns_in_an_order(shared: Store) -> None:
    with shared.write() as tx:
        for number in (3, 1, 2):
            PARCELS.put(tx, "a", replace(BOX, number=number, weight_g=10 - number))
        PARCELS.put(tx, "a", replace(BAG, depot="south", number=4))

        def numbers(**search: Any) -> list[int]:
            return [one.number for one in PARCELS.find(tx, "a", **search)]

        assert numbers(order="parcel_number") == [1, 2, 3, 4]
        assert numbers(order="weight_g", equal={"kind": "box"}) == [3, 2, 1]
        assert numbers(order="parcel_number", after=1, limit=2) == [2, 3]
        assert numbers(order="parcel_number", after=4, last_first=True) == [3, 2, 1]
        assert numbers(order=("kind", "parcel_number"), limit=2, offset=1) == [1, 2]
        assert numbers(order="parcel_number", where="weight_g < :most", most=9) == [2, 3]
        with pytest.raises(ValueError, match="no column colour"):
            numbers(order="parcel_number", equal={"colour": "red"})


def test_an_order_by_numbers_is_another_than_by_text(shared: Store) -> None:
    """Whichever of both was asked for first."""
    with shared.write() as tx:
        for number, street in enumerate(("9999", "10000", "010000", "INV-9")):
            PARCELS.put(tx, "a", replace(BOX, number=number, to=Address(street)))

        def streets(order: str, **how: Any) -> list[str]:
            return [one.to.street for one in PARCELS.find(tx, "a", order=order, **how)]

        by_text = ["010000", "10000", "9999", "INV-9"]
        by_number = ["9999", "010000", "10000", "INV-9"]
        assert [streets("street"), streets(ByNumber("street")), streets("street")] == [by_text, by_number, by_text]
        assert streets(ByNumber("street"), equal={"street": "9999"}, last_first=True) == ["9999"]


def test_columns_of_a_replaced_row_can_come_from_an_expression(shared: Store) -> None:
    put = PARCELS.put_with(weight_g="kit_test_parcels.weight_g + excluded.weight_g")
    with shared.write() as tx:
        for parcel in (replace(BOX, weight_g=3), replace(BOX, weight_g=4)):
            tx.run(put, **PARCELS.row("a", parcel))
        assert PARCELS.get(tx, "a", "north", 1) == replace(BOX, weight_g=7)


def test_a_lanes_transaction_gives_its_name_to_each_statement(shared: Store) -> None:
    with shared.write() as tx:
        PARCELS.put(tx, "a", BOX)
        rows = LaneTx(tx, "b")
        assert rows.one(PARCELS._get, depot="north", parcel_number=1) is None
        assert len(LaneTx(tx, "a").all(PARCELS._get, depot="north", parcel_number=1)) == 1


def _refused(table: schema.Table, type: type[Any], **more: Any) -> str:
    with pytest.raises(TableRefused) as refused:
        Table(table, type, **more)
    return str(refused.value)


def _table(*columns: schema.Column, name: str = "things") -> schema.Table:
    return schema.Table(name, schema.Tables(), schema.Column("lane", schema.Text, primary_key=True), *columns)


def test_what_the_mapper_does_not_know_is_refused_by_name() -> None:
    assert _refused(PARCELS_TABLE, Parcel, names={"number": "parcel_number"}) == (
        "kit_test_parcels, Parcel.worth: the type <class 'decimal.Decimal'> is not known"
    )
    assert _refused(PARCELS_TABLE, Parcel, conversions=WORTH) == "kit_test_parcels, Parcel.number: no column number"
    assert "Parcel: no field colour" in _refused(
        PARCELS_TABLE, Parcel, names={"number": "parcel_number", "colour": "city"}, conversions=WORTH
    )
    assert _refused(PARCELS_TABLE, Address) == (
        "kit_test_parcels, Address: no field for the column"
        " depot, parcel_number, kind, weight_g, fragile, sent_on, arrived_at, notes, worth"
    )
    assert _refused(schema.Table("bare", schema.Tables(), schema.Column("street", schema.Text)), Address) == (
        "bare, Address: the table has no column lane"
    )
    assert _refused(PARCELS_TABLE, str) == "kit_test_parcels, str: not a dataclass"


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            schema.Column("city", schema.Text, nullable=False),
            "Address.city: may be None, and the column is not nullable",
        ),
        (schema.Column("city", schema.Integer), "Address.city: the type str | None does not fit a column INTEGER"),
    ],
)
def test_a_column_that_cannot_keep_its_field_is_refused(column: schema.Column, words: str) -> None:
    street = schema.Column("street", schema.Text, primary_key=True)
    assert words in _refused(_table(street, column), Address)


def test_a_field_that_is_never_none_needs_a_column_that_is_never_null() -> None:
    table = _table(schema.Column("street", schema.Text), schema.Column("city", schema.Text))
    assert "Address.street: is never None, the column may be" in _refused(table, Address)
