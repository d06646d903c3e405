"""Folders for partners: a file is taken when it is whole, filed with its report, and exports are laid out once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from partnerlab.folders import FolderPort, Folders, FoldersUnusable, Received
from partnerlab.folders.port import Export, Place


class InvoiceCloud:
    """Takes files by their content, and has the exports it was given."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.answer = Received("loaded", "loaded\n")
        self.broken = False
        self.billers, self.others = ["water"], ["water+mine"]
        self.batches: dict[int, dict[str, bytes]] = {}

    def receive(self, place: Place, name: str, content: bytes) -> Received:
        if self.broken:
            raise ConnectionError("the database is away")
        self.taken.append((name, content))
        return self.answer

    def exports(self, place: Place, after: int) -> Iterator[Export]:
        for number in sorted(number for number in self.batches if number > after):
            files = [(name, lambda content=content: iter([content])) for name, content in self.batches[number].items()]
            yield Export(number, files)

    def port(self) -> FolderPort:
        def known(place: Place, number: int) -> bool:
            return number in self.batches

        def place(name: str) -> Place | None:
            _, _, lane = name.partition("+")
            return Place(lane or "default", "g-1") if name in self.billers + self.others else None

        return FolderPort(lambda: self.billers, place, self.receive, self.exports, known, 100)


class Desk:
    """The folders of one biller, and a clock that the test moves."""

    def __init__(self, root: Path) -> None:
        self.cloud, self.now = InvoiceCloud(), 0.0
        self.folders = Folders(root, self.cloud.port(), quiet_s=2.0, clock=lambda: self.now)
        self.folder = self.folders.folder("water")

    def look(self, after: float = 0.0) -> list[str]:
        self.now += after
        return self.folders.look()

    def put(self, name: str, content: bytes = b"a,b\r\n") -> Path:
        path = self.folder / "inbox" / name
        path.write_bytes(content)
        return path

    def names(self, part: str) -> list[str]:
        return sorted(path.name for path in (self.folder / part).iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "exchange")
    yield made
    made.folders.stop()


def test_a_file_is_taken_when_it_has_been_quiet(desk: Desk) -> None:
    path = desk.put("bills.csv", b"half")
    assert desk.look() == desk.look(after=1.9) == []
    path.write_bytes(b"half and half")
    assert desk.look(after=0.2) == desk.look(after=1.9) == [], "it changed, and is waited for anew"
    assert desk.look(after=0.2) == ["water: done/bills.csv: loaded"]
    assert desk.cloud.taken == [("bills.csv", b"half and half")]
    assert desk.names("done") == ["bills.csv", "bills.csv.report.txt"]
    assert (desk.folder / "done" / "bills.csv.report.txt").read_text() == "loaded\n"
    assert desk.names("inbox") == []


@pytest.mark.parametrize("name", ["bills.csv.part", ".bills.csv", "bills.csv.filepart", "bills.TMP", "~bills.csv"])
def test_a_file_under_a_temporary_name_is_taken_once_it_is_renamed(desk: Desk, name: str) -> None:
    path = desk.put(name)
    assert desk.look() == desk.look(after=60) == []
    path.rename(path.with_name("bills.csv"))
    desk.look()
    assert desk.look(after=2) == ["water: done/bills.csv: loaded"]


def test_a_rejected_file_and_what_is_in_quarantine_lie_beside_their_report(desk: Desk) -> None:
    desk.cloud.answer = Received("rejected", "line 1: no\n", "x,y\r\n")
    desk.put("bad.csv")
    desk.look()
    assert desk.look(after=2) == ["water: rejected/bad.csv: rejected"]
    assert desk.names("rejected") == ["bad.csv", "bad.csv.quarantine.csv", "bad.csv.report.txt"]
    assert (desk.folder / "rejected" / "bad.csv.quarantine.csv").read_bytes() == b"x,y\r\n"
    desk.put("bad.csv")
    desk.look()
    assert desk.look(after=2) == ["water: rejected/bad-2.csv: rejected"], "nothing is overwritten"


