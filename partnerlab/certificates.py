"""
A certificate for a sandbox that is to be reached by https and has none: made by an authority that signs nothing else.

The folder holds `ca.pem`, which callers trust, `certificate.pem` and `key.pem`. The authority's own key is thrown away
once it has signed, so whoever gets hold of the folder can pretend to be this sandbox and nobody else.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from partnerlab.contracts.records import dataclass

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName, KeyUsage

    from partnerlab.settings import SandboxSettings

__all__ = ["Certificate", "CertificateUnusable", "certificate_of", "find_or_make"]

VALID = timedelta(days=397)
"""Longer is refused by some callers."""
LEFT = timedelta(days=14)
"""One that ends sooner is made anew at the start."""
COMMON_NAME = "partnerlab sandbox"


class CertificateUnusable(OSError):
    """The folder or what is in it cannot be used; says why."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the authority that callers trust, the server's certificate and its key."""

    authority: Path
    certificate: Path
    key: Path

    def serving(self) -> ssl.SSLContext:
        """For a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def trusting(self) -> ssl.SSLContext:
        """For a caller: this sandbox, and whatever the machine trusts anyway."""
        context = ssl.create_default_context()
        context.load_verify_locations(self.authority)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # one that was given may have no authority beside it
        return context


def certificate_of(settings: SandboxSettings) -> Certificate | None:
    """What a sandbox of these settings serves https with, if anything. Raises `CertificateUnusable`."""
    if settings.tls_certificate:
        # Who gave it trusts it: the certificate is its own authority to the sandbox's own calls.
        given = Path(settings.tls_certificate)
        return Certificate(given, given, Path(settings.tls_key or settings.tls_certificate))
    if settings.tls:
        names = {name for name in (settings.host, *settings.hosts) if name not in ("", "0.0.0.0", "::")}  # noqa: S104 - nothing listens here
        return find_or_make(Path(settings.tls), names)
    return None


def find_or_make(folder: Path, names: Collection[str]) -> Certificate:
    """
    The certificate in *folder* where it names all of *names* and is valid for two more weeks, else a new one.

    *names* are host names and IP addresses; `localhost`, `127.0.0.1` and `::1` are always among them. Raises
    `CertificateUnusable`.
    """
    found = Certificate(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")
    wanted = {*names, "localhost", "127.0.0.1", "::1"}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _serves(found, wanted):
            _make(found, wanted)
        found.serving()
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"{folder}: {getattr(error, 'strerror', None) or error}") from error
    return found


def _serves(found: Certificate, wanted: set[str]) -> bool:
    from cryptography import x509

    files = (found.authority, found.certificate, found.key)
    if not any(file.exists() for file in files):
        return False
    certificate = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    if certificate.subject.rfc4514_string() != f"CN={COMMON_NAME}":
        raise ValueError("certificate.pem was not made here; give yours by tls_certificate and tls_key")
    if not all(file.exists() for file in files):
        return False
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = {*extension.get_values_for_type(x509.DNSName)}
    names |= {str(address) for address in extension.get_values_for_type(x509.IPAddress)}
    return wanted <= names and certificate.not_valid_after_utc - datetime.now(UTC) > LEFT


def _make(found: Certificate, names: set[str]) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    signing, serving = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    begins = datetime.now(UTC) - timedelta(hours=1)
    issuer = named(f"{COMMON_NAME}'s authority")
    whole = x509.CertificateBuilder().not_valid_before(begins).not_valid_after(begins + VALID).issuer_name(issuer)
    public = signing.public_key()
    authority = (
        whole.subject_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_uses(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(signing, hashes.SHA256())
    )
    certificate = (
        whole.subject_name(named(COMMON_NAME))
        .public_key(serving.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_uses(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in sorted(names)]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(serving.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = serving.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for path, content, mode in (
        (found.key, key, 0o600),
        (found.certificate, certificate.public_bytes(pem), 0o644),
        (found.authority, authority.public_bytes(pem), 0o644),
    ):
        _write(path, content, mode)


def _uses(*, signs: bool) -> KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Never readable by others in between, and whole or not at all."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    part.replace(path)
