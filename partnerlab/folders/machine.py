"""
The machine behind the folders: takes what is whole, files it away with its report, lays out what was exported.

Taking a file twice does no harm, because Invoice Cloud knows the same rows again [A-87]. So a file is moved only after
it was taken and its report is written, and a machine that is killed begins again where it was.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from partnerlab.client.exports import FileStands, place_file
from partnerlab.folders.inbox import LONGEST_NAME, FileUnfit, Inbox, read_file
from partnerlab.folders.port import Export, FolderPort, Place, Received
from partnerlab.settings import FoldersUnusable

__all__ = ["PARTS", "Folders"]

_logger = logging.getLogger(__name__)

PARTS = ("inbox", "outbox", "done", "rejected")
STATE = ".state"
LONGEST_POLL_S = 1.0
AFTER_ERROR_S = 30.0


class Folders:
    """
    The folders below *root*: made, and looked at once with `look`, or again and again on a thread of their own between
    `start` and `stop`.

    Args:
        quiet_s: For how long a file must not have changed.
        clock: Seconds that only go forward.
    Raises:
        FoldersUnusable: They cannot be made, or another process has them.
    """

    def __init__(
        self, root: Path, port: FolderPort, *, quiet_s: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.root, self._port, self._quiet_s, self._clock = root, port, quiet_s, clock
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            (root / STATE).mkdir(mode=0o700, exist_ok=True)
            self._lock = _locked(root)
        except OSError as error:
            raise FoldersUnusable(root, error.strerror or str(error)) from error
        self._inboxes: dict[str, Inbox] = {}
        self._not_before: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Make the folders and go on looking, in the background."""
        for name in self._port.names():
            self.folder(name)
        self._thread = threading.Thread(target=self._run, name="folders", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the file that is being taken, and let go of the folders."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        os.close(self._lock)

    def folder(self, name: str) -> Path:
        """A biller's folder, with its four parts."""
        for folder in (self.root / name, *(self.root / name / part for part in PARTS)):
            folder.mkdir(mode=0o700, exist_ok=True)
        return self.root / name

    def look(self) -> list[str]:
        """Take what is whole in every inbox and lay out what was exported; what was done, a line each."""
        done: list[str] = []
        for name, place in self._places():
            if self._clock() < self._not_before.get(name, -math.inf):
                continue
            try:
                done.extend(self._look_at(name, place))
            except Exception:
                _logger.exception("%s: the folders of %s could not be looked at", self.root, name)
                self._not_before[name] = self._clock() + AFTER_ERROR_S
        return done

    def _places(self) -> Iterator[tuple[str, Place]]:
        """The folders that are always there, and those of other lanes that somebody made."""
        made = (
            path.name for path in self.root.iterdir() if "+" in path.name and path.is_dir() and not path.is_symlink()
        )
        for name in [*self._port.names(), *sorted(made)]:
            if (place := self._port.place(name)) is not None:
                yield name, place

    def _look_at(self, name: str, place: Place) -> Iterator[str]:
        folder = self.folder(name)
        inbox = self._inboxes.setdefault(name, Inbox(folder / "inbox", quiet_s=self._quiet_s, clock=self._clock))
        for path in inbox.whole():
            with self._kept(inbox, path):
                yield self._take(place, folder, path)
        yield from self._lay_out(name, place, folder / "outbox")

    def _run(self) -> None:
        while not self._stopping.wait(min(self._quiet_s / 2, LONGEST_POLL_S)):
            try:
                for line in self.look():
                    _logger.info("%s", line)
            except Exception:
                _logger.exception("%s: the folders could not be looked at", self.root)
                self._stopping.wait(AFTER_ERROR_S)

    @contextlib.contextmanager
    def _kept(self, inbox: Inbox, path: Path) -> Iterator[None]:
        """A file that could not be taken for a reason outside of it stays, and is tried again later."""
        try:
            yield
        except Exception:
            _logger.exception("%s could not be taken; it stays and is tried again", path)
            inbox.later(path, AFTER_ERROR_S)

    def _take(self, place: Place, folder: Path, path: Path) -> str:
        try:
            received = self._port.receive(place, path.name, read_file(path, self._port.most_bytes))
        except FileUnfit as unfit:
            received = Received("rejected", f"rejected: {unfit}\n")
        target = _free(folder / ("rejected" if received.rejected else "done"), _printable(path.name))
        if received.quarantine:
            _write(target.with_name(f"{target.name}.quarantine.csv"), received.quarantine)
        _write(target.with_name(f"{target.name}.report.txt"), received.report)
        path.rename(target)
        return f"{folder.name}: {target.relative_to(folder)}: {received.state}"

    def _lay_out(self, name: str, place: Place, outbox: Path) -> Iterator[str]:
        """Every batch that was not laid out yet, whoever asked for it. What was fetched and removed stays away."""
        mark = self.root / STATE / f"{name}.json"
        last = _read_mark(mark)
        if last and not self._port.known(place, last):
            last = 0  # the lane was reset: its batches count from 1 again
        for export in self._port.exports(place, last):
            yield from self._place(name, outbox, export)
            _write(mark, json.dumps({"report_id": export.report_id}))

    @staticmethod
    def _place(name: str, outbox: Path, export: Export) -> Iterator[str]:
        for file_name, content in export.files:
            try:
                place_file(outbox, file_name, content())
            except FileStands:
                _logger.error(
                    "%s: %s of batch %d: another file of that name stands there", name, file_name, export.report_id
                )
                continue
            yield f"{name}: outbox/{file_name}: batch {export.report_id}"


def _locked(root: Path) -> int:
    """An open file that holds the folders for this process. Raises `FoldersUnusable`."""
    handle = os.open(root / STATE / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    if os.name == "posix":
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            reason = "another sandbox works on these folders; stop it, or give this one its own"
            raise FoldersUnusable(root, reason) from None
    return handle


def _read_mark(mark: Path) -> int:
    try:
        return int(json.loads(mark.read_text("utf-8"))["report_id"])
    except FileNotFoundError:
        return 0


def _write(path: Path, text: str) -> None:
    """Put a small file in its place, whole."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8", newline="")
    part.replace(path)


def _printable(name: str) -> str:
    text = "".join(char if char.isprintable() else "_" for char in name)
    return text.encode()[:LONGEST_NAME].decode(errors="ignore")


def _free(folder: Path, name: str) -> Path:
    """A name in *folder* that nothing has yet: `bills.csv`, `bills-2.csv`, …"""
    first = folder / name
    path, number = first, 1
    while path.exists() or path.is_symlink():
        number += 1
        path = first.with_name(f"{first.stem}-{number}{first.suffix}")
    return path
