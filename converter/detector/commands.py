"""``autovelox-convert dataset|train|export|quantize``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converter.arguments import (
    Subparsers,
    command,
    factor,
    need_tensorflow,
    picture,
    positive,
    probability,
    rate,
    share,
    size,
)
from converter.detector import dataset as data
from converter.errors import ConverterError
from converter.labels import photo_table, read_split
from converter.labels.options import add_labels, labelled_photos
from converter.measure import contact_sheet
from converter.measure.evaluate import cost_table
from converter.measure.evaluate import evaluate as measure
from converter.synth import Recipe

KINDS = ("float32", "float16", "dynamic", "int8")


def add_parsers(subparsers: Subparsers) -> None:
    """Add the commands to *subparsers*; each sets ``run`` to a function of the arguments."""
    for add in (_add_dataset, _add_train, _add_export, _add_quantize):
        add(subparsers)


def _add_dataset(subparsers: Subparsers) -> None:
    new = command(
        subparsers,
        "dataset",
        "labelled photos into training scenes (TFRecords)",
        "--labels boxes.csv --images images --use train --out build/dataset --preview build/scenes.jpg",
    )
    add_labels(new, required=True)
    new.add_argument("--out", type=Path, required=True, help="folder of the data set")
    new.add_argument("--scenes", type=positive, default=8000, help="training scenes to make (default: 8000)")
    new.add_argument("--size", type=size, default=(320, 320), metavar="WxH", help="of a scene (default: 320x320)")
    new.add_argument("--validation-share", type=share, default=0.05, help="photos kept for validation (default: 0.05)")
    new.add_argument(
        "--squeezed",
        type=factor,
        action="append",
        default=[],
        metavar="SOURCE=FACTOR",
        help="photos of this source were squeezed sideways, by up to this factor (repeatable)",
    )
    new.add_argument("--fonts", type=Path, nargs="+", default=[], help="folders searched for fonts")
    new.add_argument("--seed", type=int, default=1, help="same seed, same scenes (default: 1)")
    new.add_argument("--preview", type=picture, metavar="FILE", help="contact sheet of scenes with their boxes")
    new.set_defaults(run=_dataset)


def _dataset(arguments: argparse.Namespace) -> None:
    need_tensorflow()
    photos = labelled_photos(arguments)
    sys.stdout.write(photo_table(photos) + "\n")
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
        contact_sheet(cells, arguments.preview)


def _add_train(subparsers: Subparsers) -> None:
    new = command(
        subparsers,
        "train",
        "train the detector on a data set",
        "--dataset build/dataset --out build/training --steps 6000",
    )
    new.add_argument("--dataset", type=Path, required=True, help="folder made by `dataset`")
    new.add_argument("--out", type=Path, required=True, help="checkpoints and logs; a training there is continued")
    new.add_argument("--steps", type=positive, default=6000, help="training steps in all (default: 6000)")
    new.add_argument("--batch", type=positive, default=8, help="scenes a step (default: 8)")
    new.add_argument("--rate", type=rate, default=0.02, help="peak learning rate (default: 0.02)")
    new.add_argument("--size", type=size, default=(320, 320), metavar="WxH", help="network input (default: 320x320)")
    new.add_argument("--tfjs", type=Path, metavar="DIR", help="TensorFlow.js COCO weights to start from")
    new.add_argument(
        "--start", type=Path, metavar="DIR", help="a training or a network to start from, with a fresh schedule"
    )
    new.add_argument(
        "--freeze", type=int, default=0, metavar="BLOCKS", help="of the backbone that keep their starting weights"
    )
    new.add_argument("--threads", type=positive, default=2, help="cores to use (default: 2)")
    new.add_argument("--checkpoint-every", type=positive, default=500, metavar="STEPS", help="default: 500")
    new.set_defaults(run=_train)


def _train(arguments: argparse.Namespace) -> None:
    need_tensorflow()
    from converter.detector import pipeline
    from converter.detector import train as training

    if arguments.tfjs and arguments.start:
        raise ConverterError("there are two starting points", "give --tfjs or --start, not both")
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


def _add_export(subparsers: Subparsers) -> None:
    new = command(
        subparsers,
        "export",
        "write the newest checkpoint as SavedModel",
        "--training build/training --out build/export",
    )
    new.add_argument("--training", type=Path, required=True, help="folder made by `train`")
    new.add_argument("--out", type=Path, required=True, help="folder for the SavedModel")
    new.add_argument(
        "--size", type=size, default=(512, 384), metavar="WxH", help="input of the unit (default: 512x384)"
    )
    new.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> None:
    need_tensorflow()
    from converter.detector import export as exporting

    width, height = arguments.size
    written = exporting.export(arguments.training, arguments.out, width=width, height=height)
    sys.stdout.write(f"{written}\n")


def _add_quantize(subparsers: Subparsers) -> None:
    new = command(
        subparsers,
        "quantize",
        "write TFLite files and say what each costs",
        "--export build/export --dataset build/dataset --out build/tflite",
    )
    new.add_argument("--export", type=Path, required=True, help="folder made by `export`")
    new.add_argument("--dataset", type=Path, required=True, help="folder made by `dataset`: representative photos")
    new.add_argument("--out", type=Path, required=True, help="folder for the .tflite files")
    new.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="default: all")
    new.add_argument("--samples", type=positive, default=150, help="representative photos (default: 150)")
    new.add_argument(
        "--threshold", type=probability, default=0.4, help="working threshold to write down (default: 0.4)"
    )
    new.add_argument(
        "--low-threshold",
        "--doubtful",
        type=probability,
        default=0.15,
        help="least confidence that the reader may confirm (default: 0.15)",
    )
    new.add_argument(
        "--refiner", type=Path, metavar="DIR", help="folder made by `refiner export`: the detectors get a second look"
    )
    new.add_argument(
        "--propose", type=probability, default=0.08, help="least confidence of what gets one (default: 0.08)"
    )
    new.add_argument("--height-min", type=float, default=10.0, metavar="PX", help="plates less high do not count")
    add_labels(new, required=False)
    new.set_defaults(run=_quantize)


def _quantize(arguments: argparse.Namespace) -> None:
    need_tensorflow()
    from converter.detector import quantize as quantizing

    photos = read_split(arguments.dataset, "training")
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
    tests = labelled_photos(arguments) if arguments.labels else read_split(arguments.dataset, "validation")
    if not tests:
        sys.stdout.write("There are no validation photos, so nothing was measured; see --labels.\n")
        return
    evaluations = measure(paths, tests, height_min=arguments.height_min)
    sys.stdout.write(cost_table(evaluations) + "\n")
