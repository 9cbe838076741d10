"""``autovelox-convert refiner harvest|train|export``."""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import replace
from pathlib import Path

from converter.arguments import Subparsers, command, factor, need_tensorflow, positive, rate

_CLOSEUPS, _TRAINING = Path("build/refiner/closeups"), Path("build/refiner/training")


def add_parsers(commands: Subparsers) -> None:
    """Add the commands of this room to those of ``refiner``; each sets ``run`` to a function of the arguments."""
    harvest = command(
        commands, "refiner harvest", "cut close-ups of a detector's proposals out of new scenes",
        "--dataset build/dataset --detector build/tflite/detector_int8.tflite --out build/refiner/closeups",
    )  # fmt: skip
    harvest.add_argument("--dataset", type=Path, required=True, help="folder made by `dataset`: the training photos")
    harvest.add_argument("--detector", type=Path, required=True, help=".tflite with its .json beside it")
    harvest.add_argument("--fonts", type=Path, nargs="+", default=[], help="folders searched for fonts")
    harvest.add_argument(
        "--squeezed", action="append", type=factor, default=[], metavar="SOURCE=FACTOR", help="as for `dataset`"
    )
    harvest.add_argument("--scenes", type=positive, default=12_000, help="to make (default: 12000)")
    harvest.add_argument("--seed", type=int, default=101, help="default: 101")
    harvest.add_argument("--out", type=Path, default=_CLOSEUPS, help="folder to write")
    harvest.set_defaults(run=_harvest)

    train = command(
        commands, "refiner train", "train the network (goes on where a training in the folder ended)",
        "--closeups build/refiner/closeups --out build/refiner/training",
    )  # fmt: skip
    train.add_argument(
        "--closeups", type=Path, nargs="+", default=[_CLOSEUPS], help="folders made by `refiner harvest`"
    )
    train.add_argument("--out", type=Path, default=_TRAINING, help="folder for checkpoints")
    train.add_argument("--start", type=Path, help="folder of an earlier training, or of its network, to start from")
    train.add_argument("--epochs", type=positive, default=8, help="default: 8")
    train.add_argument("--rate", type=rate, default=1.5e-3, help="first learning rate (default: 0.0015)")
    train.add_argument("--threads", type=positive, default=2, help="cores to use (default: 2)")
    train.add_argument("--seed", type=int, default=1, help="default: 1")
    train.set_defaults(run=_train)

    export = command(
        commands, "refiner export", "write the trained network as TFLite, float32 and int8",
        "--training build/refiner/training --closeups build/refiner/closeups --out build/refiner/tflite",
    )  # fmt: skip
    export.add_argument("--training", type=Path, default=_TRAINING, help="folder made by `refiner train`")
    export.add_argument("--closeups", type=Path, nargs="+", default=[_CLOSEUPS], help="for the quantization's ranges")
    export.add_argument("--out", type=Path, default=Path("build/refiner/tflite"), help="folder to write")
    export.set_defaults(run=_export)


def _harvest(args: argparse.Namespace) -> int:
    need_tensorflow()
    from converter.labels import group_photos, read_split
    from converter.refiner import harvest, store
    from converter.synth import FontShelf, Studio, word_fonts
    from edge.vision.detector import Detector

    photos = [photo for photo in read_split(args.dataset, "training") if photo.boxes]
    recipe = replace(harvest.RECIPE, squeezed=dict(args.squeezed))
    studio = Studio(recipe, random.Random(args.seed), FontShelf(args.fonts), word_fonts())  # noqa: S311
    store.save(harvest.harvest(group_photos(photos), Detector(args.detector), studio, args.scenes), args.out)
    return 0


def _train(args: argparse.Namespace) -> int:
    need_tensorflow()
    from converter.detector.tf_env import limit_threads
    from converter.refiner import network, store

    limit_threads(args.threads)
    closeups = store.load(args.closeups)
    network.train(closeups, args.out, epochs=args.epochs, start=args.start, rate=args.rate, seed=args.seed)
    return 0


def _export(args: argparse.Namespace) -> int:
    need_tensorflow()
    from converter.refiner import export, store

    for path in export.export(args.training, store.load(args.closeups), args.out):
        sys.stdout.write(f"{path}\n")
    return 0
