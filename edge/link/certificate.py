"""What a TLS certificate says: the kind of its key and when it ends, and what to do about either."""

from __future__ import annotations

import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from Crypto.PublicKey import RSA
from Crypto.Util.asn1 import DerObject, DerSequence

from edge.errors import SecretError

RENEW_DAYS: Final = 14
"""How many days before its end a certificate is a problem: long enough to get another one."""

DAY_S: Final = 86_400.0

_BEGIN: Final = "-----BEGIN CERTIFICATE-----"
_END: Final = "-----END CERTIFICATE-----"
_EXPLICIT_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18


class Certificate(NamedTuple):
    """A certificate, as far as it concerns the unit.

    Attributes:
        rsa_bits: the size of its RSA key, or None for a key of another kind.
        end_utc: when it ends, in Unix seconds.
        sha256: the SHA-256 of its DER, 64 hexadecimal characters: what cars that sign bind their packets to.
    """

    rsa_bits: int | None
    end_utc: float
    sha256: str = ""


def read_certificate(path: Path) -> Certificate:
    """Read the first certificate of the PEM file at *path*, which is the unit's own.

    Raises:
        SecretError: the file cannot be read, or holds no certificate.
    """
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise SecretError(
            f"the TLS certificate {path} cannot be read ({error.strerror})", "check [link] tls_certificate"
        ) from None
    except UnicodeDecodeError:
        text = ""
    begin = text.find(_BEGIN)
    end = text.find(_END, begin)
    try:
        if begin < 0 or end < 0:
            raise ValueError("no certificate")
        der = ssl.PEM_cert_to_DER_cert(text[begin : end + len(_END)])
        return Certificate(_rsa_bits(der), _end_utc(der), hashlib.sha256(der).hexdigest())
    except (ValueError, IndexError):
        raise SecretError(f"{path} holds no certificate", "check [link] tls_certificate") from None


def advice(certificate: Certificate, now_utc: float) -> tuple[tuple[str, str], ...]:
    """Say what is to be done about *certificate* at *now_utc* (Unix seconds): cause and remedy of each.

    A handshake costs the unit one signature with the certificate's key. With RSA-4096 it costs about 200 times as much
    as with P-256 (``openssl speed rsa4096 ecdsap256``), so a few hundred strangers a second keep a core busy.
    """
    found = []
    ending = end_problem(certificate, now_utc)
    if ending is not None:
        found.append(ending)
    if certificate.rsa_bits is not None:
        found.append(
            (
                f"the TLS certificate has an RSA key of {certificate.rsa_bits} bits: each connection is costly",
                "get one with an EC key: openssl ecparam -name prime256v1 -genkey -noout",
            )
        )
    return tuple(found)


def end_problem(certificate: Certificate, now_utc: float) -> tuple[str, str] | None:
    """Say that *certificate* has ended at *now_utc* or will soon, as cause and remedy, or return None."""
    days = (certificate.end_utc - now_utc) / DAY_S
    if days >= RENEW_DAYS:
        return None
    when = f"ends in {days:.0f} days" if days >= 0 else f"ended {-days:.0f} days ago: no car connects"
    return f"the TLS certificate {when}", "put a renewed one in its place and reload the unit"


def _rsa_bits(der: bytes) -> int | None:
    try:
        return RSA.import_key(der).size_in_bits()
    except ValueError:  # the key is of another kind
        return None


def _end_utc(der: bytes) -> float:
    """The end of the certificate's validity (RFC 5280, section 4.1.2.5).

    Raises:
        ValueError, IndexError: it is no certificate.
    """
    body = DerSequence().decode(DerSequence().decode(der)[0])
    has_version = isinstance(body[0], bytes) and body[0][0] == _EXPLICIT_VERSION
    validity = DerSequence().decode(body[4 if has_version else 3])
    end = validity[1]
    kind, text = end[0], DerObject().decode(end).payload.decode("ascii")
    if kind == _UTC_TIME:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
