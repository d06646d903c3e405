"""The folders and the SFTP server in front of them, as the sandbox's settings ask for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.folders.machine import Folders
from partnerlab.folders.port import FolderPort, invoice_cloud_port, sftp_access
from partnerlab.settings import FoldersUnusable, SandboxSettings
from partnerlab.simulators.ic_webservices import InvoiceCloud

if TYPE_CHECKING:
    from partnerlab.folders.sftp import SftpServer

__all__ = ["Exchange", "open_exchange"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is open: the folders, and the SFTP server where there is one."""

    folders: Folders
    sftp: SftpServer | None

    def stop(self) -> None:
        """Let the clients go, then the folders."""
        if self.sftp is not None:
            self.sftp.stop()
        self.folders.stop()


def open_exchange(settings: SandboxSettings, ic: InvoiceCloud, fallback: Path) -> Exchange:
    """
    Open what the settings ask for, below *fallback* where they name no folder.

    Raises `FoldersUnusable`; nothing is left open then.
    """
    root, port = Path(settings.files or fallback), invoice_cloud_port(ic)
    folders = Folders(root, port, quiet_s=settings.files_quiet_s)
    try:
        folders.start()
        return Exchange(folders, _sftp(settings, ic, folders, port) if settings.sftp_port >= 0 else None)
    except BaseException:
        folders.stop()
        raise


def _sftp(settings: SandboxSettings, ic: InvoiceCloud, folders: Folders, port: FolderPort) -> SftpServer:
    try:
        with importing:
            from partnerlab.folders.sftp import SftpServer
    except ModuleNotFoundError as error:
        reason = f"SFTP needs {error.name}: pip install 'partnerlab[sftp]'"
        raise FoldersUnusable(folders.root, reason) from error
    access = sftp_access(ic, port)
    try:
        server = SftpServer(folders, access, settings.host, settings.sftp_port, most_bytes=port.most_bytes)
        server.start()
    except (OSError, ValueError) as error:
        reason = f"SFTP cannot be served on {settings.host}:{settings.sftp_port}: {error}"
        raise FoldersUnusable(folders.root, reason) from error
    return server
