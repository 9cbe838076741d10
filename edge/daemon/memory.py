"""Memory that is freed holds nothing: the allocators overwrite it at once.

Python and the C library leave what was in freed memory until something else is put there, which can be never: uids and
sealed packets of cars that only drove by would stay in the daemon. glibc overwrites freed memory when its tunable
``glibc.malloc.perturb`` is set (mallopt(3), ``M_PERTURB``), but for blocks that it puts aside for soon
(``tcache_count``, ``mxfast``); one arena lets all threads use the same memory again. Python's own allocator for small
objects overwrites nothing (``PYTHONMALLOC``). All of this is read when a program starts, so the daemon starts itself
anew. Its workers end with their job or hold nobody's data, and allocate as usual.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Final

TUNABLES: Final = "GLIBC_TUNABLES"
PERTURB: Final = "glibc.malloc.perturb"
WIPING: Final = f"{PERTURB}=165:glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1:glibc.malloc.mxfast=0"
PYTHON_ALLOCATOR: Final = "PYTHONMALLOC"


def wipe_freed_memory() -> None:
    """Start this program anew with allocators that wipe, unless they do already; elsewhere than on glibc do nothing.

    For the beginning of a program that was started with a command line. The process keeps its number.
    """
    tunables = os.environ.get(TUNABLES, "")
    if PERTURB in tunables:
        _let_children_be(tunables)
        return
    if not is_glibc():
        return
    wiping = {TUNABLES: ":".join(filter(None, (tunables, WIPING))), PYTHON_ALLOCATOR: "malloc"}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(  # noqa: S606 - the same program, without a shell
        sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wiping}
    )


def _let_children_be(tunables: str) -> None:
    """Take out of the environment what :func:`wipe_freed_memory` put there: only programs yet to start read it."""
    if rest := tunables.removesuffix(WIPING).rstrip(":"):
        os.environ[TUNABLES] = rest
    else:
        os.environ.pop(TUNABLES)
    os.environ.pop(PYTHON_ALLOCATOR, None)


def is_glibc() -> bool:
    """Whether the C library is the one whose allocator can wipe."""
    with suppress(ValueError, OSError):
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    return False
