"""The feed of the suite: a real scene in which every frame carries its own number.

So each trigger can be compared with the frame it should get.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import edge.demo

SCENE = Path(edge.demo.__file__).parent / "feed" / "roundabout.mp4"
SCENE_FRAMES = 12
"""So many frames of the scene, from its trigger on, are played round and round."""
SCENE_TRIGGER = 40
SIZE = (1280, 720)
BITS = 16
BAND = 10
"""The number takes the top tenth of the picture, as black and white columns."""
EVERY = 3
"""A trigger on every third frame."""
FIRST = 5


def frame_of(trigger: int) -> int:
    """The frame that trigger number *trigger*, counted from 0, should get."""
    return FIRST + EVERY * trigger


def stamped(image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """A copy of *image*, uint8 BGR, that shows *number*."""
    stamped = image.copy()
    height, width = image.shape[:2]
    for bit in range(BITS):
        columns = slice(bit * width // BITS, (bit + 1) * width // BITS)
        stamped[: height // BAND, columns] = 255 if number >> bit & 1 else 0
    return stamped


def number_of(jpeg: bytes) -> int:
    """The number a stored frame shows."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    height, width = image.shape
    means = [image[: height // BAND, bit * width // BITS : (bit + 1) * width // BITS].mean() for bit in range(BITS)]
    return sum(1 << bit for bit in range(BITS) if means[bit] > 127)


def scene(size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """The frames of the scene, for ever."""
    capture = cv2.VideoCapture(str(SCENE))
    read = [capture.read() for _ in range(SCENE_TRIGGER + SCENE_FRAMES)]
    assert all(done for done, _ in read), f"{SCENE} has no {len(read)} frames"
    return cycle([cv2.resize(image, size).astype(np.uint8, copy=False) for _, image in read[SCENE_TRIGGER:]])


def record(folder: Path, triggers: int, fps: float, size: tuple[int, int] = SIZE) -> Path:
    """A feed with *triggers* triggers: the clip and its manifest."""
    writer = cv2.VideoWriter(str(folder / "feed.avi"), cv2.VideoWriter.fourcc(*"MJPG"), fps, size)
    for number, image in enumerate(islice(scene(size), frame_of(triggers) + 2)):
        writer.write(stamped(image, number))
    writer.release()
    lines = ["[[clip]]", 'file = "feed.avi"', f"fps = {fps}"]
    for trigger in range(triggers):
        lines += ["[[clip.trigger]]", f"frame = {frame_of(trigger)}"]
    manifest = folder / "feed.toml"
    manifest.write_text("\n".join(lines), encoding="utf-8")
    return manifest
