"""Photos and their plate boxes, read from our CSV, Pascal VOC, YOLO or COCO, and checked.

Boxes are pixels of the photo, (x1, y1) top left, (x2, y2) bottom right, floats. A box that cannot be (inverted,
outside of the photo, not a number) is refused with file and line; a box that sticks out by a few pixels is clipped.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from PIL import Image

from converter.errors import ConverterError, LabelError
from edge.vision.images import upright_size

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_OVERHANG_PX = 3.0
"""Labelling tools round outwards; more than this is a mistake and not a rounding."""


@dataclass(frozen=True, slots=True)
class PlateBox:
    """One plate: box in pixels, its text where known, and whether it is one to learn from."""

    x1: float
    y1: float
    x2: float
    y2: float
    text: str = ""
    ignore: bool = False

    @property
    def width(self) -> float:
        """Pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        """Pixels."""
        return self.y2 - self.y1


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo, its size in pixels, where it comes from, and its plates.

    `origin` is the name that it had where it comes from: augmented copies and frames of one clip show in it.
    """

    path: Path
    width: int
    height: int
    source: str = ""
    origin: str = ""
    boxes: tuple[PlateBox, ...] = field(default=())


def checked(box: PlateBox, width: int, height: int, path: Path, line: int | str) -> PlateBox:
    """The box clipped to the photo.

    Raises:
        LabelError: the box is not finite, inverted, or further outside of the photo than rounding explains.
    """
    corners = (box.x1, box.y1, box.x2, box.y2)
    shown = ", ".join(f"{c:g}" for c in corners)
    if not all(math.isfinite(c) for c in corners):
        raise LabelError(path, line, f"the box ({shown}) has a coordinate that is no number.")
    if box.x2 <= box.x1 or box.y2 <= box.y1:
        raise LabelError(path, line, f"the box ({shown}) is empty or inverted; x1 < x2 and y1 < y2 are needed.")
    low, right, bottom = -_OVERHANG_PX, width + _OVERHANG_PX, height + _OVERHANG_PX
    if box.x1 < low or box.y1 < low or box.x2 > right or box.y2 > bottom:
        raise LabelError(path, line, f"the box ({shown}) lies outside of its photo of {width}x{height} pixels.")
    return replace(
        box, x1=max(0.0, box.x1), y1=max(0.0, box.y1), x2=min(float(width), box.x2), y2=min(float(height), box.y2)
    )


def _number(text: str | None, path: Path, line: int, name: str) -> float:
    try:
        return float(text or "")
    except ValueError:
        raise LabelError(path, line, f"{name} is {text!r}; a number is needed.") from None


def _photo_size(path: Path, label: Path, line: int | str) -> tuple[int, int]:
    """Width and height of the upright photo: what the boxes are drawn on."""
    try:
        with Image.open(path) as photo:
            return upright_size(photo)
    except FileNotFoundError:
        raise LabelError(label, line, f"the photo {path} does not exist.") from None
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError):
        raise LabelError(label, line, f"the photo {path} cannot be read as a picture.") from None


def csv_rows(path: Path, needed: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV file in UTF-8 with their line numbers; what a short row lacks is empty.

    Raises:
        LabelError: a column that is needed is missing, or the file is no such text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LabelError(path, 1, "this is not text in UTF-8; save it as such.") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = set(needed) - set(reader.fieldnames or ())
        if missing:
            raise LabelError(path, 1, f"the column(s) {', '.join(sorted(missing))} are missing.")
        for row in reader:
            yield reader.line_num, {key: value or "" for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise LabelError(path, reader.line_num, f"this is not CSV: {error}.") from None


def read_csv(path: Path, images: Path, *, use: str | None = None) -> list[Photo]:
    """Our CSV: columns file, x1, y1, x2, y2 and, optional, text, source, use, origin.

    Args:
        path: the CSV file.
        images: folder of the photos that it names.
        use: keep only the rows whose column `use` says this.

    Raises:
        LabelError: a row or a photo cannot be.
    """
    photos: dict[str, Photo] = {}
    for line, row in csv_rows(path, ("file", "x1", "y1", "x2", "y2")):
        if use is not None and row.get("use") != use:
            continue
        name = row["file"]
        if name not in photos:
            width, height = _photo_size(images / name, path, line)
            photos[name] = Photo(images / name, width, height, row.get("source", ""), row.get("origin", ""))
        photo = photos[name]
        x1, y1, x2, y2 = (_number(row[key], path, line, key) for key in ("x1", "y1", "x2", "y2"))
        box = checked(PlateBox(x1, y1, x2, y2, row.get("text", "")), photo.width, photo.height, path, line)
        photos[name] = replace(photo, boxes=(*photo.boxes, box))
    return list(photos.values())


def read_voc(folder: Path, images: Path) -> list[Photo]:
    """Pascal VOC: one XML a photo, `object/bndbox` in pixels; every object counts as a plate."""
    photos = []
    for path in _label_files(folder, ".xml"):
        try:
            # The user's own label files; expat refuses entity bombs by itself.
            root = ElementTree.parse(path).getroot()  # noqa: S314
        except ElementTree.ParseError as error:
            raise LabelError(path, error.position[0], "this is not well-formed XML.") from None
        name = root.findtext("filename") or path.stem
        file = _find_photo(images, Path(name).name, path)
        width, height = _photo_size(file, path, 1)
        boxes = []
        for line, element in zip(_object_lines(path), root.iter("object"), strict=True):
            x1, y1, x2, y2 = (
                _number(element.findtext(f"bndbox/{key}"), path, line, key) for key in ("xmin", "ymin", "xmax", "ymax")
            )
            boxes.append(checked(PlateBox(x1, y1, x2, y2), width, height, path, line))
        photos.append(Photo(file, width, height, folder.name, boxes=tuple(boxes)))
    return photos


def _object_lines(path: Path) -> list[int]:
    """The lines on which the objects of a well-formed VOC file begin."""
    lines: list[int] = []
    parser = expat.ParserCreate()

    def begin(name: str, _: Any) -> None:
        if name == "object":
            lines.append(parser.CurrentLineNumber)

    parser.StartElementHandler = begin
    parser.Parse(path.read_bytes(), True)
    return lines


def read_yolo(folder: Path, images: Path) -> list[Photo]:
    """YOLO: one text a photo, lines `class cx cy w h` as fractions of the photo's size."""
    photos = []
    for path in _label_files(folder, ".txt"):
        if path.name == "classes.txt":
            continue
        file = _find_photo(images, path.stem, path)
        width, height = _photo_size(file, path, 1)
        boxes = []
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            parts = text.split()
            if not parts:
                continue
            if len(parts) < 5:
                raise LabelError(path, line, f"{len(parts)} fields; `class cx cy w h` are needed.")
            cx, cy, w, h = (_number(part, path, line, "a coordinate") for part in parts[1:5])
            box = PlateBox((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)
            boxes.append(checked(box, width, height, path, line))
        photos.append(Photo(file, width, height, folder.name, boxes=tuple(boxes)))
    return photos


def read_coco(path: Path, images: Path) -> list[Photo]:
    """COCO: one JSON; `annotations[].bbox` is [x, y, width, height] in pixels. Images and annotations are counted."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise LabelError(path, error.lineno, f"this is not JSON: {error.msg}.") from None
    except UnicodeDecodeError:
        raise LabelError(path, 1, "this is not text in UTF-8; save it as such.") from None
    if not isinstance(tree, dict) or not all(isinstance(tree.get(key), list) for key in ("images", "annotations")):
        raise LabelError(path, 1, "the lists `images` and `annotations` are needed.")
    photos: dict[int, Photo] = {}
    for number, entry in enumerate(tree["images"], start=1):
        place = f"image {number}"
        try:
            key, file = int(entry["id"]), images / str(entry["file_name"])
        except (KeyError, TypeError, ValueError):
            raise LabelError(path, place, "a number as `id` and a `file_name` are needed.") from None
        width, height = _photo_size(file, path, place)
        photos[key] = Photo(file, width, height, path.stem)
    for number, entry in enumerate(tree["annotations"], start=1):
        place = f"annotation {number}"
        try:
            key = int(entry["image_id"])
            x, y, w, h = (float(side) for side in entry["bbox"])
        except (KeyError, TypeError, ValueError):
            raise LabelError(
                path, place, "a number as `image_id` and a `bbox` of [x, y, width, height] are needed."
            ) from None
        if key not in photos:
            raise LabelError(path, place, f"it names image {key}, which is not listed.")
        photo = photos[key]
        box = checked(PlateBox(x, y, x + w, y + h), photo.width, photo.height, path, place)
        photos[key] = replace(photo, boxes=(*photo.boxes, box))
    return list(photos.values())


def _label_files(folder: Path, suffix: str) -> Iterator[Path]:
    files = sorted(folder.glob(f"*{suffix}"))
    if not files:
        raise ConverterError(f"{folder} holds no {suffix} file; give the folder that holds the labels.")
    yield from files


def _find_photo(images: Path, name: str, label: Path) -> Path:
    candidates: Iterable[Path] = [images / name, *(images / f"{Path(name).stem}{s}" for s in IMAGE_SUFFIXES)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise LabelError(label, 1, f"its photo {name} is not in {images}.")
