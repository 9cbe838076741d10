"""Quantization: the SavedModel as TFLite in float32, float16, dynamic range and int8, each with its description."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from converter.detector.tf_env import tf
from converter.errors import ConverterError, MissingError
from converter.labels import Photo, load_photo
from edge.vision.checksums import write_list
from edge.vision.detector import letterbox

KINDS = ("float32", "float16", "dynamic", "int8")
DARK, BRIGHT = 70.0, 140.0
"""Mean grey of a photo: below is night, above is full light; the representative set has all three kinds."""


def representative(photos: Sequence[Photo], count: int, width: int, height: int, seed: int) -> list[NDArray[np.uint8]]:
    """Return letterboxed training photos (height, width, 3), as evenly as possible dark, medium and bright ones.

    Raises:
        ConverterError: there are no photos.
    """
    if not photos:
        raise ConverterError(
            "the data set has no training photos for the representative set",
            "make one with `autovelox-convert dataset`",
        )
    order = list(photos)
    random.Random(seed).shuffle(order)  # noqa: S311
    shelves: list[list[NDArray[np.uint8]]] = [[], [], []]
    for photo in order[: 6 * count]:
        image, _ = letterbox(load_photo(photo), width, height)
        mean = float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean())
        shelves[(mean >= DARK) + (mean >= BRIGHT)].append(image)
    chosen: list[NDArray[np.uint8]] = []
    while len(chosen) < count and any(shelves):
        chosen += [shelf.pop() for shelf in shelves if shelf]
    return chosen[:count]


def convert(saved_model: Path, kind: str, samples: Sequence[NDArray[np.uint8]]) -> bytes:
    """Return the bytes of one TFLite file.

    Args:
        saved_model: folder that :func:`converter.detector.export.export` wrote.
        kind: one of KINDS. int8 is per channel, takes uint8 pixels as they are, and keeps only the box decoding and
            the final scores in float.
        samples: representative images (H, W, 3) uint8; needed by int8 alone.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    if kind != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if kind == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if kind == "int8":

        def feed() -> Iterator[list[NDArray[np.float32]]]:
            for sample in samples:
                yield [(sample.astype(np.float32) / 127.5 - 1.0)[None]]

        converter.representative_dataset = feed
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.lite.OpsSet.TFLITE_BUILTINS]
        converter.inference_input_type = tf.uint8
    return bytes(converter.convert())


def quantize(
    exported: Path,
    out: Path,
    photos: Sequence[Photo],
    *,
    kinds: Sequence[str],
    count: int,
    threshold: float,
    low_threshold: float,
    refiner: tuple[Path, float] | None = None,
    seed: int = 1,
) -> list[Path]:
    """Write ``detector_KIND.tflite`` for each kind, float32 first; return their paths.

    Args:
        exported: folder that ``autovelox-convert export`` wrote.
        out: folder for the files.
        photos: training photos, for the ranges of int8.
        kinds: some of :data:`KINDS`.
        count: how many photos give the ranges.
        threshold: confidence (0 to 1) from which a detection counts.
        low_threshold: confidence from which a detection counts if the reader confirms it.
        refiner: folder of the refiner that each detector gets, and the confidence from which it gets a proposal.
        seed: chooses the photos.

    Raises:
        MissingError: there is no exported network, or no refiner in its folder.
    """
    width, height = input_size(exported / "saved_model")
    samples = representative(photos, count, width, height, seed) if "int8" in kinds else []
    paths = []
    for kind in sorted(kinds, key=KINDS.index):
        path = out / f"detector_{kind}.tflite"
        about = description(kind, width, height, threshold, min(threshold, low_threshold))
        if refiner is not None:
            name = refiner_name(kind)
            copy_model(refiner[0] / name, out)
            about |= {"refiner": name, "propose": refiner[1]}
        write(convert(exported / "saved_model", kind, samples), path, about)
        paths.append(path)
    return paths


def input_size(saved_model: Path) -> tuple[int, int]:
    """Return (width, height) in pixels of the input of an exported network.

    Raises:
        MissingError: there is no exported network.
    """
    if not (saved_model / "saved_model.pb").is_file():
        raise MissingError(f"{saved_model} holds no SavedModel", "run `autovelox-convert export` first")
    signature = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    _, height, width, _ = next(iter(signature.structured_input_signature[1].values())).shape
    return int(width), int(height)


def write(model: bytes, path: Path, description: dict[str, Any]) -> None:
    """Write the model, its description beside it, and the checksums of both into the folder's list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model)
    about = path.with_suffix(".json")
    about.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    write_list(path.parent, (path.name, about.name))


def refiner_name(kind: str) -> str:
    """Return the name of the file of the refiner for a detector of this kind."""
    return f"refiner_{'float32' if kind.startswith('float') else 'int8'}.tflite"


def copy_model(path: Path, folder: Path) -> None:
    """Copy a model and its description into another folder, and enter both in that folder's list.

    Raises:
        MissingError: there is no such model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in (path, path.with_suffix(".json")):
        if not file.is_file():
            raise MissingError(f"{file} does not exist", "make it with `autovelox-convert refiner export`")
        if file.parent.resolve() != folder.resolve():
            shutil.copy(file, folder)
    write_list(folder, (path.name, path.with_suffix(".json").name))


def description(kind: str, width: int, height: int, threshold: float, low_threshold: float) -> dict[str, Any]:
    """Return what the unit needs to know of a model, apart from its checksum."""
    return {
        "kind": kind,
        "input": [height, width],
        "labels": ["plate"],
        "threshold": threshold,
        "low_threshold": low_threshold,
        "preprocessing": "RGB, letterboxed in the middle of grey 114, -1 to 1 (int8: pixels 0 to 255 as they are)",
    }
