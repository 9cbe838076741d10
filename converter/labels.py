"""Photos and their plate boxes, read from our CSV, Pascal VOC, YOLO or COCO, and checked.

Boxes are pixels of the photo, (x1, y1) top left, (x2, y2) bottom right, floats. A box that cannot be (inverted,
outside of the photo, not a number) is refused with file and line; a box that sticks out by a few pixels is clipped.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from converter.errors import ConverterError, LabelError

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


def checked(box: PlateBox, width: int, height: int, path: Path, line: int) -> PlateBox:
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


def _photo_size(path: Path, label: Path, line: int) -> tuple[int, int]:
    try:
        with Image.open(path) as photo:
            return photo.size
    except FileNotFoundError:
        raise LabelError(label, line, f"the photo {path} does not exist.") from None
    except OSError:
        raise LabelError(label, line, f"the photo {path} cannot be read as a picture.") from None


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
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        missing = {"file", "x1", "y1", "x2", "y2"} - set(reader.fieldnames or ())
        if missing:
            raise LabelError(path, 1, f"the column(s) {', '.join(sorted(missing))} are missing.")
        for row in reader:
            line = reader.line_num
            if use is not None and row.get("use") != use:
                continue
            name = row["file"]
            if name not in photos:
                width, height = _photo_size(images / name, path, line)
                photos[name] = Photo(images / name, width, height, row.get("source") or "", row.get("origin") or "")
            photo = photos[name]
            x1, y1, x2, y2 = (_number(row[key], path, line, key) for key in ("x1", "y1", "x2", "y2"))
            box = checked(PlateBox(x1, y1, x2, y2, row.get("text") or ""), photo.width, photo.height, path, line)
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
        for number, element in enumerate(root.iter("object"), start=1):
            x1, y1, x2, y2 = (
                _number(element.findtext(f"bndbox/{key}"), path, number, f"object {number}: {key}")
                for key in ("xmin", "ymin", "xmax", "ymax")
            )
            boxes.append(checked(PlateBox(x1, y1, x2, y2), width, height, path, number))
        photos.append(Photo(file, width, height, folder.name, boxes=tuple(boxes)))
    return photos


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
    """COCO: one JSON; `annotations[].bbox` is [x, y, width, height] in pixels."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise LabelError(path, error.lineno, f"this is not JSON: {error.msg}.") from None
    if not isinstance(tree, dict) or not {"images", "annotations"} <= tree.keys():
        raise LabelError(path, 1, "the keys `images` and `annotations` are needed.")
    photos: dict[int, Photo] = {}
    for entry in tree["images"]:
        file = images / str(entry["file_name"])
        width, height = _photo_size(file, path, 1)
        photos[int(entry["id"])] = Photo(file, width, height, path.stem)
    for number, entry in enumerate(tree["annotations"], start=1):
        photo = photos.get(int(entry["image_id"]))
        if photo is None:
            raise LabelError(path, number, f"annotation {number} names image {entry['image_id']}, which is not listed.")
        x, y, w, h = (float(v) for v in entry["bbox"])
        box = checked(PlateBox(x, y, x + w, y + h), photo.width, photo.height, path, number)
        photos[int(entry["image_id"])] = replace(photo, boxes=(*photo.boxes, box))
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
