"""What a person is told where a folder or a disk refuses: one line and an exit code, and no half of a file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from partnerlab.atomic_files import whole
from partnerlab.cli import main

BILLS = ("generate", "bif", "--invoices", "30", "--as-of", "2026-01-31")


@pytest.fixture
def bills(tmp_path: Path) -> Path:
    file = tmp_path / "bills.bif"
    assert CliRunner().invoke(main, [*BILLS, "--damage", "required-empty", "--out", str(file)]).exit_code == 0
    return file


@pytest.mark.parametrize(
    "arguments",
    [
        ("files", "convert", "{bills}", "--out", "{out}"),
        ("files", "check", "{bills}", "--quarantine", "{out}"),
        (*BILLS, "--out", "{out}"),
        ("generate", "csv", "--out", "{out}"),
    ],
)
def test_a_folder_that_cannot_be_written_to_is_told_in_one_line(
    bills: Path, tmp_path: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "only-to-read"
    folder.mkdir()
    out = folder / "out"
    opened = Path.open

    def refusing(path: Path, mode: str = "r", *more: object) -> object:
        """As the system refuses whoever is not root."""
        if path.parent == folder and "r" not in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, mode, *more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refusing)
    done = CliRunner().invoke(main, [one.format(bills=bills, out=out) for one in arguments])
    assert done.exit_code == 1, done.exception
    assert done.stderr.splitlines()[-1] == f"Error: {out}: Permission denied"


def test_what_is_broken_off_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("before")
    with suppress(KeyboardInterrupt), whole(file) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt
    assert file.read_text() == "before"
    assert os.listdir(tmp_path) == ["out"]
    with whole(file) as stream:
        stream.write(b"after")
    assert file.read_text() == "after"


def test_what_a_link_names_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with whole(tmp_path / "link") as stream:
        stream.write(b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [("--help",), ("generate", "--help"), ("capabilities",), (*BILLS, "--out", "-")])
def test_a_full_disk_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "partnerlab", *arguments], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"Error: What was written is not whole: No space left on device.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_to_and_not_replaced() -> None:
    with suppress(OSError), whole(Path("/dev/full")) as stream:
        stream.write(b"x")
    assert Path("/dev/full").is_char_device()
