"""Does ``autovelox read`` print the same as before, to the byte? For changes that must not change any read.

    python tests/bench/reads.py --write before.json PHOTO ...     # with the code before the change
    python tests/bench/reads.py before.json PHOTO ...             # with the code after it

Of each line of ``autovelox read --json`` only the milliseconds are left out. Ends with 1 where a line differs.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

MILLISECONDS = re.compile(r', "ms": \{[^}]*\}')


def reads(photos: list[Path], more: list[str]) -> list[str]:
    """What ``autovelox read --json`` prints of *photos*, a line each, without milliseconds."""
    command = [sys.executable, "-m", "edge", "read", "--json", *more, *map(str, photos)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    return without_milliseconds(done.stdout)


def without_milliseconds(text: str) -> list[str]:
    """The lines of *text* without the times that each run takes anew."""
    return [MILLISECONDS.sub("", line) for line in text.splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("baseline", type=Path, help="what was printed before")
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO")
    parser.add_argument("--write", action="store_true", help="write the baseline instead of comparing with it")
    parser.add_argument("--engine", default="easyocr", help="what runs the reader (default: easyocr)")
    args = parser.parse_args()
    seen = reads(args.photos, ["--engine", args.engine])
    if len(seen) != len(args.photos):
        print(f"{len(args.photos) - len(seen)} photos have no line", file=sys.stderr)
        return 1
    if args.write:
        args.baseline.write_text("".join(line + "\n" for line in seen), encoding="utf-8")
        return 0
    before = without_milliseconds(args.baseline.read_text(encoding="utf-8"))
    if len(before) != len(seen):
        print(f"{args.baseline} has {len(before)} lines, {len(seen)} photos were given", file=sys.stderr)
        return 1
    differing = [(old, new) for old, new in zip(before, seen, strict=True) if old != new]
    for old, new in differing:
        print(f"- {old}\n+ {new}")
    print(f"{len(seen) - len(differing)} of {len(seen)} lines are the same")
    return int(bool(differing))


if __name__ == "__main__":
    raise SystemExit(main())
