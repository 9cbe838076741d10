"""The speed of an OPS243 Doppler radar, which speaks JSON lines over a USB serial port.

Reports look like ``{"speed": 52.3, "direction": "inbound", "time": 105, "tick": 135}``; the radar's own answers to
settings are JSON objects without a speed. Its interrupt output, LOW on motion, belongs on the pin of ``[radar]``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import time
from collections import Counter, deque
from dataclasses import replace

import serial
from serial_asyncio_fast import open_serial_connection

from edge.config import RadarSettings
from edge.model import RadarReport
from edge.sensors.speed import Speed, SpeedLog

log = logging.getLogger(__name__)

BAUD = 19_200
LINE_BYTES = 1024
LINES = 4096
"""Lines that are kept; at this baud rate more than four seconds of the shortest ones."""
RETRY_S = (0.5, 1.0, 2.0, 5.0)
SAMPLING_KMH = ((110.0, "SX"), (220.0, "S2"), (math.inf, "SL"))
"""The command for each highest speed: the sampling rate (10, 20, 50 thousand a second) bounds what can be measured."""


def commands(settings: RadarSettings) -> bytes:
    """Return what the radar is sent at every connection: JSON, km/h, smallest speed, interrupt pin, sampling rate."""
    sampling = next(command for top_kmh, command in SAMPLING_KMH if settings.max_speed_kmh <= top_kmh)
    return "\n".join(["OJ", "UK", f"R>{settings.min_speed_kmh:g}", "IG", sampling, ""]).encode("ascii")


def parse_report(line: bytes) -> Speed | None:
    """Parse one line of the radar.

    Returns:
        The speed in km/h, never negative, or None for an answer to a setting.

    Raises:
        ValueError: the line is neither.
    """
    report = json.loads(line)
    if not isinstance(report, dict):
        raise ValueError("a report is a JSON object")
    if "speed" not in report:
        return None
    if isinstance(report["speed"], bool):
        raise ValueError("a speed is a number")
    kmh = float(report["speed"])
    if not math.isfinite(kmh):
        raise ValueError("a speed is finite")
    direction = report.get("direction")
    return Speed(abs(kmh), direction if direction in ("inbound", "outbound") else None)


class SerialRadar:
    """A speed meter on a serial port; while it is unplugged, :meth:`problem` says so, and the port is tried again.

    Attributes:
        counters: ``reports``, ``garbage`` (lines that are no JSON report), ``impossible`` (above ``max_speed_kmh``),
            ``connected``.
    """

    def __init__(self, settings: RadarSettings) -> None:
        """Read the port that *settings* name."""
        self._settings = settings
        self._log = SpeedLog(join_s=settings.speed_join_s, wait_s=settings.speed_wait_s)
        self._lines: deque[RadarReport] = deque(maxlen=LINES)
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = "the speed radar has not been started: wait for the start, or see the log"
        self.counters: Counter[str] = Counter()

    async def start(self) -> None:
        """Begin to read; a missing port is tried again and again."""
        self._task = asyncio.create_task(self._run(), name="speed radar")

    async def stop(self) -> None:
        """Release the port."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def reports(self, start_ns: int, end_ns: int) -> tuple[RadarReport, ...]:
        """Return the lines received from *start_ns* to *end_ns* (monotonic), those that are no reports as well."""
        return tuple(line for line in self._lines if start_ns <= line.received_monotonic_ns <= end_ns)

    async def speed_at(self, monotonic_ns: int) -> Speed | None:
        """Return the speed reported nearest to *monotonic_ns*, or None."""
        return await self._log.speed_at(monotonic_ns)

    def problem(self) -> str | None:
        """Return one sentence while the port is not open, else None."""
        return self._problem

    async def _run(self) -> None:
        failures = 0
        while True:
            reports = self.counters["reports"]
            try:
                await self._read()
            except (serial.SerialException, OSError) as error:
                if self._problem is None or failures == 0:
                    log.warning("the speed radar is gone: %s", error)
                self._problem = (
                    f"the speed radar at {self._settings.serial_port} cannot be read: plug it in, "
                    "and check serial_port in [radar]"
                )
            failures = 0 if self.counters["reports"] > reports else failures + 1
            await asyncio.sleep(RETRY_S[min(failures, len(RETRY_S) - 1)])

    async def _read(self) -> None:
        reader, writer = await open_serial_connection(
            url=str(self._settings.serial_port), baudrate=BAUD, exclusive=True, limit=LINE_BYTES
        )
        try:
            writer.write(commands(self._settings))
            self._problem = None
            self.counters["connected"] += 1
            while True:
                try:
                    line = await reader.readline()
                except ValueError:
                    # The line is longer than any report, and the reader has dropped it.
                    self.counters["garbage"] += 1
                    continue
                if not line:
                    raise OSError("the port was closed")
                self._take(line)
        finally:
            writer.close()
            with contextlib.suppress(Exception):
                await writer.wait_closed()

    def _take(self, line: bytes) -> None:
        now_ns = time.monotonic_ns()
        self._lines.append(RadarReport(line, time.time(), now_ns))
        if not line.strip():
            return
        try:
            speed = parse_report(line)
        except (ValueError, TypeError, RecursionError):
            self.counters["garbage"] += 1
            return
        if speed is None:
            return
        if speed.kmh > self._settings.max_speed_kmh:
            self.counters["impossible"] += 1
            self._log.add(now_ns, replace(speed, possible=False))
        elif speed.kmh >= self._settings.min_speed_kmh:
            self.counters["reports"] += 1
            self._log.add(now_ns, speed)
