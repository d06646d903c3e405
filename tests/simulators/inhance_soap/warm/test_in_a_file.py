"""Warm books in a SQLite file: what was answered outlives the process, once, whatever fails in whichever moment."""

from __future__ import annotations

import errno
import json
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from partnerlab.contracts.checkpoints import checkpoint
from partnerlab.simulators.inhance_soap.services import warm
from partnerlab.simulators.kit.world import redo_log
from partnerlab.simulators.kit.world.held_back import Batch
from partnerlab.simulators.kit.world.redo_log import HEAD, LogUnreadable
from partnerlab.simulators.kit.world.store import Statement, Store
from partnerlab.simulators.kit.world.store_errors import HeldBackLeft
from tests.simulators.inhance_soap.warm.books import ACCOUNTS, LOGS, After, Books, edited, opened, paid, pay, work

STEPS = int(os.environ.get("PARTNERLAB_TEST_CALLS", "600")) // 2
NUMBER = Statement("PRAGMA user_version")


def test_a_kill_at_any_moment_loses_and_doubles_nothing(
    file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_WAITING", 9)
    monkeypatch.setattr(warm, "MOST_ACCOUNTS", 4)
    dice, plain = random.Random(3), Books(Store("sqlite://"), warm=False)
    waited = 0
    for _ in range(STEPS):
        name, *given = work(dice)
        assert file.do(name, *given) == plain.do(name, *given)
        if dice.random() < 0.1:
            waited += file.warm_books.waiting
            assert after.rows() == plain.rows(), (name, given)
    assert waited > 5
    plain.store.close()


def test_a_loss_of_power_leaves_the_books_as_they_were_at_one_moment(
    file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system may have written less of one of the files than of the other: of either whatever was appended last."""
    monkeypatch.setattr(warm, "MOST_WAITING", 5)
    dice, plain = random.Random(8), Books(Store("sqlite://"), warm=False)
    assert checkpoint(str(after.path))
    moments = [plain.rows()]
    lengths: dict[str, list[int]] = {ending: [0] for ending in ("-wal", *LOGS)}

    def lose(path: Path) -> None:
        for ending, before in lengths.items():
            with suppress(FileNotFoundError):
                os.truncate(f"{path}{ending}", dice.choice(before[-6:]) + dice.randrange(40))

    for step in range(STEPS):
        lane, account = "a", dice.choice(ACCOUNTS[:3])
        done = dice.choice(
            [
                *[("pay", lane, account, f"p{step}", 100)] * 6,
                *[("balance", lane, account)] * 2,
                ("view", lane, account),
                ("email", lane, account, f"x{step}@example.com"),
                ("bill", lane, account, f"n{step}", 700, 0),
            ]
        )
        assert file.do(*done) == plain.do(*done)
        moments.append(plain.rows())
        for ending, before in lengths.items():
            with suppress(FileNotFoundError):
                before.append(os.stat(f"{after.path}{ending}").st_size)
        if dice.random() < 0.3:
            assert after.rows(change=lose) in moments
    assert after.rows() == moments[-1]
    plain.store.close()


def test_a_record_that_is_not_whole_ends_the_log(file: Books, after: After) -> None:
    for number in range(3):
        pay(file, f"p{number}")
    log = Path(f"{after.path}-redo")
    whole = log.stat().st_size
    ends = {
        paid(after.rows(change=lambda path, at=at: os.truncate(f"{path}-redo", at)))[-1:] == ["p2"]  # type: ignore[misc]
        for at in range(whole - 3, whole)
    }
    assert ends == {False}

    def spoil(path: Path) -> None:
        data = bytearray(log.read_bytes())
        data[-3] ^= 1
        Path(f"{path}-redo").write_bytes(data)

    assert paid(after.rows(change=spoil)) == ["p0", "p1"]
    assert paid(after.rows()) == ["p0", "p1", "p2"]


def test_records_count_only_where_the_database_is_as_it_was(file: Books, after: After) -> None:
    pay(file, "p0")
    old = Path(f"{after.path}-redo").read_bytes()
    file.store.settle()

    def as_it_was(path: Path) -> None:
        for log in LOGS:
            Path(f"{path}{log}").write_bytes(old)

    assert paid(after.rows(change=as_it_was)) == ["p0"]
    file.do("reset", "a")
    pay(file, "p1")
    assert paid(after.rows()) == ["p1"]
    assert paid(after.rows(change=as_it_was)) == []


def test_records_do_not_count_where_the_machine_lost_what_was_written_before_them(file: Books, after: After) -> None:
    pay(file, "p0")
    file.store.settle()
    length = os.stat(f"{after.path}-wal").st_size
    file.do("bill", "a", "10000101", "n1", 700, 0)
    pay(file, "p1")
    assert paid(after.rows()) == ["p0", "p1"]
    assert paid(after.rows(change=lambda path: os.truncate(f"{path}-wal", length))) == ["p0"]


def test_what_is_written_to_remember_less_is_written_before_the_next_payment(
    file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm, "MOST_ACCOUNTS", 2)
    for number, account in enumerate([*ACCOUNTS[:3], *ACCOUNTS[:3]]):
        pay(file, f"p{number}", account)
        assert len(paid(after.rows())) == number + 1


def test_a_second_kill_right_after_the_start_doubles_nothing(file: Books, tmp_path: Path) -> None:
    pay(file, "p0")
    again = After(file, tmp_path).killed()
    books = opened(again)
    assert paid(After(books, tmp_path / "again").rows()) == ["p0"]
    books.store.close()


def fail_to_write(monkeypatch: pytest.MonkeyPatch, fail: Callable[[int, bytes], int]) -> None:
    real = os.write
    monkeypatch.setattr(
        "partnerlab.simulators.kit.world.redo_log.os.write",
        lambda file, data: fail(file, data) if data != HEAD else real(file, data),
    )


def nothing(_: int, __: bytes) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def part(file: int, data: bytes) -> int:
    return os.pwrite(file, data[:-1], os.lseek(file, 0, os.SEEK_CUR))


def all_of_it(file: int, data: bytes) -> int:
    os.pwrite(file, data, os.lseek(file, 0, os.SEEK_CUR))
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("fail", [nothing, part, all_of_it])
def test_a_payment_that_cannot_be_appended_is_posted_the_plain_way(
    fail: Any, waits: bool, file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(file, "p0")
    if not waits:
        file.store.settle()
    fail_to_write(monkeypatch, fail)
    assert pay(file, "p1").number == 2
    assert paid(after.rows()) == ["p0", "p1"]
    monkeypatch.undo()
    assert pay(file, "p2").number == 3
    assert file.warm_books.waiting
    assert paid(after.rows()) == ["p0", "p1", "p2"]


def test_a_log_that_cannot_be_made_costs_no_payment(file: Books, after: After) -> None:
    os.mkdir(f"{after.path}-redo")
    assert [pay(file, f"p{number}").number for number in range(2)] == [1, 2]
    assert not file.warm_books.waiting
    os.rmdir(f"{after.path}-redo")
    pay(file, "p2")
    assert file.warm_books.waiting
    assert paid(after.rows()) == ["p0", "p1", "p2"]


def not_committed(batch: Batch, *raised: Any) -> None:
    batch._connection.rollback()
    raise sqlite3.OperationalError("disk I/O error")


def test_where_neither_log_nor_database_takes_a_payment_it_is_refused_and_leaves_nothing(
    file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(file, "p0")
    before = file.do("balance", "a", "10000101")
    fail_to_write(monkeypatch, nothing)
    monkeypatch.setattr(Batch, "__exit__", not_committed)
    assert pay(file, "p1") == ("OperationalError", "disk I/O error")
    assert file.do("balance", "a", "10000101") == before
    assert file.do("payments", "a") == ("OperationalError", "disk I/O error")
    monkeypatch.undo()
    assert paid(after.rows()) == ["p0"]
    assert pay(file, "p2").number == 2
    assert paid(after.rows()) == ["p0", "p2"]


def test_after_a_commit_that_failed_no_payment_counts_before_one_succeeds(
    file: Books, after: After, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk may have it all: then the database is another batch's once it is opened again, and the log is not."""
    pay(file, "p0")
    monkeypatch.setattr(Batch, "__exit__", not_committed)
    assert file.do("email", "a", "10000101", "x@example.com")[0] == "OperationalError"
    assert pay(file, "p1")[0] == "OperationalError", "it could be lost with the log"
    monkeypatch.undo()
    assert pay(file, "p2").number == 2
    assert paid(after.rows()) == ["p0", "p2"]


def test_a_log_of_another_version_is_refused_and_left_alone(file: Books, after: After, tmp_path: Path) -> None:
    pay(file, "p0")

    def of_another_version(path: Path) -> None:
        data = Path(f"{path}-redo").read_bytes()
        Path(f"{path}-redo").write_bytes(b"partnerlab redo log 9\n" + data[len(HEAD) :])

    with pytest.raises(LogUnreadable, match="start the version that wrote it"):
        after.rows(change=of_another_version)
    assert (tmp_path / "after-1" / "world.db-redo").read_bytes().startswith(b"partnerlab redo log 9\n")


def test_a_log_with_other_columns_is_refused(file: Books, after: After) -> None:
    pay(file, "p0")

    def one_more(path: Path) -> None:
        log = redo_log.RedoLog(f"{path}-redo")
        with Store(f"sqlite:///{path}").read() as tx:
            (record,) = log.left(tx)
            log.begin(tx.all(NUMBER)[0][0])
        log.append(json.dumps([*json.loads(record), "more"]).encode())

    with pytest.raises(LogUnreadable):
        after.rows(change=one_more)


@pytest.mark.parametrize("length", [0, 5, len(HEAD)])
def test_a_process_that_is_killed_when_it_makes_the_log_leaves_nothing_in_it(
    length: int, file: Books, after: After
) -> None:
    assert paid(after.rows(change=lambda path: Path(f"{path}-redo").write_bytes(HEAD[:length]) and None)) == []


def test_an_orderly_end_leaves_all_in_the_database_and_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "world.db"
    books = opened(path)
    pay(books, "p0")
    assert Path(f"{path}-redo").exists()
    assert Path(f"{path}-redo").stat().st_mode & 0o777 == 0o600
    books.store.close()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["world.db", "world.db.lock"]
    again = opened(path)
    assert [one.payment.reference for one in again.do("payments", "a")] == ["p0"]
    again.store.close()
    assert not caplog.messages, "nobody was killed"


def test_an_end_that_cannot_write_leaves_the_log_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    books = opened(tmp_path / "world.db")
    pay(books, "p0")
    monkeypatch.setattr(Batch, "__exit__", not_committed)
    with pytest.raises(HeldBackLeft, match="the next start writes them"):
        books.store.close()
    monkeypatch.undo()
    again = opened(tmp_path / "world.db")
    assert [one.payment.reference for one in again.do("payments", "a")] == ["p0"]
    again.store.close()


def test_in_memory_nothing_is_appended_to_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    books = Books(Store("sqlite://"))
    pay(books, "p0")
    assert books.warm_books.waiting
    assert not [*tmp_path.iterdir()]
    books.store.close()


def test_a_file_that_another_has_too_is_written_the_plain_way(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'world.db'}")
    books = Books(store, take=False)
    pay(books, "p0")
    assert not books.warm_books.waiting
    store.close()


def test_payments_that_no_table_can_take_hold_up_neither_the_others_nor_the_next_start(
    file: Books, after: After, caplog: pytest.LogCaptureFixture
) -> None:
    rows = edited(file.lanes.export("a"), "inhance_accounts", credit_cents=2**63 - 1)
    file.lanes.load("a", edited(rows, "inhance_bills", open_cents=0))
    for account, reference in (("10000101", "bad"), (ACCOUNTS[1], "p0")):
        pay(file, reference, account)
    assert paid(after.rows()) == ["p0"]
    file.store.settle()
    assert sum("cannot be booked" in one for one in caplog.messages) == 2, "at the start after a kill, and here"
    pay(file, "p1", ACCOUNTS[1])
    assert file.warm_books.waiting
    assert paid(after.rows()) == ["p0", "p1"]


def test_payments_are_booked_once_where_another_program_wrote_in_the_file(file: Books, after: After) -> None:
    """No other sandbox can have it, but other programs can: numbers that they gave are not given again."""
    other = Books(Store(f"sqlite:///{after.path}"), take=False)
    pay(file, "p0")
    pay(other, "q0")
    pay(file, "p1")
    assert paid(after.rows()) == ["p0", "q0", "p1"]
    booked = file.do("payments", "a")
    assert sorted((one.number, one.payment.reference) for one in booked) == [(1, "q0"), (2, "p0"), (3, "p1")]
    view = file.do("view", "a", "10000101")
    assert view.balances.balance_cents == 12_550 - 300
    other.store.close()
