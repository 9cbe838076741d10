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
from dataclasses import dataclass, field
from pathlib import Path

from hilfeed import frame_of, number_of

from edge.cases.archive import Archive
from edge.cases.evidence.signing import create_signing_key
from edge.config import Engine
from edge.errors import WorkerError
from edge.model import Case
from edge.registry.enrol import create_registry
from edge.registry.vault import create_master_key

PROC = Path("/proc")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
MOST_MB = 1000
"""What the unit may need resident with two workers."""
MOST_START_S = 15
"""What its start may take of processor time, on the machine of the measurements in docs/install.md."""
SILENT_S = 120.0
"""No case decided for so long: the run is broken off."""
SLOWER = {"Raspberry Pi 4": 5.0, "Raspberry Pi 5": 2.0}
"""Assumed: how many times the processor time of one x86_64 server core a board's core needs; see docs/install.md."""

CONFIG = """\
[unit]
state_dir = "state"
site = "hardware in the loop"
[link]
port = 0
[registry]
path = "registry.sqlite"
master_key_file = "master.key"
[radar]
pin = {pin}
pin_factory = "{factory}"
debounce_s = 0.0
hold_off_s = 0.0
[camera]
kind = "recorded"
manifest = "{manifest}"
ring_frames = {ring_frames}
{wire}
[window]
window_after_s = 0
[recognition]
engine = "{engine}"
frames_per_case = 1
[verdict]
plate_countries = ["ANY"]
[cases]
signing_key_file = "signing.key"
[metrics]
enabled = false
"""


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
        return self.shared_once_mb <= MOST_MB and quick


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
    config = folder / "unit.toml"
    wire = f"feed_pin_out = {pin_out}" if pin_out is not None else ""
    factory = "lgpio" if pin_out is not None else "mock"
    config.write_text(
        CONFIG.format(pin=pin, factory=factory, manifest=manifest, wire=wire, engine=engine, ring_frames=ring_frames),
        encoding="utf-8",
    )
    return config


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
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, (folder / "log").open("wb") as log:
        manager.bind(str(folder / "notify"))
        manager.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "edge", "run", "--config", str(config)),
            stderr=log,
            env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify"), "OMP_NUM_THREADS": "1"},
        )
        try:
            if not await _ready(process, manager):
                last = (folder / "log").read_text(encoding="utf-8").strip().splitlines()[-1:]
                raise WorkerError(f"the service did not start ({''.join(last)})", "read its log")
            before = _measure(process.pid, service)
            service.start_s = sum(before.values())
            await _decided(process, service, folder)
            after = _measure(process.pid, service)
            service.daemon_s = after["daemon"] - before["daemon"]
            service.workers_s = after["workers"] - before["workers"]
            process.terminate()
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    for case in _cases(folder / "state"):
        if not case.frames:
            service.gone += 1
            continue
        service.numbers.append(number_of((folder / "state" / case.frames[0]).read_bytes()))
        service.plates += bool(case.plate_text)
    return service


async def _ready(process: asyncio.subprocess.Process, manager: socket.socket) -> bool:
    ended = asyncio.create_task(process.wait())
    told = asyncio.create_task(asyncio.get_running_loop().sock_recv(manager, 4096))
    done, waiting = await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return ended not in done and told.result().startswith(b"READY=1")


async def _decided(process: asyncio.subprocess.Process, service: Service, folder: Path) -> None:
    log, decided, silent_s = folder / "log", 0, 0.0
    while decided < service.triggers and silent_s < SILENT_S and process.returncode is None:
        await asyncio.sleep(1.0)
        _measure(process.pid, service)
        now = log.read_bytes().count(b" decided: ")
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
        f"{service.triggers} triggers, {service.lost} lost, {service.wrong} with another frame than theirs, "
        f"{service.gone} too late for theirs; "
        f"a plate was found in {service.plates} photos",
        f"memory, two workers:       {service.shared_once_mb:.0f} MB resident, shared pages counted once; at most "
        f"{MOST_MB}. Counted for each process: {parts}",
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
