"""``autovelox-convert reader calibrate|trials|national``."""

from __future__ import annotations

import argparse
from pathlib import Path

from converter.arguments import Subparsers, command, need_reader, positive
from edge.config import models_dir

_MODELS = models_dir()


def add_reader_parsers(commands: Subparsers) -> None:
    """Add the commands of the verdict to those of ``reader``; each sets ``run`` to a function of the arguments."""
    _add_verdict(commands)
    _add_national(commands)


def _add_verdict(commands: Subparsers) -> None:
    for name, text, run in (
        ("calibrate", "choose the verdict's thresholds and write them beside the models", _calibrate),
        ("trials", "hold true, random and near-twin claims against known photos", _trials),
    ):
        parser = command(commands, f"reader {name}", text, "--data data --pictures build/wrong-names")
        parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/ and feed/")
        parser.add_argument("--models", type=Path, default=_MODELS, help="their folder")
        parser.add_argument("--trials", type=positive, default=10_000, help="of each kind, at least (default: 10000)")
        parser.add_argument("--seed", type=int, default=1, help="same seed, same claims (default: 1)")
        parser.add_argument("--pictures", type=Path, default=None, help="folder for pictures of every wrong name")
        parser.set_defaults(run=run)


def _calibrate(args: argparse.Namespace) -> int:
    need_reader()
    from converter.verdict import report

    return report.calibrate(args)


def _trials(args: argparse.Namespace) -> int:
    need_reader()
    from converter.verdict import report

    return report.trials(args)


def _add_national(commands: Subparsers) -> None:
    national = command(
        commands, "reader national",
        "measure drawn and real Italian plates, look-alike twins and the country; exits with 1 if a figure is missed",
        "--data data",
    )  # fmt: skip
    national.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/, feed/, fonts/")
    national.add_argument("--models", type=Path, default=_MODELS, help="their folder")
    national.set_defaults(run=_national)


def _national(args: argparse.Namespace) -> int:
    need_reader()
    from converter.verdict import national

    return national.run(args)
