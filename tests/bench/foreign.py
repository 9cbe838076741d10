"""What other programs of the machine compute meanwhile: a measurement beside them counts for nothing.

A process of its own looks four times a second which share of a processor went to programs that are neither the
bench's, nor its children's, nor the kernel's own threads (those do the bench's syncs as well).
"""

from __future__ import annotations

import bisect
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bare import crowd

EVERY_S = 0.25
MOST = 0.15
"""Of one processor: more in a look, or in the ones beside it, and what was measured then does not count."""
KERNEL = 2
"""The process whose children are the kernel's threads."""


class Foreign:
    """Looks that were noted in *path*."""

    def __init__(self, path: Path) -> None:
        """Nothing is read before :meth:`is_calm`."""
        self._path = path
        self._looks: list[tuple[float, float]] = []

    def is_calm(self, at_s: float) -> bool:
        """Whether no other program computed around *at_s* (seconds of the monotonic clock)."""
        if not self._looks or self._looks[-1][0] < at_s + EVERY_S:
            lines = self._path.read_text().splitlines()
            self._looks = [(float(at), float(share)) for at, share in (line.split() for line in lines)]
        place = bisect.bisect(self._looks, (at_s, 0.0))
        around = self._looks[max(0, place - 1) : place + 2]
        return len(around) == 3 and all(share < MOST for _, share in around)


@contextmanager
def watched(folder: Path) -> Iterator[Foreign]:
    """Look in this block."""
    path = folder / "foreign"
    path.touch()
    with crowd([(_watch, (path, os.getpid()))]):
        yield Foreign(path)


def _watch(path: Path, bench: int) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    before: dict[int, int] = {}
    at_s = time.monotonic()
    with path.open("a", buffering=1) as file:
        while True:
            time.sleep(EVERY_S)
            now = _computed(bench)
            spent = sum(max(0, ticks_now - before[pid]) for pid, ticks_now in now.items() if pid in before)
            spent += sum(ticks_now for pid, ticks_now in now.items() if pid not in before) if before else 0
            before, last_s, at_s = now, at_s, time.monotonic()
            file.write(f"{at_s} {spent / ticks / (at_s - last_s)}\n")


def _computed(bench: int) -> dict[int, int]:
    """Clock ticks of every foreign process, by its number."""
    parents, ticks = dict[int, int](), dict[int, int]()
    for name in (path.name for path in Path("/proc").iterdir()):
        if name.isdigit():
            try:
                words = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(name)], ticks[int(name)] = int(words[1]), int(words[11]) + int(words[12])
    return {pid: spent for pid, spent in ticks.items() if not _is_ours(pid, parents, bench)}


def _is_ours(pid: int, parents: dict[int, int], bench: int) -> bool:
    while pid not in (0, 1):
        if pid in (bench, KERNEL):
            return True
        pid = parents.get(pid, 0)
    return False
