"""The root key wrapped by a key in a PKCS#11 token (AES key wrap, RFC 3394), which was made there and never leaves it.

The token unwraps the root key into the memory of who may use it, at each start; the file on the disk opens nothing
without the token and its PIN. The mechanism is one that every token with AES has, SoftHSM2 too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.crypto import read_token_uri
from edge.crypto.token_session import as_secret_error, token_session
from edge.errors import SecretError

if TYPE_CHECKING:
    from pkcs11 import Session

WRAPPED_BYTES: Final = 40
"""32 bytes of a key, and 8 that show whether it was unwrapped by the right one."""
_BITS: Final = 256


def wrap(uri: str, key: bytes) -> bytes:
    """The *key* (32 bytes) wrapped by the token at *uri*, 40 bytes; its wrapping key is made if it has none.

    Raises:
        SecretError: the token cannot be used, or its key may leave it.
    """
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass

    named = read_token_uri(uri)
    with token_session(named) as session, as_secret_error():
        own = _own_key(session, named.object) or _make(session, named.object)
        plain = session.create_object(
            {
                Attribute.CLASS: ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: KeyType.GENERIC_SECRET,
                Attribute.VALUE: key,
                Attribute.TOKEN: False,
                Attribute.SENSITIVE: False,
                Attribute.EXTRACTABLE: True,
            }
        )
        return bytes(own.wrap_key(plain, mechanism=Mechanism.AES_KEY_WRAP))


def unwrap(uri: str, wrapped: bytes) -> bytes:
    """The key, 32 bytes, that the token at *uri* wrapped.

    Raises:
        SecretError: the token cannot be used, has no such key, or another one wrapped it.
    """
    from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
    from pkcs11.exceptions import PKCS11Error

    named = read_token_uri(uri)
    with token_session(named) as session, as_secret_error():
        own = _own_key(session, named.object)
        if own is None:
            raise SecretError(
                f"the token holds no wrapping key {named.object}", "put in the token that wrapped the root key"
            )
        template = {Attribute.TOKEN: False, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}
        try:
            plain = own.unwrap_key(
                *(ObjectClass.SECRET_KEY, KeyType.GENERIC_SECRET, wrapped),
                mechanism=Mechanism.AES_KEY_WRAP,
                template=template,
            )
        except PKCS11Error:
            raise SecretError(
                "the token does not unwrap the root key", "put in the token that wrapped it, or restore the file"
            ) from None
        return bytes(plain[Attribute.VALUE])


def _own_key(session: Session, label: str) -> Any:
    """The wrapping key of that *label*, None if there is none."""
    from pkcs11 import Attribute, KeyType, ObjectClass

    wanted = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: KeyType.AES, Attribute.LABEL: label}
    found = list(session.get_objects(wanted))
    if not found:
        return None
    inside = (Attribute.LOCAL, Attribute.SENSITIVE, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE)
    if len(found) > 1 or not all(found[0][each] for each in inside) or found[0][Attribute.EXTRACTABLE]:
        raise SecretError(
            f"the token's key {label} was not made in it, or may leave it, or there are two",
            "name another with object=... in the URI: it is made",
        )
    return found[0]


def _make(session: Session, label: str) -> Any:
    from pkcs11 import Attribute, KeyType, MechanismFlag

    return session.generate_key(
        *(KeyType.AES, _BITS),
        id=label.encode(),
        label=label,
        store=True,
        capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP,
        template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.MODIFIABLE: False},
    )
