"""The options of the command line that name labelled photos."""

from __future__ import annotations

import argparse
from pathlib import Path

from converter.errors import ConverterError, MissingError
from converter.labels.corrections import apply_corrections
from converter.labels.formats import READERS
from converter.labels.photo import Photo


def add_labels(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Add the options to *parser*; ``--labels`` has to be given where it is *required*."""
    group = parser.add_argument_group("labelled photos")
    group.add_argument(
        "--labels", type=Path, required=required, help="CSV or COCO file, or folder of VOC or YOLO files"
    )
    group.add_argument("--images", type=Path, help="folder of the photos (default: beside the labels)")
    group.add_argument("--format", choices=sorted(READERS), default="csv", help="of the labels (default: csv)")
    group.add_argument("--use", metavar="WORD", help="csv: only rows whose column `use` says this, e.g. train")
    group.add_argument(
        "--corrections",
        type=Path,
        action="append",
        default=[],
        metavar="CSV",
        help="boxes corrected by eye (repeatable)",
    )


def labelled_photos(arguments: argparse.Namespace) -> list[Photo]:
    """Return the photos that the options name, with all corrections.

    Raises:
        MissingError: the labels or the folder of the photos are not there.
        LabelError: a label cannot be.
        ConverterError: the options contradict each other, or name no photo.
    """
    labels: Path = arguments.labels
    if not labels.exists():
        raise MissingError(f"{labels} does not exist", "give the label file or folder with --labels")
    images: Path = arguments.images or (labels if labels.is_dir() else labels.parent)
    if not images.is_dir():
        raise MissingError(f"{images} is no folder", "give the folder of the photos with --images")
    if arguments.use is not None and arguments.format != "csv":
        raise ConverterError("only --format csv has a column `use`", "leave --use out")
    extra = {"use": arguments.use} if arguments.format == "csv" else {}
    photos = READERS[arguments.format](labels, images, **extra)
    for path in arguments.corrections:
        photos = apply_corrections(photos, path)
    if not photos:
        cause = f"{labels} names no photo{f' for {arguments.use}' if arguments.use else ''}"
        raise ConverterError(cause, "give another label file, or another --use")
    return photos
