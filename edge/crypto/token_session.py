"""Logging in to a PKCS#11 token, and its errors as ours: nothing of what was given to it is in them."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edge.crypto.token_uri import TokenUri
from edge.errors import SecretError

if TYPE_CHECKING:
    from pkcs11 import Session

LOCK_WAIT_S, LOCK_POLL_S = 5.0, 0.02


@contextmanager
def token_session(uri: TokenUri) -> Iterator[Session]:
    """A session of the token at *uri*, logged in, which may write; it is closed at the end.

    Raises:
        SecretError: the library, the token or its PIN cannot be used.
    """
    try:
        import pkcs11
    except ImportError:
        raise SecretError(
            "a token needs the package python-pkcs11", "install autovelox with its extra pkcs11"
        ) from None
    pin = uri.pin()
    wanted = {"token_label": uri.token} | ({"token_serial": uri.serial.encode()} if uri.serial else {})
    with as_secret_error():
        try:
            library = pkcs11.lib(str(uri.module))
        except pkcs11.PKCS11Error:
            raise SecretError(f"{uri.module} is no PKCS#11 library", "check module-path in the URI") from None
        with taking_turns(uri):  # a token that another program writes to may not be found
            session = library.get_token(**wanted).open(rw=True, user_pin=pin)
    try:
        yield session
    finally:
        session.close()


@contextmanager
def taking_turns(uri: TokenUri) -> Iterator[None]:
    """Let no other program of this machine open the token at *uri*, or count in it, at the same time.

    Raises:
        SecretError: another program does for long, or the token's library is no file that can be locked.
    """
    until = time.monotonic() + LOCK_WAIT_S
    try:
        with uri.module.open("rb") as library:
            while True:
                try:
                    fcntl.flock(library, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise SecretError("another program keeps the token busy", "end it, then again") from None
                    time.sleep(LOCK_POLL_S)
            yield
    except OSError as error:
        raise SecretError(f"the token's library cannot be locked ({error.strerror})", "check module-path") from None


@contextmanager
def as_secret_error() -> Iterator[None]:
    """Say what a token does not do, without anything of what was given to it.

    Raises:
        SecretError: the token failed.
    """
    import pkcs11

    try:
        yield
    except (pkcs11.NoSuchToken, pkcs11.TokenNotPresent, pkcs11.MultipleTokensReturned):
        raise SecretError("there is no such token, or more than one", "check token and serial in the URI") from None
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange):
        raise SecretError(
            "the token does not take the PIN", "check it before trying again: most tokens lock after three"
        ) from None
    except (pkcs11.PinLocked, pkcs11.PinExpired, pkcs11.UserPinNotInitialized):
        raise SecretError("the token's PIN is locked or not set", "unlock it with the token's own program") from None
    except pkcs11.PKCS11Error as error:
        raise SecretError(f"the token failed ({type(error).__name__})", "check the token and its log") from None
