"""What the folders need of Invoice Cloud, and how the simulator gives it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from partnerlab.simulators.ic_webservices import InvoiceCloud
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.uploads import REJECTED
from partnerlab.simulators.ic_webservices.services.uploads import Taken
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane

__all__ = ["Export", "FolderPort", "Received", "SftpAccess", "invoice_cloud_port", "sftp_access"]

FOLDER = re.compile(r"[a-z0-9_]{1,40}")


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a file: its state in a word, the report in lines, and the rows that are in quarantine."""

    state: str
    report: str
    quarantine: str = ""

    @property
    def rejected(self) -> bool:
        """Whether nothing of the file was taken."""
        return self.state == REJECTED


@dataclass(frozen=True, slots=True)
class Export:
    """An exported batch: its number, and the names of its files with their content in pieces."""

    report_id: int
    files: Sequence[tuple[str, Callable[[], Iterator[bytes]]]]


@dataclass(frozen=True, slots=True)
class FolderPort:
    """
    `billers()` gives the BillerGUID by the name of its folder; `receive(guid, name, content)` takes a file;
    `exports(guid, after)` the batches beyond a number; `known(guid, report_id)` says whether there is such a batch.
    """

    billers: Callable[[], Mapping[str, str]]
    receive: Callable[[str, str, bytes], Received]
    exports: Callable[[str, int], Iterator[Export]]
    known: Callable[[str, int], bool]
    most_bytes: int


@dataclass(frozen=True, slots=True)
class SftpAccess:
    """What lets an SFTP user in: a password, empty for none, and public keys in OpenSSH's form."""

    password: str = field(default="", repr=False)
    keys: Sequence[str] = ()


def sftp_access(ic: InvoiceCloud, folders: FolderPort, *, local: bool) -> Callable[[str], SftpAccess | None]:
    """
    By user, who is a biller's folder: what its configuration `{"SFTP": {"Password": …, "Keys": […]}}` says.

    Where only this machine reaches the server (*local*), the API key is the password of a biller that says nothing.
    """

    def access(username: str) -> SftpAccess | None:
        guid = folders.billers().get(username)
        if guid is None:
            return None
        biller = ic.world.services.ledger.biller(ic.world.lanes.get(DEFAULT), guid)
        own = biller.configuration.get("SFTP")
        if not isinstance(own, dict):
            return SftpAccess(biller.api_key if local else "")
        password, keys = own.get("Password"), own.get("Keys")
        return SftpAccess(
            password if isinstance(password, str) else "",
            [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else [],
        )

    return access


def invoice_cloud_port(ic: InvoiceCloud) -> FolderPort:
    """The port of the lane `default` of a simulated Invoice Cloud."""
    services, lanes = ic.world.services, ic.world.lanes

    def lane() -> Lane:
        return lanes.get(DEFAULT)

    def billers() -> dict[str, str]:
        found: dict[str, str] = {}
        for biller in services.records.billers(lane()):
            plain = FOLDER.fullmatch(biller.partner) and biller.partner not in found
            found[biller.partner if plain else biller.guid] = biller.guid
        return found

    def receive(guid: str, name: str, content: bytes) -> Received:
        try:
            taken = services.uploads.receive(lane(), guid, name, content)
        except ValueRefused as refused:
            return Received(REJECTED, f"rejected: {refused}\n")
        pages, page = [], 0
        while (text := services.uploads.quarantine(lane(), taken.upload.upload_id, page)) is not None:
            pages.append(text)
            page += 1
        return Received(taken.upload.state, _report(taken), "".join(pages))

    def contents(report_id: int, name: str) -> Callable[[], Iterator[bytes]]:
        def pages() -> Iterator[bytes]:
            page = 0
            while (text := services.export_batches.page(lane(), report_id, name, page)) is not None:
                yield text.encode()
                page += 1

        return pages

    def exports(guid: str, after: int) -> Iterator[Export]:
        batches = services.export_batches
        for batch in batches.find(lane(), guid, after=after):
            _, files = batches.get(lane(), batch.report_id)
            yield Export(batch.report_id, [(file.name, contents(batch.report_id, file.name)) for file in files])

    def known(guid: str, report_id: int) -> bool:
        try:
            batch, _ = services.export_batches.get(lane(), report_id)
        except NotFound:
            return False
        return batch.biller_guid == guid

    return FolderPort(billers, receive, exports, known, services.settings.max_upload_bytes)


def _report(taken: Taken) -> str:
    upload = taken.upload
    lines = [
        f"{upload.file_name}: {upload.state}, as {upload.upload_id} at {upload.received_at}",
        f"{upload.accepted:,} accepted, {upload.rejected:,} in quarantine",
        *([upload.message] if upload.message else []),
        *(f"note: {note}" for note in json.loads(upload.notes)),
    ]
    for one in taken.problems:
        column = f", column {one.column_number}" if one.column_number else ""
        field = f", {one.field}" if one.field else ""
        lines.append(f"line {one.line}{column}{field}: {one.value!r} {one.reason}")
    return "".join(f"{line}\n" for line in lines)
