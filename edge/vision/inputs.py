"""What ``autovelox read`` is given: photos, folders of photos and videos, and videos, of which some frames are read."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ImageError

PHOTOS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
VIDEOS = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg"})
"""Endings by which a file of a folder is known; a file that is named is a photo unless it has one of a video."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo, or a frame of the video ``file`` that lies at ``photo`` until the next one is asked for.

    ``at_s`` is the frame's time in the video, in seconds; None for a photo.
    """

    file: Path
    photo: Path
    at_s: float | None = None


def pictures(given: Iterable[Path], every_s: float) -> Iterator[Picture | tuple[Path, ImageError]]:
    """What is to be read of *given*, in the order given, folders sorted by name; of a video a frame all *every_s*.

    A video or a folder that cannot be read comes as its path and the error.
    """
    for path in given:
        if not path.is_dir():
            yield from _of_file(path, every_s)
            continue
        if not os.access(path, os.R_OK | os.X_OK):
            yield path, ImageError(f"{path} cannot be read (Permission denied)", "check its permissions")
            continue
        inside = sorted(each for each in path.rglob("*") if each.suffix.lower() in PHOTOS | VIDEOS and each.is_file())
        if not inside:
            yield path, ImageError(f"{path} holds no photo and no video", "name a folder with some")
        for each in inside:
            yield from _of_file(each, every_s)


def _of_file(path: Path, every_s: float) -> Iterator[Picture | tuple[Path, ImageError]]:
    if path.suffix.lower() not in VIDEOS:
        yield Picture(path, path)
        return
    try:
        yield from _frames(path, every_s)
    except ImageError as error:
        yield path, error


def _frames(video: Path, every_s: float) -> Iterator[Picture]:
    import cv2

    capture = cv2.VideoCapture(str(video))
    try:
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        if not capture.isOpened() or not (math.isfinite(fps) and fps > 0):
            raise ImageError(f"{video} cannot be played", "name a video, such as an MP4 file with H.264")
        step, number = max(1, round(every_s * fps)), 0
        with tempfile.TemporaryDirectory(prefix="autovelox-frames-") as folder:
            frame = Path(folder) / "frame.png"
            while capture.grab():
                if number % step == 0:
                    done, image = capture.retrieve()
                    if not done or not cv2.imwrite(str(frame), image):
                        raise ImageError(f"frame {number} of {video} cannot be decoded", "cut the video there")
                    yield Picture(video, frame, number / fps)
                number += 1
        if number == 0:
            raise ImageError(f"{video} holds no frame", "name another video")
    finally:
        capture.release()
