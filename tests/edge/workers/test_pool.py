"""The worker pool with real workers and models: hung, killed and failing jobs."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.config import models_dir
from edge.errors import ImageError, ModelError, WorkerError
from edge.vision.checksums import READER_FILES, write_list
from edge.vision.worker import ready
from edge.workers.pool import WorkerPool
from tests.support.eventually import eventually


def pid() -> int:
    return os.getpid()


def sleep_forever() -> None:
    time.sleep(3600)


def hang_holding_the_gil() -> None:
    ctypes.PyDLL(None).sleep(3600)  # PyDLL keeps the GIL during the call, so nothing in this process can run


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(models_dir(), workers=2, job_timeout_s=5.0)
    await pool.start()
    yield pool
    await pool.stop()


async def test_faults_of_one_job_leave_the_others_alone(pool: WorkerPool, tmp_path: Path) -> None:
    for fault, sentence in (
        (sleep_forever, "ran longer than 5 s"),
        (hang_holding_the_gil, "ran longer than 5 s"),
        (die, "died"),
    ):
        faulty = asyncio.create_task(pool.run(fault))
        assert await pool.run(pid) != os.getpid()
        with pytest.raises(WorkerError, match=sentence):
            await faulty
        assert pool.problem() is None
    no_picture = tmp_path / "no.jpg"
    no_picture.write_bytes(b"no picture")
    with pytest.raises(ImageError):
        await pool.recognise(no_picture)
    assert pool.queued == 0


async def test_a_cancelled_caller_frees_its_worker(pool: WorkerPool) -> None:
    stuck = [asyncio.create_task(pool.run(sleep_forever)) for _ in range(2)]
    await asyncio.sleep(0.5)
    for task in stuck:
        task.cancel()
    await asyncio.gather(*stuck, return_exceptions=True)
    assert await pool.run(pid) != os.getpid()


async def test_a_pool_that_ends_no_job_says_so(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.workers.pool.OVERDUE_S", -5.0)
    stuck = asyncio.create_task(pool.run(sleep_forever))
    await eventually(lambda: "ended none of its 1 jobs" in (pool.problem() or ""))
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)
    assert pool.problem() is None


async def test_workers_that_hang_before_they_take_a_job_are_replaced(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung = set()
    while len(hung) < 2:
        hung.update(await asyncio.gather(pool.run(ready), pool.run(ready)))
    for number in hung:
        os.kill(number, signal.SIGSTOP)
    job = asyncio.create_task(pool.run(pid))
    with monkeypatch.context() as impatient:
        impatient.setattr("edge.workers.pool.OVERDUE_S", -4.0)
        await eventually(lambda: pool.problem() is not None)
        pool.mend()
    with pytest.raises(WorkerError, match=r"ended under the job|broke and is rebuilt"):
        await job
    assert await pool.run(pid) not in hung
    await eventually(lambda: not any(Path(f"/proc/{number}").exists() for number in hung))
    assert pool.problem() is None


async def test_a_broken_pool_is_built_anew(pool: WorkerPool) -> None:
    """Pebble gives a pool up when an idle worker is killed; that costs no job that comes later."""
    for number in await asyncio.gather(pool.run(ready), pool.run(ready)):
        os.kill(number, signal.SIGKILL)
    await eventually(lambda: pool.problem() is not None)
    pool.mend()
    assert await pool.run(pid) != os.getpid()


async def test_a_stopped_pool_says_so(pool: WorkerPool) -> None:
    await pool.stop()
    assert pool.problem() == "the worker pool is down"
    with pytest.raises(WorkerError, match="stopped"):
        await pool.run(pid)


async def test_missing_models_are_named_at_the_start(tmp_path: Path) -> None:
    pool = WorkerPool(tmp_path, workers=1, job_timeout_s=2.0)
    try:
        with pytest.raises(ModelError, match="install the models again"):
            await pool.start()
    finally:
        await pool.stop()


async def test_models_that_fail_in_a_way_nobody_foresaw_are_named_at_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    (folder / "reader" / "plate_reader.pth").write_bytes(b"text")
    write_list(folder / "reader", READER_FILES)
    pool = WorkerPool(folder, workers=1, job_timeout_s=10.0)
    try:
        with pytest.raises(ModelError, match=r"cannot be loaded: \w+Error"):
            await pool.start()
    finally:
        await pool.stop()


async def test_workers_that_lose_their_models_are_noticed_without_a_photo(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    shutil.copytree(models_dir(), folder)
    pool = WorkerPool(folder, workers=1, job_timeout_s=10.0)
    await pool.start()
    try:
        number = await pool.run(ready)
        shutil.rmtree(folder)
        os.kill(number, signal.SIGKILL)
        await eventually(lambda: pool.problem() == "the worker pool is down")
        pool.mend()
        pool.probe()
        await eventually(lambda: "install the models again" in (pool.problem() or ""))
        shutil.copytree(models_dir(), folder)
        os.kill(await pool.run(pid), signal.SIGKILL)
        await eventually(lambda: pool.problem() == "the worker pool is down")
        pool.mend()
        pool.probe()
        await eventually(lambda: pool.problem() is None)
    finally:
        await pool.stop()
