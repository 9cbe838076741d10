"""The pool of worker processes: work that takes its time never holds up the event loop.

pebble instead of concurrent.futures: a hung job is killed at its time-out and a killed worker is replaced, and in both
cases the jobs of the other workers live on. Workers come from a fork server that has imported what they need, so they
share those pages.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import BrokenExecutor, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from edge.errors import EdgeError, WorkerError
from edge.workers import process

log = logging.getLogger(__name__)

IF_IT_RECURS = "if it recurs, look for lack of memory or power with autovelox doctor"
"""The remedy of whatever ends a job."""
P = ParamSpec("P")
T = TypeVar("T")

START_TIMEOUT_S = 120.0
OVERDUE_S = 60.0
"""A job ends at its time-out at the latest, and a new worker needs half a minute on a small board; when none has ended
for so much longer than its time-out, the pool itself hangs."""


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What every worker does before its first job; without arguments, nothing.

    ``initializer`` is called with ``arguments`` once in each new worker and never raises. A worker reads code and what
    is below ``reads``, writes nothing, and has no network (:mod:`edge.workers.confinement`). ``ready`` raises an
    :class:`~edge.errors.EdgeError` in a worker that could not be set up. ``preload`` names modules that the fork server
    imports once for all workers. ``niceness`` is how far a worker steps back behind others on the CPU. Functions and
    arguments have to be picklable.
    """

    initializer: Callable[..., None] = process.nothing
    arguments: tuple[object, ...] = ()
    ready: Callable[[], None] = process.nothing
    preload: tuple[str, ...] = ()
    reads: tuple[Path, ...] = ()
    niceness: int = process.NICENESS


