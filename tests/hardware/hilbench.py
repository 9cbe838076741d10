"""The pins: from the pull of the radar's line to the case on the disk, each step timed.

Pins, timing and storage are the real ones, a recorded feed stands for the lens.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hilfeed import frame_of, number_of

from edge.cases.store import CaseStore
from edge.config import CameraSettings, RadarSettings
from edge.errors import CameraError
from edge.model import Trigger
from edge.sensors.gpio import GpioRadar
from edge.sensors.pins import Line, feed_line
from edge.sensors.recorded import RecordedFeed

NS = 1e6


@dataclass
class Results:
    """What was measured; all times in milliseconds, one value a trigger."""

    fired: int = 0
    numbers: list[tuple[int, int]] = field(default_factory=list)
    """The frame each trigger should get, and the one it got."""
    stamp_error: list[float] = field(default_factory=list)
    """The edge as the radar stamped it, against the instant the line was pulled."""
    heard: list[float] = field(default_factory=list)
    """From the pull to the trigger in the event loop."""
    exposed: list[float] = field(default_factory=list)
    """From the edge to the beginning of its frame's exposure."""
    durable: list[float] = field(default_factory=list)
    """From the trigger in the event loop to the case on the disk, its frame encoded and written."""
    gone: int = 0
    """Triggers whose frame was forgotten before this machine got round to asking for it."""
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def wrong(self) -> int:
        """Triggers that got another photo than theirs."""
        return sum(expected != got for expected, got in self.numbers)

    @property
    def lost(self) -> int:
        """Pulls that became no trigger."""
        return self.fired - len(self.numbers) - self.gone


class TimedLine:
    """A line that notes when it was pulled."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.fired_ns: list[int] = []

    def fire(self) -> None:
        self.fired_ns.append(time.monotonic_ns())
        self._line.fire()

    def release(self) -> None:
        self._line.release()

    def close(self) -> None:
        self._line.close()


async def measure(
    folder: Path,
    manifest: Path,
    *,
    radar_settings: RadarSettings,
    pin_out: int | None = None,
    line: Line | None = None,
) -> Results:
    """Play the feed *manifest* and follow each of its triggers from the pull to the case in *folder*."""
    camera_settings = CameraSettings(kind="recorded", manifest=manifest, feed_pin_out=pin_out, ring_frames=60)
    radar = GpioRadar(radar_settings)
    results = Results()
    async with AsyncExitStack() as stack:
        store = await CaseStore.open(folder, None, {})
        stack.push_async_callback(store.close)  # also where the pins cannot be opened: its thread would never end
        await radar.start()
        timed = TimedLine(line or feed_line(camera_settings, radar_settings))
        camera = RecordedFeed(camera_settings, radar_settings, line=timed)

        async def follow() -> None:
            async for trigger in radar.triggers():
                await _follow_one(trigger, camera, store, timed, results)

        following = asyncio.create_task(follow())
        await camera.start()
        await camera.finished.wait()
        problem = camera.problem()
        await asyncio.sleep(0.2)
        await radar.stop()
        await following
        await camera.stop()
    assert problem is None, problem
    results.fired = len(timed.fired_ns)
    results.counters = dict(radar.counters)
    return results


async def _follow_one(
    trigger: Trigger, camera: RecordedFeed, store: CaseStore, timed: TimedLine, results: Results
) -> None:
    now_ns = time.monotonic_ns()
    index = len(results.numbers) + results.gone
    fired_ns = timed.fired_ns[index]
    try:
        frames = [frame async for frame in camera.photos(trigger.at_monotonic_ns, 1)]
    except CameraError:
        results.gone += 1
        return
    await store.file_case(trigger, frames, (), limit_kmh=50.0, site="hardware in the loop")
    filed_ns = time.monotonic_ns()
    results.numbers.append((frame_of(index), number_of(frames[0].jpeg)))
    results.stamp_error.append((trigger.at_monotonic_ns - fired_ns) / NS)
    results.heard.append((now_ns - fired_ns) / NS)
    results.exposed.append((frames[0].exposed_monotonic_ns - trigger.at_monotonic_ns) / NS)
    results.durable.append((filed_ns - max(now_ns, frames[0].exposed_monotonic_ns)) / NS)


def table(results: Results) -> str:
    """The results as a table and a plot, in plain text."""
    rows = (
        ("edge stamped, against the pull", results.stamp_error),
        ("pull to trigger heard", results.heard),
        ("edge to exposure of its photo", results.exposed),
        ("photo to case on the disk", results.durable),
    )
    lines = [
        f"{results.fired} pulls, {results.lost} lost, {results.wrong} with another photo than theirs, "
        f"{results.gone} too late for theirs; "
        + ", ".join(f"{name} {count}" for name, count in sorted(results.counters.items())),
        "",
        f"{'milliseconds':<32}{'median':>9}{'95 %':>9}{'99 %':>9}{'worst':>9}",
    ]
    for name, values in rows:
        quantiles = np.percentile(values, [50, 95, 99, 100]) if values else [float("nan")] * 4
        lines.append(f"{name:<32}" + "".join(f"{value:>9.2f}" for value in quantiles))
    return "\n".join([*lines, "", *plot("pull to trigger heard, ms", results.heard)])


def plot(title: str, values: list[float], bars: int = 12, width: int = 50) -> list[str]:
    """A histogram in characters; the last bar holds everything above the 99th percentile."""
    if not values:
        return []
    top = float(np.percentile(values, 99)) or 1.0
    counts, edges = np.histogram(np.minimum(values, top), bars, (0.0, top))
    most = max(1, int(counts.max()))
    labels = [f"{edge:8.2f}" for edge in edges[:-1]]
    drawn = ["#" * round(width * count / most) for count in counts]
    return [title, *(f"{label} {bar} {count}" for label, bar, count in zip(labels, drawn, counts, strict=True))]
