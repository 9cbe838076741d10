"""The processes that open packets: each ends with its job, and what it knew with it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.crypto.memory import is_open_to_others
from edge.crypto.opener import OpenJob, open_batch
from edge.crypto.packet import Opened
from edge.errors import WorkerError
from edge.workers import WorkerPool, WorkerSetup
from tests.support.eventually import eventually
from tests.support.link import ANNA, sealed
from tests.support.pools import with_tests


def pid() -> int:
    return os.getpid()


def sleep_forever() -> None:
    time.sleep(3600)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
async def openers() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(with_tests(WorkerSetup()), workers=2, job_timeout_s=5.0, one_job_each=True)
    await pool.start()
    yield pool
    await pool.stop()


async def test_an_opener_ends_with_its_job(openers: WorkerPool) -> None:
    pids = [await openers.run(pid) for _ in range(4)]
    assert len(set(pids)) == 4
    assert os.getpid() not in pids
    for each in pids:
        await eventually(lambda each=each: not Path(f"/proc/{each}").exists())  # type: ignore[misc]


async def test_openers_open(openers: WorkerPool) -> None:
    jobs = [OpenJob(sealed(), ANNA.private, ANNA.licence)] * 3
    windows = await asyncio.gather(*(openers.run(open_batch, jobs) for _ in range(5)))
    assert windows == [[Opened(ANNA.plate, ANNA.licence)] * 3] * 5


async def test_nobody_looks_into_an_opener(openers: WorkerPool) -> None:
    assert not await openers.run(is_open_to_others)


async def test_faults_of_one_job_leave_the_others_alone(openers: WorkerPool) -> None:
    for fault in (sleep_forever, die):
        faulty = asyncio.create_task(openers.run(fault))
        assert await openers.run(pid) != os.getpid()
        with pytest.raises(WorkerError):
            await faulty
        assert openers.problem() is None
