"""Warm books in a SQLite file that is moved or replaced under them: no payment is taken that nobody would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulators.inhance_soap.warm.books import (
    After,
    Books,
    paid,
    pay,
)


def test_a_log_that_is_deleted_alone_loses_no_payment(file: Books, after: After) -> None:
    """Until the process ended, payments were put into a file that nobody finds; now those of one batch at most."""
    assert pay(file, "before").number == 1
    Path(f"{after.path}-redo").unlink()
    file.store.settle()
    assert pay(file, "after").number == 2
    assert paid(after.rows()) == ["before", "after"]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_takes_no_payment_until_it_is_back(
    file: Books, after: After, tmp_path: Path, *, replaced: bool
) -> None:
    """Its log went on for thousands of payments, and was nobody's once the process ended."""
    assert pay(file, "before").number == 1
    after.path.rename(tmp_path / "away.db")
    if replaced:
        after.path.touch()
    kind, said = pay(file, "lost")
    assert (kind, "was moved, deleted or replaced" in said) == ("OperationalError", True)
    after.path.unlink(missing_ok=True)
    (tmp_path / "away.db").rename(after.path)
    assert pay(file, "after").number == 2
    assert paid(after.rows()) == ["before", "after"]
