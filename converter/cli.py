"""The command `autovelox-convert`: photos in, a detector for the unit out.

TensorFlow, PyTorch and EasyOCR are imported only by the subcommands that need them: one command line, two environments.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from converter import commands
from converter.argtypes import command, factor, picture, positive, probability, rate, share, size
from converter.dataset import READERS
from converter.errors import ConverterError
from converter.reader import cli as reader_cli
from converter.refiner import cli as refiner_cli
from edge.errors import EdgeError


def _command(
    subparsers: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, example: str
) -> argparse.ArgumentParser:
    parser = command(subparsers, name, what, example)
    parser.set_defaults(run=getattr(commands, name))
    return parser


def _add_labels(parser: argparse.ArgumentParser, *, required: bool) -> None:
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


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="autovelox-convert", description="Trains, converts and measures the networks of an Autovelox unit."
    )
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    new = _command(
        subparsers,
        "dataset",
        "labelled photos into training scenes (TFRecords)",
        "--labels boxes.csv --images images --use train --out build/dataset --preview build/scenes.jpg",
    )
    _add_labels(new, required=True)
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
    new.add_argument("--fonts", type=Path, help="folder of fonts for rendered plates")
    new.add_argument("--seed", type=int, default=1, help="same seed, same scenes (default: 1)")
    new.add_argument("--preview", type=picture, metavar="FILE", help="contact sheet of scenes with their boxes")

    new = _command(
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

    new = _command(
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

    new = _command(
        subparsers,
        "quantize",
        "write TFLite files and say what each costs",
        "--export build/export --dataset build/dataset --out build/tflite",
    )
    new.add_argument("--export", type=Path, required=True, help="folder made by `export`")
    new.add_argument("--dataset", type=Path, required=True, help="folder made by `dataset`: representative photos")
    new.add_argument("--out", type=Path, required=True, help="folder for the .tflite files")
    new.add_argument("--kinds", nargs="+", choices=commands.KINDS, default=list(commands.KINDS), help="default: all")
    new.add_argument("--samples", type=positive, default=150, help="representative photos (default: 150)")
    new.add_argument(
        "--threshold", type=probability, default=0.4, help="working threshold to write down (default: 0.4)"
    )
    new.add_argument(
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
    _add_labels(new, required=False)

    new = _command(
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
    _add_labels(new, required=False)

    refiner_cli.add_parser(subparsers)
    reader_cli.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand; 0, or 1 with one sentence on stderr."""
    os.environ["PYTHONSAFEPATH"] = "1"  # what it starts imports nothing from the folder it was called in
    arguments = build_parser().parse_args(argv)
    try:
        status = arguments.run(arguments)
    except (ConverterError, EdgeError) as error:
        sys.stderr.write(f"autovelox-convert: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"autovelox-convert: {error.filename or 'a file'}: {error.strerror or error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("autovelox-convert: stopped; what was finished is kept.\n")
        return 130
    return int(status or 0)


if __name__ == "__main__":
    sys.exit(main())
