"""The signed pack: the same bytes for the same reports, and whatever was changed in it is found offline."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from partnerlab.contracts.verification.report.pack import (
    KeyInvalid,
    PackInvalid,
    check_pack,
    new_key,
    read_private_key,
    read_public_key,
    write_pack,
)

FILES = {"report.html": b"<html>", "run.json": b"{}"}
PRIVATE, PUBLIC = new_key()
PACK = write_pack(FILES, read_private_key(PRIVATE))


def rezipped(change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> bytes:
    with zipfile.ZipFile(io.BytesIO(PACK)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr, entry.compress_type = 3, 0o100644 << 16, compression
            archive.writestr(entry, content)
    return buffer.getvalue()


def without(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        del files[name]

    return change


def with_second_entry() -> bytes:
    buffer = io.BytesIO(PACK)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("run.json", b"[]")
    return buffer.getvalue()


def test_a_pack_is_what_was_put_in_and_the_same_bytes_again() -> None:
    assert check_pack(PACK, read_public_key(PUBLIC)) == FILES
    assert write_pack(dict(reversed(FILES.items())), read_private_key(PRIVATE)) == PACK


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        (rezipped(lambda files: files.update({"run.json": b"[]"})), "not those of the manifest"),
        (rezipped(lambda files: files.update({"more.txt": b"x"})), "not those of the manifest"),
        (rezipped(lambda files: files.update({"../up.txt": b"x"})), "not those of the manifest"),
        (rezipped(without("run.json")), "not those of the manifest"),
        (rezipped(without("MANIFEST")), "no MANIFEST"),
        (rezipped(without("MANIFEST.sig")), r"no MANIFEST\.sig"),
        (rezipped(lambda files: files.update({"MANIFEST": b"0  run.json\n"})), "not of this key"),
        (rezipped(lambda files: None, zipfile.ZIP_DEFLATED), "compressed"),
        (with_second_entry(), "beside its entries, or one of them twice"),
        (b"#!/bin/sh\n" + PACK, "beside its entries|no pack"),
        (PACK + b"x", "beside its entries|no pack"),
        (PACK[:-30], "no pack"),
        (b"", "no pack"),
    ],
)
def test_what_was_changed_is_found(pack: bytes, said: str) -> None:
    with pytest.raises(PackInvalid, match=said):
        check_pack(pack, read_public_key(PUBLIC))


def test_the_key_is_the_callers_and_not_the_packs() -> None:
    with pytest.raises(PackInvalid, match="not of this key"):
        check_pack(PACK, read_public_key(new_key()[1]))


@pytest.mark.parametrize("pem", [b"", b"nothing", PUBLIC])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyInvalid):
        read_private_key(pem)
    with pytest.raises(KeyInvalid):
        read_public_key(PRIVATE if pem == PUBLIC else pem)
