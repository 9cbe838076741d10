"""How the unit proves itself to cars of protocol version 2: its key, and the authority's certificate for it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from edge.config import LinkSettings
from edge.crypto import ChallengeSigner, Ed25519Key, UnitCertificate, read_key
from edge.errors import SecretError
from edge.link.certificate import DAY_S, RENEW_DAYS

KEY_NAME: Final = "the unit's key"
MAX_CERTIFICATE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Identity:
    """How the unit speaks version 2.

    Attributes:
        signer: signs its challenges.
        certificate: the authority's word for it.
        versions: the protocol versions that it speaks, 2 among them.
        ttl_s: how long a car may take to answer a challenge of version 2, in seconds.
        counts_s: for how many seconds after its receipt a packet counts for a trigger.
    """

    signer: ChallengeSigner = field(repr=False)
    certificate: UnitCertificate
    versions: tuple[int, ...]
    ttl_s: float
    counts_s: int

    def renewed(self, settings: LinkSettings) -> Identity:
        """The same unit with key and certificate as the files have them now.

        Raises:
            SecretError: they cannot be used, are another unit's, or the certificate has ended.
        """
        fresh = load_identity(settings, self.certificate.unit, self.signer.registry_key, self.counts_s)
        assert fresh is not None  # the settings are those that this identity was loaded with
        if fresh.certificate.valid_until <= time.time():
            raise SecretError("the authority's certificate for the unit has ended", "have the unit certified again")
        return fresh

    def sealing_to(self, registry_key: bytes) -> Identity:
        """The same unit, whose cars seal their uids to *registry_key* (32 bytes)."""
        return replace(self, signer=self.signer.sealing_to(registry_key))

    def problem(self) -> str | None:
        """Why cars will not answer, now or soon; None if they do."""
        ending = end_of(self.certificate, time.time())
        return None if ending is None else ": ".join(ending)


def load_identity(settings: LinkSettings, serial: str, registry_key: bytes | None, counts_s: float) -> Identity | None:
    """The identity that *settings* name; None where the unit speaks version 1 alone.

    Args:
        settings: with the key file and the certificate.
        serial: the unit's serial number.
        registry_key: what uids are sealed to, 32 bytes; None if the registry has no such key.
        counts_s: for how many seconds after its receipt a packet counts for a trigger.

    Raises:
        SecretError: the key or the certificate cannot be used, or they do not belong together.
    """
    if settings.unit_key_file is None or settings.unit_certificate is None or 2 not in settings.versions:
        return None
    if registry_key is None:
        raise SecretError(
            "the registry has no key for uids to be sealed to", "run autovelox registry migrate, then enrol a driver"
        )
    key = Ed25519Key(read_key(settings.unit_key_file, KEY_NAME))
    certificate = load_unit_certificate(settings.unit_certificate)
    if certificate.unit != serial or certificate.key != key.public_key:
        raise SecretError(
            f"the certificate {settings.unit_certificate} is not for this unit and its key",
            "have the request of autovelox authority request certified",
        )
    return Identity(
        ChallengeSigner(key, certificate, registry_key),
        certificate,
        settings.versions,
        settings.signed_ttl_s,
        int(counts_s),
    )


def end_of(certificate: UnitCertificate, now_utc: float) -> tuple[str, str] | None:
    """Say that *certificate* has ended at *now_utc* or will soon, as cause and remedy, or return None."""
    days = (certificate.valid_until - now_utc) / DAY_S
    if days >= RENEW_DAYS:
        return None
    when = f"ends in {days:.0f} days" if days >= 0 else f"ended {-days:.0f} days ago: cars of version 2 stay silent"
    return f"the authority's certificate for the unit {when}", "have it certified again, and reload the unit"


def load_unit_certificate(path: Path) -> UnitCertificate:
    """The authority's certificate in the file at *path*; its signature is for cars to check.

    Raises:
        SecretError: it cannot be read, or is none.
    """
    try:
        with path.open("rb") as file:
            return UnitCertificate.of_record(json.loads(file.read(MAX_CERTIFICATE_BYTES)))
    except OSError as error:
        raise SecretError(
            f"the unit's certificate {path} cannot be read ({error.strerror})", "check [link] unit_certificate"
        ) from None
    except (ValueError, RecursionError):
        raise SecretError(f"{path} is not a unit's certificate", "have the authority make it again") from None
