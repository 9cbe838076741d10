"""The way to the centre, which can be cut and can lose what comes back."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Network:
    """A wire to the centre, whose faults are switched on and off; TLS goes through it as bytes."""

    def __init__(self) -> None:
        self.to = 0
        self.port = 0
        self.is_cut = False
        self.loses_answers = False
        self.cut_after: int | None = None
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
                if asks and self.cut_after is not None:
                    self.cut_after -= len(data)
                    if self.cut_after < 0:
                        self.is_cut = True
                if self.is_cut or (self.loses_answers and not asks):
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
