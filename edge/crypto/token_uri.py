"""Which PKCS#11 token is a chip: a URI (RFC 7512), and where its PIN comes from, which is never the command line."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from edge.errors import SecretError

SCHEME: Final = "pkcs11:"
PIN_VARIABLE: Final = "AUTOVELOX_TOKEN_PIN"
"""The environment variable with the PIN of a token whose URI has no ``pin-source``."""
URI_EXAMPLE: Final = "pkcs11:token=ada?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/ada.pin"
_PATH: Final = frozenset({"token", "serial", "object"})
_QUERY: Final = frozenset({"module-path", "pin-source"})
_OBJECT: Final = "autovelox"
_MAX_PIN_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class TokenUri:
    """A token, and the chip in it.

    Attributes:
        module: the PKCS#11 library that speaks to it.
        token: its label.
        serial: its serial number; empty if the URI does not say.
        object: the label of the chip's key and of what belongs to it: one token may hold several chips.
        pin_file: the file with its PIN; None if the environment has it.
    """

    module: Path
    token: str
    serial: str = ""
    object: str = _OBJECT
    pin_file: Path | None = None

    def pin(self) -> str:
        """The token's PIN.

        Raises:
            SecretError: there is none, or others may read its file.
        """
        if self.pin_file is not None:
            return _pin_of(self.pin_file)
        if not (pin := os.environ.get(PIN_VARIABLE, "")):
            raise SecretError(
                "the token needs its PIN", f"name a file with pin-source=/file in the URI, or set {PIN_VARIABLE}"
            )
        return pin


def is_token_uri(text: str) -> bool:
    """Whether *text* names a token, and not a file."""
    return text.startswith(SCHEME)


def read_token_uri(text: str) -> TokenUri:
    """The token that the URI *text* names.

    Raises:
        SecretError: it is no such URI, or has the PIN in it, where every other program could read it. What it says
            is not repeated.
    """
    path, _, query = text.removeprefix(SCHEME).partition("?")
    said = {**_attributes(path, ";"), **_attributes(query, "&")}
    if "pin-value" in said:
        raise SecretError(
            "the token's PIN is in the URI, where every program of this machine can read it",
            "change the PIN, and name a file with pin-source=/file",
        )
    if not is_token_uri(text) or not said.keys() <= _PATH | _QUERY or not all(said.values()):
        raise _not_understood(f"it has {', '.join(sorted(_PATH))}, then {' and '.join(sorted(_QUERY))}")
    if "token" not in said or "module-path" not in said:
        raise _not_understood("it needs token and module-path")
    source = said.get("pin-source", "").removeprefix("file://").removeprefix("file:")
    if "pin-source" in said and not source.startswith("/"):
        raise _not_understood("pin-source is the absolute path of a file")
    return TokenUri(
        module=Path(said["module-path"]),
        token=said["token"],
        serial=said.get("serial", ""),
        object=said.get("object", _OBJECT),
        pin_file=Path(source) if source else None,
    )


def _attributes(text: str, separator: str) -> dict[str, str]:
    """The attributes of one part of a URI; one without a value, or said twice, is empty."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, _, value = part.partition("=")
        found[name] = "" if name in found else unquote(value)
    return found


def _not_understood(why: str) -> SecretError:
    return SecretError(f"the token's URI is not understood: {why}", f"write it like {URI_EXAMPLE}")


def _pin_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode, octets = os.fstat(file.fileno()).st_mode, file.read(_MAX_PIN_BYTES + 1)
    except OSError as error:
        raise SecretError(f"the PIN file {path} cannot be read ({error.strerror})", "check its name") from None
    if stat.S_IMODE(mode) & 0o077:
        raise SecretError(f"the PIN file {path} may be read by others", "change the PIN, and chmod 600 the file")
    try:
        pin = octets.decode().removesuffix("\n")
    except UnicodeDecodeError:
        pin = ""
    if not pin or "\n" in pin or len(octets) > _MAX_PIN_BYTES:
        raise SecretError(f"the PIN file {path} does not hold one PIN", "write the PIN alone, on one line")
    return pin
