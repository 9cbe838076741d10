"""Hardware in the loop: pins, timing and storage are the real ones, a recorded feed stands for the lens.

Every frame of the feed carries its own number, so that each trigger can be held against the frame it should get.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.cases.store import CaseStore
from edge.config import CameraSettings, RadarSettings
from edge.model import Frame, Trigger
from edge.sense.gpio import GpioRadar
from edge.sense.pins import Line, feed_line
from edge.sense.recorded import RecordedFeed

WIDTH, HEIGHT = 640, 480
BITS = 16
EVERY = 3
"""A trigger on every third frame."""
FIRST = 5
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
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def wrong(self) -> int:
        """Triggers that got another frame than theirs."""
        return sum(expected != got for expected, got in self.numbers)

    @property
    def lost(self) -> int:
        """Pulls that became no trigger."""
        return self.fired - len(self.numbers)


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


def numbered(number: int) -> NDArray[np.uint8]:
    """A frame that shows *number* as black and white columns, with noise so that it is as large as a photo."""
    image = np.random.default_rng(number).integers(96, 160, (HEIGHT, WIDTH, 3), np.uint8)
    for bit in range(BITS):
        image[: HEIGHT // 4, bit * WIDTH // BITS : (bit + 1) * WIDTH // BITS] = 255 if number >> bit & 1 else 0
    return image


def number_of(frame: Frame) -> int:
    """The number a frame shows."""
    image = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    columns = image[: HEIGHT // 4].reshape(HEIGHT // 4, BITS, WIDTH // BITS).mean(axis=(0, 2))
    return sum(1 << bit for bit in range(BITS) if columns[bit] > 127)


def record(folder: Path, triggers: int, fps: float) -> Path:
    """A feed with *triggers* triggers: the clip and its manifest."""
    writer = cv2.VideoWriter(str(folder / "feed.avi"), cv2.VideoWriter.fourcc(*"MJPG"), fps, (WIDTH, HEIGHT))
    for number in range(FIRST + EVERY * triggers + 2):
        writer.write(numbered(number))
    writer.release()
    lines = ["[[clip]]", 'file = "feed.avi"', f"fps = {fps}"]
    for index in range(triggers):
        lines += ["[[clip.trigger]]", f"frame = {FIRST + EVERY * index}"]
    manifest = folder / "feed.toml"
    manifest.write_text("\n".join(lines), encoding="utf-8")
    return manifest


async def measure(
    folder: Path,
    *,
    triggers: int,
    fps: float,
    radar_settings: RadarSettings,
    pin_out: int | None = None,
    line: Line | None = None,
) -> Results:
    """Play a feed of *triggers* triggers and follow each of them from the pull to the disk."""
    manifest = await asyncio.to_thread(record, folder, triggers, fps)
    camera_settings = CameraSettings(kind="recorded", manifest=manifest, feed_pin_out=pin_out, ring_frames=60)
    radar = GpioRadar(radar_settings)
    store = await CaseStore.open(folder, None, {})
    await radar.start()
    timed = TimedLine(line or feed_line(camera_settings, radar_settings))
    camera = RecordedFeed(camera_settings, radar_settings, line=timed)
    results = Results()

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
    await store.close()
    assert problem is None, problem
    results.fired = len(timed.fired_ns)
    results.counters = dict(radar.counters)
    return results


async def _follow_one(
    trigger: Trigger, camera: RecordedFeed, store: CaseStore, timed: TimedLine, results: Results
) -> None:
    now_ns = time.monotonic_ns()
    index = len(results.numbers)
    fired_ns = timed.fired_ns[index]
    frames = [frame async for frame in camera.frames(trigger.at_monotonic_ns, 1)]
    await store.file(trigger, frames, (), limit_kmh=50.0, site="hardware in the loop")
    filed_ns = time.monotonic_ns()
    results.numbers.append((FIRST + EVERY * index, number_of(frames[0])))
    results.stamp_error.append((trigger.at_monotonic_ns - fired_ns) / NS)
    results.heard.append((now_ns - fired_ns) / NS)
    results.exposed.append((frames[0].exposed_monotonic_ns - trigger.at_monotonic_ns) / NS)
    results.durable.append((filed_ns - max(now_ns, frames[0].exposed_monotonic_ns)) / NS)


def table(results: Results) -> str:
    """The results as a table and a plot, in plain text."""
    rows = (
        ("edge stamped, against the pull", results.stamp_error),
        ("pull to trigger heard", results.heard),
        ("edge to exposure of its frame", results.exposed),
        ("frame to case on the disk", results.durable),
    )
    lines = [
        f"{results.fired} pulls, {results.lost} lost, {results.wrong} with another frame than theirs; "
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
