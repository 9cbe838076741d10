"""The pool of worker processes: recognition and opening never hold up the event loop.

pebble instead of concurrent.futures: a hung job is killed at its time-out and a killed worker is replaced, and in both
cases the jobs of the other workers live on. Workers come from a fork server with everything imported, so they
share those pages.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import BrokenExecutor, InvalidStateError
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from edge.config import Engine
from edge.errors import ModelError, WorkerError
from edge.vision import worker

log = logging.getLogger(__name__)

RETRIED = "the job is tried again"
"""The remedy of whatever ends a job: nobody has to do anything."""
P = ParamSpec("P")
T = TypeVar("T")

START_TIMEOUT_S = 120.0
OVERDUE_S = 60.0
"""A job ends at its time-out at the latest, and a new worker needs half a minute on a small board; when none has ended
for so much longer than its time-out, the pool itself hangs."""


class WorkerPool:
    """A fixed number of workers, each with its models loaded once, or without models; broken pools are rebuilt."""

    def __init__(
        self,
        models_dir: Path | None,
        *,
        workers: int,
        job_timeout_s: float,
        engine: Engine = "easyocr",
        preload: Sequence[str] = (),
        one_job_each: bool = False,
    ) -> None:
        """Nothing runs before :meth:`start`.

        Args:
            models_dir: the models that each worker loads; None for workers that recognise nothing.
            workers: how many there are.
            job_timeout_s: a job that takes longer is ended, with its worker.
            engine: what runs the reader.
            preload: further modules that the workers should share; one fork server serves all pools, and the pool with
                models says what it imports.
            one_job_each: a worker ends with its job, and all that was in its memory with it; another takes its place.
        """
        self._models_dir = models_dir
        self._engine = engine
        self._workers = workers
        self._timeout_s = job_timeout_s
        self._context = multiprocessing.get_context("forkserver")
        if models_dir is not None:
            self._context.set_forkserver_preload([*worker.shared(engine), *preload])
        self._jobs_each = 1 if one_job_each else 0
        self._pool: ProcessPool | None = None
        self._jobs: set[ProcessFuture[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._without_models: str | None = None
        self._moved_s = 0.0

    async def start(self) -> None:
        """Start the workers and wait until each has loaded its models, if it has any.

        Raises:
            ModelError: the models cannot be loaded.
            WorkerError: the workers did not come up in time.
        """
        self._pool = self._build()
        if self._models_dir is None:
            return
        pids: set[int] = set()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while len(pids) < self._workers:
                    pids.update(await asyncio.gather(*(self.run(worker.ready) for _ in range(self._workers))))
        except TimeoutError:
            raise WorkerError(
                f"the worker processes were not ready after {START_TIMEOUT_S:.0f} s", "run autovelox doctor"
            ) from None
        log.info("%d workers ready: %s", len(pids), ", ".join(str(pid) for pid in sorted(pids)))

    def _build(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=self._jobs_each,
            context=self._context,
            initializer=worker.start_without_models if self._models_dir is None else worker.start,
            initargs=() if self._models_dir is None else (self._models_dir, self._engine),
        )

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
        return self._hang() or self._without_models

    def _hang(self) -> str | None:
        if self._pool is None or not self._pool.active:
            return "the worker pool is down"
        silent_s = time.monotonic() - self._moved_s
        if self._jobs and silent_s > self._timeout_s + OVERDUE_S:
            return f"the worker pool has ended none of its {len(self._jobs)} jobs for {silent_s:.0f} s"
        return None

    def mend(self) -> None:
        """Build the pool anew if it hangs; call it now and then, from the event loop.

        pebble counts the time of a job from the moment a worker says that it took it, and by the wall clock. A worker
        that hangs before it says so, or a clock that was set back, would hold its job for ever.
        """
        if self._pool is not None and (hang := self._hang()) is not None:
            self._rebuild(hang)

    def probe(self) -> None:
        """Ask the workers whether they have their models, unless they have work; call it now and then.

        A worker that took another's place loads the models anew, and until the next photo nobody would know that they
        are gone.
        """
        if self._pool is not None and not self._jobs:
            self._keep(asyncio.create_task(self._ask_workers(), name="worker probe"))

    async def _ask_workers(self) -> None:
        answers = await asyncio.gather(*(self.run(worker.ready) for _ in range(self._workers)), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, ModelError):
                self._without_models = str(answer)
                return
        if not any(isinstance(answer, BaseException) for answer in answers):  # the others are a hanging pool's
            self._without_models = None

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Hold *task* until it ends; the event loop itself holds tasks weakly."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def recognise(self, photo: Path) -> worker.PhotoRead:
        """Detect and read the plates of the photo at *photo*; see :meth:`run` for the errors."""
        return await self.run(worker.recognise, photo)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* in a worker; cancelling the caller frees the worker.

        Raises:
            WorkerError: the job hung (it was killed), its worker died, or the pool is stopped. Errors that *function*
                raises come through as they are.
        """
        if not self._jobs:
            self._moved_s = time.monotonic()
        job = self._schedule(function, args, kwargs)
        self._jobs.add(job)
        try:
            return await asyncio.wrap_future(job)
        except TimeoutError:
            raise WorkerError(f"a job ran longer than {self._timeout_s:g} s and was ended", RETRIED) from None
        except ProcessExpired as error:
            raise WorkerError(f"a worker process died (exit code {error.exitcode})", RETRIED) from None
        except BrokenExecutor:
            raise WorkerError("the worker pool broke and is rebuilt", RETRIED) from None
        finally:
            self._jobs.discard(job)
            self._moved_s = time.monotonic()

    def _schedule(
        self, function: Callable[..., T], args: Sequence[object], kwargs: dict[str, object]
    ) -> ProcessFuture[T]:
        if self._pool is None:
            raise WorkerError("the worker pool is stopped", "the case is decided after the next start")
        try:
            return self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._timeout_s)
        except RuntimeError:
            return self._rebuild("the worker pool broke").schedule(
                function, args=args, kwargs=kwargs, timeout=self._timeout_s
            )

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
            job.set_exception(WorkerError("the worker pool was ended under the job", RETRIED))