def test_what_cannot_be_a_file_is_rejected_without_being_read(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret")
    (desk.folder / "inbox" / "link.csv").symlink_to(secret)
    os.mkfifo(desk.folder / "inbox" / "pipe.csv")
    desk.put("large.csv", b"x" * 101)
    desk.put("ö" * 80 + ".csv")
    desk.put("new\nline.csv")
    (desk.folder / "inbox" / "folder.csv").mkdir()
    desk.look()
    assert len(desk.look(after=2)) == 5
    assert desk.cloud.taken == []
    reports = {path.name: path.read_text() for path in (desk.folder / "rejected").glob("*.report.txt")}
    assert reports["link.csv.report.txt"] == reports["pipe.csv.report.txt"] == "rejected: it is a link or no file\n"
    assert "101 bytes, more than 100" in reports["large.csv.report.txt"]
    assert "new_line.csv.report.txt" in reports
    assert secret.read_bytes() == b"secret"


def test_a_file_stays_where_invoice_cloud_cannot_take_it_now(desk: Desk) -> None:
    desk.put("bills.csv")
    desk.cloud.broken = True
    desk.look()
    assert desk.look(after=2) == desk.look(after=2) == []
    assert desk.names("inbox") == ["bills.csv"]
    desk.cloud.broken = False
    assert desk.look(after=30) == ["water: done/bills.csv: loaded"]


def test_folders_of_one_biller_that_cannot_be_read_keep_no_other_waiting(desk: Desk) -> None:
    desk.cloud.billers = ["bad", "water"]
    bad = desk.folders.folder("bad") / "inbox"
    bad.rmdir()
    bad.symlink_to(bad)
    desk.put("bills.csv")
    desk.look()
    assert desk.look(after=2) == ["water: done/bills.csv: loaded"]


def test_each_export_is_laid_out_once_and_not_again_when_it_was_fetched(desk: Desk) -> None:
    desk.cloud.batches = {
        1: {"ICPayments_1.csv": b"1\r\n"},
        4: {"ICPayments_AMEX_4.csv": b"4\r\n", "ICRejects.csv": b""},
    }
    assert desk.look() == [
        "water: outbox/ICPayments_1.csv: batch 1",
        "water: outbox/ICPayments_AMEX_4.csv: batch 4",
        "water: outbox/ICRejects.csv: batch 4",
    ]
    assert (desk.folder / "outbox" / "ICPayments_AMEX_4.csv").read_bytes() == b"4\r\n"
    (desk.folder / "outbox" / "ICPayments_1.csv").unlink()
    assert desk.look() == []
    desk.cloud.batches = {1: {"ICPayments_9.csv": b"9\r\n"}}  # the lane was reset
    assert desk.look() == ["water: outbox/ICPayments_9.csv: batch 1"]
    desk.cloud.batches[2] = {"ICPayments_9.csv": b"other\r\n"}
    assert desk.look() == []
    assert (desk.folder / "outbox" / "ICPayments_9.csv").read_bytes() == b"9\r\n", "nothing is overwritten"


def test_two_machines_do_not_work_on_the_same_folders(desk: Desk) -> None:
    with pytest.raises(FoldersUnusable, match="another sandbox works on these folders"):
        Folders(desk.folders.root, desk.cloud.port())


def test_only_the_owner_reads_the_folders(desk: Desk) -> None:
    every = [desk.folders.root, *desk.folders.root.iterdir(), *desk.folder.iterdir()]
    assert {oct(path.stat().st_mode & 0o777) for path in every} == {"0o700"}


def test_a_folder_of_another_lane_is_looked_at_once_somebody_made_it(desk: Desk) -> None:
    assert not (desk.folders.root / "water+mine").exists()
    for name in ("water+mine", "water+nobodys", "water+"):
        (desk.folders.root / name / "inbox").mkdir(parents=True)
        (desk.folders.root / name / "inbox" / f"{name}.csv").write_bytes(b"a,b\r\n")
    desk.look()
    assert desk.look(after=2.0) == ["water+mine: done/water+mine.csv: loaded"]
    assert (desk.folders.root / "water+mine" / "outbox").is_dir()
    assert [name for name, _ in desk.cloud.taken] == ["water+mine.csv"]
