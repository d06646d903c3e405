"""
One partner's folders as its SFTP client sees them: `/inbox`, `/outbox`, `/done`, `/rejected`, and nothing else.

Paths are parsed, not mapped: a name is looked up in one of the four folders, and no link is followed. An upload is
written under a hidden name and gets its own when the client closes it. A client that is killed closes nothing, but the
library calls `close` for it all the same; `exit` follows in the same step of the event loop then, and what was closed
in that step is thrown away as incomplete. So is an upload of which a write was refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import posixpath
import stat
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

import asyncssh
from asyncssh import SFTPAttrs, SFTPName

from partnerlab.folders.inbox import LONGEST_NAME
from partnerlab.folders.machine import PARTS

if TYPE_CHECKING:
    from asyncssh import SSHServerChannel

__all__ = ["PartnerFiles", "remove_incomplete"]

_logger = logging.getLogger(__name__)

UPLOADING = ".upload-"
MOST_OPEN = 16
MOST_WAITING = 1_000
"""Files of an inbox beyond which no other is begun."""
ROOT_NAMES = frozenset(PARTS)
NOT_SUPPORTED = "this server takes whole files and gives whole files; it has no links, folders or attributes to change"


@dataclass(slots=True, eq=False)
class _Open:
    """
    An open file; an upload has the hidden path that it is written to and the one that it is to have.

    `broken` says that a write was refused: what the client closes then is not what it meant to send.
    """

    stream: IO[bytes]
    hidden: Path | None = None
    target: Path | None = None
    broken: bool = False


def remove_incomplete(inbox: Path) -> None:
    """Throw away what a killed server left of uploads."""
    for path in inbox.glob(f"{UPLOADING}*"):
        path.unlink(missing_ok=True)


class PartnerFiles(asyncssh.SFTPServer):
    """The session of one client, below *folder*; files are of at most *most_bytes*."""

    def __init__(self, chan: SSHServerChannel[bytes], folder: Path, most_bytes: int) -> None:
        super().__init__(chan)
        self._folder, self._most_bytes = folder, most_bytes
        self._open: list[_Open] = []
        self._closed: list[_Open] = []

    # --- files ---

    def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        """Open a file to read, or a new one in the inbox to write from its beginning."""
        if len(self._open) >= MOST_OPEN:
            raise asyncssh.SFTPFailure(f"more than {MOST_OPEN} open files")
        writes = pflags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC)
        opened = self._new(path, pflags) if writes else self._existing(path)
        self._open.append(opened)
        return opened

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: SFTPAttrs) -> NoReturn:
        _refuse()

    def close(self, file_obj: object) -> None:
        """The client has closed the file, or was killed: which of the two, the next step of the event loop knows."""
        opened = _opened(file_obj)
        opened.stream.close()
        self._open.remove(opened)
        if opened.hidden is not None:
            self._closed.append(opened)
            asyncio.get_running_loop().call_soon(self._finish, opened)

    def exit(self) -> None:
        """The client is gone: uploads that it has not finished are thrown away."""
        for opened in [*self._open, *self._closed]:
            opened.stream.close()
            if opened.hidden is not None:
                opened.hidden.unlink(missing_ok=True)
                _logger.warning("%s: an upload that broke off is thrown away", opened.target)
        self._open.clear()
        self._closed.clear()
        with contextlib.suppress(OSError):
            self.channel.exit(0)  # without a status scp says that the copy failed

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        stream = _opened(file_obj).stream
        stream.seek(offset)
        return stream.read(size)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        opened = _opened(file_obj)
        if opened.hidden is None:
            raise asyncssh.SFTPPermissionDenied("the file is open to read")
        try:
            if offset + len(data) > self._most_bytes:
                raise asyncssh.SFTPFailure(f"a file has at most {self._most_bytes:,} bytes")
            opened.stream.seek(offset)
            return opened.stream.write(data)
        except BaseException:
            opened.broken = True
            raise

    def fstat(self, file_obj: object) -> os.stat_result:
        stream = _opened(file_obj).stream
        stream.flush()
        return os.fstat(stream.fileno())

    def fsync(self, file_obj: object) -> None:
        stream = _opened(file_obj).stream
        stream.flush()
        os.fsync(stream.fileno())

    # --- names ---

    def lstat(self, path: bytes) -> os.stat_result:
        part, name = _parsed(path)
        found = self._folder.joinpath(part, name).lstat() if name or part else self._folder.lstat()
        if name and not stat.S_ISREG(found.st_mode):
            raise asyncssh.SFTPNoSuchFile("there is no such file")
        return found

    stat = lstat

    def realpath(self, path: bytes) -> bytes:
        return posixpath.normpath(posixpath.join(b"/", path)).replace(b"//", b"/")

    async def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        part, name = _parsed(path)
        if name:
            raise asyncssh.SFTPNoSuchFile("there is no such folder")
        here = self._folder / part
        for dots in (b".", b".."):
            yield SFTPName(dots, attrs=SFTPAttrs.from_local(here.lstat()))
        for entry in sorted(here.iterdir()):
            found = entry.lstat()
            kind = stat.S_ISREG if part else stat.S_ISDIR
            if kind(found.st_mode) and (not part or _fits(part, entry.name)) and (part or entry.name in ROOT_NAMES):
                yield SFTPName(entry.name.encode(), attrs=SFTPAttrs.from_local(found))

    def remove(self, path: bytes) -> None:
        """Remove a file of the inbox, or one of the outbox that was fetched."""
        self.lstat(path)
        self._of(path, "inbox", "outbox").unlink()

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename within the inbox; nothing is replaced."""
        new = self._of(newpath, "inbox")
        if new.exists():
            raise asyncssh.SFTPFailure("there is a file of that name already")
        self.posix_rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename within the inbox, in place of what stands there. OpenSSH's client asks for this one."""
        self.lstat(oldpath)
        self._of(oldpath, "inbox").replace(self._of(newpath, "inbox"))

    # --- what there is none of ---

    def map_path(self, path: bytes) -> NoReturn:
        _refuse()

    def setstat(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Clients set times and modes after an upload: taken, and without effect."""

    lsetstat = setstat

    def fsetstat(self, file_obj: object, attrs: SFTPAttrs) -> None:
        """As `setstat`."""

    def mkdir(self, path: bytes, attrs: SFTPAttrs) -> NoReturn:
        _refuse()

    def rmdir(self, path: bytes) -> NoReturn:
        _refuse()

    def readlink(self, path: bytes) -> NoReturn:
        _refuse()

    def symlink(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        _refuse()

    def link(self, oldpath: bytes, newpath: bytes) -> NoReturn:
        _refuse()

    def statvfs(self, path: bytes) -> NoReturn:
        _refuse()

    def fstatvfs(self, file_obj: object) -> NoReturn:
        _refuse()

    # --- within ---

    def _of(self, path: bytes, *parts: str) -> Path:
        """A file's path on the disk, where it is in one of those folders."""
        part, name = _parsed(path)
        if not name or part not in parts:
            raise asyncssh.SFTPPermissionDenied(f"only files of {' and '.join(parts)} can be changed")
        return self._folder / part / name

    def _new(self, path: bytes, pflags: int) -> _Open:
        target = self._of(path, "inbox")
        if pflags & asyncssh.FXF_APPEND or not pflags & asyncssh.FXF_CREAT:
            raise asyncssh.SFTPOpUnsupported("a file is sent from its beginning")
        if pflags & asyncssh.FXF_EXCL and target.exists():
            raise asyncssh.SFTPFailure("there is a file of that name already")
        if len(os.listdir(target.parent)) >= MOST_WAITING:
            raise asyncssh.SFTPFailure(f"{MOST_WAITING:,} files wait in the inbox already")
        hidden = target.with_name(f"{UPLOADING}{uuid.uuid4().hex}")
        handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        return _Open(os.fdopen(handle, "w+b", buffering=0), hidden, target)

    def _existing(self, path: bytes) -> _Open:
        self.lstat(path)
        part, name = _parsed(path)
        if not name:
            raise asyncssh.SFTPNoSuchFile("there is no such file")
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return _Open(os.fdopen(os.open(self._folder / part / name, flags), "rb"))

    def _finish(self, opened: _Open) -> None:
        """The step after `close`: the client is still there, so the upload is whole."""
        if opened not in self._closed:
            return
        self._closed.remove(opened)
        assert opened.hidden is not None
        assert opened.target is not None
        if opened.broken:
            opened.hidden.unlink(missing_ok=True)
            return
        try:
            opened.hidden.replace(opened.target)
        except OSError:
            _logger.exception("%s could not be put into the inbox", opened.target)
            opened.hidden.unlink(missing_ok=True)


def _parsed(path: bytes) -> tuple[str, str]:
    """Folder and file name of a path; both are empty for `/`. Raises `SFTPNoSuchFile` for what there cannot be."""
    try:
        text = posixpath.normpath(posixpath.join(b"/", path)).decode("utf-8")
    except UnicodeDecodeError:
        raise asyncssh.SFTPNoSuchFile("a name is UTF-8") from None
    parts = [part for part in text.split("/") if part]
    part, name = (*parts, "", "")[:2]
    if len(parts) > 2 or (part and part not in ROOT_NAMES) or (name and not _fits(part, name)):
        raise asyncssh.SFTPNoSuchFile(
            f"there is no such file: a path is /{'|'.join(PARTS)}/name, a name printable, of at most {LONGEST_NAME}"
            " bytes and hidden in the inbox alone"
        )
    return part, name


def _fits(part: str, name: str) -> bool:
    """Whether a client may know the name; some upload under a hidden one, as `.in.a.csv.`, and rename it."""
    ours = name.startswith(UPLOADING) or (name.startswith(".") and part != "inbox")
    return name.isprintable() and not ours and len(os.fsencode(name)) <= LONGEST_NAME


def _opened(file_obj: object) -> _Open:
    assert isinstance(file_obj, _Open)
    return file_obj


def _refuse() -> NoReturn:
    raise asyncssh.SFTPOpUnsupported(NOT_SUPPORTED)
