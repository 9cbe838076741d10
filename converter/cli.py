"""The command ``autovelox-convert``: it trains, converts and measures the networks of a unit.

TensorFlow, PyTorch and EasyOCR are imported only by the commands that need them: one command line, two environments.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from converter.arguments import Subparsers
from converter.detector import commands as detector
from converter.errors import ConverterError
from converter.measure import commands as measure
from converter.reader import commands as reader
from converter.refiner import commands as refiner
from converter.strip import commands as strip
from converter.verdict import commands as verdict
from edge.errors import EdgeError
from edge.terminal import Parser


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser: argparse.ArgumentParser = Parser(
        prog="autovelox-convert", description="Trains, converts and measures the networks of an Autovelox unit."
    )
    parser.add_argument("--version", action="version", version=f"autovelox-convert {version('autovelox')}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    detector.add_parsers(subparsers)
    measure.add_parsers(subparsers)
    refiner.add_parsers(_group(subparsers, "refiner", "train the second look at what the detector proposes"))
    of_reader = _group(subparsers, "reader", "render plates, train the reader's network, measure it")
    reader.add_parsers(of_reader)
    measure.add_reader_parsers(of_reader)
    verdict.add_reader_parsers(of_reader)
    strip.add_parsers(_group(subparsers, "strip", "train the network that tells a plate's country by its strip"))
    for name in ("refiner", "reader", "strip"):
        _show_an_example(subparsers.choices[name])
    return parser


def _group(subparsers: Subparsers, name: str, what: str) -> Subparsers:
    """Add a command that has commands below it; return where those are added."""
    group = subparsers.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    return group.add_subparsers(required=True, metavar="COMMAND")


def _show_an_example(group: argparse.ArgumentParser) -> None:
    """Let the help of *group* show the example of its first command."""
    actions = next(each for each in group._actions if isinstance(each, argparse._SubParsersAction))
    group.epilog = next(iter(actions.choices.values())).epilog
    group.formatter_class = argparse.RawDescriptionHelpFormatter


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 with one sentence on standard error."""
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
