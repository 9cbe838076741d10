"""``autovelox-convert reader render|train|average|countries|confidence``."""

from __future__ import annotations

import argparse
from pathlib import Path

from converter.arguments import Subparsers, command, need_reader, positive, probability, rate
from converter.reader import engine_commands

LABELS = Path(__file__).parents[1] / "data"
"""Folder of the tables of texts read by eye, labels_*.csv."""
PLATE_COUNTRIES = LABELS / "plate_countries.csv"
"""Where some of those plates come from, told by eye, Romanian ones by their format as well."""


def add_parsers(commands: Subparsers) -> None:
    """Add the commands of this room to those of ``reader``; each sets ``run`` to a function of the arguments."""
    _add_render(commands)
    _add_train(commands)
    _add_average(commands)
    engine_commands.add_parsers(commands)
    _add_countries(commands)
    _add_confidence(commands)


def _add_render(commands: Subparsers) -> None:
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
    from converter.reader.store import render_store
    from converter.synth import FontShelf, named

    render_store(args.out, args.count, FontShelf(args.fonts), args.data, args.seed, named(args.layouts))
    return 0


def _add_train(commands: Subparsers) -> None:
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
    train.add_argument("--teacher", type=Path, default=None, help="a network of which nothing is to be unlearnt")
    train.add_argument("--export", type=Path, default=None, help="folder to write the EasyOCR files to at the end")
    train.set_defaults(run=_train)


def _train(args: argparse.Namespace) -> int:
    need_reader()
    from converter.labels import load_truth
    from converter.reader.batches import Mix
    from converter.reader.network import export
    from converter.reader.real import load_real
    from converter.reader.train import Plan, train

    labels = args.labels if args.labels is not None else sorted(LABELS.glob("labels_*.csv"))
    network = train(
        args.out, args.plates, load_real(args.data, labels, PLATE_COUNTRIES), load_truth(args.data),
        Plan(steps=args.steps, rate=args.rate, seed=args.seed),
        Mix(real=args.real, ramp=args.ramp, hardest=args.hardest), args.start_from, args.teacher,
    )  # fmt: skip
    if args.export is not None:
        export(network, args.export)
    return 0


def _add_average(commands: Subparsers) -> None:
    average = command(
        commands, "reader average", "the mean of networks of which one was trained on from the other",
        "models/reader/plate_reader.pth build/reader/run/checkpoint.pt --export build/reader/mean",
    )  # fmt: skip
    average.add_argument("networks", type=Path, nargs="+", help="checkpoints, or models/reader/plate_reader.pth")
    average.add_argument("--export", type=Path, required=True, help="folder to write the EasyOCR files to")
    average.add_argument("--without-countries", action="store_true", help="leave out the part that tells countries")
    average.set_defaults(run=_average)


def _average(args: argparse.Namespace) -> int:
    need_reader()
    from converter.reader.network import NETWORK_PARAMS, adopt, build, export, load_averaged, mean

    network = mean([load_averaged(path) for path in args.networks])
    if args.without_countries:
        full, network = network, build({**NETWORK_PARAMS, "countries": 0})
        adopt(network, full)
    export(network.eval(), args.export)
    return 0


def _add_confidence(commands: Subparsers) -> None:
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
    from converter.reader.confidence import calibrate
    from converter.reader.store import PlateStore

    slope, offset = calibrate(args.models, PlateStore.open(args.plates))
    print(f"confidence = sigmoid({slope:.4f} * log-odds + {offset:.4f})")
    return 0


def _add_countries(commands: Subparsers) -> None:
    countries = command(
        commands, "reader countries", "teach a network the countries again, and nothing else",
        "build/reader/mean/plate_reader.pth --plates build/reader/plates --export build/reader/told",
    )  # fmt: skip
    countries.add_argument("network", type=Path, help="a checkpoint, or a plate_reader.pth that tells countries")
    countries.add_argument("--plates", type=Path, nargs="+", default=[Path("build/reader/plates")],
                           help="rendered plates")  # fmt: skip
    countries.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with detect/")
    countries.add_argument("--steps", type=positive, default=1500, help="batches of 48 (default: 1500)")
    countries.add_argument("--seed", type=int, default=1, help="default: 1")
    countries.add_argument("--export", type=Path, required=True, help="folder to write the EasyOCR files to")
    countries.set_defaults(run=_countries)


def _countries(args: argparse.Namespace) -> int:
    need_reader()
    from converter.reader.network import adopt, build, export, load_averaged
    from converter.reader.origins import teach
    from converter.reader.real import load_real

    real = load_real(args.data, sorted(LABELS.glob("labels_*.csv")), PLATE_COUNTRIES)
    network = build()
    adopt(network, load_averaged(args.network))
    loss = teach(network, args.plates, args.steps, seed=args.seed, real=real)
    print(f"mean loss of the last batches {loss:.4f}")
    export(network, args.export)
    return 0
