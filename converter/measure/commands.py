"""``autovelox-convert evaluate``, ``reader evaluate``, ``reader sheet`` and ``reader lettering``."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from converter.arguments import Subparsers, command, need_reader, picture, probability
from converter.errors import ConverterError, MissingError
from converter.labels import read_split
from converter.labels.options import add_labels, labelled_photos
from converter.measure.acceptance import acceptance_table
from converter.measure.evaluate import FLOOR, cost_table, mistakes_sheet, report
from converter.measure.evaluate import evaluate as measure
from converter.measure.goals import goal_table
from converter.measure.plots import plot_curves


def add_parsers(subparsers: Subparsers) -> None:
    """Add the command ``evaluate`` to *subparsers*; it sets ``run`` to a function of the arguments."""
    _add_evaluate(subparsers)
    _add_photos(subparsers)


def add_reader_parsers(commands: Subparsers) -> None:
    """Add the commands that measure the reader to those of ``reader``."""
    _add_reader_evaluate(commands)
    _add_sheet(commands)
    _add_lettering(commands)


def _add_evaluate(subparsers: Subparsers) -> None:
    new = command(
        subparsers,
        "evaluate",
        "measure TFLite models on labelled photos",
        "models/detector.tflite --labels boxes.csv --images images --use measure --mistakes misses.jpg",
    )
    new.add_argument("models", type=Path, nargs="+", metavar="MODEL", help=".tflite with its .json beside it")
    new.add_argument("--dataset", type=Path, help="use the validation photos of this data set instead of --labels")
    new.add_argument("--threshold", type=probability, help="working threshold (default: the model's own)")
    new.add_argument("--height-min", type=float, default=10.0, metavar="PX", help="plates less high do not count")
    new.add_argument(
        "--read", type=Path, metavar="DIR", help="folder of all models: what detector and reader find together"
    )
    new.add_argument("--mistakes", type=picture, metavar="FILE", help="contact sheet of what the first model got wrong")
    new.add_argument("--plot", type=picture, metavar="FILE", help="precision-recall curves")
    new.add_argument("--table", action="store_true", help="the acceptance table too: int8 first, then float32")
    add_labels(new, required=False)
    new.set_defaults(run=_evaluate)


def _evaluate(arguments: argparse.Namespace) -> int:
    if (arguments.labels is None) == (arguments.dataset is None):
        raise ConverterError("it is not clear what to measure on", "give either --labels or --dataset")
    if arguments.table and len(arguments.models) != 2:
        raise ConverterError("--table needs two models", "give the int8 one, then the float32 one")
    if arguments.threshold is not None and arguments.threshold < FLOOR:
        raise ConverterError(
            f"--threshold {arguments.threshold:g} is too low",
            f"give {FLOOR:g} or more, less sure detections are not measured",
        )
    if arguments.read:
        need_reader()
    if arguments.plot and importlib.util.find_spec("matplotlib") is None:
        raise MissingError("--plot needs matplotlib", "use the converter's environment (`make converter`)")
    photos = labelled_photos(arguments) if arguments.labels else read_split(arguments.dataset, "validation")
    evaluations = measure(arguments.models, photos, height_min=arguments.height_min, threshold=arguments.threshold)
    sys.stdout.write("\n\n".join(report(entry) for entry in evaluations) + "\n")
    if len(evaluations) > 1:
        sys.stdout.write("\n" + cost_table(evaluations) + "\n")
    reached = True
    if arguments.table:
        text, reached = acceptance_table(evaluations, photos)
        sys.stdout.write("\n" + text + "\n")
    if arguments.read:
        from converter.measure.together import together

        sys.stdout.write("\n" + together(arguments.read, photos, height_min=arguments.height_min) + "\n")
    if arguments.mistakes:
        count = mistakes_sheet(evaluations[0], photos, arguments.mistakes)
        sys.stdout.write(f"{count} photos with a mistake: {arguments.mistakes}\n")
    if arguments.plot:
        plot_curves({entry.model.stem: entry.outcomes for entry in evaluations}, arguments.plot)
    return 0 if reached else 1


def _add_photos(subparsers: Subparsers) -> None:
    photos = command(
        subparsers,
        "photos",
        "measure detector and reader together on whole, tall and turned photos; exits with 1 if a figure is missed",
        "--labels boxes.csv --images images --use measure",
    )
    photos.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    photos.add_argument(
        "--float32", type=Path, default=Path("converter/shipped/detector_float32.tflite"), metavar="FILE",
        help="detector before quantization, to compare the time with",
    )  # fmt: skip
    photos.add_argument("--height-min", type=float, default=10.0, metavar="PX", help="plates less high do not count")
    add_labels(photos, required=True)
    photos.set_defaults(run=_photos)


def _photos(arguments: argparse.Namespace) -> int:
    need_reader()
    from converter.measure import whole_photos

    photos = labelled_photos(arguments)
    rows, more = whole_photos.figures(arguments.models, arguments.float32, photos, height_min=arguments.height_min)
    sys.stdout.write(f"{goal_table(rows)}\n{more}\n")
    return 0 if all(row.reached for row in rows) else 1


def _add_reader_evaluate(commands: Subparsers) -> None:
    evaluate = command(
        commands, "reader evaluate",
        "measure the shipped reader, beside english_g2 if it is installed; exits with 1 if a figure is missed",
        "--data data --errors errors.png",
    )  # fmt: skip
    evaluate.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/texts.csv")
    evaluate.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    evaluate.add_argument("--source", action="append", default=[], help="only this source (may be repeated)")
    evaluate.add_argument(
        "--errors", type=picture, default=Path("build/reader/errors.png"), help="picture of the errors"
    )
    evaluate.add_argument("--plot", type=picture, default=Path("build/reader/reliability.png"), help="reliability plot")
    evaluate.set_defaults(run=_reader_evaluate)


def _reader_evaluate(args: argparse.Namespace) -> int:
    need_reader()
    from converter.labels import load_truth
    from converter.measure import reports

    crops = load_truth(args.data, tuple(args.source))
    readers = {"autovelox": reports.ours(args.models)}
    baseline = reports.english_g2()
    if baseline is not None:
        readers["english_g2"] = baseline
    measured = reports.measure(list(readers.values()), crops)
    text, reached = reports.table(crops, list(readers), measured)
    print(text)
    if baseline is None:
        print("english_g2 is not compared: pip install -r converter/requirements-compare.txt")
    for path in (args.errors, args.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    print(reports.reliability(crops, measured[0], args.plot))
    print(f"{reports.errors_sheet(args.errors, crops, measured[0])} errors are shown in {args.errors}")
    return 0 if reached else 1


def _add_sheet(commands: Subparsers) -> None:
    sheet = command(
        commands, "reader sheet", "draw plates of the demo's feed and what is read on them", "--out plates.png"
    )
    sheet.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    sheet.add_argument("--feed", type=Path, default=Path("edge/demo/feed"), help="folder of the clips")
    sheet.add_argument("--out", type=picture, default=Path("docs/img/plates.png"), help="picture to write")
    sheet.set_defaults(run=_sheet)


def _sheet(args: argparse.Namespace) -> int:
    need_reader()
    from converter.measure.plate_sheet import draw_feed_plates

    seen, right = draw_feed_plates(args.models, args.feed, args.out)
    print(f"{right} of {seen} frames read rightly; the surest and the least sure of each clip are in {args.out}")
    return 0


def _add_lettering(commands: Subparsers) -> None:
    sheet = command(
        commands, "reader lettering", "drawn plates beside real crops, a country a row, to look at",
        "--data data --fonts fonts --countries SLO HR --out lettering.png",
    )  # fmt: skip
    sheet.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/")
    sheet.add_argument(
        "--fonts", type=Path, nargs="*", default=None, help="folders searched for fonts (default: DATA/fonts)"
    )
    sheet.add_argument(
        "--countries", nargs="+", default=[], metavar="MARK", help="as on the strips: SLO HR A; default all"
    )
    sheet.add_argument("--out", type=picture, default=Path("build/reader/lettering.png"), help="picture to write")
    sheet.set_defaults(run=_lettering)


def _lettering(arguments: argparse.Namespace) -> int:
    from converter.measure.lettering_sheet import draw_lettering

    folders = arguments.fonts if arguments.fonts is not None else [arguments.data / "fonts"]
    count = draw_lettering(arguments.data, folders, arguments.out, arguments.countries)
    print(f"{arguments.out} shows the plates of {count} countries, real ones on the left")
    return 0
