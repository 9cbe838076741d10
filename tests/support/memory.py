"""Reading the memory of other processes, as root does (proc(5), ``/proc/PID/mem``)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

CHUNK_BYTES = 1 << 26
MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw.p [0-9a-f]+ 00:00 0\b")
"""A writable mapping that belongs to no file: heap, stack, what was allocated."""


def family(pid: int) -> list[int]:
    """The process and all that came from it and still run."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    try:
        below = [int(child) for listed in children for child in listed.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(each for child in below for each in family(child))]


def found_in_memory(pid: int, wanted: Mapping[str, bytes]) -> set[str]:
    """The names of those of *wanted* that the private writable memory of the process holds; none if it has ended."""
    found: set[str] = set()
    longest = max(map(len, wanted.values()))
    try:
        mappings = [tuple(int(end, 16) for end in MAPPING.match(line).groups()) for line in _maps(pid)]  # type: ignore[union-attr]
        with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
            for start, end in mappings:
                for at in range(start, end, CHUNK_BYTES):
                    try:
                        memory.seek(at)
                        held = memory.read(min(CHUNK_BYTES + longest, end - at))
                    except OSError:  # a guard page, or the mapping is gone
                        continue
                    found |= {name for name, secret in wanted.items() if secret in held}
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return found


def _maps(pid: int) -> list[str]:
    return [line for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if MAPPING.match(line)]
