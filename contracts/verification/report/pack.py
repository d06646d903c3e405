"""
The pack: a run's reports in one file, with their digests signed, to be checked offline by whoever has the public key.

A zip of stored entries in the order of their names, so that the same reports are the same bytes; `MANIFEST` holds a
`sha256  name` line for each, `MANIFEST.sig` its Ed25519 signature. `check_pack` makes the zip anew of what it read and
compares it with what it was given: nothing can hide before, behind or between the entries, or under a second name.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

__all__ = ["KeyInvalid", "PackInvalid", "check_pack", "new_key", "read_private_key", "read_public_key", "write_pack"]

MANIFEST, SIGNATURE = "MANIFEST", "MANIFEST.sig"
MOST_BYTES = 64 << 20
MOMENT = (1980, 1, 1, 0, 0, 0)


class PackInvalid(ValueError):
    """A file is no pack, or not what was signed; the text says why."""


class KeyInvalid(ValueError):
    """A file holds no Ed25519 key of the kind that is needed."""


def write_pack(files: Mapping[str, bytes], key: Ed25519PrivateKey) -> bytes:
    """The pack of these files by name, signed."""
    manifest = _manifest(files)
    return _zip({**files, MANIFEST: manifest, SIGNATURE: key.sign(manifest)})


def check_pack(pack: bytes, key: Ed25519PublicKey) -> dict[str, bytes]:
    """The files of a pack that is whole and signed by the owner of *key*. Raises `PackInvalid`."""
    from cryptography.exceptions import InvalidSignature

    if len(pack) > MOST_BYTES:
        raise PackInvalid(f"it is over {MOST_BYTES >> 20} MiB")
    found = _entries(pack)
    if _zip(found) != pack:
        raise PackInvalid("it holds something beside its entries, or one of them twice")
    manifest, signature = found.pop(MANIFEST, None), found.pop(SIGNATURE, None)
    if manifest is None or signature is None:
        raise PackInvalid(f"it has no {MANIFEST if manifest is None else SIGNATURE}")
    try:
        key.verify(signature, manifest)
    except InvalidSignature:
        raise PackInvalid("the signature is not of this key") from None
    if manifest != _manifest(found):
        raise PackInvalid("its files are not those of the manifest")
    return found


def new_key() -> tuple[bytes, bytes]:
    """A new key pair as PEM: the private key, the public one."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def read_private_key(pem: bytes) -> Ed25519PrivateKey:
    """The Ed25519 private key in a PEM file without a password. Raises `KeyInvalid`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyInvalid("it holds no Ed25519 private key without a password")
    return key


def read_public_key(pem: bytes) -> Ed25519PublicKey:
    """The Ed25519 public key in a PEM file. Raises `KeyInvalid`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyInvalid("it holds no Ed25519 public key")
    return key


def _manifest(files: Mapping[str, bytes]) -> bytes:
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return "".join(lines).encode()


def _zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def _entries(pack: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(pack)) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED or entry.file_size > len(pack) for entry in entries):
                raise PackInvalid("an entry of it is compressed, which a pack's are not")
            if sum(entry.file_size for entry in entries) > len(pack):
                raise PackInvalid("its entries are longer than it is")
            return {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        if isinstance(error, PackInvalid):
            raise
        raise PackInvalid(f"it is no pack, or was changed: {error}") from None
