"""Uploads as they go wrong in the field: one that stalls (case 26), a rename onto a file that waits (case 27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.partnerlab.folders.test_machine import Desk
from tests.partnerlab.folders.test_sftp_files import session, upload

FIRST, REST = b"1\r\n2\r\n3", b"\r\n4\r\n5\r\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "files")
    yield made
    made.folders.stop()


def stalled(desk: Desk) -> Callable[[Any], Any]:
    """Look for ten seconds of the desk's clock."""
    return lambda _: [desk.look(after=1.0) for _ in range(10)]


def test_a_file_that_is_open_over_sftp_is_not_taken_however_quiet_it_is(desk: Desk) -> None:
    opened: list[Any] = []
    session(
        desk.folder,
        lambda files: opened.append(upload(files, b"/inbox/invoices.csv", FIRST)),
        stalled(desk),
        lambda files: files.write(opened[0], len(FIRST), REST),
        lambda files: files.close(opened[0]),
        stalled(desk),
    )
    assert desk.cloud.taken == [("invoices.csv", FIRST + REST)]
    reports = [path.name for path in (desk.folder / "done").iterdir()]
    assert sorted(reports) == ["invoices.csv", "invoices.csv.report.txt"]


def test_a_stall_in_the_folder_itself_takes_a_part_and_the_whole_file_later_is_a_new_one(desk: Desk) -> None:
    desk.put("invoices.csv", FIRST)
    stalled(desk)(None)
    desk.put("invoices.csv", FIRST + REST)
    stalled(desk)(None)
    assert [content for _, content in desk.cloud.taken] == [FIRST, FIRST + REST]
    kept = {path.name: path.read_bytes() for path in (desk.folder / "done").glob("*.csv")}
    assert kept == {"invoices.csv": FIRST, "invoices-2.csv": FIRST + REST}, "and neither is overwritten"


@pytest.mark.parametrize("name", ["a.csv.filepart", ".in.a.csv.", "a.csv.tmp", "a.csv.part"])
def test_an_upload_under_a_temporary_name_is_taken_once_it_has_its_own(desk: Desk, name: str) -> None:
    path, opened = f"/inbox/{name}".encode(), list[Any]()
    session(
        desk.folder,
        lambda files: opened.append(upload(files, path, FIRST + REST)),
        lambda files: files.close(opened[0]),
        stalled(desk),
        lambda files: files.posix_rename(path, b"/inbox/a.csv"),
        stalled(desk),
    )
    assert desk.cloud.taken == [("a.csv", FIRST + REST)]


def put(desk: Desk, path: bytes, content: bytes) -> None:
    opened: list[Any] = []
    session(
        desk.folder, lambda files: opened.append(upload(files, path, content)), lambda files: files.close(opened[0])
    )


def two_uploads(desk: Desk, rename: Callable[[Any, bytes, bytes], None]) -> None:
    """A waits as invoices.csv, B is uploaded under a temporary name and renamed onto it; nothing is looked at."""
    for name, content in ((b"/inbox/invoices.csv", b"A\r\n"), (b"/inbox/invoices.csv.part", b"B\r\n")):
        put(desk, name, content)
    session(desk.folder, lambda files: rename(files, b"/inbox/invoices.csv.part", b"/inbox/invoices.csv"))


def test_a_plain_rename_onto_a_file_that_waits_fails_and_succeeds_once_that_was_taken(desk: Desk) -> None:
    with pytest.raises(asyncssh.SFTPFailure, match="already"):
        two_uploads(desk, lambda files, old, new: files.rename(old, new))
    stalled(desk)(None)
    assert desk.cloud.taken == [("invoices.csv", b"A\r\n")]
    assert (desk.folder / "inbox" / "invoices.csv.part").read_bytes() == b"B\r\n"
    session(desk.folder, lambda files: files.rename(b"/inbox/invoices.csv.part", b"/inbox/invoices.csv"))
    stalled(desk)(None)
    assert [content for _, content in desk.cloud.taken] == [b"A\r\n", b"B\r\n"]
    assert (desk.folder / "done" / "invoices.csv").read_bytes() == b"A\r\n"


def test_openssh_s_rename_replaces_a_file_that_waits_and_only_the_new_one_is_taken(desk: Desk) -> None:
    two_uploads(desk, lambda files, old, new: files.posix_rename(old, new))
    stalled(desk)(None)
    assert desk.cloud.taken == [("invoices.csv", b"B\r\n")]
    assert [path.name for path in (desk.folder / "done").glob("*.csv")] == ["invoices.csv"]
