"""``autovelox read``: detector and reader on any photo."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from edge.config import Engine, models_dir
from edge.errors import ConfigError, EdgeError, ImageError, why
from edge.identify import ANY_FORMAT, Formats, Thresholds, best_first, judge, listed, reading
from edge.identify.origin import format_of, origin
from edge.model import ALPHABET, PhotoRead, PlateRead
from edge.terminal import say
from edge.vision.calibration import load_thresholds
from edge.vision.inputs import Picture, pictures
from edge.vision.network import installed_engine

if TYPE_CHECKING:
    from edge.vision.drawing import Album
    from edge.vision.pipeline import Recogniser

Report = dict[str, object]

CSV_PLATE = ("text", "confidence", "country", "format", "left", "top", "right", "bottom", "detection_confidence")
CSV_HEADER = ("file", "second", *CSV_PLATE, "error")


def add_commands(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``read``."""
    parser = subparsers.add_parser(
        "read",
        help="find and read the plates of photos",
        description="Find and read the plates of photos, folders of photos, and videos.",
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="a photo, a video, or a folder of them")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line and photo")
    form.add_argument("--csv", action="store_true", help="comma-separated values, one plate a line, with a header")
    parser.add_argument(
        "--save", type=Path, metavar="DIR", help="a new folder for copies with boxes and texts drawn in"
    )
    parser.add_argument(
        "--every",
        type=_seconds,
        default=1.0,
        metavar="S",
        help="of a video, a frame all S seconds (default %(default)s)",
    )
    parser.add_argument("--all", action="store_true", help="scraps of text and badges too, not plates alone")
    parser.add_argument("--against", type=Path, metavar="FILE", help="claimed plates, one a line: adds the verdict")
    parser.add_argument(
        "--countries",
        metavar="CC[,CC]",
        help="where the cars come from (IT,SI,AT): their plates' formats help to read (default: any known format)",
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of the models")
    parser.add_argument(
        "--engine",
        choices=get_args(Engine),
        help="what runs the reader (default: EasyOCR where it is installed, else LiteRT)",
    )
    parser.set_defaults(run=read)


def read(args: argparse.Namespace) -> int:
    """Print what is read in each photo, in the order given; 1 if any could not be read."""
    from edge.vision.pipeline import Recogniser  # takes seconds to import

    claims = load_claims(args.against) if args.against else None
    formats = Formats(args.countries.upper().split(",")) if args.countries else ANY_FORMAT
    folder = models_dir(args.models)
    thresholds = load_thresholds(folder)
    recogniser = Recogniser(folder, args.engine or installed_engine())
    failed = False
    shown = best_first if args.all else listed
    album = _album(args.save)
    if args.csv:
        say(_csv(CSV_HEADER))
    for report in _reports(recogniser, pictures(args.photos, args.every), claims, thresholds, formats, shown, album):
        failed = failed or "error" in report
        if args.csv:
            say(*(_csv(row) for row in _rows(report)))
        elif args.json:
            say(json.dumps(report))
        elif "error" not in report:  # that was said on standard error
            say(_sentence(report))
    return int(failed)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 3600:
        raise argparse.ArgumentTypeError("choose 0.01 to 3600 seconds")
    return value


def _album(folder: Path | None) -> Album | None:
    if folder is None:
        return None
    from edge.vision.drawing import Album  # loads Pillow

    return Album(folder)


def _csv(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _rows(report: Report) -> Iterator[Sequence[object]]:
    """A row for each plate; a photo without one, or with an error, has a row as well."""
    at = report.get("second", "")
    plates = report.get("plates")
    for plate in plates if isinstance(plates, list) else ():
        country = plate["country"]["code"] if plate["country"] else ""
        known = (plate["text"], plate["confidence"], country, plate["format"] or "", *plate["box"])
        yield (report["file"], at, *known, plate["detection_confidence"], "")
    if not plates:
        yield (report["file"], at, *[""] * len(CSV_PLATE), report.get("error", ""))


def load_claims(path: Path) -> list[str]:
    """Claimed plates, one a line; spaces and dashes are dropped.

    Raises:
        ConfigError: the file cannot be read or a line is no plate.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read ({why(error)})", "check its name and permissions") from None
    plates = []
    for number, line in enumerate(lines, start=1):
        plate = line.upper().replace(" ", "").replace("-", "")
        if not plate:
            continue
        if not set(plate) <= set(ALPHABET):
            raise ConfigError(f"line {number} of {path} is no plate", "write A to Z and 0 to 9 only")
        plates.append(plate)
    return plates


def _reports(
    recogniser: Recogniser,
    given: Iterable[Picture | tuple[Path, ImageError]],
    claims: Sequence[str] | None,
    thresholds: Thresholds,
    formats: Formats,
    shown: Callable[[Sequence[PlateRead]], tuple[PlateRead, ...]],
    album: Album | None,
) -> Iterator[Report]:
    for picture in given:
        if isinstance(picture, tuple):
            file, refused = picture
            say(_refusal(file, refused), to=sys.stderr)
            yield {"file": str(file), "error": str(refused)}
            continue
        photo = picture.file
        moment: Report = {} if picture.at_s is None else {"second": round(picture.at_s, 3)}
        try:
            result = recogniser.read(picture.photo)
        except (EdgeError, OSError) as error:
            say(_refusal(photo, error), to=sys.stderr)
            yield {"file": str(photo), **moment, "error": str(error)}
            continue
        report: Report = {
            "file": str(photo),
            **moment,
            "plates": [_plate(read, formats) for read in shown(result.plates)],
        }
        report |= {"left": result.left, "upside_down": result.upside_down}
        if claims is not None:
            verdict = judge([result.plates], claims, thresholds, formats)
            report["verdict"] = {
                "outcome": str(verdict.outcome),
                "plate": verdict.plate or None,
                "probability": round(verdict.probability, 4),
            }
        report["ms"] = _milliseconds(result)
        if album is not None:
            at = "" if picture.at_s is None else f"-{picture.at_s:08.2f}s"
            album.add(picture.photo, f"{photo.stem}{at}", [_plate(read, formats) for read in shown(result.plates)])
        yield report


def _refusal(file: Path, error: Exception) -> str:
    """What is wrong with *file*, its name once."""
    return f"autovelox: {error}" if str(file) in str(error) else f"autovelox: {file}: {error}"


def _plate(read: PlateRead, formats: Formats) -> Report:
    text = reading(read, formats)
    found = origin(read.looks_from, text) if text else None
    return {
        "text": text,
        "confidence": round(read.confidence, 4),
        "country": {"code": found.code, "probability": round(found.probability, 4)} if found else None,
        "format": format_of(text, found.code if found else None) if text else None,
        "box": [round(edge, 1) for edge in read.detection.box],
        "detection_confidence": round(read.detection.confidence, 4),
    }


def _milliseconds(result: PhotoRead) -> Report:
    times = {"detect": result.detect_ms, "read": result.read_ms, "total": result.total_ms}
    return {name: round(value, 2) for name, value in times.items()}


def _sentence(report: Report) -> str:
    plates = report["plates"]
    assert isinstance(plates, list)
    texts = ", ".join(f"{plate['text'] or '(unreadable)'} {plate['confidence']:.0%}" for plate in plates)
    at = f" at {report['second']} s" if "second" in report else ""
    line = f"{report['file']}{at}: {texts or 'no plate'}"
    line += f" (and {report['left']} that were not read)" if report["left"] else ""
    line += " (the photo is upside down)" if report["upside_down"] else ""
    verdict = report.get("verdict")
    if isinstance(verdict, dict):
        line += f" -> {verdict['outcome']}" + (f" {verdict['plate']}" if verdict["outcome"] == "identified" else "")
        line += f" (probability {verdict['probability']:.1%})"
    return line
