"""The service: the whole unit in a process of its own, with its workers and networks, on the same pins.

Counts what became of the triggers, and measures what the unit needs: memory, processor time to ready and for a photo.
"""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

from hilfeed import frame_of, number_of

from edge.cases.archive import Archive
from edge.cases.evidence.signing import create_signing_key
from edge.config import Engine
from edge.errors import WorkerError
from edge.model import Case
from edge.registry.enrol import create_registry
from edge.registry.vault import create_master_key

sys.path.append(str(Path(__file__).resolve().parents[2]))
from tests.support.daemon import Daemon
from tests.support.unit_files import write_settings

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
MOST_MB, MOST_CUDA_MB = 1000, 1500
"""What the unit may need resident with two workers, and where only PyTorch's CUDA build was to be had (no board)."""
MOST_START_S = 15
"""What its start may take of processor time, on the machine of the measurements in docs/install.md."""
SILENT_S = 120.0
"""No case decided for so long: the run is broken off."""
SLOWER = {"Raspberry Pi 4": 5.0, "Raspberry Pi 5": 2.0}
"""Assumed: how many times the processor time of one x86_64 server core a board's core needs; see docs/install.md."""


@dataclass
class Service:
    """What was measured of one run."""

    triggers: int
    numbers: list[int] = field(default_factory=list)
    """The frame that each case holds."""
    gone: int = 0
    """Cases without a photo: theirs was forgotten before this machine got round to asking for it."""
    start_s: float = 0.0
    """Processor time of all processes from start to ready."""
    daemon_s: float = 0.0
    workers_s: float = 0.0
    """Processor time from ready to the last verdict."""
    plates: int = 0
    resident_mb: dict[str, float] = field(default_factory=dict)
    """The most each kind of process held resident, shared pages counted for each of them."""
    shared_once_mb: float = 0.0
    """The most all held together, shared pages counted once: what the unit takes from the board."""

    @property
    def lost(self) -> int:
        """Triggers that became no case."""
        return self.triggers - len(self.numbers) - self.gone

    @property
    def wrong(self) -> int:
        """Cases whose frame is not the one of a trigger of their own."""
        return len(self.numbers) - len({frame_of(index) for index in range(self.triggers)}.intersection(self.numbers))

    @property
    def fits(self) -> bool:
        """Whether the memory and, where it was measured, the start keep to the budget."""
        quick = platform.machine() != "x86_64" or self.start_s <= MOST_START_S
        return self.shared_once_mb <= most_mb() and quick


def most_mb() -> int:
    """The limit for the PyTorch that is installed: the public index's build for x86_64 loads CUDA's libraries."""
    cuda = any(found.name.startswith("nvidia-") for found in metadata.distributions())
    return MOST_CUDA_MB if cuda else MOST_MB


@dataclass(frozen=True)
class Process:
    """A process of the unit: what it is, its processor time, and that of the children it has outlived."""

    kind: str
    cpu_s: float
    resident_mb: float
    shared_once_mb: float


