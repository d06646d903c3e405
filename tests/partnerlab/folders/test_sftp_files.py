"""An SFTP session on a partner's folders: whole uploads only, four folders only, no links."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from partnerlab.folders import sftp_files
from partnerlab.folders.machine import PARTS
from partnerlab.folders.sftp_files import PartnerFiles, remove_incomplete

CREATE = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC
ATTRS = asyncssh.SFTPAttrs()


class Channel:
    logger: Any = None

    def exit(self, status: int) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in PARTS:
        (tmp_path / "water" / part).mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    return tmp_path / "water"


def session(folder: Path, do: Callable[[PartnerFiles], Any], *then: Callable[[PartnerFiles], Any]) -> list[Any]:
    """Do each in a step of its own of an event loop, then leave; what came back."""

    async def steps() -> list[Any]:
        files: Any = PartnerFiles(Channel(), folder, 100)  # type: ignore[arg-type]
        found = []
        try:
            for one in (do, *then):
                found.append(one(files))
                await asyncio.sleep(0)
        finally:
            files.exit()
        return found

    return asyncio.run(steps())


def upload(files: PartnerFiles, path: bytes = b"/inbox/a.csv", data: bytes = b"rows", flags: int = CREATE) -> object:
    opened = files.open(path, flags, ATTRS)
    files.write(opened, 0, data)
    return opened


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "inbox").iterdir())


def test_an_upload_has_its_name_once_it_is_closed(folder: Path) -> None:
    seen: list[list[str]] = []

    def look(files: PartnerFiles) -> None:
        seen.append(names(folder))

    opened: list[object] = []
    session(folder, lambda files: opened.append(upload(files)), look, lambda files: files.close(opened[0]), look)
    assert [len(seen[0]), seen[0][0].startswith(".upload-")] == [1, True]
    assert seen[1] == ["a.csv"]
    assert (folder / "inbox" / "a.csv").read_bytes() == b"rows"


def test_an_upload_that_is_closed_with_its_connection_is_thrown_away(folder: Path) -> None:
    def killed(files: PartnerFiles) -> None:
        files.close(upload(files))
        files.exit()

    session(folder, killed, upload)
    assert names(folder) == []


def test_an_upload_of_which_a_write_was_refused_is_thrown_away(folder: Path) -> None:
    def too_large(files: PartnerFiles) -> None:
        opened = upload(files)
        with pytest.raises(asyncssh.SFTPFailure, match="at most 100 bytes"):
            files.write(opened, 99, b"xx")
        files.close(opened)

    session(folder, too_large)
    assert names(folder) == []


def test_what_a_killed_server_left_is_removed_at_its_start(folder: Path) -> None:
    (folder / "inbox" / ".upload-1").write_bytes(b"half")
    (folder / "inbox" / "whole.csv").write_bytes(b"whole")
    remove_incomplete(folder / "inbox")
    assert names(folder) == ["whole.csv"]


@pytest.mark.parametrize(
    "path",
    [
        b"/secret",
        b"/../secret",
        b"/inbox/../../secret",
        b"/inbox/.upload-1",
        b"/outbox/.hidden",
        b"/inbox/a/b",
        b"/inbox/\xff",
        b"/inbox/a\nb",
    ],
)
def test_a_path_leads_to_nothing_but_the_four_folders(folder: Path, path: bytes) -> None:
    for flags in (asyncssh.FXF_READ, CREATE):
        with pytest.raises((asyncssh.SFTPNoSuchFile, asyncssh.SFTPPermissionDenied)):
            session(folder, lambda files, flags=flags: files.open(path, flags, ATTRS))  # type: ignore[misc]
    with pytest.raises((asyncssh.SFTPNoSuchFile, FileNotFoundError)):
        session(folder, lambda files: files.lstat(path))


def test_links_are_neither_listed_nor_followed_nor_made(folder: Path) -> None:
    (folder / "outbox" / "link.csv").symlink_to(folder.parent / "secret")
    (folder / "outbox" / "real.csv").write_bytes(b"real")

    async def listed(path: bytes) -> list[bytes]:
        files: Any = PartnerFiles(Channel(), folder, 100)  # type: ignore[arg-type]
        return [one.filename async for one in files.scandir(path)]

    assert asyncio.run(listed(b"/outbox")) == [b".", b"..", b"real.csv"]
    assert asyncio.run(listed(b"/")) == [b".", b"..", *sorted(part.encode() for part in PARTS)]
    with pytest.raises(asyncssh.SFTPNoSuchFile):
        session(folder, lambda files: files.open(b"/outbox/link.csv", asyncssh.FXF_READ, ATTRS))
    for make in ("symlink", "link"):
        with pytest.raises(asyncssh.SFTPOpUnsupported):
            session(folder, lambda files, make=make: getattr(files, make)(b"/outbox/real.csv", b"/inbox/b"))  # type: ignore[misc]


def test_only_the_inbox_is_written_and_only_whole_files(folder: Path) -> None:
    (folder / "inbox" / "a.csv").write_bytes(b"old")
    for part in ("outbox", "done", "rejected"):
        with pytest.raises(asyncssh.SFTPPermissionDenied):
            session(folder, lambda files, part=part: upload(files, f"/{part}/a.csv".encode()))  # type: ignore[misc]
    with pytest.raises(asyncssh.SFTPOpUnsupported):
        session(folder, lambda files: upload(files, flags=CREATE | asyncssh.FXF_APPEND))
    with pytest.raises(asyncssh.SFTPFailure, match="already"):
        session(folder, lambda files: upload(files, flags=CREATE | asyncssh.FXF_EXCL))
    with pytest.raises(asyncssh.SFTPPermissionDenied):
        session(
            folder, lambda files: files.remove(b"/done/a.csv") if (folder / "done" / "a.csv").touch() is None else 0
        )
    session(folder, lambda files: files.close(upload(files, b"/inbox/b.csv")))
    with pytest.raises(asyncssh.SFTPFailure, match="already"):
        session(folder, lambda files: files.rename(b"/inbox/b.csv", b"/inbox/a.csv"))
    session(folder, lambda files: files.posix_rename(b"/inbox/b.csv", b"/inbox/a.csv"))
    assert (folder / "inbox" / "a.csv").read_bytes() == b"rows"


def test_a_session_and_an_inbox_have_their_bounds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp_files, "MOST_OPEN", 2)
    with pytest.raises(asyncssh.SFTPFailure, match="more than 2 open files"):
        session(folder, upload, upload, upload)
    monkeypatch.setattr(sftp_files, "MOST_WAITING", 1)
    (folder / "inbox" / "waits.csv").touch()
    with pytest.raises(asyncssh.SFTPFailure, match="wait in the inbox"):
        session(folder, upload)
