"""Trigger to opened window: mailbox, a registry on the disk and the workers, against bare decryption on all cores."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from decrypt import decrypt_many

from edge.crypto.packet import seal
from edge.crypto.sealing import seal_secret
from edge.flow.opening import WindowOpener
from edge.identify.formats import licence_pattern, plate_pattern
from edge.link.mailbox import Mailbox
from edge.model import Packet
from edge.registry import Registry, create_master_key, create_registry
from edge.registry.change import change
from edge.registry.rows import ChipRow, uid_hash
from edge.workers import NICENESS, WorkerPool
from tests.support.link import ANNA, notation, sealed

WINDOWS = (50, 200, 1000)
ROUNDS = 3
KNOWN = 8
"""Drivers whose keys every worker has parsed beforehand."""


@dataclass(frozen=True)
class Opening:
    """Medians for a window of ``size`` packets: seconds to claims, and the bare decryptions' time over it.

    ``fresh``: no worker has seen any of the keys, as when every car passes for the first time; then the bare
    decryptions use each key for the first time, too.
    """

    size: int
    fresh: bool
    seconds: float
    ratio: float


def uid(number: int) -> str:
    return f"{number:032x}"


def licence(number: int) -> str:
    return f"UD{number:07d}A"


def make_registry(folder: Path, drivers: int) -> tuple[Path, bytes]:
    """A registry of *drivers* who all have Anna's key, each in a notation of its own; its path and master key."""
    path, master_key = folder / "registry.sqlite", create_master_key(folder / "master.key")
    create_registry(path)
    with change(path, master_key) as registry:
        for number in range(drivers):
            driver = (licence(number), "Test", "Driver", "1980-12-31", "Udine", "B", "TEST", "2020-01-01", "2030-01-01")
            hashed = uid_hash(uid(number))
            key = seal_secret(registry.keys.chip(hashed), notation(number), hashed.hex())
            registry.insert("drivers", (*driver, b""))
            registry.insert("chips", ChipRow(hashed, licence(number), 0, None, None, key))
    return path, master_key


def packet(driver: int, nonce: str) -> Packet:
    """What *driver* says in answer to *nonce*, still sealed."""
    told = {"plate": ANNA.plate, "licence": licence(driver), "nonce": nonce, "timestamp": 1767225600}
    return sealed(nonce=nonce, uid=uid(driver), payload=seal(ANNA.key.public_key(), **told))


async def opened(window: WindowOpener, packets: Sequence[Packet]) -> float:
    """Seconds from the trigger to the claims of *packets*."""
    mailbox = Mailbox(len(packets), 60, len(packets))
    for each in packets:
        mailbox.put(each)
    started = time.perf_counter()
    claims, rejected = await window(mailbox.window(0, 0))
    seconds = time.perf_counter() - started
    assert len(claims) == len(packets) and not rejected
    return seconds


async def opening(pool: WorkerPool, cores: int, folder: Path) -> list[Opening]:
    """Measure windows of every size, with keys that are known and keys that are fresh, each beside the bare work."""
    path, master_key = make_registry(folder, KNOWN + ROUNDS * sum(WINDOWS))
    registry = await Registry.open(path, master_key)
    window = WindowOpener(registry, pool, plate_pattern((), "[A-Z0-9]{2,12}"), licence_pattern("[A-Z0-9]{2,20}"))
    nonces, strangers = (f"{number:032x}" for number in count()), count(KNOWN)
    loop = asyncio.get_running_loop()
    times: dict[tuple[int, bool], list[tuple[float, float]]] = {}
    # As far behind the others as the unit's workers are, or a busy machine would favour it.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=spawn, initializer=os.nice, initargs=(NICENESS,)) as bare:

        async def decrypted(size: int, fresh: bool) -> float:
            share = -(-size // cores)
            jobs = (loop.run_in_executor(bare, decrypt_many, ANNA.der, sample, share, fresh) for _ in range(cores))
            return max(await asyncio.gather(*jobs))

        sample = sealed()
        await decrypted(8 * cores, fresh=False)
        for _ in range(4):
            await opened(window, [packet(driver % KNOWN, next(nonces)) for driver in range(KNOWN * 4 * cores)])
        for _ in range(ROUNDS):
            for size in WINDOWS:
                for fresh in (False, True):
                    drivers = [next(strangers) if fresh else number % KNOWN for number in range(size)]
                    ours = await opened(window, [packet(driver, next(nonces)) for driver in drivers])
                    times.setdefault((size, fresh), []).append((ours, await decrypted(size, fresh) / ours))
    await registry.close()
    return [
        Opening(size, fresh, *(statistics.median(column) for column in zip(*found, strict=True)))
        for (size, fresh), found in times.items()
    ]
