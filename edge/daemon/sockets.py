"""Where metrics and health are asked for: a port of the loopback interface, or a Unix socket of the unit's group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from edge.config import MetricsSettings
from edge.errors import ConfigError
from edge.sockets import SOCKET_MODE, clear_socket

HOST: Final = "127.0.0.1"


async def listen(
    connections: Callable[[], asyncio.Protocol], settings: MetricsSettings, backlog: int
) -> tuple[asyncio.Server, str]:
    """Listen where *settings* say; returns the listener, and where it is in words.

    Raises:
        ConfigError: the port or the socket cannot be had.
    """
    loop = asyncio.get_running_loop()
    if settings.socket is None:
        try:
            listener = await loop.create_server(connections, HOST, settings.port, backlog=backlog)
        except OSError as error:
            raise ConfigError(
                f"the metrics cannot listen on port {settings.port} ({error.strerror})",
                "stop the program that uses the port, or set another port in [metrics]",
            ) from None
        return listener, f"on {HOST} port {listener.sockets[0].getsockname()[1]}"
    try:
        clear_socket(settings.socket)
        listener = await loop.create_unix_server(connections, settings.socket, backlog=backlog)
        settings.socket.chmod(SOCKET_MODE)
    except OSError as error:
        raise ConfigError(
            f"the metrics cannot listen at {settings.socket} ({error.strerror})",
            "check [metrics] socket and the folder's owner",
        ) from None
    return listener, f"at {settings.socket}"


def forget(settings: MetricsSettings) -> None:
    """Remove the socket of a listener that is closed."""
    if settings.socket is not None:
        with suppress(OSError):
            settings.socket.unlink()
