"""Keeps what a native library reports of its success out of standard error; a warning or an error passes."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ROUTINE = re.compile(rb"INFO: Created TensorFlow Lite XNNPACK delegate for CPU\.\n")
"""LiteRT writes it at every load, from C++, past Python's logging and without a level that could be set."""
STDERR = 2

_one_at_a_time = threading.Lock()


@contextmanager
def without_routine() -> Iterator[None]:
    """Hold back what the process writes to standard error; at the end write it there, less :data:`ROUTINE`.

    A process that has closed its standard error goes on without.
    """
    with _one_at_a_time:
        try:
            own = os.dup(STDERR)
        except OSError:
            yield
            return
        held = os.memfd_create("stderr")
        os.dup2(held, STDERR)
        try:
            yield
        finally:
            os.dup2(own, STDERR)
            said = ROUTINE.sub(b"", os.pread(held, os.fstat(held).st_size, 0))
            os.close(held)
            os.close(own)
            if said:
                os.write(STDERR, said)
