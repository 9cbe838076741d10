"""The way to the centre, which can be cut and can lose what comes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress

PATIENCE_S = 240.0


class Network:
    """A wire to the centre, whose faults are switched on and off; TLS goes through it as bytes."""

    def __init__(self) -> None:
        self.to = 0
        self.port = 0
        self.is_cut = False
        self.loses_answers = False
        self.cut_after: int | None = None
        self.asked = 0
        """Bytes from units so far."""
        self._news = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        self.break_connections()
        if self._server is not None:
            self._server.close()

    def break_connections(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def passed(self, count: int) -> None:
        """Wait until units have asked *count* bytes more."""
        goal = self.asked + count
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: self.asked >= goal)

    async def cut(self) -> None:
        """Wait until the wire is cut, after the bytes that :attr:`cut_after` leaves."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: self.is_cut)

    def mend(self) -> None:
        self.is_cut = self.loses_answers = False
        self.cut_after = None
        self.break_connections()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self.is_cut:
                return
            there_reader, there = await asyncio.open_connection("127.0.0.1", self.to)
            self._writers.add(there)
            try:
                await asyncio.gather(self._copy(reader, there, asks=True), self._copy(there_reader, writer, asks=False))
            finally:
                self._writers.discard(there)
                there.transport.abort()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asks: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 14):
                if asks:
                    await self._count(len(data))
                if self.is_cut or (self.loses_answers and not asks):
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    async def _count(self, size: int) -> None:
        async with self._news:
            self.asked += size
            if self.cut_after is not None:
                self.cut_after -= size
                self.is_cut = self.is_cut or self.cut_after < 0
            self._news.notify_all()
