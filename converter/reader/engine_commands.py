"""``autovelox-convert reader weights|export|engines``: the network for LiteRT, and whether it reads as with EasyOCR."""

from __future__ import annotations

import argparse
from pathlib import Path

from converter.arguments import Subparsers, command, need_reader, need_tensorflow

KINDS = ("float32", "float16", "dynamic")
"""Units take float32; the others change texts and are made to be measured."""
_WEIGHTS = Path("build/reader/weights.npz")


def add_parsers(commands: Subparsers) -> None:
    """Add the three commands to those of ``reader``."""
    weights = command(
        commands, "reader weights", "write the network's weights without PyTorch, for `reader export`",
        "--reader models/reader --out build/reader/weights.npz",
    )  # fmt: skip
    weights.add_argument("--reader", type=Path, default=Path("models/reader"), help="folder of the EasyOCR files")
    weights.add_argument("--out", type=Path, default=_WEIGHTS, help="NumPy archive to write")
    weights.set_defaults(run=_weights)

    export = command(
        commands, "reader export", "write the network as TFLite (in the converter's environment)",
        "--weights build/reader/weights.npz --out models/reader",
    )  # fmt: skip
    export.add_argument("--weights", type=Path, default=_WEIGHTS, help="archive made by `reader weights`")
    export.add_argument("--out", type=Path, default=Path("models/reader"), help="folder of the reader's files")
    export.add_argument("--kind", choices=KINDS, default=KINDS[0], help="of the numbers in it (default: %(default)s)")
    export.set_defaults(run=_export)

    engines = command(
        commands,
        "reader engines",
        "read crops with EasyOCR and with LiteRT; exits with 1 if they differ",
        "--data data",
    )
    engines.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with read/texts.csv")
    engines.add_argument("--models", type=Path, default=Path("models"), help="folder of the models")
    engines.add_argument("--source", action="append", default=[], help="only this source (may be repeated)")
    engines.add_argument(
        "--further", type=Path, nargs="*", default=[], metavar="TFLITE", help="files of other kinds to measure beside"
    )
    engines.set_defaults(run=_engines)


def _weights(args: argparse.Namespace) -> int:
    need_reader()
    from converter.reader.weights import write_weights

    write_weights(args.reader, args.out)
    print(args.out)
    return 0


def _export(args: argparse.Namespace) -> int:
    need_tensorflow()
    from converter.reader.export import export

    print(export(args.weights, args.out, args.kind))
    return 0


def _engines(args: argparse.Namespace) -> int:
    need_reader()
    from converter.labels import load_truth
    from converter.reader.engines import compare, readers, table

    crops = load_truth(args.data, tuple(args.source), illegible=True)
    rows = compare(readers(args.models, args.further), crops)
    print(table(rows, len(crops)))
    return 0 if all(row.same for row in rows) else 1
