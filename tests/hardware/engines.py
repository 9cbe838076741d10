"""``make measure-unit``: what the unit needs with either engine of its reader, beside what it may need.

The whole unit in processes of its own on a recorded feed, with two workers; then a fresh process for what a crop costs.
Options: ``--photos`` (default 60), ``--engine`` (only this one).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import get_args

from hilfeed import record
from hilservice import Service, serve
from packaging.requirements import Requirement

from edge.config import Engine
from edge.errors import EdgeError

RING_FRAMES = 20
"""What a unit keeps by default; `make hil` keeps more, so that no slow machine loses one."""
FPS = 12.0
"""A trigger on every third frame: four a second, so that a busy machine keeps up."""
TIMED_READINGS = 200
"""Readings of a crop that are timed."""
PIN = 17

READING = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, {here!r})
from hilfeed import SIZE, scene
from edge.config import models_dir
began = time.process_time()
from edge.vision.pipeline import Recogniser
recogniser = Recogniser(models_dir(), {engine!r})
ready = time.process_time()
image = next(scene(SIZE))[:, :, ::-1].copy()
(plate, *_) = recogniser.plates(image)
began_reading = time.process_time()
for _ in range({looks}):
    recogniser._reader.read(image, [plate.detection])
print(json.dumps({{"text": plate.text, "load_s": ready - began,
                  "crop_ms": 1e3 * (time.process_time() - began_reading) / {looks},
                  "torch": "torch" in sys.modules}}))
"""


@dataclass(frozen=True)
class Target:
    """The most a unit may need with an engine."""

    memory_mb: float
    install_mb: float
    """On the card; PyTorch's CUDA build, which no board has, misses it."""
    start_s: float = 3.0


TARGETS: dict[Engine, Target] = {"easyocr": Target(700, 1500), "litert": Target(450, 600)}


def installed(extras: frozenset[str]) -> Iterator[str]:
    """The distributions that the unit needs with *extras*, by what they declare, each once."""
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [("autovelox", extras)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in seen:
            continue
        seen.add((name, wanted))
        try:
            declared = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # another machine's, or an extra that nobody asked for
        if name not in {other for other, _ in seen - {(name, wanted)}}:
            yield name
        for line in declared:
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in (wanted or {""})):
                waiting.append((requirement.name.lower(), frozenset(requirement.extras)))


def size_mb(names: Iterator[str]) -> float:
    """What the files of the distributions take on the disk, compiled modules included, in MB of a million bytes."""
    size = 0
    for name in names:
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            size += path.stat().st_size if path.is_file() else 0
    return size / 1e6


def reading(engine: Engine) -> dict[str, float | str | bool]:
    """CPU seconds until both networks are loaded, and CPU milliseconds for reading a crop, in a process of its own."""
    code = READING.format(here=str(Path(__file__).parent), engine=engine, looks=TIMED_READINGS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    result: dict[str, float | str | bool] = json.loads(done.stdout)
    return result


def unit(engine: Engine, photos: int) -> Service:
    """The whole unit on a feed with so many triggers."""
    with tempfile.TemporaryDirectory() as name:
        manifest = record(Path(name), photos, FPS)
        return asyncio.run(serve(Path(name), manifest, photos, pin=PIN, engine=engine, ring_frames=RING_FRAMES))


def main() -> int:
    """Print the table; 1 if a target is missed or a plate was not read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=60, help="triggers of the feed (default %(default)s)")
    parser.add_argument("--engine", choices=get_args(Engine), action="append", help="only this one (may be repeated)")
    args = parser.parse_args()
    good = True
    print(f"{'':<34}" + "".join(f"{'':>4}{text:>10}" for text in ("measured", "at most")))
    for engine in args.engine or get_args(Engine):
        try:
            extras = frozenset({"easyocr"} if engine == "easyocr" else ())
            target, install = TARGETS[engine], size_mb(installed(extras))
            service, read = unit(engine, args.photos), reading(engine)
        except EdgeError as error:
            print(f"measure-unit: {error}", file=sys.stderr)
            return error.exit_code
        rows = [
            ("install, MB", install, target.install_mb),
            ("start to ready, CPU s", service.start_s, target.start_s),
            ("two workers resident, MB", service.shared_once_mb, target.memory_mb),
            ("its workers, each whole, MB", service.resident_mb.get("workers", 0.0), None),
            ("both networks loaded, CPU s", read["load_s"], None),
            ("a photo in a worker, CPU ms", 1e3 * service.workers_s / max(1, len(service.numbers)), None),
            ("a crop read, CPU ms", read["crop_ms"], None),
        ]
        for what, value, most in rows:
            missed = most is not None and float(value) > most
            limit = "" if most is None else f"{most:g}{' MISSED' if missed else ''}"
            print(f"{engine + ': ' + what:<34}{'':>4}{float(value):>10.2f}{'':>4}{limit:>10}")
            good &= not missed
        print(
            f"{engine}: plates in {service.plates} of {args.photos} photos, {service.gone} too late for theirs; "
            f"PyTorch {'' if read['torch'] else 'not '}loaded"
        )
        good &= service.plates == len(service.numbers) > 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
