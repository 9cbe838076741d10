"""One unit that can be struck: its folder, its daemon, and what the daemon has promised in its log.

What it acknowledges is what its log says: ``case N filed``, ``case N decided``.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import shim

from edge.demo.cast import Cast, load_cast
from edge.demo.setting import Setting

sys.path.append(str(Path(__file__).resolve().parents[2]))
from tests.support.unit_files import Clip, write_feed, write_settings

PATIENCE_S = 900.0
QUIET = 100_000.0
"""Seconds until a feed begins that is not to begin at all."""
CLIPS: tuple[Clip, ...] = (("roundabout.mp4", 40, 71.0), ("seat.mp4", 12, 64.0), ("focus.mp4", 12, 68.0))
ADDITIONS = {"window": "window_after_s = 0.2", "recognition": "job_timeout_s = 5.0"}


class Daemon:
    """One running daemon, and what it has said so far."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._heard = threading.Condition()
        command = [sys.executable, "-m", "edge", "run", "--config", str(folder / "autovelox.toml")]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._heard:
                self.lines.append(line.rstrip())
                self._heard.notify_all()
        with self._heard:
            self.lines.append("")
            self._heard.notify_all()

    def wait_for(self, pattern: str, *, after: int = 0, times: int = 1) -> bool:
        """Wait until *times* lines after the *after*-th match; False if the daemon ended or too much time went by."""
        deadline = time.monotonic() + PATIENCE_S
        with self._heard:
            while sum(bool(re.search(pattern, line)) for line in self.lines[after:]) < times:
                if "" in self.lines or not self._heard.wait(deadline - time.monotonic()):
                    return False
        return True

    def workers(self) -> list[int]:
        """The process ids of the first workers."""
        ready = next(line for line in self.lines if "workers ready" in line)
        return [int(pid) for pid in re.findall(r"\d+", ready.split("workers ready:")[1])]

    def numbers(self, what: str) -> set[int]:
        """The cases of which the log says *what*."""
        found = (re.search(rf"case (\d+) {what}", line) for line in self.lines)
        return {int(match.group(1)) for match in found if match}

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._listener.join()
        return code


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
        return Daemon(self.folder, shim.environment(self.library, **environment))

    def hear(self, daemon: Daemon) -> None:
        """Remember what the daemon acknowledged."""
        self.filed |= daemon.numbers("filed")
        self.decided |= daemon.numbers("decided")

    def expect(self, daemon: Daemon, pattern: str, *, after: int = 0, times: int = 1) -> bool:
        """Note it as wrong if that is never said so often; returns whether it was."""
        if daemon.wait_for(pattern, after=after, times=times):
            return True
        last = next((line for line in reversed(daemon.lines) if line), "nothing")
        self.wrong.append(f"the daemon never said {pattern!r}; last: {last}")
        return False

    def end(self, daemon: Daemon) -> None:
        """Stop the daemon as the service manager does: exit code 0, and remember what it acknowledged."""
        if (code := daemon.stop()) != 0:
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


def make_template(folder: Path) -> None:
    """Registry and keys, made once: RSA-4096 keys take seconds each."""
    cast = load_cast()
    people = Cast(driver=cast.driver[:1], scene=cast.scene[:0])
    Setting(folder).clear()
    Setting(folder).enrol(people, lambda: None)
    write_settings(folder, ADDITIONS)
