"""What a worker can do beside its work: nothing. Tried inside real workers of the unit's own pool."""

from __future__ import annotations

import ctypes
import os
import platform
import socket
import struct
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.workers import WorkerPool, WorkerSetup, confinement
from edge.workers.confinement import Confinement, probe
from edge.workers.process import confinement as confinement_of_worker
from tests.support.pools import with_tests

HELD = probe()
needs_kernel = pytest.mark.skipif(bool(HELD.lacks), reason=f"this kernel does not hold workers: {HELD.lacks}")


def listen() -> None:
    socket.create_server(("127.0.0.1", 0))


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5)


def unix_socket() -> None:
    socket.socket(socket.AF_UNIX)


def run_program() -> None:
    subprocess.run(["/bin/true"], check=True)


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path) -> None:
    path.write_bytes(b"x")


def memory_of(pid: int) -> None:
    Path(f"/proc/{pid}/mem").open("rb").close()


def take_real_time() -> list[str]:
    """The ways into real time that are open, all three that Linux has."""

    def by_attributes() -> None:
        number = {"x86_64": 314, "aarch64": 274}[platform.machine()]  # sched_setattr
        asked = struct.pack("=IIQiIQQQ", 48, os.SCHED_RR, 0, 0, 1, 0, 0, 0)
        if libc.syscall(number, 0, asked, 0) != 0:
            raise OSError(ctypes.get_errno(), "sched_setattr")

    libc, taken = ctypes.CDLL(None, use_errno=True), list[str]()
    for name, attempt in (
        ("sched_setscheduler", lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))),
        ("sched_setparam", lambda: os.sched_setparam(0, os.sched_param(1))),
        ("sched_setattr", by_attributes),
    ):
        try:
            attempt()
            taken.append(name)
        except PermissionError:
            pass
    return taken


def threads_too(path: Path) -> str:
    """What a thread that began before the filter gets."""
    import threading

    said: list[str] = []

    def attempt() -> None:
        for work in (lambda: path.read_bytes(), lambda: socket.socket()):
            try:
                work()
                said.append("allowed")
            except OSError as error:
                said.append(type(error).__name__)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return " ".join(said)


@pytest.fixture
async def pools(tmp_path: Path) -> AsyncIterator[list[WorkerPool]]:
    """A pool of readers that may read one folder, and one of openers."""
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "0.jpg").write_bytes(b"photo")
    (tmp_path / "signing.key").write_bytes(b"key")
    readers = WorkerPool(with_tests(WorkerSetup(reads=(tmp_path / "frames",))), workers=1, job_timeout_s=20.0)
    openers = WorkerPool(with_tests(WorkerSetup()), workers=1, job_timeout_s=20.0, one_job_each=True)
    for pool in (readers, openers):
        await pool.start()
    yield [readers, openers]
    for pool in (readers, openers):
        await pool.stop()


@needs_kernel
async def test_no_worker_opens_a_socket_or_starts_a_program(pools: list[WorkerPool]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        for pool in pools:
            for attempt in (listen, unix_socket, run_program):
                with pytest.raises(PermissionError):
                    await pool.run(attempt)
            with pytest.raises(PermissionError):
                await pool.run(connect, listener.getsockname()[1])


@needs_kernel
async def test_no_worker_takes_the_processor_in_real_time(pools: list[WorkerPool]) -> None:
    """The unit has leave for it (LimitRTPRIO=), and whatever it starts inherits the leave."""
    for pool in pools:
        assert await pool.run(take_real_time) == []


@needs_kernel
async def test_no_worker_reads_a_key_or_writes_anything(pools: list[WorkerPool], tmp_path: Path) -> None:
    key, photo = tmp_path / "signing.key", tmp_path / "frames" / "0.jpg"
    (tmp_path / "frames" / "link.jpg").symlink_to(key)
    readers, openers = pools
    assert await readers.run(read, photo) == b"photo"
    with pytest.raises(PermissionError):
        await openers.run(read, photo)
    for pool in pools:
        for path in (key, tmp_path / "frames" / "link.jpg", Path("/etc/passwd"), Path(f"/proc/{os.getpid()}/environ")):
            with pytest.raises(PermissionError):
                await pool.run(read, path)
        for path in (photo, tmp_path / "new", Path("/tmp/new"), Path("/dev/shm/new")):
            with pytest.raises(PermissionError):
                await pool.run(write, path)
        with pytest.raises(PermissionError):
            await pool.run(memory_of, os.getpid())


@needs_kernel
async def test_it_holds_every_thread(pools: list[WorkerPool], tmp_path: Path) -> None:
    for pool in pools:
        assert await pool.run(threads_too, tmp_path / "signing.key") == "PermissionError PermissionError"


@needs_kernel
async def test_a_worker_says_what_holds_it(pools: list[WorkerPool]) -> None:
    for pool in pools:
        assert await pool.run(confinement_of_worker) == HELD


@pytest.mark.parametrize(
    ("held", "lacks"),
    [
        (Confinement(5, seccomp=True), ""),
        (Confinement(0, seccomp=True), "files (no Landlock)"),
        (Confinement(0, seccomp=False), "files (no Landlock) and network and programs (no seccomp)"),
    ],
)
def test_what_is_missing_is_said(held: Confinement, lacks: str) -> None:
    assert held.lacks == lacks


def test_a_kernel_without_either_leaves_the_work_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose system calls are not known, and a kernel that does not know Landlock."""
    monkeypatch.setattr(confinement, "LANDLOCK_CREATE", 100_000)  # no kernel has that call
    monkeypatch.setattr(confinement, "CALLS", {})
    assert probe() == Confinement(0, seccomp=False)
