"""One unit that can be struck: its folder, its daemon, and what the daemon has promised in its log.

What it acknowledges is what its log says: ``case N filed``, ``case N decided``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import shim

sys.path.append(str(Path(__file__).resolve().parents[2]))
from tests.support.daemon import Daemon
from tests.support.unit_files import Clip, write_feed

PATIENCE_S = 900.0
QUIET = 100_000.0
"""Seconds until a feed begins that is not to begin at all."""
CLIPS: tuple[Clip, ...] = (("roundabout.mp4", 40, 71.0), ("seat.mp4", 12, 64.0), ("focus.mp4", 12, 68.0))
SETTINGS = {"window": "window_after_s = 0.2", "recognition": "job_timeout_s = 5.0"}


def numbers(daemon: Daemon, what: str) -> set[int]:
    """The cases of which the log of *daemon* says *what*."""
    found = (re.search(rf"case (\d+) {what}", line) for line in daemon.lines)
    return {int(match.group(1)) for match in found if match}


@dataclass
class Station:
    """A folder with everything a daemon needs."""

    folder: Path
    library: Path
    filed: set[int] = field(default_factory=set)
    decided: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def feed(self, clips: tuple[Clip, ...] = CLIPS, gap_s: float = 0.3) -> None:
        """Write what the camera sees, over and over."""
        write_feed(self.folder, *clips, gap_s=gap_s, loop=True)

    def start(self, **environment: str) -> Daemon:
        """Start the daemon."""
        return Daemon.run(
            self.folder / "autovelox.toml",
            self.folder / "unit.log",
            environment=shim.environment(self.library, **environment),
        )

    def hear(self, daemon: Daemon) -> None:
        """Remember what the daemon acknowledged."""
        self.filed |= numbers(daemon, "filed")
        self.decided |= numbers(daemon, "decided")

    def expect(self, daemon: Daemon, pattern: str, *, after: int = 0, times: int = 1) -> bool:
        """Note it as wrong if that is never said so often; returns whether it was."""
        if daemon.wait_for(pattern, after=after, times=times, patience_s=PATIENCE_S):
            return True
        self.wrong.append(f"the daemon never said {pattern!r}; last: {daemon.last_line}")
        return False

    def end(self, daemon: Daemon) -> None:
        """Stop the daemon as the service manager does: exit code 0, and remember what it acknowledged."""
        if (code := daemon.stop(patience_s=PATIENCE_S)) != 0:
            self.wrong.append(f"SIGTERM ended with exit code {code}")
        self.hear(daemon)

    def recover(self) -> None:
        """Start again, as the service manager does: it comes up and decides what is pending, in order, each once."""
        self.feed(gap_s=QUIET)
        daemon = self.start()
        if self.expect(daemon, r"ready$"):
            told = next((line for line in daemon.lines if "pending from before the start" in line), "0 cases")
            match = re.search(r"(\d+) cases", told)
            self.expect(daemon, r"case \d+ decided", times=int(match.group(1)) if match else 0)
        order = [int(found) for found in re.findall(r"case (\d+) decided", "\n".join(daemon.lines))]
        self.wrong += ["pending cases were decided out of their order"] if order != sorted(order) else []
        self.wrong += [f"case {number} was decided twice" for number in sorted(self.decided & set(order))]
        self.end(daemon)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[], None]]:
    """A disk of *size* at *folder*; what is given makes it large."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True) and None
    finally:
        subprocess.run(["umount", str(folder)], check=True)
