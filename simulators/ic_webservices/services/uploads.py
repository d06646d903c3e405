"""
Files that partners send: read, compared with what came before, then loaded in one transaction.

A bill file or one of WaterSmart's two CSV files; a broken row costs its own invoice or adjustment, and what is in
quarantine can be asked for, corrected and sent again.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING

from partnerlab.contracts.first_use import importing
from partnerlab.contracts.records import dataclass
from partnerlab.simulators.ic_webservices.domain.billers import Biller
from partnerlab.simulators.ic_webservices.domain.errors import Conflict, NotFound
from partnerlab.simulators.ic_webservices.domain.uploads import (
    BALANCES,
    DISMISSED,
    LOADED,
    RECEIVED,
    REJECTED,
    REPEATED,
    STATES,
    WAITING,
    Adjustment,
    Problem,
    Upload,
)
from partnerlab.simulators.ic_webservices.services.ledger import BillerLedger, biller_of
from partnerlab.simulators.ic_webservices.store import ADJUSTMENTS, PROBLEMS, UPLOADS, next_number
from partnerlab.simulators.kit.world.jobs import Runner
from partnerlab.simulators.kit.world.lanes import Lane
from partnerlab.simulators.kit.world.store import Statement, Tx

if TYPE_CHECKING:
    from partnerlab.simulators.ic_webservices.services.staging import Staged

__all__ = ["TOLD", "Taken", "Uploads"]

TOLD = 1_000
"""Problems that an answer carries; the upload keeps all."""
CHUNK = 256 * 1024
CONTENT, QUARANTINE = "content", "quarantine"
WORDS = {
    "bif": ("invoice", "invoices"),
    "csv_invoices": ("invoice", "invoices"),
    "csv_balances": ("adjustment", "adjustments"),
}

_ADD_CHUNK = Statement(
    "INSERT INTO ic_upload_chunks (lane, upload_id, part, seq, content)"
    " VALUES (:lane, :upload_id, :part, :seq, :content)"
)
_CHUNK = Statement(
    "SELECT content FROM ic_upload_chunks WHERE lane = :lane AND upload_id = :upload_id AND part = :part AND seq = :seq"
)
_DROP_CHUNKS = Statement("DELETE FROM ic_upload_chunks WHERE lane = :lane AND upload_id = :upload_id AND part = :part")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file, with the first thousand of its problems."""

    upload: Upload
    problems: Sequence[Problem]


