"""Time stamps of checkpoints (RFC 3161): an authority outside says that a checkpoint was there at that time.

The unit's clock may be wrong, and who has its key can write any time. What an authority signed beside a checkpoint,
``checkpoint-....json.tsr``, anybody can check: ``openssl ts -verify`` (docs/evidence.md).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import CaseError, SecretError

if TYPE_CHECKING:
    from edge.config import EvidenceSettings

SUFFIX = ".tsr"
TIMEOUT_S = 10.0
MOST_BYTES = 1 << 16


class TimeStamps:
    """Asks the authority at *url*, whose root certificates are in the PEM file *authority*, for time stamps."""

    def __init__(self, url: str, authority: Path) -> None:
        """Nothing is asked yet.

        Raises:
            CaseError: the library for it is not installed.
            SecretError: *authority* holds no certificate.
        """
        try:
            import rfc3161_client
            from cryptography.x509 import load_pem_x509_certificates
        except ImportError:
            raise CaseError(
                "[evidence] timestamp_url needs the package rfc3161-client",
                "install autovelox with its extra timestamp",
            ) from None
        self._library: Any = rfc3161_client
        self._url = url
        try:
            self._roots = load_pem_x509_certificates(authority.read_bytes())
        except (OSError, ValueError):
            raise SecretError(
                f"{authority} holds no certificate of a time stamping authority", "name its root's PEM file"
            ) from None

    @classmethod
    def of(cls, settings: EvidenceSettings) -> Callable[[bytes], bytes] | None:
        """What gives a checkpoint its time stamp, if *settings* name an authority; raises as the constructor does."""
        if settings.timestamp_url is None or settings.timestamp_authority is None:
            return None
        return cls(settings.timestamp_url, settings.timestamp_authority).stamp

    def stamp(self, data: bytes) -> bytes:
        """The authority's answer for *data*, checked: signature, hash, and that it answers this question.

        Raises:
            CaseError: the authority does not answer, or not for this.
        """
        import urllib.request  # most stores have no such authority

        library = self._library
        builder = library.TimestampRequestBuilder().data(data).hash_algorithm(library.HashAlgorithm.SHA256)
        question = builder.build()
        verifier = library.VerifierBuilder.from_request(question)
        for root in self._roots:
            verifier = verifier.add_root_certificate(root)
        headers = {"Content-Type": "application/timestamp-query"}
        request = urllib.request.Request(self._url, question.as_bytes(), headers)  # noqa: S310 - http or https: config
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                found: bytes = answer.read(MOST_BYTES)
            verifier.build().verify_message(library.decode_timestamp_response(found), data)
        except OSError as error:
            raise _failed(f"does not answer ({type(error).__name__})") from None
        except (ValueError, library.VerificationError):
            raise _failed("gives no time stamp for this checkpoint") from None
        return found


def _failed(what: str) -> CaseError:
    return CaseError(f"the time stamping authority {what}", "check [evidence] timestamp_url and timestamp_authority")
