"""Strikes against the whole daemon: ``autovelox run`` on a recorded feed, with its workers, models and registry.

What it acknowledges is what its log says: ``case N filed``, ``case N decided``.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import shim
from judge import judge_unit
from tally import Tally

from edge.demo.cast import FOLDER, Cast, load_cast
from edge.demo.setting import Setting

PATIENCE_S = 240.0
CLIPS = (("roundabout.mp4", 40, 71.0), ("seat.mp4", 12, 64.0), ("focus.mp4", 12, 68.0))
CONFIG = """\
[unit]
state_dir = "state"
[link]
port = 0
[registry]
path = "registry.sqlite"
master_key_file = "master.key"
[radar]
pin_factory = "mock"
[camera]
kind = "recorded"
manifest = "feed.toml"
[window]
window_after_s = 0.2
[recognition]
job_timeout_s = 5.0
[cases]
signing_key_file = "signing.key"
[metrics]
port = 0
"""


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

    def wait_for(self, pattern: str, *, after: int = 0) -> bool:
        """Wait until a line after the *after*-th matches; False if the daemon ended or too much time went by."""
        deadline = time.monotonic() + PATIENCE_S
        with self._heard:
            while not any(re.search(pattern, line) for line in self.lines[after:]):
                if "" in self.lines or not self._heard.wait(deadline - time.monotonic()):
                    return False
        return True

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

    def feed(self, clips: tuple[tuple[str, int, float], ...] = CLIPS) -> None:
        """Write what the camera sees."""
        lines = ["gap_s = 0.3", "loop = true"]
        for name, frame, speed in clips:
            lines += ["[[clip]]", f'file = "{FOLDER / "feed" / name}"', "[[clip.trigger]]"]
            lines += [f"frame = {frame}", f"speed_kmh = {speed}"]
        (self.folder / "feed.toml").write_text("\n".join(lines), encoding="utf-8")

    def start(self, **environment: str) -> Daemon:
        """Start the daemon."""
        return Daemon(self.folder, shim.environment(self.library, **environment))

    def hear(self, daemon: Daemon) -> None:
        """Remember what the daemon acknowledged."""
        self.filed |= daemon.numbers("filed")
        self.decided |= daemon.numbers("decided")

    def expect(self, daemon: Daemon, pattern: str, *, after: int = 0) -> None:
        """Note it as wrong if that is never said."""
        if not daemon.wait_for(pattern, after=after):
            last = next((line for line in reversed(daemon.lines) if line), "nothing")
            self.wrong.append(f"the daemon never said {pattern!r}; last: {last}")


Strike = Callable[[Station, random.Random], None]


def sigkill(station: Station, dice: random.Random) -> None:
    """Power fails some time after the first trigger; the next start decides what is pending."""
    daemon = station.start()
    station.expect(daemon, r"case \d+ filed")
    time.sleep(dice.random() * 4)
    daemon.stop(signal.SIGKILL)
    station.hear(daemon)


def sigkill_in_a_call(station: Station, dice: random.Random) -> None:
    """Power fails inside a write, sync, rename or unlink."""
    at, pause = dice.randrange(20, 200), dice.randrange(2000)
    daemon = station.start(FAULTS=f"kill {at} 0 0 {pause}", FAULTS_BELOW=str(station.folder / "state"))
    daemon.wait_for("no such line: it dies by itself")
    daemon.stop(signal.SIGKILL)
    station.hear(daemon)


def sigterm(station: Station, dice: random.Random) -> None:
    """Stopped in the middle of recognition: exit 0."""
    daemon = station.start()
    station.expect(daemon, r"case \d+ filed")
    time.sleep(dice.random() * 2)
    if (code := daemon.stop()) != 0:
        station.wrong.append(f"SIGTERM ended with exit code {code}")
    station.hear(daemon)


def _strike_workers(station: Station, dice: random.Random, number: int) -> None:
    daemon = station.start()
    station.expect(daemon, r"case \d+ filed")
    ready = next(line for line in daemon.lines if "workers ready" in line)
    workers = [int(pid) for pid in re.findall(r"\d+", ready.split("workers ready:")[1])]
    time.sleep(dice.random())
    for pid in workers:
        os.kill(pid, number)
    heard = len(daemon.lines)
    station.expect(daemon, r"case \d+ filed", after=heard)
    station.expect(daemon, r"case \d+ decided", after=heard)
    if (code := daemon.stop()) != 0:
        station.wrong.append(f"SIGTERM ended with exit code {code}")
    station.hear(daemon)


def workers_killed(station: Station, dice: random.Random) -> None:
    """Both workers die at once; cases go on being filed and decided."""
    _strike_workers(station, dice, signal.SIGKILL)


def workers_hung(station: Station, dice: random.Random) -> None:
    """Both workers hang so that not even a signal handler runs there, as with the GIL held in C."""
    _strike_workers(station, dice, signal.SIGSTOP)


def clock_stepped(station: Station, dice: random.Random) -> None:
    """The wall clock jumps by an hour, either way, while cases are filed."""
    clock = station.folder / "clock"
    clock.write_text("0")
    daemon = station.start(FAULTS_CLOCK=str(clock))
    station.expect(daemon, r"case \d+ filed")
    for step in dice.sample(["3600", "-3600"], 2):
        clock.write_text(step)
        heard = len(daemon.lines)
        station.expect(daemon, r"case \d+ filed", after=heard)
        station.expect(daemon, r"case \d+ decided", after=heard)
    if (code := daemon.stop()) != 0:
        station.wrong.append(f"SIGTERM ended with exit code {code}")
    station.hear(daemon)


def disk_fails(station: Station, dice: random.Random) -> None:
    """Some calls on the state folder fail; the daemon goes on, or stops and says why."""
    at, code, count = dice.randrange(20, 150), dice.choice([5, 28]), dice.choice([1, 3, 20])
    daemon = station.start(FAULTS=f"fail {at} {code} {count} 0", FAULTS_BELOW=str(station.folder / "state"))
    if daemon.wait_for(r"case \d+ decided"):
        daemon.wait_for(r"case \d+ decided", after=len(daemon.lines))
    elif not any("autovelox: " in line or "cannot" in line for line in daemon.lines):
        station.wrong.append("the daemon stopped without a reason")
    daemon.stop()
    station.hear(daemon)


def camera_unplugged(station: Station, dice: random.Random) -> None:
    """The picture ends in the middle of a clip: said in the log, and the daemon can still be stopped."""
    station.feed((*CLIPS[:2], (CLIPS[2][0], 100_000, 60.0)))
    daemon = station.start()
    station.expect(daemon, r"case \d+ decided")
    time.sleep(5 + dice.random())
    if (code := daemon.stop()) != 0:
        station.wrong.append(f"SIGTERM ended with exit code {code}")
    station.feed()
    station.hear(daemon)


STRIKES: dict[str, Strike] = {
    "daemon: SIGKILL at a random moment": sigkill,
    "daemon: SIGKILL inside a call on the state folder": sigkill_in_a_call,
    "daemon: SIGTERM during recognition": sigterm,
    "daemon: both workers killed": workers_killed,
    "daemon: both workers hung": workers_hung,
    "daemon: clock stepped by +1 h and -1 h": clock_stepped,
    "daemon: calls on the state folder fail (EIO, ENOSPC)": disk_fails,
    "daemon: camera unplugged": camera_unplugged,
}


def make_template(folder: Path) -> None:
    """Registry and keys, made once: RSA-4096 keys take seconds each."""
    cast = load_cast()
    people = Cast(driver=cast.driver[:1], scene=cast.scene[:0])
    Setting(folder).clear()
    Setting(folder).enrol(people, lambda: None)
    (folder / "autovelox.toml").write_text(CONFIG, encoding="utf-8")


def run(name: str, template: Path, folder: Path, library: Path, seed: int, tally: Tally) -> None:
    """Strike a fresh unit once, and judge what it left."""
    shutil.copytree(template, folder)
    station = Station(folder, library)
    station.feed()
    STRIKES[name](station, random.Random(seed))
    wrong, found = judge_unit(folder / "state", folder / "signing.key", station.filed, station.decided)
    tally.runs += 1
    tally.filed += len(station.filed)
    tally.found += len(station.filed & found)
    tally.wrong += [f"seed {seed}: {what}" for what in (*station.wrong, *wrong)]
    shutil.rmtree(folder)
