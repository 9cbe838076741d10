"""Reading the memory of other processes, as root does (proc(5), ``/proc/PID/mem``)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

CHUNK_BYTES = 1 << 26
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
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
        with (
            Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory,
            Path(f"/proc/{pid}/pagemap").open("rb", buffering=0) as pages,
        ):
            for start, end in mappings:
                for first, last in _written(pages, start, end):
                    for at in range(first, last, CHUNK_BYTES):
                        try:
                            memory.seek(at)
                            held = memory.read(min(CHUNK_BYTES + longest, last - at))
                        except OSError:  # a guard page, or the mapping is gone
                            continue
                        found |= {name for name, secret in wanted.items() if secret in held}
    except (FileNotFoundError, ProcessLookupError):
        return set()
    return found


def _written(pages: BinaryIO, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a mapping that were ever written: first address, and the one after the last.

    The others, most of it, are zeros that no page stands for. Source: Linux, Documentation/admin-guide/mm/pagemap.rst:
    bit 63 (in memory) and bit 62 (in the swap space).
    """
    pages.seek(start // PAGE_BYTES * 8)
    entries = np.frombuffer(pages.read((end - start) // PAGE_BYTES * 8), np.uint64)
    there = np.concatenate(([False], entries >> np.uint64(62) != 0, [False]))
    edges = np.flatnonzero(there[1:] != there[:-1])
    for first, last in edges.reshape(-1, 2).tolist():
        yield start + first * PAGE_BYTES, start + last * PAGE_BYTES


def _maps(pid: int) -> list[str]:
    return [line for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if MAPPING.match(line)]
