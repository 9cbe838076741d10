"""RSA keys: made for a new chip, loaded from the registry, read from a chip, and checked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final

from Crypto.PublicKey import RSA
from Crypto.PublicKey.RSA import RsaKey

from edge.errors import SecretError

KEY_BITS: Final = 4096
PUBLIC_EXPONENT: Final = 65537
PROGRESS_S: Final = 0.02

_SEQUENCE_TAG: Final = 0x30
_INTEGER_TAG: Final = 0x02
_LONG_FORM: Final = 0x80
"""Above this value a length octet says how many octets of length follow (X.690, section 8.1.3)."""


def generate_private_key(progress: Callable[[], None] | None = None) -> RsaKey:
    """Make a key of :data:`KEY_BITS` bits from two primes.

    OpenSSL makes it, in a fifth of the time that PyCryptodome takes.

    Args:
        progress: called at the beginning, and every :data:`PROGRESS_S` seconds until the key is made.
    """
    with ThreadPoolExecutor(1) as maker:  # OpenSSL lets other threads run meanwhile
        made = maker.submit(_new_key)
        while progress is not None and not made.done():
            progress()
            wait((made,), PROGRESS_S)
    return made.result()


def _new_key() -> RsaKey:
    # Here, because most programs load keys and few make one.
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(PUBLIC_EXPONENT, KEY_BITS)
    return RSA.import_key(key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()))


def load_private_key(der: bytes) -> RsaKey:
    """Load a private key of :data:`KEY_BITS` bits from its PKCS#1 DER (RFC 8017, appendix A.1.2).

    PyCryptodome's own import tests both primes again, which costs as much as ten decryptions. The registry's seal
    already protects the bytes, so only the cheap relations ``p * q = n`` and ``q * coefficient = 1 (mod p)`` are
    checked here.

    Raises:
        SecretError: the bytes are not such a key.
    """
    try:
        version, n, e, d, p, q, _, _, coefficient = _integers(der)
        if version != 0 or p * q != n or n.bit_length() != KEY_BITS or e != PUBLIC_EXPONENT:
            raise ValueError("not a key of the registry's kind")
        if not 0 < coefficient < p or q * coefficient % p != 1:
            raise ValueError("not the coefficient of p and q")
        # PyCryptodome wants the inverse of its first prime modulo its second. Unless the smaller prime comes first it
        # inverts once more, which takes as long as the rest. From q * c + p * x = 1 the other inverse is known: x.
        components = (n, e, d, p, q, (1 - q * coefficient) // p % q) if p < q else (n, e, d, q, p, coefficient)
        return RSA.construct(components, consistency_check=False)
    except (ValueError, TypeError, IndexError):
        raise SecretError("a private key in the registry is damaged", "enrol its driver again") from None


def load_public_key(pem: str) -> RsaKey:
    """Load a chip's public key from PEM text.

    Raises:
        SecretError: the text is not a public RSA key of :data:`KEY_BITS` bits.
    """
    try:
        key = RSA.import_key(pem)
    except (ValueError, IndexError, TypeError):
        raise SecretError("the chip's public key cannot be read", "enrol the driver again") from None
    if key.size_in_bits() != KEY_BITS or key.has_private():
        raise SecretError(f"the chip's key is not a public key of {KEY_BITS} bits", "enrol the driver again")
    return key


def _integers(der: bytes) -> list[int]:
    """Decode a DER SEQUENCE of INTEGERs (X.690), negative ones included.

    PyCryptodome's DerSequence takes as long as the rest of loading a key, and both together take an eighth of the time
    of a decryption.

    Raises:
        ValueError: the bytes are not such a sequence.
        IndexError: the bytes end too early.
    """
    numbers: list[int] = []
    at, end = _contents(der, 0, _SEQUENCE_TAG)
    if end != len(der):
        raise ValueError("the sequence has another length than the bytes")
    while at < end:
        start, at = _contents(der, at, _INTEGER_TAG)
        numbers.append(int.from_bytes(der[start:at], "big", signed=True))
    return numbers


def _contents(der: bytes, at: int, tag: int) -> tuple[int, int]:
    """Return where the contents of the element with *tag* at offset *at* begin and end."""
    if der[at] != tag:
        raise ValueError("an element of another kind")
    length, start = der[at + 1], at + 2
    if length > _LONG_FORM:
        size, start = length - _LONG_FORM, start + length - _LONG_FORM
        length = int.from_bytes(der[start - size : start], "big")
    if start + length > len(der):
        raise ValueError("an element longer than the bytes")
    return start, start + length
