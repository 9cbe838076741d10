"""TFRecords in the form that the TF2 Object Detection API reads (boxes as fractions of the size)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from converter.detector.tf_env import tf
from converter.labels import PlateBox

LABEL_NAME = "plate"
LABEL_ID = 1
LABEL_MAP = f"item {{\n  id: {LABEL_ID}\n  name: '{LABEL_NAME}'\n}}\n"


def encode(image: NDArray[np.uint8], boxes: Sequence[PlateBox], name: str, quality: int) -> Any:
    """Return a ``tf.train.Example``: *image* (H, W, 3) RGB as JPEG of this quality (0 to 100), boxes in its pixels."""
    height, width = image.shape[:2]
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=quality)

    def floats(values: Iterable[float]) -> Any:
        return tf.train.Feature(float_list=tf.train.FloatList(value=list(values)))

    def integers(values: Iterable[int]) -> Any:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=list(values)))

    def texts(values: Iterable[bytes]) -> Any:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=list(values)))

    return tf.train.Example(
        features=tf.train.Features(
            feature={
                "image/height": integers([height]),
                "image/width": integers([width]),
                "image/filename": texts([name.encode()]),
                "image/source_id": texts([name.encode()]),
                "image/encoded": texts([stream.getvalue()]),
                "image/format": texts([b"jpeg"]),
                "image/object/bbox/xmin": floats(b.x1 / width for b in boxes),
                "image/object/bbox/xmax": floats(b.x2 / width for b in boxes),
                "image/object/bbox/ymin": floats(b.y1 / height for b in boxes),
                "image/object/bbox/ymax": floats(b.y2 / height for b in boxes),
                "image/object/class/text": texts(LABEL_NAME.encode() for _ in boxes),
                "image/object/class/label": integers(LABEL_ID for _ in boxes),
            }
        )
    )


def decode(record: bytes) -> tuple[NDArray[np.uint8], list[PlateBox]]:
    """Return the image (H, W, 3) RGB and the boxes that :func:`encode` wrote."""
    feature = tf.train.Example.FromString(record).features.feature
    image = np.asarray(Image.open(io.BytesIO(feature["image/encoded"].bytes_list.value[0])).convert("RGB"))
    height, width = image.shape[:2]
    sides = [feature[f"image/object/bbox/{side}"].float_list.value for side in ("xmin", "ymin", "xmax", "ymax")]
    return image, [
        PlateBox(x1 * width, y1 * height, x2 * width, y2 * height) for x1, y1, x2, y2 in zip(*sides, strict=True)
    ]


def write_label_map(path: Path) -> None:
    """Write the label map with its one class, in the text form of the Object Detection API."""
    path.write_text(LABEL_MAP, encoding="utf-8")