def family(pid: int) -> Iterator[Process]:
    """The process *pid* and all that descend from it."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        rollup = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii")
        words = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
        children = (PROC / str(pid) / "task" / str(pid) / "children").read_text(encoding="ascii").split()
        threads = [task.name for task in (PROC / str(pid) / "task").iterdir() if task.name != str(pid)]
        for thread in threads:  # pebble starts its workers from a thread
            children += (PROC / str(pid) / "task" / thread / "children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in rollup.splitlines()[1:]}
    kind = "daemon" if b" edge run" in words else "workers" if b"forkserver" in words else "helper"
    yield Process(kind, sum(map(int, stat[11:15])) * TICK_S, sizes["Rss"], sizes["Pss"])
    for child in children:
        yield from family(int(child))


def prepare(
    folder: Path, manifest: Path, pin: int, pin_out: int | None, engine: Engine = "easyocr", ring_frames: int = 60
) -> Path:
    """Keys, an empty registry, and the configuration."""
    create_master_key(folder / "master.key")
    create_signing_key(folder / "signing.key")
    create_registry(folder / "registry.sqlite")
    factory, wire = ("mock", "") if pin_out is None else ("lgpio", f"feed_pin_out = {pin_out}\n")
    return write_settings(
        folder,
        {
            "unit": 'site = "hardware in the loop"',
            "radar": f'pin = {pin}\npin_factory = "{factory}"\ndebounce_s = 0.0\nhold_off_s = 0.0',
            "camera": f'manifest = "{manifest}"\n{wire}ring_frames = {ring_frames}',
            "window": "window_after_s = 0",
            "recognition": f'engine = "{engine}"\nframes_per_case = 1',
            "verdict": 'plate_countries = ["ANY"]',
            "metrics": "enabled = false",
        },
    )


async def serve(
    folder: Path,
    manifest: Path,
    triggers: int,
    *,
    pin: int,
    pin_out: int | None = None,
    engine: Engine = "easyocr",
    ring_frames: int = 60,
) -> Service:
    """Run the unit on the feed *manifest* until all its cases are decided.

    Raises:
        WorkerError: it did not start, or it stopped deciding.
    """
    config = prepare(folder, manifest, pin, pin_out, engine, ring_frames)
    service = Service(triggers)
    environment = {"NOTIFY_SOCKET": str(folder / "notify"), "OMP_NUM_THREADS": "1"}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(folder / "notify"))
        manager.setblocking(False)
        with Daemon.run(config, folder / "log", environment=environment) as daemon:
            if not await _ready(daemon, manager):
                raise WorkerError(f"the service did not start ({daemon.last_line})", "read its log")
            before = _measure(daemon.pid, service)
            service.start_s = sum(before.values())
            await _decided(daemon, service)
            after = _measure(daemon.pid, service)
            service.daemon_s = after["daemon"] - before["daemon"]
            service.workers_s = after["workers"] - before["workers"]
            daemon.stop()
    for case in _cases(folder / "state"):
        if not case.photos:
            service.gone += 1
            continue
        service.numbers.append(number_of((folder / "state" / case.photos[0]).read_bytes()))
        service.plates += bool(case.plate_text)
    return service


async def _ready(daemon: Daemon, manager: socket.socket) -> bool:
    """Wait for the daemon to tell the service *manager* that it is ready; False if it ended before."""
    while daemon.running:
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                return (await asyncio.get_running_loop().sock_recv(manager, 4096)).startswith(b"READY=1")
    return False


async def _decided(daemon: Daemon, service: Service) -> None:
    decided, silent_s = 0, 0.0
    while decided < service.triggers and silent_s < SILENT_S and daemon.running:
        await asyncio.sleep(1.0)
        _measure(daemon.pid, service)
        now = sum(" decided: " in line for line in daemon.lines)
        silent_s = 0.0 if now > decided else silent_s + 1.0
        decided = now


def _measure(pid: int, service: Service) -> dict[str, float]:
    """Note the memory in *service*; returns the processor time so far by kind of process."""
    cpu_s: dict[str, float] = {"daemon": 0.0, "workers": 0.0, "helper": 0.0}
    resident: dict[str, float] = {}
    found = list(family(pid))
    for process in found:
        cpu_s[process.kind] += process.cpu_s
        resident[process.kind] = resident.get(process.kind, 0.0) + process.resident_mb
    service.shared_once_mb = max(service.shared_once_mb, sum(process.shared_once_mb for process in found))
    if sum(resident.values()) > sum(service.resident_mb.values()):
        service.resident_mb = resident
    return cpu_s


def _cases(state_dir: Path) -> list[Case]:
    with Archive(state_dir) as archive:
        return [archive.case(summary.number) for summary in archive.summaries(limit=archive.count())]


def report(service: Service) -> str:
    """What was measured, and where that is not a Raspberry Pi what would be expected there."""
    photos = max(1, len(service.numbers))
    photo_ms, case_ms = 1e3 * service.workers_s / photos, 1e3 * service.daemon_s / photos
    parts = ", ".join(f"{kind} {mb:.0f}" for kind, mb in service.resident_mb.items())
    lines = [
        f"{service.triggers} triggers, {service.lost} lost, {service.wrong} with another photo than theirs, "
        f"{service.gone} too late for theirs; "
        f"a plate was found in {service.plates} photos",
        f"memory, two workers:       {service.shared_once_mb:.0f} MB resident, shared pages counted once; at most "
        f"{most_mb()}. Counted for each process: {parts}",
        f"start to ready:            {service.start_s:.1f} s of processor time; at most {MOST_START_S} on x86_64",
        f"a photo, in a worker:      {photo_ms:.0f} ms of processor time",
        f"a case, in the daemon:     {case_ms:.0f} ms of processor time, the playing of the feed included",
    ]
    if platform.machine() == "x86_64":
        for board, times in SLOWER.items():
            lines.append(
                f"expected on a {board} (x {times:g}, assumed): start {service.start_s * times:.0f} s, "
                f"a photo {photo_ms * times:.0f} ms of processor time; memory as here"
            )
    return "\n".join(lines)
