"""``autovelox-convert reader render|train|average|evaluate|confidence|calibrate|trials|strip``, and those of
:mod:`converter.reader.engine_cli`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from converter.argtypes import command, picture, positive, probability, rate
from converter.commands import need_reader
from converter.reader import engine_cli
from edge.config import models_dir

_LABELS = Path(__file__).parents[1] / "data"

if TYPE_CHECKING:
    _Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: _Subparsers) -> None:
    """Add the ``reader`` command to *subparsers*; each of its commands sets ``run`` to a function of the arguments."""
    reader = subparsers.add_parser("reader", help="render plates, train the reader's network, measure it")
    commands = reader.add_subparsers(required=True, metavar="COMMAND")
    _add_render(commands)
    _add_train(commands)
    _add_average(commands)
    engine_cli.add_commands(commands)
    _add_evaluate(commands)
    _add_confidence(commands)
    _add_verdict(commands)
    _add_strip(commands)


def _add_render(commands: _Subparsers) -> None:
    render = command(
        commands, "reader render", "draw plates of all layouts into a folder",
        "--fonts /usr/share/fonts --data data --count 40000 --out build/reader/plates",
    )  # fmt: skip
    render.add_argument("--out", type=Path, default=Path("build/reader/plates"), help="folder to write")
    render.add_argument("--count", type=positive, default=40_000, help="how many plates (default: 40000)")
    render.add_argument("--fonts", type=Path, nargs="+", required=True, help="folders searched for fonts")
    render.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with detect/boxes.csv")
    render.add_argument("--layouts", nargs="+", default=[], help="only these layouts (by name), default all")
    render.add_argument("--seed", type=int, default=1, help="same seed, same plates (default: 1)")
    render.set_defaults(run=_render)


def _render(args: argparse.Namespace) -> int:
    from .fonts import FontShelf
    from .layouts import named
    from .store import render_store

    render_store(args.out, args.count, FontShelf(args.fonts), args.data, args.seed, named(args.layouts))
    return 0


def _add_train(commands: _Subparsers) -> None:
    train = command(
        commands, "reader train", "train the network (resumes a checkpoint of the same folder)",
        "--plates build/reader/plates --data data --steps 4000 --out build/reader/run --export build/reader/model",
    )  # fmt: skip
    train.add_argument("--plates", type=Path, nargs="+", default=[Path("build/reader/plates")], help="rendered plates")
    train.add_argument("--out", type=Path, default=Path("build/reader/run"), help="folder for checkpoint and log")
    train.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with detect/ and read/")
    train.add_argument("--labels", type=Path, nargs="*", default=None, help="texts of training photos read by eye")
    train.add_argument("--steps", type=positive, default=4000, help="batches of 48 in all (default: 4000)")
    train.add_argument("--rate", type=rate, default=2e-3, help="peak learning rate (default: 0.002)")
    train.add_argument("--real", type=probability, default=0.2, help="share of real crops in a batch (default: 0.2)")
    train.add_argument("--ramp", type=positive, default=800, help="batches until full difficulty (default: 800)")
    train.add_argument(
        "--hardest", type=probability, default=1.0, help="the most of all but tilt: blur, noise, light (default: 1)"
    )
    train.add_argument("--seed", type=int, default=1, help="default: 1")
    train.add_argument(
        "--start-from",
        type=Path,
        default=None,
        help="starting weights: a checkpoint, or models/reader/plate_reader.pth",
    )
    train.add_argument("--export", type=Path, default=None, help="folder to write the EasyOCR files to at the end")
    train.set_defaults(run=_train)


def _train(args: argparse.Namespace) -> int:
    need_reader()
    from .batches import Mix
    from .network import export
    from .real import load_real
    from .train import Plan, train
    from .truth import load_truth

    labels = args.labels if args.labels is not None else sorted(_LABELS.glob("labels_*.csv"))
    network = train(
        args.out, args.plates, load_real(args.data, labels), load_truth(args.data),
        Plan(steps=args.steps, rate=args.rate, seed=args.seed),
        Mix(real=args.real, ramp=args.ramp, hardest=args.hardest), args.start_from,
    )  # fmt: skip
    if args.export is not None:
        export(network, args.export)
    return 0


def _add_average(commands: _Subparsers) -> None:
    average = command(
        commands, "reader average", "the mean of networks of which one was trained on from the other",
        "models/reader/plate_reader.pth build/reader/run/checkpoint.pt --export build/reader/mean",
    )  # fmt: skip
    average.add_argument("networks", type=Path, nargs="+", help="checkpoints, or models/reader/plate_reader.pth")
    average.add_argument("--export", type=Path, required=True, help="folder to write the EasyOCR files to")
    average.set_defaults(run=_average)


def _average(args: argparse.Namespace) -> int:
    need_reader()
    from .network import export, load_averaged, mean

    export(mean([load_averaged(path) for path in args.networks]), args.export)
    return 0


def _add_evaluate(commands: _Subparsers) -> None:
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
    evaluate.set_defaults(run=_evaluate)


def _evaluate(args: argparse.Namespace) -> int:
    need_reader()
    from . import report
    from .truth import load_truth

    crops = load_truth(args.data, tuple(args.source))
    readers = {"autovelox": report.ours(args.models)}
    baseline = report.english_g2()
    if baseline is not None:
        readers["english_g2"] = baseline
    measured = report.measure(list(readers.values()), crops)
    text, reached = report.table(crops, list(readers), measured)
    print(text)
    if baseline is None:
        print("english_g2 is not compared: pip install -r converter/requirements-compare.txt")
    for path in (args.errors, args.plot):
        path.parent.mkdir(parents=True, exist_ok=True)
    print(report.reliability(crops, measured[0], args.plot))
    print(f"{report.contact_sheet(args.errors, crops, measured[0])} errors are shown in {args.errors}")
    return 0 if reached else 1


def _add_verdict(commands: _Subparsers) -> None:
    for name, text, run in (
        ("calibrate", "choose the verdict's thresholds and write them beside the models", _calibrate),
        ("trials", "hold true, random and near-twin claims against known photos", _trials),
    ):
        parser = command(commands, f"reader {name}", text, "--data data --pictures build/wrong-names")
        parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/ and feed/")
        parser.add_argument("--models", type=Path, default=models_dir(), help="their folder")
        parser.add_argument("--trials", type=positive, default=10_000, help="of each kind, at least (default: 10000)")
        parser.add_argument("--seed", type=int, default=1, help="same seed, same claims (default: 1)")
        parser.add_argument("--pictures", type=Path, default=None, help="folder for pictures of every wrong name")
        parser.set_defaults(run=run)


def _add_strip(commands: _Subparsers) -> None:
    strip = command(
        commands, "reader strip", "draw plates of the demo's feed and what is read on them", "--out plates.png"
    )
    strip.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    strip.add_argument("--feed", type=Path, default=Path("edge/demo/feed"), help="folder of the clips")
    strip.add_argument("--out", type=picture, default=Path("docs/img/plates.png"), help="picture to write")
    strip.set_defaults(run=_strip)


def _strip(args: argparse.Namespace) -> int:
    need_reader()
    from .strip import draw_strip

    seen, right = draw_strip(args.models, args.feed, args.out)
    print(f"{right} of {seen} frames read rightly; the surest and the least sure of each clip are in {args.out}")
    return 0


def _calibrate(args: argparse.Namespace) -> int:
    need_reader()
    from . import verdict

    return verdict.calibrate(args)


def _trials(args: argparse.Namespace) -> int:
    need_reader()
    from . import verdict

    return verdict.trials(args)


def _add_confidence(commands: _Subparsers) -> None:
    confidence = command(
        commands, "reader confidence", "fit the confidence of a whole plate, and store it",
        "--plates build/reader/held-out --models models",
    )  # fmt: skip
    confidence.add_argument("--plates", type=Path, default=Path("build/reader/held-out"),
                            help="rendered plates that were not trained on")  # fmt: skip
    confidence.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    confidence.set_defaults(run=_confidence)


def _confidence(args: argparse.Namespace) -> int:
    need_reader()
    from .confidence import calibrate
    from .store import PlateStore

    slope, offset = calibrate(args.models, PlateStore.open(args.plates))
    print(f"confidence = sigmoid({slope:.4f} * log-odds + {offset:.4f})")
    return 0
