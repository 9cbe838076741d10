"""Unix sockets on which the unit listens."""

from typing import Final

from edge.sockets.clearing import clear_socket

SOCKET_MODE: Final = 0o660
"""Who may connect: the unit's account, and the accounts of its group."""

__all__ = ["SOCKET_MODE", "clear_socket"]
