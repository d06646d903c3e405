"""The two logs of payments that another thread writes: what a kill at any moment leaves in them."""

from __future__ import annotations

import os
import random
from functools import partial
from pathlib import Path

import pytest

from partnerlab.simulators.kit.world.redo_log import HEAD, HEAD_OF_ONE_FILE, RedoLog
from partnerlab.simulators.kit.world.store import Store
from tests.simulators.inhance_soap.warm.books import After, Books, paid, pay, work
from tests.simulators.inhance_soap.warm.handed_over import HELD_S, MOST, Writer, numbered, references

pytestmark = pytest.mark.usefixtures("writer")

HEAD_BYTES = len(HEAD) + 16


def test_records_behind_a_batch_count_only_after_all_of_it(held: Writer, after: After) -> None:
    """The system may have written the second file and not all of the first, where the machine lost its power."""
    whole = os.stat(f"{after.path}-redo").st_size

    def cut(length: int, path: Path) -> None:
        os.truncate(f"{path}-redo", length)

    found = [paid(after.rows(change=partial(cut, length))) for length in (whole - 1, 60, 5)]
    assert found == [["p0", "p1"], [], []]
    assert held.handed == 1


@pytest.mark.parametrize("length", [0, 5, len(HEAD), len(HEAD) + 9, HEAD_BYTES])
def test_a_kill_when_a_file_is_begun_leaves_the_other(length: int, held: Writer, after: After) -> None:
    second = Path(f"{after.path}-redo2").read_bytes()

    def begun(path: Path) -> None:
        Path(f"{path}-redo2").write_bytes(second[:length])

    assert paid(after.rows(change=begun)) == references(3)
    assert held.handed == 1


@pytest.mark.parametrize("length", [0, 5, len(HEAD), len(HEAD) + 9, HEAD_BYTES])
def test_a_kill_when_a_file_is_begun_anew_does_not_bring_back_what_it_had(
    length: int, held: Writer, file: Books, after: After
) -> None:
    old = Path(f"{after.path}-redo2")
    held.go_on()
    pay(file, "p5")
    before = old.read_bytes()  # p3 to p5
    pay(file, "p6")
    file.warm_books.finish()
    held.hold()
    for number in range(7, 10):
        pay(file, f"p{number}")
    assert held.begun.wait(HELD_S)
    now = old.read_bytes()  # p9
    assert now[:HEAD_BYTES] != before[:HEAD_BYTES]

    def begun_anew(path: Path) -> None:
        Path(f"{path}-redo2").write_bytes(now[:length] + before[length:])

    assert numbered(after.rows(change=begun_anew)) == references(9), "p6 to p8 are being written"
    assert numbered(after.rows()) == references(10)


def test_a_log_of_a_release_with_one_file_is_booked(file: Books, after: After) -> None:
    pay(file, "p0")
    old = bytearray(HEAD_OF_ONE_FILE)
    data = Path(f"{after.path}-redo").read_bytes()
    old += data[HEAD_BYTES:]

    def of_that_release(path: Path) -> None:
        Path(f"{path}-redo").write_bytes(old)

    assert paid(after.rows(change=of_that_release)) == ["p0"]


def test_numbers_of_batches_that_follow_are_never_those_of_any_other(tmp_path: Path) -> None:
    log = RedoLog(str(tmp_path / "log"))
    log.begin(7)
    seen = {7}
    for _ in range(50):
        log.append(b"x")
        seen.add(log.follow())
    assert len(seen) == 51
    log.remove()
    assert not [*tmp_path.iterdir()]


def test_a_kill_at_any_moment_finds_what_was_answered_whatever_the_thread_has_done(
    file: Books, writer: Writer, after: After
) -> None:
    dice, plain = random.Random(5), Books(Store("sqlite://"), warm=False)
    for _ in range(150):
        if dice.random() < 0.2:
            writer.hold()
        name, *given = work(dice)
        if name not in ("pay", "balance"):
            writer.go_on()  # it waits for the thread
        elif len(file.warm_books._batch) >= MOST and file.warm_books._handed is not None:
            writer.go_on()
        assert file.do(name, *given) == plain.do(name, *given)
        if dice.random() < 0.2:
            assert after.rows() == plain.rows(), (name, given)
    assert writer.handed > 3
    plain.store.close()
