"""How well redacted copies hide: on photos with several labelled plates, each in turn the plate of the case.

    python tests/bench/redaction.py ../shared/data [--sheet redacted.jpg]

A labelled plate counts as left where more than a fifth of its pixels are those of the photo. ``--sheet`` puts 30 photos
beside their copies, to be looked at: no label says where people are.
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.cases.report.redaction import obscured, vehicle
from edge.config import models_dir
from edge.model import Box
from edge.vision import load_image, propose_plates

LEFT_SHARE = 0.2
SHOWN, ROWS, THUMB = 30, 10, (400, 200)


def labelled(data: Path) -> dict[str, list[Box]]:
    """The labelled plates of each photo."""
    found: dict[str, list[Box]] = defaultdict(list)
    with (data / "detect" / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            found[row["file"]].append(Box(*(float(row[edge]) for edge in ("x1", "y1", "x2", "y2"))))
    return found


def left(pixels: NDArray[np.uint8], copy: NDArray[np.uint8], box: Box) -> float:
    """The share of *box* that was not changed."""
    part = (slice(int(box.y1), int(box.y2) + 1), slice(int(box.x1), int(box.x2) + 1))
    return float((pixels[part] == copy[part]).all(axis=2).mean())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    find, photos = propose_plates(models_dir()), labelled(args.data)
    others = near = 0
    seen: list[str] = []
    several = sorted(name for name, boxes in photos.items() if len(boxes) > 1)
    for name in several:
        pixels = load_image(args.data / "detect" / "images" / name)
        proposals = find(pixels)
        for index, own in enumerate(photos[name]):
            copy = obscured(pixels, own, proposals)
            area = vehicle(own, pixels.shape[1], pixels.shape[0])
            for place, other in enumerate(photos[name]):
                if place != index:
                    others += 1
                    near += area.common(other) > LEFT_SHARE * other.width * other.height
                    seen += [name] if left(pixels, copy, other) > LEFT_SHARE else []
    print(f"{len(several)} photos, {others} other plates, {near} of them in the part that stays, {len(seen)} left")
    for name in sorted(set(seen)):
        print(f"  {seen.count(name)} in {name}")
    if args.sheet is not None:
        sheet(args, photos, find)
    return 0


def sheet(args: argparse.Namespace, photos: dict[str, list[Box]], find: object) -> None:
    """Photos beside their copies, the widest plate the one of the case."""
    chosen = random.Random(3).sample(sorted(photos), SHOWN)
    page = Image.new("RGB", (THUMB[0] * (SHOWN // ROWS), THUMB[1] * ROWS), "white")
    for index, name in enumerate(chosen):
        pixels = load_image(args.data / "detect" / "images" / name)
        own = max(photos[name], key=lambda box: box.width)
        both = Image.fromarray(np.concatenate([pixels, obscured(pixels, own, find(pixels))], axis=1))  # type: ignore[operator]
        both.thumbnail(THUMB)
        page.paste(both, (THUMB[0] * (index // ROWS), THUMB[1] * (index % ROWS)))
    page.save(args.sheet)


if __name__ == "__main__":
    sys.exit(main())
