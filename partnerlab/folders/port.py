"""What the folders need of Invoice Cloud, and how the simulator gives it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import NamedTuple

from partnerlab.contracts.first_use import pattern
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices import InvoiceCloud
from partnerlab.simulators.ic_webservices.domain.errors import NotFound, ValueRefused
from partnerlab.simulators.ic_webservices.domain.uploads import REJECTED
from partnerlab.simulators.ic_webservices.services.uploads import Taken
from partnerlab.simulators.kit.world.lanes import DEFAULT, Lane

__all__ = ["Export", "FolderPort", "Place", "Received", "SftpAccess", "invoice_cloud_port", "sftp_access"]

FOLDER = pattern(r"[a-z0-9_]{1,40}")


class Place(NamedTuple):
    """Whose files a folder holds: a biller of a lane."""

    lane: str
    guid: str


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
    `names()` gives the folders that are always there; `place(name)` whose a folder of that name is, None for nobody's;
    `receive(place, name, content)` takes a file; `exports(place, after)` the batches beyond a number;
    `known(place, report_id)` says whether there is such a batch.
    """

    names: Callable[[], Sequence[str]]
    place: Callable[[str], Place | None]
    receive: Callable[[Place, str, bytes], Received]
    exports: Callable[[Place, int], Iterator[Export]]
    known: Callable[[Place, int], bool]
    most_bytes: int


@dataclass(frozen=True, slots=True)
class SftpAccess:
    """What lets an SFTP user in: a password, empty for none, and public keys in OpenSSH's form."""

    password: str = field(default="", repr=False)
    keys: Sequence[str] = ()


def sftp_access(ic: InvoiceCloud, folders: FolderPort) -> Callable[[str], SftpAccess | None]:
    """
    By user, who is a biller's folder: what its configuration `{"SFTP": {"Password": …, "Keys": […]}}` says.
    The API key is the password of a biller that says nothing.
    """

    def access(username: str) -> SftpAccess | None:
        place = folders.place(username)
        if place is None:
            return None
        biller = ic.world.services.ledger.biller(ic.world.lanes.existing(place.lane), place.guid)
        own = biller.configuration.get("SFTP")
        if not isinstance(own, dict):
            return SftpAccess(ic.world.services.keys.here(biller.api_key))
        password, keys = own.get("Password"), own.get("Keys")
        return SftpAccess(
            password if isinstance(password, str) else "",
            [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else [],
        )

    return access


def invoice_cloud_port(ic: InvoiceCloud) -> FolderPort:
    """
    The port of a simulated Invoice Cloud.

    A biller's folder has the name of its partner, in a lane beside `default` that and the lane's: `watersmart+mine`.
    """
    services, lanes = ic.world.services, ic.world.lanes

    def billers(lane: Lane) -> dict[str, str]:
        found: dict[str, str] = {}
        for biller in services.records.billers(lane):
            plain = FOLDER.fullmatch(biller.partner) and biller.partner not in found
            found[biller.partner if plain else biller.guid] = biller.guid
        return found

    def names() -> list[str]:
        return [*billers(lanes.get(DEFAULT))]

    def place(name: str) -> Place | None:
        biller, plus, lane = name.partition("+")
        lane = lane if plus else DEFAULT
        if lane not in {one.name for one in lanes.all()}:
            return None  # a folder makes no lane
        guid = billers(lanes.existing(lane)).get(biller)
        return None if guid is None else Place(lane, guid)

    def receive(at: Place, name: str, content: bytes) -> Received:
        lane = lanes.existing(at.lane)
        try:
            taken = services.uploads.receive(lane, at.guid, name, content)
        except ValueRefused as refused:
            return Received(REJECTED, f"rejected: {refused}\n")
        pages, page = [], 0
        while (text := services.uploads.quarantine(lane, taken.upload.upload_id, page)) is not None:
            pages.append(text)
            page += 1
        return Received(taken.upload.state, _report(taken), "".join(pages))

    def contents(lane: Lane, report_id: int, name: str) -> Callable[[], Iterator[bytes]]:
        def pages() -> Iterator[bytes]:
            page = 0
            while (text := services.export_batches.page(lane, report_id, name, page)) is not None:
                yield text.encode()
                page += 1

        return pages

    def exports(at: Place, after: int) -> Iterator[Export]:
        lane, batches = lanes.existing(at.lane), services.export_batches
        for batch in batches.find(lane, at.guid, after=after):
            _, files = batches.get(lane, batch.report_id)
            yield Export(batch.report_id, [(file.name, contents(lane, batch.report_id, file.name)) for file in files])

    def known(at: Place, report_id: int) -> bool:
        try:
            batch, _ = services.export_batches.get(lanes.existing(at.lane), report_id)
        except NotFound:
            return False
        return batch.biller_guid == at.guid

    return FolderPort(names, place, receive, exports, known, services.settings.max_upload_bytes)


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