class Uploads:
    """Files of every lane."""

    def __init__(self, ledger: BillerLedger, runner: Runner) -> None:
        self.ledger, self.store, self._runner = ledger, ledger.store, runner

    def take(
        self, lane: Lane, biller_guid: str | None, key: str | None, file_name: str | None, content: bytes | None
    ) -> Taken:
        """
        Take a file of the biller that calls, by its web service key; see `receive`.

        Raises:
            KeyWrong: It is nobody's biller or key.
            ValueRefused: As `receive`.
        """
        biller = self.ledger.authenticate(lane, biller_guid, key)
        return self._take(lane, biller, (file_name or "").strip(), content or b"")

    def receive(self, lane: Lane, biller_guid: str, file_name: str, content: bytes) -> Taken:
        """
        Take a file, whoever brought it: a bill file (`.bif`), or WaterSmart's invoice or balance file (`.csv`).

        A broken invoice or adjustment is kept out and reported, the others are loaded; a file that is rejected as a
        whole changes nothing but the list of uploads. The biller's configuration `{"BIF": {"Strict": true}}` rejects a
        bill file for one broken invoice (assumed [A-35]). The same rows as in the latest CSV file of that kind change
        nothing; those of an earlier one are applied, but wait for a person where they add to balances [A-87].

        Raises:
            NotFound: The biller.
            ValueRefused: No name, or files of that kind are not taken from this biller; nothing is kept.
        """
        return self._take(lane, self.ledger.biller(lane, biller_guid), file_name.strip(), content)

    def accept(self, lane: Lane, upload_id: str) -> Taken:
        """Load a file that waits for a person [A-87]. Raises `NotFound`, and `Conflict` where it does not wait."""
        waiting, content = self._waiting(lane, upload_id, LOADED)
        with self.store.read() as tx:
            biller = biller_of(tx, lane, waiting.biller_guid)
        with _stage(lane, biller, waiting.file_name, content) as staged, self.store.write() as tx:
            biller_of(tx, lane, biller.guid, lock=True)
            upload = self._still_waiting(tx, lane, upload_id, LOADED)
            self._load(tx, lane, biller, upload_id, staged)
            return self._keep(tx, lane, _loaded(upload, staged), staged)

    def dismiss(self, lane: Lane, upload_id: str) -> Upload:
        """Let a file go that waits for a person; nothing is applied. Raises `NotFound`, `Conflict`."""
        with self.store.write() as tx:
            upload = self._still_waiting(tx, lane, upload_id, DISMISSED)
            upload = replace(upload, state=DISMISSED, message="Dismissed: nothing of the file was applied.")
            UPLOADS.put(tx, lane.name, upload)
            tx.run(_DROP_CHUNKS, lane=lane.name, upload_id=upload_id, part=CONTENT)
            return upload

    def quarantine(self, lane: Lane, upload_id: str, page: int) -> str | None:
        """
        What is in quarantine of a file, as it stood there, a page at a time from 0; None beyond the last.

        Card numbers are masked. Raises `NotFound`.
        """
        with self.store.read() as tx:
            self._upload(tx, lane, upload_id)
            row = tx.one(_CHUNK, lane=lane.name, upload_id=upload_id, part=QUARANTINE, seq=page)
            return None if row is None else str(row[0])

    def adjustments(self, lane: Lane, upload_id: str, *, after: int = 0, limit: int = 100) -> Sequence[Adjustment]:
        """What a balance file did, in the order of the file, beyond the position *after*. Raises `NotFound`."""
        with self.store.read() as tx:
            self._upload(tx, lane, upload_id)
            search = {"upload_id": upload_id}
            return ADJUSTMENTS.find(tx, lane.name, search, order="position", after=after, limit=limit)

    def _take(self, lane: Lane, biller: Biller, name: str, content: bytes) -> Taken:
        self.ledger.unsettled.ready(lane, biller.guid, "")
        with _stage(lane, biller, name, content) as staged, self.store.write() as tx:
            biller_of(tx, lane, biller.guid, lock=True)
            upload = Upload(
                upload_id=f"U{next_number(tx, lane.name, 'upload'):08d}",
                biller_guid=biller.guid,
                file_name=name,
                received_at=lane.now().astimezone(UTC).isoformat(),
                state=RECEIVED,
                message="",
                size_bytes=len(content),
                accepted=0,
                rejected=0,
                total_amount_due=str(staged.total),
                kind=staged.kind,
                content=staged.content,
            )
            upload = self._decided(tx, lane, biller, upload, staged)
            if upload.state == WAITING:
                self._put_chunks(tx, lane, upload, CONTENT, _pieces(content))
            taken = self._keep(tx, lane, upload, staged)
        self._runner.changed()  # the partner may have to be asked about bills
        return taken

    def _decided(self, tx: Tx, lane: Lane, biller: Biller, upload: Upload, staged: Staged) -> Upload:
        """The file after its fate was decided and, where it is loaded, what it does was done."""
        if staged.rejection is not None:
            message = f"The file was rejected: {staged.rejection}"
            return replace(upload, state=REJECTED, message=message, rejected=staged.count)
        earlier = self._earlier(tx, lane, upload)
        if earlier is not None:
            upload = replace(upload, repeats=earlier.upload_id)
            same = f"the rows are those of {earlier.file_name} ({earlier.upload_id})"
            if earlier == self._latest(tx, lane, upload):
                message = f"Nothing was applied: {same}, the latest file of its kind."
                return replace(upload, state=REPEATED, message=message)
            if staged.adds:
                message = f"The file waits for a person: {same}, and it adds to balances."
                return replace(upload, state=WAITING, message=message)
            staged.notes.append(f"{same}, an earlier file")
        self._load(tx, lane, biller, upload.upload_id, staged)
        return _loaded(upload, staged)

    def _load(self, tx: Tx, lane: Lane, biller: Biller, upload_id: str, staged: Staged) -> None:
        with importing:
            from partnerlab.simulators.ic_webservices.services.adjusting import adjust_balances
            from partnerlab.simulators.ic_webservices.services.loading import load_invoices

        if staged.kind == BALANCES:
            adjust_balances(tx, lane, biller, upload_id, staged)
        else:
            load_invoices(tx, lane, biller, upload_id, staged, self.ledger.unsettled)

    def _earlier(self, tx: Tx, lane: Lane, upload: Upload) -> Upload | None:
        """The last loaded file with the same rows."""
        if not upload.content:
            return None
        search = {**_kind_of(upload), "content": upload.content}
        return next(iter(UPLOADS.find(tx, lane.name, search, order="upload_id", last_first=True, limit=1)), None)

    def _latest(self, tx: Tx, lane: Lane, upload: Upload) -> Upload | None:
        """The last loaded file of the same kind."""
        found = UPLOADS.find(tx, lane.name, _kind_of(upload), order="upload_id", last_first=True, limit=1)
        return next(iter(found), None)

    def _waiting(self, lane: Lane, upload_id: str, become: str) -> tuple[Upload, bytes]:
        with self.store.read() as tx:
            upload = self._still_waiting(tx, lane, upload_id, become)
            pieces: list[bytes] = []
            while row := tx.one(_CHUNK, lane=lane.name, upload_id=upload_id, part=CONTENT, seq=len(pieces)):
                pieces.append(base64.b64decode(row[0]))
            return upload, b"".join(pieces)

    def _still_waiting(self, tx: Tx, lane: Lane, upload_id: str, become: str) -> Upload:
        upload = self._upload(tx, lane, upload_id)
        if become not in STATES[upload.state]:
            raise Conflict(f"The upload {upload_id} does not wait for a person: it is {upload.state}.")
        return upload

    @staticmethod
    def _upload(tx: Tx, lane: Lane, upload_id: str) -> Upload:
        upload = UPLOADS.get(tx, lane.name, upload_id.replace("\0", ""))
        if upload is None:
            raise NotFound("upload", upload_id)
        return upload

    def _keep(self, tx: Tx, lane: Lane, upload: Upload, staged: Staged) -> Taken:
        """Write the upload with its problems and its quarantine; the first problems come back."""
        upload = replace(upload, notes=staged.told())
        UPLOADS.put(tx, lane.name, upload)
        if upload.state not in (LOADED, REJECTED):
            return Taken(upload, ())
        self._put_chunks(
            tx, lane, upload, QUARANTINE, ("".join(f"{one}\n" for one in b) for b in staged.broken.batches())
        )
        if upload.state == LOADED:
            tx.run(_DROP_CHUNKS, lane=lane.name, upload_id=upload.upload_id, part=CONTENT)
        return Taken(upload, _keep_problems(tx, lane, upload.upload_id, staged))

    @staticmethod
    def _put_chunks(tx: Tx, lane: Lane, upload: Upload, part: str, texts: Iterable[str]) -> None:
        for seq, text in enumerate(texts):
            tx.run(_ADD_CHUNK, lane=lane.name, upload_id=upload.upload_id, part=part, seq=seq, content=text)


