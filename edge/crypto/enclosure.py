"""What a unit encloses for the centre: sealed to the opening service, so that the unit itself cannot read it back.

HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; ``info`` is :data:`INFO` and what the
text is bound to, the associated data is empty. So any library's one call opens it.
"""

from __future__ import annotations

from typing import Final

from Crypto.Protocol import HPKE
from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key

from edge.errors import SecretError

INFO: Final = b"autovelox opening 1\n"
ENC_BYTES: Final = 32


def enclose(public_key: bytes, text: bytes, bound_to: bytes) -> bytes:
    """Seal *text* to the holder of the private half of *public_key* (32 bytes), bound to *bound_to*.

    Returns:
        The encapsulated key and the ciphertext.

    Raises:
        SecretError: *public_key* is none.
    """
    try:
        sender = HPKE.new(
            receiver_key=import_x25519_public_key(public_key), aead_id=HPKE.AEAD.AES256_GCM, info=INFO + bound_to
        )
    except ValueError:
        raise SecretError("the opening service's key is none", "run autovelox centre opener again") from None
    return bytes(sender.enc + sender.seal(text))


def disclose(private_key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """The text that :func:`enclose` sealed to the public half of *private_key* (32 bytes).

    Raises:
        SecretError: it was sealed to another key, bound to something else, or altered.
    """
    try:
        receiver = HPKE.new(
            receiver_key=import_x25519_private_key(private_key),
            enc=sealed[:ENC_BYTES],
            aead_id=HPKE.AEAD.AES256_GCM,
            info=INFO + bound_to,
        )
        return bytes(receiver.unseal(sealed[ENC_BYTES:]))
    except ValueError:
        raise SecretError("what a unit enclosed does not open", "the unit encloses to another key") from None
