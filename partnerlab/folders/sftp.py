"""
The SFTP server in front of the folders: its own thread and event loop, a host key of its own, one user a biller.

The user is the name of the biller's folder. The password is the biller's API key, or what its configuration says:
`{"SFTP": {"Password": "…", "Keys": ["ssh-ed25519 AAAA…"]}}`. The sandbox's API keys are printed in public, so where
other machines reach the server, only what the configuration says lets anybody in.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import os
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh

from partnerlab.folders.machine import STATE, Folders
from partnerlab.folders.port import SftpAccess
from partnerlab.folders.sftp_files import PartnerFiles, remove_incomplete

if TYPE_CHECKING:
    from asyncssh import SSHKey, SSHServerChannel, SSHServerConnection

__all__ = ["SftpServer"]

_logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 50
LOGIN_TIMEOUT_S = 30
AFTER_WRONG_PASSWORD_S = 0.5
STOP_WITHIN_S = 5.0


class SftpServer:
    """
    Serves *folders* between `start` and `stop`; `port` is known once it has started. `host_key` is its public key in
    OpenSSH's form, `fingerprint` what a client shows of it.

    *access* gives what lets a user in, None for a name that nobody has.
    """

    def __init__(
        self, folders: Folders, access: Callable[[str], SftpAccess | None], host: str, port: int, *, most_bytes: int
    ) -> None:
        self._folders, self._access, self._host, self.port = folders, access, host, port
        self._most_bytes = most_bytes
        self._key = _host_key(folders.root / STATE / "ssh_host_key")
        self.fingerprint: str = self._key.get_fingerprint()
        self.host_key = self._key.export_public_key().decode().strip()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sftp", daemon=True)
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self.connections: set[SSHServerConnection] = set()

    def start(self) -> None:
        """Listen. Raises `OSError` where the port is taken."""
        for inbox in self._folders.root.glob("*/inbox"):
            remove_incomplete(inbox)
        self._thread.start()
        try:
            self._run(self._listen())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let the clients go and stop listening; uploads that are not finished are thrown away."""
        if self._thread.is_alive():
            self._run(self._leave())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        self._acceptor = await asyncssh.listen(
            self._host,
            self.port,
            server_host_keys=[self._key],
            server_factory=lambda: _Connection(self),
            sftp_factory=self._session,
            allow_scp=False,
            login_timeout=LOGIN_TIMEOUT_S,
        )
        self.port = self._acceptor.get_port()

    async def _leave(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        for connection in list(self.connections):
            connection.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(connection.wait_closed(), STOP_WITHIN_S)
        if self._acceptor is not None:
            await self._acceptor.wait_closed()
        await self._loop.shutdown_asyncgens()

    def _session(self, channel: SSHServerChannel[bytes]) -> PartnerFiles:
        username = str(channel.get_extra_info("username"))
        return PartnerFiles(channel, self._folders.folder(username), self._most_bytes)

    def access(self, username: str) -> SftpAccess | None:
        """What lets that user in."""
        try:
            return self._access(username)
        except Exception:
            _logger.exception("SFTP: who %r is could not be looked up", username)
            return None


class _Connection(asyncssh.SSHServer):
    """One client's connection: lets its user in, by password or key, and gives it nothing but SFTP."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server
        self._connection: SSHServerConnection | None = None

    def connection_made(self, conn: SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)
        if len(self._server.connections) > MOST_CONNECTIONS:
            conn.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    async def validate_password(self, username: str, password: str) -> bool:
        access = self._server.access(username)
        wanted = access.password if access else ""
        right = bool(wanted) and hmac.compare_digest(wanted.encode(), password.encode())
        if not right:
            await asyncio.sleep(AFTER_WRONG_PASSWORD_S)
        return right

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: SSHKey) -> bool:
        access = self._server.access(username)
        return access is not None and any(key == known for known in map(_public_key, access.keys))


def _public_key(text: str) -> SSHKey | None:
    try:
        return asyncssh.import_public_key(text)
    except (asyncssh.KeyImportError, ValueError):
        return None


def _host_key(path: Path) -> SSHKey:
    """The server's key; made at the first start, for its owner alone."""
    if path.exists():
        return asyncssh.read_private_key(path)
    key = asyncssh.generate_private_key("ssh-ed25519")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(key.export_private_key())
    return key
