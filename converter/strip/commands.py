"""``autovelox-convert strip train|export|calibrate|evaluate``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from converter.arguments import Subparsers, command, need_tensorflow, positive, rate

_TRAINING = Path("build/strip/training")
COST_CROPS = 60
"""Crops on which the processor time is measured."""


def add_parsers(commands: Subparsers) -> None:
    """Add the commands of this room to those of ``strip``; each sets ``run`` to a function of the arguments."""
    train = command(
        commands, "strip train", "train the network on plates drawn on the way",
        "--fonts /usr/share/fonts --steps 20000 --out build/strip/training",
    )  # fmt: skip
    train.add_argument("--fonts", type=Path, nargs="+", required=True, help="folders searched for fonts")
    train.add_argument("--out", type=Path, default=_TRAINING, help="folder for the network")
    train.add_argument("--steps", type=positive, default=20_000, help="batches of 64 (default: 20000)")
    train.add_argument("--rate", type=rate, default=2e-3, help="peak learning rate (default: 0.002)")
    train.add_argument("--start", type=Path, help="folder of an earlier training to go on from, or its int8 file")
    train.add_argument("--threads", type=positive, default=2, help="cores to use (default: 2)")
    train.add_argument("--seed", type=int, default=1, help="default: 1")
    train.set_defaults(run=_train)

    export = command(
        commands, "strip export", "write the trained network as TFLite, float32 and int8",
        "--training build/strip/training --fonts /usr/share/fonts --out build/strip/tflite",
    )  # fmt: skip
    export.add_argument("--training", type=Path, default=_TRAINING, help="folder made by `strip train`")
    export.add_argument("--fonts", type=Path, nargs="+", required=True, help="for the quantization's ranges")
    export.add_argument("--out", type=Path, default=Path("build/strip/tflite"), help="folder to write")
    export.set_defaults(run=_export)

    calibrate = command(
        commands, "strip calibrate", "fit how far strip and reader count for the country, and store it",
        "--models models --data data",
    )  # fmt: skip
    calibrate.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    calibrate.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/")
    calibrate.set_defaults(run=_calibrate)

    evaluate = command(
        commands, "strip evaluate", "count how often the country of European crops is told, and how often rightly",
        "--models models --data data",
    )  # fmt: skip
    evaluate.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    evaluate.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/")
    evaluate.set_defaults(run=_evaluate)


def _train(args: argparse.Namespace) -> int:
    need_tensorflow()
    from converter.detector.tf_env import limit_threads
    from converter.strip import network
    from converter.synth import FontShelf

    limit_threads(args.threads)
    network.train(
        FontShelf(args.fonts), args.out, steps=args.steps, rate=args.rate, seed=args.seed, start=args.start
    )  # fmt: skip
    return 0


def _export(args: argparse.Namespace) -> int:
    need_tensorflow()
    from converter.strip import export
    from converter.synth import FontShelf

    for path in export.export(args.training, FontShelf(args.fonts), args.out):
        sys.stdout.write(f"{path}\n")
    return 0


def _calibrate(args: argparse.Namespace) -> int:
    from converter.strip.calibrate import calibrate

    told, slope, count = calibrate(args.models, args.data)
    sys.stdout.write(
        f"fitted on {count} crops: countries = {1 - told.doubt:.3f} softmax({told.slope:.3f} * logits) and "
        f"{told.doubt:.3f} for any; signs = softmax({slope:.3f} * logits)\n"
    )
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    from converter.strip.cost import cost
    from converter.verdict.countries import european_countries, in_colour, report
    from edge.vision import installed_engine
    from edge.vision.reader import PlateReader

    reader = PlateReader(args.models, installed_engine())
    text, reached = report(reader, args.data)
    sys.stdout.write(f"{text}\n")
    names = list(european_countries(args.data))[:COST_CROPS]
    text, cheap = cost(args.models, installed_engine(), in_colour(reader, args.data, names))
    sys.stdout.write(f"{text}\n")
    return 0 if reached and cheap else 1
