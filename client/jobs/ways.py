"""
Ways for files to Invoice Cloud and back: its web service, a folder, SFTP (extra `sftp`).

    way = FolderWay(Path("exchange/watersmart"))
    way = SftpWay("sftp.example.com", "watersmart", password=...)
    way = UploadWay(InvoiceCloudClient(...))            # sends only

In a folder and by SFTP a file goes into `inbox` under a temporary name and gets its own when it is whole; what waits
lies in `outbox` and is removed once it is safe in the books, where *archive* is given after a copy went there.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeVar

from partnerlab.client.exports import place_file
from partnerlab.client.jobs.ports import ReceivedBatch
from partnerlab.contracts.files.csv import load_table

if TYPE_CHECKING:
    from partnerlab.client.invoice_cloud import InvoiceCloudClient

__all__ = ["FolderWay", "SftpWay", "UploadWay"]

QUIET_S = 2.0
"""A file in a folder is whole when it has not changed for so long."""
T = TypeVar("T")


class UploadWay:
    """Sends a file by UploadInvoiceFile."""

    def __init__(self, invoice_cloud: InvoiceCloudClient) -> None:
        self._invoice_cloud = invoice_cloud

    def send(self, name: str, content: bytes) -> str:
        """Invoice Cloud's receipt in words. Raises `ClientError`."""
        receipt = self._invoice_cloud.upload_invoice_file(name, content)
        said = f"{receipt.upload_id}: {receipt.invoices_accepted} accepted, {receipt.invoices_rejected} rejected"
        first = receipt.problems[0] if receipt.problems else None
        words = [said, receipt.message, f"line {first.line}, {first.field}: {first.reason}" if first else ""]
        return "; ".join(word for word in words if word)


class FolderWay:
    """The folders `inbox` and `outbox` below *folder*, as both sides see them. Raises `OSError`."""

    def __init__(self, folder: Path, *, archive: Path | None = None, quiet_s: float = QUIET_S) -> None:
        self._inbox, self._outbox, self._archive, self._quiet_s = folder / "inbox", folder / "outbox", archive, quiet_s

    def send(self, name: str, content: bytes) -> str:
        """Put a file into the inbox; the same again is done already. Raises `FileStands`, `OSError`."""
        return f"put into {place_file(self._inbox, name, [content])}"

    def waiting(self, kind: str) -> Iterator[ReceivedBatch]:
        """The files of that kind that have not changed lately, oldest name first."""
        for path in sorted(self._outbox.iterdir()):
            if _is_of(kind, path.name) and time.time() - path.stat().st_mtime >= self._quiet_s:
                yield ReceivedBatch(path.name, [(path.name, path.read_bytes())])

    def taken(self, batch: ReceivedBatch) -> None:
        """Remove the batch's files from the outbox."""
        for name, content in batch.files:
            _archived(self._archive, name, content)
            (self._outbox / name).unlink(missing_ok=True)


class SftpWay:
    """
    The folders `inbox` and `outbox` of a server; each call is a connection of its own.

    Args:
        known_hosts: A file as OpenSSH's, which the server's key must stand in; without it the user's own.
        client_key: A private key's file, in place of a password.
        root: Where the two folders are; the login's folder unless given.
    Raises:
        OSError, asyncssh.Error: From any call: the server cannot be reached or refuses.
    """

    def __init__(
        self,
        host: str,
        username: str,
        *,
        port: int = 22,
        password: str = "",
        client_key: Path | None = None,
        known_hosts: Path | None = None,
        root: str = ".",
        archive: Path | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self._root, self._archive, self._timeout_s = PurePosixPath(root), archive, timeout_s
        self._options: dict[str, Any] = {"host": host, "port": port, "username": username}
        if password:
            self._options |= {"password": password, "client_keys": None}
        if client_key is not None:
            self._options["client_keys"] = [str(client_key)]
        if known_hosts is not None:
            self._options["known_hosts"] = str(known_hosts)

    def __repr__(self) -> str:
        return f"SftpWay({self._options['username']}@{self._options['host']}:{self._options['port']})"

    def send(self, name: str, content: bytes) -> str:
        """Put a file into the inbox under its name, whole."""

        async def put(sftp: Any) -> str:
            target = self._root / "inbox" / name
            part = target.with_name(f"{name}.{secrets.token_hex(4)}.part")
            async with sftp.open(str(part), "wb") as stream:
                await stream.write(content)
            await sftp.posix_rename(str(part), str(target))
            return f"put into {target}"

        return self._with(put)

    def waiting(self, kind: str) -> Iterator[ReceivedBatch]:
        """The files of that kind, oldest name first; one that changes while it is read waits for the next run."""

        async def get(sftp: Any) -> list[ReceivedBatch]:
            found = []
            for name in sorted(await sftp.listdir(str(self._root / "outbox"))):
                path = str(self._root / "outbox" / name)
                if not _is_of(kind, name):
                    continue
                before = await sftp.stat(path)
                async with sftp.open(path, "rb") as stream:
                    content = await stream.read()
                after = await sftp.stat(path)
                if (before.size, before.mtime) == (after.size, after.mtime) and after.size == len(content):
                    found.append(ReceivedBatch(name, [(name, content)]))
            return found

        return iter(self._with(get))

    def taken(self, batch: ReceivedBatch) -> None:
        """Remove the batch's files from the outbox."""

        async def remove(sftp: Any) -> None:
            for name, content in batch.files:
                _archived(self._archive, name, content)
                path = str(self._root / "outbox" / name)
                if await sftp.exists(path):
                    await sftp.remove(path)

        self._with(remove)

    def _with(self, use: Callable[[Any], Awaitable[T]]) -> T:
        import asyncssh

        async def run() -> T:
            async with (
                asyncio.timeout(self._timeout_s),
                asyncssh.connect(**self._options) as connection,
                connection.start_sftp_client() as sftp,
            ):
                return await use(sftp)

        return asyncio.run(run())


def _is_of(kind: str, name: str) -> bool:
    """Whether a name is that of one of Invoice Cloud's files of a kind, whole or split."""
    table = load_table(f"watersmart_{kind}")
    return any(re.fullmatch(rf"{begin}\d{{14}}\.csv", name) for begin in (table.file_name, *table.split.values()))


def _archived(archive: Path | None, name: str, content: bytes) -> None:
    if archive is not None:
        place_file(archive, name, [content])
