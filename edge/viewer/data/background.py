"""Work outside Tk's thread: threads that run jobs in order and return results to Tk's thread.

Results come through a pipe that Tk's event loop watches, so an idle viewer does not poll.

Only Tk's thread collects cyclic garbage. By default Python collects it in any thread that allocates, and a Tk image or
interpreter that is freed outside Tk's thread blocks or aborts the program.
"""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
Job = tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]
RESULTS_PER_TURN = 20
"""Results handled before Tk handles keys and clicks."""
COLLECT_MS = 10_000
"""Time between two collections of garbage."""


@contextmanager
def frozen() -> Iterator[None]:
    """Meanwhile no object that exists now is examined for garbage, so that each collection is short."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class Background:
    """Owns the job threads; everything except the jobs runs in Tk's thread."""

    def __init__(self, root: tk.Tk) -> None:
        """Watch for results in the event loop of *root*."""
        self._root = root
        self._results: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._threads: list[JobThread] = []
        root.tk.createfilehandler(self._wake_read, tk.READABLE, self._deliver)
        gc.disable()
        self._timer = root.after(COLLECT_MS, self._collect)

    def thread(self, name: str, finish: Callable[[], None] = lambda: None) -> JobThread:
        """Start a thread that runs its jobs one after the other, and *finish* at its end."""
        thread = JobThread(name, self.post, finish)
        self._threads.append(thread)
        return thread

    def post(self, call: Callable[[], None]) -> None:
        """Run *call* in Tk's thread soon; any thread may call this."""
        self._results.put(call)
        with contextlib.suppress(BlockingIOError, OSError):  # full: Tk is awake already; closed: the viewer ends
            os.write(self._wake_write, b".")

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop the threads: running jobs end, waiting jobs are dropped."""
        for thread in self._threads:
            thread.stop()
        for thread in self._threads:
            thread.join(timeout_s)
        self._root.after_cancel(self._timer)
        gc.enable()
        self._root.tk.deletefilehandler(self._wake_read)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _collect(self) -> None:
        gc.collect()
        self._timer = self._root.after(COLLECT_MS, self._collect)

    def _deliver(self, _file: Any, _mask: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake_read, 4096)
        for _ in range(RESULTS_PER_TURN):
            try:
                call = self._results.get_nowait()
            except Empty:
                return
            call()
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b".")


class JobThread(threading.Thread):
    """A thread with a queue of jobs; a job with the key of a waiting job replaces it."""

    def __init__(
        self, name: str, post: Callable[[Callable[[], None]], None], finish: Callable[[], None] = lambda: None
    ) -> None:
        """Start the thread; *post* runs a callable in Tk's thread, *finish* runs at the end of this one."""
        super().__init__(name=name, daemon=True)
        self._post = post
        self._finish = finish
        self._waiting: OrderedDict[object, Job] = OrderedDict()
        self._changed = threading.Condition()
        self._stopped = False
        self._began: float | None = None
        self.start()

    @property
    def busy_s(self) -> float:
        """For how many seconds the present job has been running; 0 if there is none."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def submit(
        self,
        job: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
        key: object = None,
    ) -> None:
        """Run *job* in this thread, then *done* with its result or *failed* with its exception in Tk's thread."""
        with self._changed:
            self._waiting[object() if key is None else key] = (job, done, failed)
            self._changed.notify()

    def post(self, call: Callable[[], None]) -> None:
        """Run *call* in Tk's thread soon: for a job that tells how far it is."""
        self._post(call)

    def stop(self) -> None:
        """End after the present job."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify()

    def run(self) -> None:
        """Run jobs until stopped."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopped)
                if self._stopped:
                    break
                _key, (job, done, failed) = self._waiting.popitem(last=False)
            self._began = time.monotonic()
            try:
                result = job()
            except Exception as error:  # *failed* gets every failure of a job
                self._answer(failed, error)
            else:
                self._answer(done, result)
            self._began = None
        self._finish()

    def _answer(self, callback: Callable[[Any], None], value: Any) -> None:
        self._post(lambda: callback(value))
