"""Labelled photos become what a training reads: scenes as TFRecords, the label map, and the list of both splits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from converter.errors import ConverterError
from converter.labels import Photo, group_photos, split_groups, write_splits
from converter.measure import GREEN, Cell
from converter.progress import Progress
from converter.synth import JPEG_QUALITIES, FontShelf, Recipe, Studio, word_fonts

LABEL_MAP = "label_map.pbtxt"
RECORDS = "train-*.tfrecord"
SHARD = 1000
PREVIEW_CELLS = 48


def build(
    photos: Sequence[Photo],
    out: Path,
    recipe: Recipe,
    *,
    scenes: int,
    share: float,
    seed: int,
    fonts: Sequence[Path] = (),
) -> list[Cell]:
    """Split the photos and write training scenes; return some of them for a preview.

    Args:
        photos: labelled photos.
        out: folder for the records, the label map and the list of both splits.
        recipe: how scenes are made.
        scenes: how many scenes.
        share: share of the photos that is kept for validation, in whole groups (0 to 0.5).
        seed: same seed, same split and same scenes.
        fonts: folders of fonts for drawn plates; none: see :class:`FontShelf`.

    Raises:
        ConverterError: no photo with a plate is left to train on.
    """
    from converter.detector import tfrecords
    from converter.detector.tf_env import tf

    groups = group_photos(photos)
    training, validation = split_groups(groups, share, seed)
    learnt = {photo.path for photo in training if photo.boxes}
    usable = [kept for group in groups if (kept := [photo for photo in group if photo.path in learnt])]
    if not usable:
        raise ConverterError("no photo with a plate is left to train on", "lower --validation-share, or add photos")
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(RECORDS):
        old.unlink()
    rng = random.Random(seed)  # noqa: S311
    studio = Studio(recipe, rng, FontShelf(fonts), word_fonts())
    cells: list[Cell] = []
    with Progress("scenes", scenes) as progress:
        for start in range(0, scenes, SHARD):
            with tf.io.TFRecordWriter(str(out / f"train-{start // SHARD:03d}.tfrecord")) as writer:
                for number in range(start, min(start + SHARD, scenes)):
                    image, boxes = studio.scene(usable)
                    example = tfrecords.encode(image, boxes, f"scene {number}", rng.choice(JPEG_QUALITIES))
                    writer.write(example.SerializeToString())
                    if len(cells) < PREVIEW_CELLS:
                        cells.append((image, [(box, GREEN) for box in boxes], str(number)))
                    progress.step()
    tfrecords.write_label_map(out / LABEL_MAP)
    write_splits(out, training, validation)
    return cells
