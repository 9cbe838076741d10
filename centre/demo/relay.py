"""A network of one wire: passes bytes from a port of its own to the centre, and can be cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

BLOCK = 1 << 16


class Relay:
    """Listens on loopback and passes on to *port*; an async context manager."""

    def __init__(self, port: int) -> None:
        """Nothing listens yet."""
        self._to = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_cut = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Cut the wire: open connections break, new ones as well."""
        self._is_cut = True
        for writer in list(self._writers):
            writer.transport.abort()

    def mend(self) -> None:
        """Let it pass again."""
        self._is_cut = False

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            there_reader, there = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers.add(there)
            try:
                await asyncio.gather(_copy(reader, there), _copy(there_reader, writer))
            finally:
                there.close()
                self._writers.discard(there)
        except OSError:
            pass
        finally:
            writer.close()
            self._writers.discard(writer)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(BLOCK):
            writer.write(data)
            await writer.drain()
    with suppress(OSError, RuntimeError):
        writer.close()
