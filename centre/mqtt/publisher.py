"""The publisher: a task that keeps a broker's retained messages as the fleet is, and comes again where it is away.

A document that did not change is not sent again. What a unit that is gone has left at the broker is taken away, also
where it went while the centre was not running: the broker's own retained messages tell.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from centre.config import MqttSettings
from centre.database import BUSY, GONE
from centre.ending import end
from centre.errors import CentreError
from centre.mqtt.fleet import AWAY, Fleet
from centre.mqtt.topics import Topics
from centre.notices import read_secret
from edge.errors import SecretError

if TYPE_CHECKING:
    from aiomqtt import Client

log = logging.getLogger(__name__)

Look = Callable[[], Awaitable[Fleet]]
FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
TIMEOUT_S: Final = 20.0
QOS: Final = 1


def publisher_of(settings: MqttSettings, centre: str, look: Look) -> Publisher | None:
    """The configured publisher, None where no broker is; *look* gives how the fleet is.

    Raises:
        CentreError: the extra is not installed.
        SecretError: the password or the authority's certificate cannot be read.
    """
    if settings.host is None:
        return None
    try:
        import aiomqtt  # noqa: F401 - whoever configures it hears at the start that it is missing
    except ModuleNotFoundError:
        raise CentreError("[mqtt] needs aiomqtt, which is not installed", "pip install 'autovelox[mqtt]'") from None
    return Publisher(settings, centre, look)


class Publisher:
    """Keeps the messages at one broker as the fleet is."""

    def __init__(self, settings: MqttSettings, centre: str, look: Look) -> None:
        """Nothing is connected before :meth:`run`; raises :class:`SecretError` as :func:`publisher_of`."""
        self._asked = settings
        self._look = look
        self._topics = Topics(centre, settings.topic, settings.discovery)
        self._password = read_secret(settings.password_file, "mqtt") if settings.password_file else None
        self._tls = context_of(settings) if settings.security == "tls" else None
        self._told: dict[str, bytes] = {}
        self._serials: frozenset[str] | None = None
        self.is_connected = False

    async def run(self) -> None:
        """Connect and tell again and again, until cancelled."""
        from aiomqtt import MqttError

        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._session()
            except (MqttError, OSError, TimeoutError) as error:
                if self.is_connected:
                    pause_s = FIRST_PAUSE_S
                self.is_connected = False
                # Neither address nor account is in the log; the return code says whether the account was refused.
                log.warning("the MQTT broker is away: %s", _named(error))
            await asyncio.sleep(pause_s * (1 + secrets.randbelow(1000) / 1000))
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)

    async def _session(self) -> None:
        """One connection, until it breaks."""
        from aiomqtt import Client, Will

        asked = self._asked
        assert asked.host is not None
        self._told, self._serials = {}, None
        async with Client(
            asked.host,
            asked.port,
            username=asked.user,
            password=self._password,
            tls_context=self._tls,
            will=Will(self._topics.availability, "offline", qos=QOS, retain=True),
            timeout=TIMEOUT_S,
            keepalive=30,
        ) as client:
            self.is_connected = True
            rounds = asyncio.create_task(self._rounds(client))
            listening = asyncio.create_task(self._tidy(client))
            try:
                done, _ = await asyncio.wait((rounds, listening), return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # neither ends but by an error
            finally:
                await end(rounds, listening, tidying_s=1.0)
                await self._leave(client)

    async def _leave(self, client: Client) -> None:
        """Whoever stops in order says so: the will counts only where the connection breaks."""
        from aiomqtt import MqttError

        with suppress(MqttError, OSError):
            await client.publish(self._topics.availability, "offline", qos=QOS, retain=True, timeout=2.0)

    async def _rounds(self, client: Client) -> None:
        """Tell what changed, once every ``every_s``."""
        while True:
            try:
                fleet = await self._look()
            except (*BUSY, *GONE):
                await self._tell(client, self._topics.centre, AWAY)
            else:
                await self._tell_fleet(client, fleet)
                is_first, self._serials = self._serials is None, frozenset(fleet.units)
                if is_first:  # what the broker keeps comes after it is known which units there are
                    await client.subscribe(self._topics.all_units, qos=QOS)
            await client.publish(self._topics.availability, "online", qos=QOS, retain=True)
            await asyncio.sleep(self._asked.every_s)

    async def _tell_fleet(self, client: Client, fleet: Fleet) -> None:
        for gone in sorted((self._serials or frozenset()) - set(fleet.units)):
            await self._take_away(client, gone)
        for serial, document in ((None, fleet.centre), *fleet.units.items()):
            if self._topics.discovery:
                await self._tell(client, self._topics.announcement(serial), self._topics.announce(serial))
            topic = self._topics.centre if serial is None else self._topics.unit(serial)
            await self._tell(client, topic, document)

    async def _tell(self, client: Client, topic: str, document: Mapping[str, object]) -> None:
        payload = json.dumps(document).encode()
        digest = hashlib.sha256(payload).digest()
        if self._told.get(topic) != digest:
            await client.publish(topic, payload, qos=QOS, retain=True)
            self._told[topic] = digest

    async def _tidy(self, client: Client) -> None:
        """Take away what the broker has of units that are none any more."""
        async for message in client.messages:
            serial = message.topic.value.rpartition("/")[2]
            if message.retain and message.payload and self._serials is not None and serial not in self._serials:
                await self._take_away(client, serial)

    async def _take_away(self, client: Client, serial: str) -> None:
        topics = [self._topics.unit(serial), *([self._topics.announcement(serial)] if self._topics.discovery else [])]
        for topic in topics:
            self._told.pop(topic, None)
            await client.publish(topic, b"", qos=QOS, retain=True)


def context_of(settings: MqttSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, to a broker whose certificate the authority vouches for.

    Raises:
        SecretError: the authority's certificate cannot be read.
    """
    try:
        context = ssl.create_default_context(cafile=settings.authority)
    except (OSError, ssl.SSLError):
        raise SecretError(f"{settings.authority} is no certificate that can be read", "check [mqtt]") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _named(error: BaseException) -> str:
    code = getattr(error, "rc", None)
    return type(error).__name__ if code is None else f"{type(error).__name__} ({getattr(code, 'value', code)})"
