"""The radar's trigger line on a GPIO pin."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from gpiozero import DigitalInputDevice, GPIOZeroError

from edge.config import RadarSettings
from edge.errors import RadarError
from edge.model import RadarReport, Trigger
from edge.sensors.pins import pin_factory
from edge.sensors.radar import SpeedMeter

log = logging.getLogger(__name__)

QUEUE_TRIGGERS = 256
SPEEDLESS_IN_A_ROW = 3
"""So many triggers in a row without a speed are a problem; a single one may have been a bird."""


class GpioRadar:
    """Turns edges of one GPIO line into triggers.

    An edge counts at once, so a pulse of any length triggers. Two kinds of edges are dropped: a bounce, when the line
    was idle for less than ``debounce_s`` before the edge, and a second echo of the same vehicle, when the last trigger
    was less than ``hold_off_s`` ago. (gpiozero's ``bounce_time`` would delay every edge and lose short pulses.)

    Attributes:
        counters: ``triggers``, those of them without a speed (``speedless``), and the dropped edges: ``bounce``,
            ``hold_off``, ``missed`` (the queue was full).
        on_edge: see :class:`edge.sensors.radar.Radar`.
        speeds_missing_since_utc: see :class:`edge.sensors.radar.Radar`.
    """

    def __init__(self, settings: RadarSettings, speed: SpeedMeter | None = None) -> None:
        """Use the pin and the times of *settings*; *speed* measures the speed of each trigger, if there is a meter."""
        self._settings = settings
        self._speed = speed
        self._device: DigitalInputDevice | None = None
        self._edges: asyncio.Queue[tuple[Trigger, bool] | None] = asyncio.Queue(QUEUE_TRIGGERS + 1)
        self._idle_since_ns: int | None = None
        self._fired_at_ns: int | None = None
        self._speedless = 0
        self.speeds_missing_since_utc: float | None = None
        self.on_edge: Callable[[int], None] = lambda _at_ns: None
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        """Claim the pin and begin to watch it.

        Raises:
            RadarError: the pin or the speed meter cannot be used.
        """
        loop = asyncio.get_running_loop()
        settings = self._settings
        factory = pin_factory(settings.pin_factory)
        try:
            self._device = DigitalInputDevice(settings.pin, pull_up=not settings.active_high, pin_factory=factory)
        except GPIOZeroError as error:
            raise RadarError(
                f"GPIO {settings.pin} cannot be used ({error})", "check pin in [radar] and that nothing else uses it"
            ) from None
        self._device.when_activated = lambda device: self._activated(loop, device)
        self._device.when_deactivated = lambda device: self._deactivated(loop, device)
        if self._speed is not None:
            await self._speed.start()

    async def stop(self) -> None:
        """Release the pin; :meth:`triggers` ends after the queued triggers."""
        if self._device is not None:
            self._device.close()
            self._device = None
            self._edges.put_nowait(None)
        if self._speed is not None:
            await self._speed.stop()

    async def triggers(self) -> AsyncIterator[Trigger]:
        """Yield every trigger from now on, in order, with its speed where one was measured."""
        while (queued := await self._edges.get()) is not None:
            trigger, measured = queued
            if not measured:
                yield trigger
                continue
            speed = await self._speed.speed_at(trigger.at_monotonic_ns) if self._speed else None
            self._note_speed(trigger, missing=speed is None or not speed.possible)
            if speed is None:
                yield trigger
            elif speed.possible:
                yield replace(trigger, speed_kmh=round(speed.kmh, 1), direction=speed.direction)
            else:
                yield replace(trigger, impossible=True)

    def counts(self) -> Mapping[str, int]:
        """See :meth:`edge.sensors.radar.Radar.counts`."""
        speeds = self._speed.counters if self._speed is not None else {}
        return {**self.counters, **{f"speed_{name}": count for name, count in speeds.items()}}

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        """See :meth:`edge.sensors.radar.Radar.reports`."""
        return self._speed.reports(start_ns, end_ns) if self._speed is not None else ()

    def test_trigger(self) -> None:
        """Queue one trigger by hand, without a speed; its source is ``"test"``."""
        self._queue(Trigger(time.time(), time.monotonic_ns(), source="test"), measured=False)

    def problem(self) -> str | None:
        """Return one sentence on what is wrong: the pin is closed, the line stays active, the queue is full."""
        if self._device is None:
            return "the radar's pin is not open: see the log, then restart the unit"
        active_s = self._device.active_time
        if active_s is not None and active_s > self._settings.stuck_after_s:
            return (
                f"the radar's line has been active for {active_s:.0f} s: check the wiring of GPIO {self._settings.pin} "
                "and active_high in [radar]"
            )
        if self._edges.qsize() >= QUEUE_TRIGGERS:
            return "triggers come faster than they are taken: raise hold_off_s in [radar]"
        if self._speed is not None and (problem := self._speed.problem()) is not None:
            return problem
        since_utc = self.speeds_missing_since_utc
        if self._settings.promises_speed and since_utc is not None and self._speedless >= SPEEDLESS_IN_A_ROW:
            since = datetime.fromtimestamp(since_utc, UTC).isoformat(" ", "seconds").removesuffix("+00:00")
            return (
                f"the last {self._speedless} triggers, since {since} UTC, had no speed, so they are no infringements: "
                "check the radar's cable, and serial_port and pin_means in [radar]"
            )
        return None

    def _note_speed(self, trigger: Trigger, *, missing: bool) -> None:
        self._speedless = self._speedless + 1 if missing else 0
        if not missing:
            self.speeds_missing_since_utc = None
            return
        self.counters["speedless"] += 1
        if self.speeds_missing_since_utc is None:
            self.speeds_missing_since_utc = trigger.at_utc

    # The two handlers run in the pin library's thread. An exception would end that thread silently.

    def _activated(self, loop: asyncio.AbstractEventLoop, device: DigitalInputDevice) -> None:
        try:
            age_s, now_ns, now_utc = device.active_time, time.monotonic_ns(), time.time()
            age_s = age_s or 0.0
            loop.call_soon_threadsafe(self._rise, now_ns - round(age_s * 1e9), now_utc - age_s)
        except Exception:
            log.exception("an edge of the radar's line could not be handed on")

    def _deactivated(self, loop: asyncio.AbstractEventLoop, device: DigitalInputDevice) -> None:
        try:
            idle_ns = round((device.inactive_time or 0.0) * 1e9)
            loop.call_soon_threadsafe(self._fall, time.monotonic_ns() - idle_ns)
        except Exception:
            log.exception("an edge of the radar's line could not be handed on")

    def _rise(self, at_ns: int, at_utc: float) -> None:
        settings = self._settings
        if self._idle_since_ns is not None and at_ns - self._idle_since_ns < settings.debounce_s * 1e9:
            self.counters["bounce"] += 1
        elif self._fired_at_ns is not None and at_ns - self._fired_at_ns < settings.hold_off_s * 1e9:
            self.counters["hold_off"] += 1
        else:
            self._fired_at_ns = at_ns
            self._queue(Trigger(at_utc, at_ns), measured=True)

    def _fall(self, at_ns: int) -> None:
        self._idle_since_ns = at_ns

    def _queue(self, trigger: Trigger, *, measured: bool) -> None:
        if self._edges.qsize() >= QUEUE_TRIGGERS:
            self.counters["missed"] += 1
            return
        self.counters["triggers"] += 1
        self._edges.put_nowait((trigger, measured))
        self.on_edge(trigger.at_monotonic_ns)
