"""Label files in four formats: the project's CSV, Pascal VOC, YOLO and COCO.

A box that cannot be (inverted, outside of the photo, not a number) is refused with file and line; a box that sticks
out of its photo by a few pixels is clipped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from converter.errors import LabelError, MissingError
from converter.labels.photo import Photo, PlateBox, checked, photo_size
from converter.labels.tables import CORNERS, corners, csv_rows, parse_number

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


def read_csv(path: Path, images: Path, *, use: str | None = None) -> list[Photo]:
    """Read the project's CSV: columns file, x1, y1, x2, y2 and, optional, text, source, use, origin.

    Args:
        path: the CSV file.
        images: folder of the photos that it names.
        use: keep only the rows whose column ``use`` says this.

    Raises:
        LabelError: a row or a photo cannot be.
    """
    photos: dict[str, Photo] = {}
    for line, row in csv_rows(path, ("file", *CORNERS)):
        if use is not None and row.get("use") != use:
            continue
        name = row["file"]
        if name not in photos:
            width, height = photo_size(images / name, path, line)
            photos[name] = Photo(images / name, width, height, row.get("source", ""), row.get("origin", ""))
        photo = photos[name]
        box = PlateBox(*corners(row, path, line), row.get("text", ""))
        box = checked(box, photo.width, photo.height, path, line)
        photos[name] = replace(photo, boxes=(*photo.boxes, box))
    return list(photos.values())


def read_voc(folder: Path, images: Path) -> list[Photo]:
    """Read Pascal VOC: one XML file a photo, ``object/bndbox`` in pixels; every object counts as a plate.

    Raises:
        LabelError: a file or a photo cannot be.
        MissingError: *folder* holds no label file.
    """
    photos = []
    for path in _label_files(folder, ".xml"):
        try:
            # The user's own label files; expat refuses entity bombs by itself.
            root = ElementTree.parse(path).getroot()  # noqa: S314
        except ElementTree.ParseError as error:
            raise LabelError(
                path, error.position[0], "this is not well-formed XML", "save the file as XML again"
            ) from None
        name = root.findtext("filename") or path.stem
        file = _find_photo(images, Path(name).name, path)
        width, height = photo_size(file, path, 1)
        boxes = []
        for line, element in zip(_object_lines(path), root.iter("object"), strict=True):
            x1, y1, x2, y2 = (
                parse_number(element.findtext(f"bndbox/{key}"), path, line, key)
                for key in ("xmin", "ymin", "xmax", "ymax")
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
    """Read YOLO: one text file a photo, lines ``class cx cy w h`` as fractions of the photo's size.

    Raises:
        LabelError: a line or a photo cannot be.
        MissingError: *folder* holds no label file.
    """
    photos = []
    for path in _label_files(folder, ".txt"):
        if path.name == "classes.txt":
            continue
        file = _find_photo(images, path.stem, path)
        width, height = photo_size(file, path, 1)
        boxes = []
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            parts = text.split()
            if not parts:
                continue
            if len(parts) < 5:
                raise LabelError(path, line, f"{len(parts)} fields", "write `class cx cy w h`")
            cx, cy, w, h = (parse_number(part, path, line, "a coordinate") for part in parts[1:5])
            box = PlateBox((cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height)
            boxes.append(checked(box, width, height, path, line))
        photos.append(Photo(file, width, height, folder.name, boxes=tuple(boxes)))
    return photos


def read_coco(path: Path, images: Path) -> list[Photo]:
    """Read COCO: one JSON file; ``annotations[].bbox`` is [x, y, width, height] in pixels.

    Messages count images and annotations from 1.

    Raises:
        LabelError: an entry or a photo cannot be.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise LabelError(path, error.lineno, f"this is not JSON ({error.msg})", "save the file as JSON again") from None
    except UnicodeDecodeError:
        raise LabelError(path, 1, "this is not text in UTF-8", "save the file in UTF-8") from None
    if not isinstance(tree, dict) or not all(isinstance(tree.get(key), list) for key in ("images", "annotations")):
        raise LabelError(path, 1, "a list is missing", "write the lists `images` and `annotations`")
    photos: dict[int, Photo] = {}
    for count, entry in enumerate(tree["images"], start=1):
        place = f"image {count}"
        try:
            key, file = int(entry["id"]), images / str(entry["file_name"])
        except (KeyError, TypeError, ValueError):
            raise LabelError(
                path, place, "a field is missing or no number", "give a number as `id` and a `file_name`"
            ) from None
        width, height = photo_size(file, path, place)
        photos[key] = Photo(file, width, height, path.stem)
    for count, entry in enumerate(tree["annotations"], start=1):
        place = f"annotation {count}"
        try:
            key = int(entry["image_id"])
            x, y, w, h = (float(side) for side in entry["bbox"])
        except (KeyError, TypeError, ValueError):
            remedy = "give a number as `image_id` and a `bbox` of [x, y, width, height]"
            raise LabelError(path, place, "a field is missing or no number", remedy) from None
        if key not in photos:
            raise LabelError(path, place, f"it names image {key}, which is not listed", "add it to `images`")
        photo = photos[key]
        box = checked(PlateBox(x, y, x + w, y + h), photo.width, photo.height, path, place)
        photos[key] = replace(photo, boxes=(*photo.boxes, box))
    return list(photos.values())


def _label_files(folder: Path, suffix: str) -> Iterator[Path]:
    files = sorted(folder.glob(f"*{suffix}"))
    if not files:
        raise MissingError(f"{folder} holds no {suffix} file", "give the folder of the labels")
    yield from files


def _find_photo(images: Path, name: str, label: Path) -> Path:
    candidates: Iterable[Path] = [images / name, *(images / f"{Path(name).stem}{s}" for s in IMAGE_SUFFIXES)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise LabelError(label, 1, f"its photo {name} is not in {images}", "give the folder with --images")


READERS: dict[str, Callable[..., list[Photo]]] = {
    "csv": read_csv,
    "voc": read_voc,
    "yolo": read_yolo,
    "coco": read_coco,
}
"""The formats by the name that the command line takes."""
