"""Who asks: an account of the operating system, from its own table or from the kernel, never from the asker's word."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from dataclasses import dataclass

_CREDENTIALS = struct.Struct("3i")
"""``struct ucred`` of unix(7): pid, uid, gid of who called connect(2)."""
MAX_NAME_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Account:
    """An account: its number, its name, and the full name of its owner (may be empty)."""

    uid: int
    name: str
    full_name: str = ""

    @property
    def officer(self) -> str:
        """``Full Name (account)``, as entries of the chain name the officer."""
        return f"{self.full_name} ({self.name})" if self.full_name not in ("", self.name) else self.name


def account_of(uid: int) -> Account:
    """The account with the number *uid*."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(uid, f"uid {uid}")
    full = " ".join(entry.pw_gecos.split(",")[0].split())
    shown = "".join(character for character in full if character.isprintable())
    return Account(uid, entry.pw_name, shown.encode("utf-8", "replace").decode("utf-8")[:MAX_NAME_CHARACTERS])


def own_account() -> Account:
    """The account of this process."""
    return account_of(os.getuid())


def peer_uid(connection: socket.socket) -> int:
    """The account number of who connected to a Unix socket, as the kernel noted it then (``SO_PEERCRED``).

    Raises:
        OSError: the kernel does not say.
    """
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(data)
    return int(uid)
