"""The centre's certificate: the authority's own, or one that the centre makes with a certificate authority of its own.

Units trust that one authority and no other. Certificates that the centre makes are valid from 1970 on, because a unit
without network and battery does not know the time when it logs in, and for ten years from their making; the centre
renews its own at a start.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from centre.config import ListenSettings
from edge.crypto import credential_or_file
from edge.errors import SecretError

BEGINNING = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
LIFE = timedelta(days=3650)
RENEW_BEFORE = timedelta(days=365)
PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files (PEM) of the server's certificate and key, and of the authority that vouches for it."""

    certificate: Path
    key: Path
    authority: Path

    def authority_pem(self) -> str:
        """The authority's certificate as text."""
        return self.authority.read_text(encoding="ascii")

    def authority_der(self) -> bytes:
        """The authority's certificate as bytes, of which a one-time code has the hash."""
        return x509.load_pem_x509_certificate(self.authority.read_bytes()).public_bytes(serialization.Encoding.DER)

    def ends_at(self) -> datetime:
        """When the server's certificate ends."""
        return x509.load_pem_x509_certificate(self.certificate.read_bytes()).not_valid_after_utc

    def context(self) -> ssl.SSLContext:
        """What the server listens with: TLS 1.2 or newer."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        return context


def prepare(settings: ListenSettings, folder: Path) -> Certificates:
    """The configured files; or those in *folder*, made or renewed where that is due.

    The key may come as a systemd credential of its file name.

    Raises:
        SecretError: they cannot be read or written.
    """
    if settings.certificate is not None and settings.key is not None and settings.authority is not None:
        found = Certificates(settings.certificate, credential_or_file(settings.key), settings.authority)
    else:
        found = Certificates(folder / "server.crt", folder / "server.key", folder / "authority.crt")
    try:
        if settings.certificate is None:
            _make(found, folder / "authority.key", settings.names)
        found.context()
        found.authority_der()
        found.authority_pem()
    except (OSError, ValueError, ssl.SSLError) as error:
        raise SecretError(
            f"the certificate cannot be used ({error})", "check the files that [listen] names, or those in the state"
        ) from None
    return found


def _make(files: Certificates, authority_key: Path, names: Sequence[str]) -> None:
    if not authority_key.exists():
        files.authority.unlink(missing_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Autovelox centre: certificate authority")
        builder = _builder(name, name, key.public_key(), NEVER)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(ca=True), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        _write(files.authority, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), 0o644)
        _write(authority_key, _private(key), PRIVATE)
    if files.certificate.exists() and files.key.exists() and _still_good(files.certificate, names):
        return
    loaded = serialization.load_pem_private_key(authority_key.read_bytes(), None)
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise ValueError("the authority's key is none of ours")
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name("Autovelox centre"), authority.subject, key.public_key(), datetime.now(UTC) + LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(list(map(_alternative, names))), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(loaded.public_key())
    builder = builder.add_extension(issuer, critical=False)
    _write(files.key, _private(key), PRIVATE)
    _write(files.certificate, builder.sign(loaded, hashes.SHA256()).public_bytes(serialization.Encoding.PEM), 0o644)


def _still_good(certificate: Path, names: Sequence[str]) -> bool:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    there = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    wanted = set(map(_alternative, names))
    return set(there) == wanted and found.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(BEGINNING).not_valid_after(until)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write *data* to *path* with *mode*: whole, or not at all."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(path)
