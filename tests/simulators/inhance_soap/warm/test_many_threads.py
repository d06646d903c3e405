"""Payments of many threads at once, handed over to the one that writes them."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from partnerlab.simulators.inhance_soap.domain.payments import Payment
from partnerlab.simulators.inhance_soap.services import warm
from partnerlab.simulators.kit.world.store import Statement
from tests.simulators.inhance_soap.warm.books import (
    ACCOUNTS,
    PAID_AT,
    After,
    opened,
    paid,
)

COUNT = Statement("SELECT count(*) FROM inhance_payments WHERE account_number = :account")


def test_many_threads_pay_and_read_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers of the real store, the real thread: what is answered is in the books, and in what a kill leaves."""
    monkeypatch.setattr(warm, "MOST_WAITING", 5)
    monkeypatch.setattr(warm, "MOST_ACCOUNTS", 4)
    books = opened(tmp_path / "world.db")
    each, threads = 60, 4
    answered: list[str] = []

    def calls(thread: int) -> None:
        dice = random.Random(thread)
        for number in range(each):
            reference = f"{thread}-{number}"
            lane, cause = books.found("a"), books.world.cause(reference, books.found("a"))
            payment = Payment(reference, "0", "EFT", 100, 0, PAID_AT)
            receipt = books.world.ledger.post_payment(lane, cause, ACCOUNTS[thread], payment)
            answered.append(reference)
            assert receipt.number == number + 1
            if dice.random() < 0.1:
                with books.store.read() as tx:
                    counted = tx.all(COUNT, account=ACCOUNTS[thread])
                assert counted == [(number + 1,)]

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(calls, thread) for thread in range(threads)]:
            done.result(60)
    assert sorted(paid(After(books, tmp_path / "after").rows())) == sorted(answered)
    books.store.close()
