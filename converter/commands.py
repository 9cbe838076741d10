"""What each subcommand of `autovelox-convert` does with its arguments."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from converter import dataset as data
from converter.acceptance import acceptance_table
from converter.corrections import apply_corrections
from converter.errors import ConverterError, MissingError
from converter.evaluate import FLOOR, cost_table, mistakes_sheet, plot_curves, report
from converter.evaluate import evaluate as measure
from converter.labels import Photo
from converter.scene import Recipe

KINDS = ("float32", "float16", "dynamic", "int8")


def read_labels(arguments: argparse.Namespace) -> list[Photo]:
    """The photos that the label options name."""
    labels: Path = arguments.labels
    if not labels.exists():
        raise MissingError(f"{labels} does not exist; --labels names the label file or folder.")
    images: Path = arguments.images or (labels if labels.is_dir() else labels.parent)
    if not images.is_dir():
        raise MissingError(f"{images} is no folder; --images names the folder of the photos.")
    if arguments.use is not None and arguments.format != "csv":
        raise ConverterError("--use belongs to --format csv; the other formats have no such column.")
    extra = {"use": arguments.use} if arguments.format == "csv" else {}
    photos = data.READERS[arguments.format](labels, images, **extra)
    for path in arguments.corrections:
        photos = apply_corrections(photos, path)
    if not photos:
        raise ConverterError(f"{labels} names no photo{f' for {arguments.use}' if arguments.use else ''}.")
    return photos


def need_tensorflow() -> None:
    """Refuses, with what to do, where TensorFlow is not installed."""
    if importlib.util.find_spec("tensorflow") is None or importlib.util.find_spec("object_detection") is None:
        raise MissingError("This command needs the converter's environment; run `make converter` and use its command.")


def need_reader() -> None:
    """Refuses, with what to do, where the reader's packages are not installed."""
    if importlib.util.find_spec("easyocr") is None:
        raise MissingError("This command needs the unit's environment; run `make install` and use its command.")


def dataset(arguments: argparse.Namespace) -> None:
    """Subcommand dataset."""
    need_tensorflow()
    photos = read_labels(arguments)
    sys.stdout.write(data.table(photos) + "\n")
    width, height = arguments.size
    widths = (16.0, 0.8 * min(width, height))
    recipe = Recipe(width=width, height=height, plate_px=widths, squeezed=dict(arguments.squeezed))
    cells = data.build(
        photos,
        arguments.out,
        recipe,
        scenes=arguments.scenes,
        share=arguments.validation_share,
        seed=arguments.seed,
        fonts=arguments.fonts,
    )
    if arguments.preview:
        data.preview(cells, arguments.preview)


def train(arguments: argparse.Namespace) -> None:
    """Subcommand train."""
    need_tensorflow()
    from converter import pipeline
    from converter import train as training

    if arguments.tfjs and arguments.start:
        raise ConverterError("Give --tfjs or --start, not both.")
    width, height = arguments.size
    plan = pipeline.Plan(
        records=arguments.dataset / data.RECORDS,
        label_map=arguments.dataset / data.LABEL_MAP,
        steps=arguments.steps,
        batch=arguments.batch,
        rate=arguments.rate,
        width=width,
        height=height,
        frozen=arguments.freeze,
    )
    training.train(
        plan,
        arguments.out,
        tfjs=arguments.tfjs,
        earlier=arguments.start,
        threads=arguments.threads,
        checkpoint_every=arguments.checkpoint_every,
    )


def export(arguments: argparse.Namespace) -> None:
    """Subcommand export."""
    need_tensorflow()
    from converter import export as exporting

    width, height = arguments.size
    written = exporting.export(arguments.training, arguments.out, width=width, height=height)
    sys.stdout.write(f"{written}\n")


def quantize(arguments: argparse.Namespace) -> None:
    """Subcommand quantize."""
    need_tensorflow()
    from converter import quantize as quantizing

    photos = data.read_manifest(arguments.dataset, "training")
    paths = quantizing.quantize(
        arguments.export,
        arguments.out,
        photos,
        kinds=arguments.kinds,
        count=arguments.samples,
        threshold=arguments.threshold,
        low_threshold=arguments.low_threshold,
        refiner=None if arguments.refiner is None else (arguments.refiner, arguments.propose),
    )
    tests = read_labels(arguments) if arguments.labels else data.read_manifest(arguments.dataset, "validation")
    if not tests:
        sys.stdout.write("There are no validation photos, so nothing was measured; see --labels.\n")
        return
    evaluations = measure(paths, tests, height_min=arguments.height_min)
    sys.stdout.write(cost_table(evaluations) + "\n")


def evaluate(arguments: argparse.Namespace) -> int:
    """Subcommand evaluate; 1 if --table was asked for and a figure is not reached."""
    if (arguments.labels is None) == (arguments.dataset is None):
        raise ConverterError("Say what to measure on: either --labels or --dataset.")
    if arguments.table and len(arguments.models) != 2:
        raise ConverterError("--table needs two models: the int8 one, then its float32 twin.")
    if arguments.threshold is not None and arguments.threshold < FLOOR:
        raise ConverterError(f"--threshold {arguments.threshold:g}: what is less sure than {FLOOR:g} is not measured.")
    if arguments.read:
        need_reader()
    if arguments.plot and importlib.util.find_spec("matplotlib") is None:
        raise MissingError("--plot needs matplotlib; use the converter's environment (`make converter`).")
    photos = read_labels(arguments) if arguments.labels else data.read_manifest(arguments.dataset, "validation")
    evaluations = measure(arguments.models, photos, height_min=arguments.height_min, threshold=arguments.threshold)
    sys.stdout.write("\n\n".join(report(entry) for entry in evaluations) + "\n")
    if len(evaluations) > 1:
        sys.stdout.write("\n" + cost_table(evaluations) + "\n")
    reached = True
    if arguments.table:
        text, reached = acceptance_table(evaluations, photos)
        sys.stdout.write("\n" + text + "\n")
    if arguments.read:
        from converter.together import together

        sys.stdout.write("\n" + together(arguments.read, photos, height_min=arguments.height_min) + "\n")
    if arguments.mistakes:
        count = mistakes_sheet(evaluations[0], photos, arguments.mistakes)
        sys.stdout.write(f"{count} photos with a mistake: {arguments.mistakes}\n")
    if arguments.plot:
        plot_curves(evaluations, arguments.plot)
    return 0 if reached else 1
