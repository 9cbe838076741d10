"""Work off Tk's thread: lanes that run jobs in order, and the way back.

Results come back through a pipe that Tk's own event loop watches: no polling, so an idle viewer stays asleep.

Cyclic garbage is collected in Tk's thread alone. Python collects it in whichever thread happens to allocate, and an
image or an interpreter of Tk that is freed in another thread than Tk's waits for Tk, or aborts the program.
"""

from __future__ import annotations

import contextlib
import gc
import os
import threading
import time
import tkinter as tk
from collections import OrderedDict
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")
Job = tuple[Callable[[], Any], Callable[[Any], None], Callable[[Exception], None]]
PER_TURN = 20
COLLECT_MS = 10_000


class Background:
    """Owner of the lanes; everything but the jobs themselves runs in Tk's thread."""

    def __init__(self, root: tk.Tk) -> None:
        self._root = root
        self._results: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._lanes: list[JobThread] = []
        root.tk.createfilehandler(self._wake_read, tk.READABLE, self._deliver)
        gc.collect()
        gc.freeze()  # what is there now stays: a collection looks at the rest only, and is short
        gc.disable()
        self._timer = root.after(COLLECT_MS, self._collect)

    def thread(self, name: str, finish: Callable[[], None] = lambda: None) -> JobThread:
        """A new thread that runs its jobs one after the other, and *finish* as its last act."""
        lane = JobThread(name, self.post, finish)
        self._lanes.append(lane)
        return lane

    def post(self, call: Callable[[], None]) -> None:
        """Have *call* run in Tk's thread soon; any thread may ask."""
        self._results.put(call)
        with contextlib.suppress(BlockingIOError, OSError):  # full: Tk is awake anyway; closed: nobody wants it
            os.write(self._wake_write, b".")

    def close(self, timeout_s: float = 5.0) -> None:
        """Stop the lanes: the running jobs end, those that wait are dropped."""
        for lane in self._lanes:
            lane.stop()
        for lane in self._lanes:
            lane.join(timeout_s)
        self._root.after_cancel(self._timer)
        gc.unfreeze()
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
        for _ in range(PER_TURN):  # keys and clicks get their turn too
            try:
                call = self._results.get_nowait()
            except Empty:
                return
            call()
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b".")


class JobThread(threading.Thread):
    """A thread with a line of jobs; a job given under the key of one still waiting takes its place."""

    def __init__(
        self, name: str, post: Callable[[Callable[[], None]], None], finish: Callable[[], None] = lambda: None
    ) -> None:
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
        """For how many seconds the job at hand has been running; 0 if there is none."""
        began = self._began
        return 0.0 if began is None else time.monotonic() - began

    def submit(
        self,
        job: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
        key: object = None,
    ) -> None:
        """Run *job* in the lane, then *done* or *failed* in Tk's thread."""
        with self._changed:
            self._waiting[object() if key is None else key] = (job, done, failed)
            self._changed.notify()

    def stop(self) -> None:
        """End after the job at hand."""
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
            except Exception as error:  # every failure of a job is told to the one who asked
                self._answer(failed, error)
            else:
                self._answer(done, result)
            self._began = None
        self._finish()

    def _answer(self, callback: Callable[[Any], None], value: Any) -> None:
        self._post(lambda: callback(value))