def _stage(lane: Lane, biller: Biller, name: str, content: bytes) -> Staged:
    # At the first file: the file formats are slow to import.
    with importing:
        from partnerlab.simulators.ic_webservices.services.staging import stage

    return stage(lane, biller, name, content)


def _kind_of(upload: Upload) -> dict[str, str | int]:
    return {"biller_guid": upload.biller_guid, "kind": upload.kind, "state": LOADED}


def _pieces(content: bytes) -> Iterable[str]:
    return (base64.b64encode(content[at : at + CHUNK]).decode() for at in range(0, len(content), CHUNK))


def _loaded(upload: Upload, staged: Staged) -> Upload:
    one, many = WORDS[staged.kind]
    rejected, accepted = staged.quarantined, staged.loaded
    told = f"{rejected:,} {f'{one} was' if rejected == 1 else f'{many} were'} rejected, {accepted:,} loaded."
    return replace(upload, state=LOADED, message=told if rejected else "", accepted=accepted, rejected=rejected)


def _keep_problems(tx: Tx, lane: Lane, upload_id: str, staged: Staged) -> list[Problem]:
    told: list[Problem] = []
    rejection = staged.rejection_row
    position = 0
    for batch in chain([[rejection]] if rejection else [], staged.problems.batches()):
        kept = []
        for row in batch:
            if position and row == rejection:
                continue
            position += 1
            kept.append(Problem(upload_id, position, *row))
        PROBLEMS.put_rows(tx, (PROBLEMS.row(lane.name, problem) for problem in kept))
        told += kept[: TOLD - len(told)]
    return told
