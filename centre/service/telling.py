"""Who is told how the fleet is, as configured: people by notices, a broker by MQTT."""

from __future__ import annotations

from datetime import timedelta

from centre.config import Settings
from centre.database import Pool, as_house, taken
from centre.mqtt import Fleet, Publisher, look_at_fleet, publisher_of
from centre.notices import Bounds, Channel, Watch, channels_of
from centre.service.tls import Certificates


def watch_of(settings: Settings, pool: Pool, channels: list[Channel], certificates: Certificates) -> Watch:
    """What tells *channels* what is wrong."""
    return Watch(
        settings.centre.name,
        pool,
        channels,
        _bounds(settings),
        certificate_end=certificates.ends_at,
        state_dir=settings.centre.state_dir,
        every_s=settings.notices.every_s,
        repeat_after=timedelta(hours=settings.notices.repeat_hours),
    )


def mqtt_of(settings: Settings, pool: Pool, certificates: Certificates) -> Publisher | None:
    """What tells the configured broker how the fleet is; None where there is none.

    Raises:
        CentreError: what it needs is not installed.
        SecretError: its password or the broker's authority cannot be read.
    """

    async def look() -> Fleet:
        with as_house():
            async with taken(pool, 5.0) as connection:
                return await look_at_fleet(
                    connection,
                    _bounds(settings),
                    certificate_end=certificates.ends_at(),
                    state_dir=settings.centre.state_dir,
                )

    return publisher_of(settings.mqtt, settings.centre.name, look)


def check(settings: Settings) -> None:
    """Whether all that is told can be: passwords, keys and authorities are read, and what it needs is installed.

    Raises:
        EdgeError: it cannot.
    """

    async def nothing() -> Fleet:
        return Fleet({}, {})

    channels_of(settings.notices)
    publisher_of(settings.mqtt, settings.centre.name, nothing)


def _bounds(settings: Settings) -> Bounds:
    asked = settings.notices
    return Bounds(
        silent_after_s=settings.limits.silent_after_s,
        behind_after_s=asked.behind_after_s,
        clock_s=asked.clock_s,
        unit_free_bytes=asked.unit_free_bytes,
        disk_free_percent=asked.disk_free_percent,
        certificate_days=asked.certificate_days,
    )
