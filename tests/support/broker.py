"""A real MQTT broker on loopback: mosquitto, with TLS of a test's authority, one account, and who listens to it all."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import trustme

from centre.config import MqttSettings
from centre.mqtt.publisher import context_of

MOSQUITTO = Path("/usr/sbin/mosquitto")
needs_broker = pytest.mark.skipif(not MOSQUITTO.exists(), reason="needs mosquitto")
USER, PASSWORD = "centre", "hunter2 of the broker"
PATIENCE_S = 60.0


class Broker:
    """Mosquitto in *folder*; retained messages outlive its restart."""

    def __init__(self, folder: Path, authority: trustme.CA) -> None:
        """Nothing runs before :meth:`start`."""
        self.folder = folder
        self.authority = folder / "authority.pem"
        self.port = _free_port()
        self.process: asyncio.subprocess.Process | None = None
        folder.mkdir()
        folder.chmod(0o755)
        authority.cert_pem.write_to_path(str(self.authority))
        made = authority.issue_cert("127.0.0.1")
        made.private_key_pem.write_to_path(str(folder / "key.pem"))
        made.cert_chain_pems[0].write_to_path(str(folder / "crt.pem"))
        words = ["mosquitto_passwd", "-b", "-c", str(folder / "accounts"), USER, PASSWORD]
        subprocess.run(words, check=True, capture_output=True)
        self.password = folder / "mqtt.password"
        self.password.write_text(PASSWORD + "\n")
        self.password.chmod(0o600)
        lines = [f"listener {self.port} 127.0.0.1", f"certfile {folder}/crt.pem", f"keyfile {folder}/key.pem"]
        lines += [f"password_file {folder}/accounts", "allow_anonymous false", "persistence true"]
        lines += [f"persistence_location {folder}/", f"log_dest file {folder}/log", "max_packet_size 1000000"]
        lines += ["user root"] if os.geteuid() == 0 else []
        (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")

    def settings(self, **words: Any) -> MqttSettings:
        """How the centre gets there."""
        return MqttSettings(
            **{
                "host": "127.0.0.1",
                "port": self.port,
                "user": USER,
                "password_file": self.password,
                "authority": self.authority,
                "every_s": 0.05,
                **words,
            }
        )

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        words = (str(MOSQUITTO), "-c", str(self.folder / "mosquitto.conf"))
        self.process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                assert self.process.returncode is None, (self.folder / "log").read_text()
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.close()
                    return
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Stop it; what is retained is on its disk then."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


class Listener:
    """What there is at the broker by topic, as it changes; what is empty is gone."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self.kept: dict[str, str] = {}
        self.said: list[str] = []
        """Everything that came, topics with payloads."""
        self._news = asyncio.Condition()

    async def hear(self, topic: str, payload: str) -> None:
        """Take a message in."""
        async with self._news:
            self.said.append(f"{topic} {payload}")
            if payload:
                self.kept[topic] = payload
            else:
                self.kept.pop(topic, None)
            self._news.notify_all()

    async def until(self, look: Callable[[dict[str, str]], Any]) -> Any:
        """Wait until *look* finds something in what there is; returns it."""
        async with self._news, asyncio.timeout(PATIENCE_S):
            while not (found := look(self.kept)):
                await self._news.wait()
            return found

    async def document(self, topic: str, **fields: object) -> dict[str, Any]:
        """The document at *topic*, once it has these *fields*."""

        def look(kept: dict[str, str]) -> dict[str, Any] | None:
            found: dict[str, Any] = json.loads(kept.get(topic, "{}"))
            return found if found and all(found.get(name) == value for name, value in fields.items()) else None

        result: dict[str, Any] = await self.until(look)
        return result


@asynccontextmanager
async def broker_at_work(folder: Path, authority: trustme.CA) -> AsyncIterator[Broker]:
    """A broker that runs."""
    broker = Broker(folder, authority)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


@asynccontextmanager
async def listening(broker: Broker) -> AsyncIterator[Listener]:
    """Somebody who hears everything at *broker*."""
    found = Listener()

    async def hear(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            await found.hear(message.topic.value, message.payload.decode())

    asked = broker.settings()
    async with aiomqtt.Client(
        "127.0.0.1", broker.port, username=USER, password=PASSWORD, tls_context=context_of(asked), timeout=PATIENCE_S
    ) as client:
        task = asyncio.create_task(hear(client))
        await client.subscribe("#", qos=1)
        try:
            yield found
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
