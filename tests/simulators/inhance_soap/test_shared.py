"""The utility's ledger where replicas share it, on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from partnerlab.simulators.inhance_soap.domain.payments import Receipt
from partnerlab.simulators.kit.world.store import Store, Tx
from tests.simulators.inhance_soap.utility import Utility
from tests.simulators.inhance_soap.warm.books import Books

pytestmark = pytest.mark.postgres


def test_where_replicas_share_a_database_there_are_none(postgres: str) -> None:
    store = Store(postgres.replace("postgresql+psycopg", "postgresql"))
    Utility(store)
    assert not store.held_back
    store.close()


@pytest.mark.parametrize("locked", [True, False])
def test_replicas_give_no_number_twice(postgres: str, locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Payments' numbers are the account's lock's to keep; were it not there, the key of events would refuse them."""
    if not locked:
        monkeypatch.setattr(Tx, "lock", lambda *_: None)
    replicas = [Books(Store(postgres.replace("postgresql+psycopg", "postgresql"))) for _ in range(2)]
    before = replicas[0].do("balance", "a", "10000101").balance_cents
    each, threads = 20, 6

    def pay(thread: int) -> int:
        answers = [replicas[thread % 2].do("pay", "a", "10000101", f"{thread}-{n}", 10) for n in range(each)]
        return sum(isinstance(one, Receipt) for one in answers)

    with ThreadPoolExecutor(threads) as pool:
        posted = sum(pool.map(pay, range(threads)))
    assert posted == each * threads if locked else 0 < posted < each * threads
    payments = replicas[0].do("view", "a", "10000101").payments
    assert [one.number for one in payments] == list(range(1, posted + 1))
    assert len({one.payment.reference for one in payments}) == posted
    assert replicas[1].do("balance", "a", "10000101").balance_cents == before - 10 * posted
    for books in replicas:
        books.store.close()
