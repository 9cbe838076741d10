"""A chip that is a PKCS#11 token: the signing key was made in it and never leaves it, and it keeps the counter.

What the registry gives a driver (uid, licence, public key) lies in the token as well, as an object that shows itself to
who has the PIN alone. So a car needs nothing but the token.

Not every token has a counter of its own, or lets the value of an object be changed. So the next number is written as a
new object, then the old one is removed; while both are there the larger one counts. Programs of one machine take turns
by a lock on the token's library.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from Crypto.PublicKey import RSA

from edge.crypto.chip import Chip, chip_document, read_chip
from edge.crypto.chip_signature import is_chips
from edge.crypto.rsa_key import KEY_BITS, PUBLIC_EXPONENT
from edge.crypto.sealed_uid import MAX_COUNTER
from edge.crypto.token_session import as_secret_error, taking_turns, token_session
from edge.crypto.token_uri import TokenUri
from edge.errors import SecretError

if TYPE_CHECKING:
    from pkcs11 import Object, Session

APPLICATION: Final = "autovelox"
_SALT_BYTES: Final = 32
_CHIP: Final = "chip"
_COUNTER: Final = "counter"
_REPLACED: Final = "have the chip replaced"


class TokenChip:
    """The chip in an open token; a :class:`~edge.crypto.chip_key.ChipKey`. :func:`open_token` opens one."""

    def __init__(self, session: Session, uri: TokenUri) -> None:
        """Use *session*, which is logged in and may write."""
        self._session = session
        self._uri = uri
        self._found: tuple[Any, bytes] | None = None

    def __repr__(self) -> str:
        return f"TokenChip({self._uri.token}, {self._uri.object})"

    @property
    def verify_key(self) -> bytes:
        """The public half of the signing key, DER of its ``SubjectPublicKeyInfo``.

        Raises:
            SecretError: the token has no such key, or one that may be elsewhere too.
        """
        return self._key()[1]

    def sign(self, message: bytes) -> bytes:
        """The signature of *message*, RSASSA-PSS with SHA-256 and a salt of 32 bytes; the token makes it.

        Raises:
            SecretError: it does not.
        """
        from pkcs11 import MGF, Mechanism

        key, verify_key = self._key()
        with as_secret_error():
            padding = (Mechanism.SHA256, MGF.SHA256, _SALT_BYTES)
            signature = bytes(key.sign(message, mechanism=Mechanism.SHA256_RSA_PKCS_PSS, mechanism_param=padding))
        if not is_chips(verify_key, message, signature):
            raise SecretError("the token's signature is wrong", _REPLACED)
        return signature

    def next_counter(self) -> int:
        """One more than the last number given; the token has it when this returns.

        Raises:
            SecretError: the token cannot keep it, has lost it, or the counter is at its end.
        """
        with taking_turns(self._uri), as_secret_error():
            kept = list(self._data(_COUNTER))
            number = max((_number(each) for each in kept), default=MAX_COUNTER) + 1
            if not 0 < number <= MAX_COUNTER:
                raise SecretError("the chip's counter in the token is damaged", _REPLACED)
            self._write(_COUNTER, str(number).encode())
            for old in kept:
                old.destroy()
        return number

    @property
    def has_key(self) -> bool:
        """Whether the token has a signing key of that name."""
        with as_secret_error():
            return any(True for _ in self._keys())

    def make_key(self) -> None:
        """Make the signing key, in the token, which never gives its private half out.

        Raises:
            SecretError: there is one of that name already, or the token cannot make it.
        """
        from pkcs11 import Attribute, KeyType, MechanismFlag

        if self.has_key or any(True for _ in self._data(_COUNTER)):
            raise SecretError(
                f"the token holds a chip {self._uri.object} already",
                "a chip is never overwritten: name another with object=... in the URI",
            )
        with as_secret_error():
            private = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False}
            self._session.generate_keypair(
                KeyType.RSA,
                KEY_BITS,
                id=self._uri.object.encode(),
                label=self._uri.object,
                store=True,
                capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
                public_template={Attribute.PUBLIC_EXPONENT: PUBLIC_EXPONENT.to_bytes(3, "big")},
                private_template=private,
            )
            self._write(_COUNTER, b"0")

    def chip(self) -> Chip:
        """What the registry gave the driver.

        Raises:
            SecretError: it is not in the token.
        """
        with as_secret_error():
            found = [_value(each) for each in self._data(_CHIP)]
        if len(found) != 1 or (chip := read_chip(found[0])) is None:
            raise SecretError("the token does not hold what the registry gave", "enter it with autovelox chip store")
        return chip

    def store(self, chip: Chip) -> None:
        """Keep what the registry gave the driver.

        Raises:
            SecretError: the token holds a chip already, has no signing key, or cannot keep it.
        """
        self._key()
        if any(True for _ in self._data(_CHIP)):
            raise SecretError(f"the token holds a chip {self._uri.object} already", "a chip is never overwritten")
        with as_secret_error():
            self._write(_CHIP, chip_document(chip))

    def _key(self) -> tuple[Any, bytes]:
        if self._found is None:
            with as_secret_error():
                keys = list(self._keys())
                if len(keys) != 1:
                    raise SecretError(
                        f"the token holds {'no' if not keys else 'more than one'} signing key {self._uri.object}",
                        "make one with autovelox chip request, or name it with object=... in the URI",
                    )
                self._found = keys[0], _public_half(keys[0])
        return self._found

    def _keys(self) -> Iterator[Any]:
        from pkcs11 import Attribute, KeyType, ObjectClass

        wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.KEY_TYPE: KeyType.RSA}
        return iter(list(self._session.get_objects({**wanted, Attribute.LABEL: self._uri.object})))

    def _data(self, what: str) -> Iterator[Object]:
        from pkcs11 import Attribute, ObjectClass

        wanted = {Attribute.CLASS: ObjectClass.DATA, Attribute.APPLICATION: APPLICATION}
        return iter(list(self._session.get_objects({**wanted, Attribute.LABEL: f"{self._uri.object} {what}"})))

    def _write(self, what: str, value: bytes) -> None:
        from pkcs11 import Attribute, ObjectClass

        self._session.create_object(
            {
                Attribute.CLASS: ObjectClass.DATA,
                Attribute.TOKEN: True,
                Attribute.PRIVATE: True,
                Attribute.APPLICATION: APPLICATION,
                Attribute.LABEL: f"{self._uri.object} {what}",
                Attribute.VALUE: value,
            }
        )


@contextmanager
def open_token(uri: TokenUri) -> Iterator[TokenChip]:
    """Log in to the token at *uri*; it is logged out at the end.

    Raises:
        SecretError: the library, the token or its PIN cannot be used.
    """
    with token_session(uri) as session:
        yield TokenChip(session, uri)


def _public_half(key: Any) -> bytes:
    """The DER of the public half of the private *key*, if it was made in the token and never left it.

    Raises:
        SecretError: it may be elsewhere too, or is none of version 2.
    """
    from pkcs11 import Attribute

    inside = (Attribute.LOCAL, Attribute.SENSITIVE, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)
    if not all(key[each] for each in inside) or key[Attribute.EXTRACTABLE]:
        raise SecretError("the signing key was not made in the token, or may leave it", _REPLACED)
    modulus = int.from_bytes(key[Attribute.MODULUS], "big")
    if modulus.bit_length() != KEY_BITS:
        raise SecretError(f"the token's signing key is none of {KEY_BITS} bits", _REPLACED)
    return bytes(RSA.construct((modulus, PUBLIC_EXPONENT)).export_key("DER"))


def _value(found: Any) -> bytes:
    from pkcs11 import Attribute

    return bytes(found[Attribute.VALUE])


def _number(found: Any) -> int:
    """The number in a counter's object; one that is damaged ends the counter."""
    text = _value(found)
    return int(text) if text.isdigit() and len(text) <= len(str(MAX_COUNTER)) else MAX_COUNTER
