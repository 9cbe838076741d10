"""``autovelox camera calibrate``: what the photos' plausibility check needs, the focal length of the unit's lens."""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config import Settings, models_dir
from edge.configured import add_config, configuration
from edge.errors import CameraError, ConfigError
from edge.terminal import end_progress, progress, say, say_json

if TYPE_CHECKING:
    from edge.vision.lens import FocalLength, Picture

BOARD = "9x6"
PAUSE_S = 2.0
"""Between two photos of the camera, to move the board."""
DISTORTED = 0.02
"""Distortion of a photo's corner from which the user is told."""


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``camera calibrate``."""
    parser = subparsers.add_parser(
        "camera", help="measure the lens of the unit's camera", description="The unit's camera."
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    calibrate = actions.add_parser(
        "calibrate",
        help="tell [camera] focal_length_px from photos of a printed board, or of a plate",
        description="Tell [camera] focal_length_px from photos of a printed board, or of a plate at a known distance.",
    )
    calibrate.add_argument("photos", nargs="*", type=Path, metavar="PHOTO", help="photos of the unit's own camera")
    calibrate.add_argument("--take", type=int, default=0, metavar="N", help="take N photos with the camera instead")
    calibrate.add_argument(
        "--board", default=BOARD, metavar="WxH", help="the board's inner corners across and down (default %(default)s)"
    )
    calibrate.add_argument("--plate-mm", type=float, metavar="MM", help="a plate this wide instead of a board ...")
    calibrate.add_argument("--distance-m", type=float, metavar="M", help="... this far from the camera, facing it")
    add_config(calibrate)
    calibrate.add_argument("--json", action="store_true", help="one JSON object")
    calibrate.set_defaults(run=_calibrate)


def _calibrate(args: argparse.Namespace) -> int:
    """Print the focal length; raises ConfigError, CameraError or ImageError."""
    if bool(args.photos) == bool(args.take):
        raise ConfigError("there is nothing to calibrate by", "name photos, or have some taken with --take 12")
    if (args.plate_mm is None) != (args.distance_m is None):
        raise ConfigError("a plate's width and its distance belong together", "give --plate-mm and --distance-m")
    if args.plate_mm is not None and not (_is_size(args.plate_mm) and _is_size(args.distance_m)):
        raise ConfigError("a width or a distance is none", "give --plate-mm in millimetres and --distance-m in metres")
    board = _board(args.board)
    settings = configuration(args, required=True).settings if args.take or args.config else None
    if args.take:
        assert settings is not None
        pictures = _decoded(asyncio.run(_take(settings, args.take)))
    else:
        pictures = _decoded(args.photos)
    found = _by_plate(pictures, args.plate_mm, args.distance_m) if args.plate_mm else _by_board(pictures, board)
    _print(found, len(pictures), settings, as_json=args.json)
    return 0


def _is_size(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _board(text: str) -> tuple[int, int]:
    across, _, down = text.lower().partition("x")
    if not (across.isdecimal() and down.isdecimal() and 3 <= int(across) <= 50 and 3 <= int(down) <= 50):
        raise ConfigError(f"{text} is no board", "give the inner corners across and down, such as --board 9x6")
    return int(across), int(down)


def _decoded(photos: list[Path] | list[bytes]) -> list[Picture]:
    from edge.vision import load_image

    return [load_image(photo) for photo in photos]


def _by_board(pictures: list[Picture], board: tuple[int, int]) -> FocalLength:
    from edge.vision import from_board

    return from_board(pictures, board)


def _by_plate(pictures: list[Picture], plate_mm: float, distance_m: float) -> FocalLength:
    from edge.vision import Detector, from_plates

    detector = Detector(models_dir())
    boxes = [next((each.box for each in detector.detect(picture)), None) for picture in pictures]
    return from_plates(pictures, boxes, plate_mm, distance_m)


async def _take(settings: Settings, count: int) -> list[bytes]:
    """*count* photos of the unit's camera, some seconds apart."""
    from edge.sensors import open_camera

    camera = open_camera(settings)
    await camera.start()
    taken: list[bytes] = []
    try:
        for number in range(1, count + 1):
            progress(f"photo {number} of {count}: move the board ")
            await asyncio.sleep(PAUSE_S)
            async for photo in camera.photos(time.monotonic_ns(), 1):
                taken.append(photo.jpeg)
            if len(taken) < number:
                raise CameraError("the camera gave no photo", "autovelox doctor says what is wrong")
    finally:
        await camera.stop()
        end_progress()
    return taken


def _print(found: FocalLength, given: int, settings: Settings | None, *, as_json: bool) -> None:
    width, height = found.size if settings is None else (settings.camera.width, settings.camera.height)
    focal = found.for_width(width, height)
    error = found.error_px * focal / found.px
    if as_json:
        say_json(
            {
                "focal_length_px": round(focal, 1),
                "error_px": round(error, 1),
                "width": width,
                "height": height,
                "photos": given,
                "used": found.used,
                "distortion": None if found.distortion is None else round(found.distortion, 4),
            }
        )
        return
    say("[camera]", f"width = {width}", f"focal_length_px = {focal:.1f}")
    say(f"# standard deviation {error:.1f}, by {found.used} of {given} photos")
    if found.distortion is not None and abs(found.distortion) > DISTORTED:
        say(f"# the lens displaces a photo's corners by {abs(found.distortion):.1%}: distances there are less sure")
