"""What can be set of the sandbox itself."""

from __future__ import annotations

from pathlib import Path

from partnerlab.contracts.records import dataclass
from partnerlab.parts import problems_of_parts
from partnerlab.simulators.kit.http.guard import is_loopback

__all__ = ["FoldersUnusable", "SandboxSettings"]

SHORTEST_TOKEN = 8
QUIET_S = 2.0


class FoldersUnusable(RuntimeError):
    """The folders of `files` cannot be made, or another process works on them."""

    def __init__(self, root: Path, reason: str) -> None:
        super().__init__(f"{root}: {reason}")


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """
    Where the sandbox listens and keeps its world.

    `database` is empty (memory, gone with the process), a SQLite file's path, or a PostgreSQL URL. With a certificate
    and key (PEM files) it serves https, and with `tls`, a folder in which it makes them itself where they are missing.

    Where *host* is one that other machines reach, *token* is required: the control API shows every key, and whoever
    calls it or the data pump's service must bring it. `hosts` are further names under which the sandbox is known.

    `files` is a folder in which partners leave files and find exports, a folder a biller; empty for none. A file there
    is taken when it has not changed for `files_quiet_s` seconds. `sftp_port` is that of an SFTP server in front of the
    folders, 0 for a free one; below 0 there is none. Without `files` the folders go with the process.

    `max_import_bytes` is how large the export of a lane may be that is imported; it is kept on the disk meanwhile.

    `console` says whether the pages at `/` are served.

    `published` is the address under which a container's port is published, where that is not *host*: it decides who
    reaches the sandbox. With `forwarded` the headers X-Forwarded-Proto, -Host and -For count: only where every request
    comes through a proxy that sets them, whom others reach where `published` does not say otherwise.

    `only` names the parts that this process serves, of one ledger in PostgreSQL that others serve too; empty for all.
    `peers` says where those are: `inhance=http://inhance:8700`.
    """

    host: str = "127.0.0.1"
    port: int = 8700
    database: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    tls: str = ""
    token: str = ""
    hosts: tuple[str, ...] = ()
    max_import_bytes: int = 4 * 1024**3
    files: str = ""
    files_quiet_s: float = QUIET_S
    sftp_port: int = -1
    console: bool = True
    published: str = ""
    forwarded: bool = False
    only: tuple[str, ...] = ()
    peers: tuple[str, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether other machines reach it, so that the documented keys are refused."""
        if self.forwarded and not self.published:
            return True
        return not is_loopback(self.published or self.host)

    @property
    def exchanges_files(self) -> bool:
        """Whether partners leave files in folders, or by SFTP."""
        return bool(self.files) or self.sftp_port >= 0

    def problems(self) -> dict[str, str]:
        """What cannot be, by field."""
        found = {}
        if not self.host or any(char.isspace() for char in self.host):
            found["host"] = "is no address or name of this machine"
        if not 0 <= self.port <= 65535:
            found["port"] = "is not a port from 0 to 65535"
        if self.max_import_bytes < 1:
            found["max_import_bytes"] = "is not over 0"
        if self.sftp_port > 65535:
            found["sftp_port"] = "is not a port from 0 to 65535"
        for name in ("tls_certificate", "tls_key"):
            file = getattr(self, name)
            if file and not Path(file).is_file():
                found[name] = "is not a file"
        if self.tls_key and not self.tls_certificate:
            found["tls_key"] = "needs tls_certificate"
        if self.tls and self.tls_certificate:
            found["tls"] = "makes a certificate; there is tls_certificate already"
        if self.token and not (len(self.token) >= SHORTEST_TOKEN and self.token.isascii() and self.token.isprintable()):
            found["token"] = f"must be {SHORTEST_TOKEN} or more printable ASCII characters"
        found |= problems_of_parts(self.only, self.peers)
        if not 0.05 <= self.files_quiet_s <= 3600:
            found["files_quiet_s"] = "is not between 0.05 and 3600 seconds"
        return found

    def check_reach(self) -> None:
        """Raises `ValueError` where other machines would reach the sandbox and no token is asked for."""
        if not self.token and (self.shared or not is_loopback(self.host)):
            where = f"host {self.host}"
            if is_loopback(self.host):
                where = f"published {self.published}" if self.published else "forwarded"
            raise ValueError(
                f"{where}: other machines reach it, and the control API shows every key: set a token"
                " (--token, PARTNERLAB_SANDBOX_TOKEN)"
            )

    def check_effect(self) -> None:
        """Raises `ValueError` where what was set would change nothing."""
        if self.files_quiet_s != QUIET_S and not self.exchanges_files:
            raise ValueError(
                "files_quiet_s: would have no effect, as no files are exchanged: name their folder (--files,"
                " PARTNERLAB_SANDBOX_FILES), or leave it out"
            )

    def databases(self, folder: Path) -> tuple[str, str]:
        """
        URLs of the simulators' database and of the data pump's.

        The pump keeps its deliveries beside a file, in the same PostgreSQL database, or in *folder*, which goes with
        the process.
        """
        if not self.database:
            return "sqlite://", f"sqlite:///{folder / 'pump.db'}"
        if "://" not in self.database:
            return f"sqlite:///{self.database}", f"sqlite:///{self.database}.pump"
        if self.database.startswith("sqlite:///"):
            return self.database, f"{self.database}.pump"
        scheme, _, rest = self.database.partition("://")
        if scheme.partition("+")[0] not in ("postgresql", "postgres"):
            raise ValueError(f"database: {scheme!r}: must be a SQLite file or a postgresql:// URL")
        return f"postgresql+psycopg://{rest}", f"postgresql://{rest}"