class WorkerPool:
    """A fixed number of workers, each set up once; broken pools are rebuilt."""

    def __init__(self, setup: WorkerSetup, *, workers: int, job_timeout_s: float, one_job_each: bool = False) -> None:
        """Keep the settings; nothing runs before :meth:`start`.

        With *one_job_each* a worker ends with its job, and all that was in its memory with it; another takes its place.
        """
        self._setup = setup
        self._workers = workers
        self._timeout_s = job_timeout_s
        self._one_job_each = one_job_each
        self._context = multiprocessing.get_context("forkserver")
        if setup.preload:  # one fork server makes the workers of all pools
            self._context.set_forkserver_preload([process.__name__, ProcessPool.__module__, *setup.preload])
        self._pool: ProcessPool | None = None
        self._jobs: set[ProcessFuture[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._not_ready: str | None = None
        self._moved_s = 0.0

    async def start(self) -> None:
        """Start the workers and wait until each is ready; one that ends with its job is not asked.

        Raises:
            WorkerError: the workers did not come up in time.
            EdgeError: what the setup's ``ready`` raises.
        """
        self._pool = self._build()
        if self._one_job_each:
            return
        pids: set[int] = set()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while len(pids) < self._workers:
                    pids.update(await asyncio.gather(*self._ask_ready()))
        except TimeoutError:
            raise WorkerError(
                f"the worker processes were not ready after {START_TIMEOUT_S:.0f} s", "run autovelox doctor"
            ) from None
        log.info("%d workers ready: %s", len(pids), ", ".join(str(pid) for pid in sorted(pids)))
        if lacks := (await self.run(process.confinement)).lacks:
            log.warning("this system does not hold workers to their work: %s; autovelox doctor says more", lacks)

    def _build(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._workers,
            context=self._context,
            max_tasks=1 if self._one_job_each else 0,
            initializer=process.start,
            initargs=(self._setup.initializer, self._setup.arguments, self._setup.reads, self._setup.niceness),
        )

    def _ask_ready(self) -> list[Coroutine[Any, Any, int]]:
        """One question a worker: its process id, if it is ready."""
        return [self.run(process.answer, self._setup.ready) for _ in range(self._workers)]

    @property
    def workers(self) -> int:
        """How many jobs run at once."""
        return self._workers

    @property
    def queued(self) -> int:
        """Jobs that were handed in and have not ended."""
        return len(self._jobs)

    def problem(self) -> str | None:
        """Why no job can run now, or None."""
        return self._hang() or self._not_ready

    def _hang(self) -> str | None:
        if self._pool is None or not self._pool.active:
            return "the worker pool is down: it is rebuilt; if that recurs, run autovelox doctor"
        silent_s = time.monotonic() - self._moved_s
        if self._jobs and silent_s > self._timeout_s + OVERDUE_S:
            return f"the worker pool has ended none of its {len(self._jobs)} jobs for {silent_s:.0f} s: it is rebuilt"
        return None

    def mend(self) -> None:
        """Build the pool anew if it hangs; call it now and then, from the event loop.

        pebble counts the time of a job from the moment a worker says that it took it, and by the wall clock. A worker
        that hangs before it says so, or a clock that was set back, would hold its job for ever.
        """
        if self._pool is not None and (hang := self._hang()) is not None:
            self._rebuild(hang)

    def probe(self) -> None:
        """Ask the workers whether they are ready, unless they have work; call it now and then.

        A worker that took another's place is set up anew. Where that fails, for want of a file that is gone, only the
        next job would tell.
        """
        if self._pool is not None and not self._jobs:
            self._keep(asyncio.create_task(self._ask_workers(), name="worker probe"))

    async def _ask_workers(self) -> None:
        answers = await asyncio.gather(*self._ask_ready(), return_exceptions=True)
        for answer in answers:
            # A WorkerError is the pool's own: a worker that hung or died, not one that could not be set up.
            if isinstance(answer, EdgeError) and not isinstance(answer, WorkerError):
                self._not_ready = str(answer)
                return
        if not any(isinstance(answer, BaseException) for answer in answers):
            self._not_ready = None

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Hold *task* until it ends; the event loop itself holds tasks weakly."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* in a worker; cancelling the caller frees the worker.

        Raises:
            WorkerError: the job hung (it was killed), its worker died, or the pool is stopped. Errors that *function*
                raises come through as they are.
        """
        if not self._jobs:
            self._moved_s = time.monotonic()
        call = process.Call(function, args, kwargs)
        job = self._schedule(call)
        self._jobs.add(job)
        try:
            return (await asyncio.wrap_future(job)).take()
        except TimeoutError:
            raise WorkerError(f"a job ran longer than {self._timeout_s:g} s and was ended", IF_IT_RECURS) from None
        except ProcessExpired as error:
            raise WorkerError(f"a worker process died (exit code {error.exitcode})", IF_IT_RECURS) from None
        except BrokenExecutor:
            raise WorkerError("the worker pool broke and is rebuilt", IF_IT_RECURS) from None
        finally:
            call.forget()
            self._jobs.discard(job)
            self._moved_s = time.monotonic()

    def _schedule(self, call: process.Call[T]) -> ProcessFuture[process.Result[T]]:
        if self._pool is None:
            raise WorkerError("the worker pool is stopped", "the case is decided after the next start")
        try:
            return self._pool.schedule(call, timeout=self._timeout_s)
        except RuntimeError:
            return self._rebuild("the worker pool broke").schedule(call, timeout=self._timeout_s)

    def _rebuild(self, why: str) -> ProcessPool:
        assert self._pool is not None
        log.error("%s; the pool is being rebuilt", why)
        self._keep(asyncio.create_task(asyncio.to_thread(_end, self._pool, tuple(self._jobs))))
        self._pool = self._build()
        self._moved_s = time.monotonic()
        return self._pool

    async def stop(self) -> None:
        """End all workers; jobs still waiting fail with WorkerError or are cancelled."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(_end, pool, tuple(self._jobs))
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _end(pool: ProcessPool, jobs: Collection[ProcessFuture[Any]]) -> None:
    """Kill the workers of *pool*, then tell those who wait for its *jobs*, which pebble does not."""
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
    for job in jobs:
        with suppress(InvalidStateError):
            job.set_exception(WorkerError("the worker pool was ended under the job", IF_IT_RECURS))
