"""From labelled photos to what a training reads: scenes as TFRecords, the label map, and the list of both splits."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from converter.errors import ConverterError, MissingError
from converter.labels.groups import group_photos, split
from converter.labels.photo import Photo, PlateBox
from converter.measure.contact_sheet import GREEN, Cell, contact_sheet
from converter.progress import Progress
from converter.synth import colour_plates, distractors
from converter.synth.scenes import Recipe, Studio

MANIFEST = "dataset.json"
LABEL_MAP = "label_map.pbtxt"
RECORDS = "train-*.tfrecord"
SHARD = 1000
QUALITIES = (95, 90, 80, 65, 50, 35)
PREVIEW_CELLS = 48


def build(
    photos: Sequence[Photo], out: Path, recipe: Recipe, *, scenes: int, share: float, seed: int, fonts: Path | None
) -> list[Cell]:
    """Splits the photos and writes `scenes` training scenes; returns some of them for a preview.

    Args:
        photos: labelled photos.
        out: folder for the records, the label map and the manifest.
        recipe: how scenes are made.
        scenes: how many.
        share: of the photos, kept for validation in whole groups (0 to 0.5).
        seed: same seed, same split and same scenes.
        fonts: folder of fonts for rendered plates.

    Raises:
        ConverterError: nothing to learn from.
    """
    from converter.detector import tfrecords
    from converter.detector.tf_env import tf

    groups = group_photos(photos)
    training, validation = split(groups, share, seed)
    learnt = {photo.path for photo in training if photo.boxes}
    usable = [kept for group in groups if (kept := [photo for photo in group if photo.path in learnt])]
    if not usable:
        raise ConverterError("no photo with a plate is left to train on", "lower --validation-share, or add photos")
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(RECORDS):
        old.unlink()
    rng = random.Random(seed)  # noqa: S311
    studio = Studio(recipe, rng, colour_plates.load_fonts(fonts), distractors.word_fonts())
    cells: list[Cell] = []
    with Progress("scenes", scenes) as progress:
        for start in range(0, scenes, SHARD):
            with tf.io.TFRecordWriter(str(out / f"train-{start // SHARD:03d}.tfrecord")) as writer:
                for number in range(start, min(start + SHARD, scenes)):
                    image, boxes = studio.scene(usable)
                    example = tfrecords.encode(image, boxes, f"scene {number}", rng.choice(QUALITIES))
                    writer.write(example.SerializeToString())
                    if len(cells) < PREVIEW_CELLS:
                        cells.append((image, [(box, GREEN) for box in boxes], str(number)))
                    progress.step()
    tfrecords.write_label_map(out / LABEL_MAP)
    manifest = {"training": [_entry(p) for p in training], "validation": [_entry(p) for p in validation]}
    (out / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return cells


def _entry(photo: Photo) -> dict[str, object]:
    return {**asdict(photo), "path": str(photo.path.resolve())}


def read_manifest(folder: Path, part: str) -> list[Photo]:
    """The photos of one split, `training` or `validation`.

    Raises:
        MissingError: the folder holds no data set.
    """
    try:
        entries = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))[part]
    except (OSError, ValueError, KeyError):
        raise MissingError(f"{folder} holds no data set", "make one with `autovelox-convert dataset`") from None
    return [
        Photo(
            Path(e["path"]), e["width"], e["height"], e["source"], e["origin"], tuple(PlateBox(**b) for b in e["boxes"])
        )
        for e in entries
    ]


def table(photos: Sequence[Photo]) -> str:
    """What there is, by source: photos, plates, and the plates' widths."""
    rows: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        rows[photo.source or "-"].append(photo)
    lines = [f"{'source':24s}{'photos':>8s}{'plates':>8s}{'none':>6s}   plate width in px: 5 %, half, 95 %"]
    for source, members in sorted(rows.items()):
        widths = [box.width for photo in members for box in photo.boxes]
        spread = "{:.0f}, {:.0f}, {:.0f}".format(*np.percentile(widths, (5, 50, 95))) if widths else "-"
        empty = sum(not photo.boxes for photo in members)
        lines.append(f"{source:24s}{len(members):8d}{len(widths):8d}{empty:6d}   {spread}")
    return "\n".join(lines)


def preview(cells: Sequence[Cell], path: Path) -> None:
    """The contact sheet of scenes."""
    contact_sheet(cells, path)
