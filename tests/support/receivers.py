"""Who is told: a mail server and a webhook on loopback, each with a certificate of an authority of the test."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from typing import Any

import trustme
from aiohttp import web

from centre.notices.channels import SIGNATURE


class Mailbox:
    """A mail server (RFC 5321) as far as one client needs it: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.said: list[str] = []
        self.refuses = False
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext) -> None:
        async def say(text: str) -> None:
            writer.write(text.encode() + b"\r\n")
            await writer.drain()

        await say("220 here")
        while line := (await reader.readline()).decode().strip():
            self.said.append(line)
            word = line.split()[0].upper()
            if word == "EHLO":
                await say("250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN")
            elif word == "STARTTLS":
                await say("220 go on")
                await writer.start_tls(tls)
            elif word == "AUTH":
                await say("235 fine")
            elif word == "DATA":
                await say("354 go on")
                data = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(message_from_bytes(data[:-5], policy=policy.default))
                await say("250 taken")
            elif word == "QUIT":
                await say("221 bye")
                break
            else:
                await say("451 later" if self.refuses and word == "MAIL" else "250 fine")
        writer.close()


@asynccontextmanager
async def mail_server(authority: trustme.CA) -> AsyncIterator[Mailbox]:
    box, tls = Mailbox(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        try:
            await box.answer(reader, writer, tls)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()


@asynccontextmanager
async def hook(authority: trustme.CA) -> AsyncIterator[tuple[int, list[tuple[bytes, str]], dict[str, int]]]:
    """A webhook: its port, what it took, and what it answers."""
    taken: list[tuple[bytes, str]] = []
    answers = {"status": 204}

    async def take(request: web.Request) -> web.Response:
        taken.append((await request.read(), request.headers.get(SIGNATURE, "")))
        return web.Response(status=answers["status"], headers={"Location": "https://example.invalid/"})

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield runner.addresses[0][1], taken, answers
    finally:
        await runner.cleanup()
