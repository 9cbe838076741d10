"""Opening the packets of a window: the registry's keys, the worker processes, and what a claim must look like."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from edge.crypto.opener import OpenJob, open_batch
from edge.crypto.packet import Opened
from edge.errors import WorkerError
from edge.model import Claim, Packet
from edge.workers.pool import WorkerPool

log = logging.getLogger(__name__)

BATCH = 16
"""Packets a job: long enough to be worth a trip to a worker, short enough not to keep a photo waiting (80 ms)."""
ATTEMPTS = 2


class RegisteredKey(Protocol):
    """A private key, and the licence number that goes with its uid."""

    @property
    def licence(self) -> str: ...  # noqa: D102
    @property
    def private_der(self) -> bytes: ...  # noqa: D102


class Registry(Protocol):
    """Knows the keys of uids."""

    async def keys(self, uids: Iterable[str]) -> Mapping[str, RegisteredKey]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class WindowOpener:
    """Turns sealed packets into claims.

    A packet that speaks for nobody is counted by reason and forgotten; the reason never leaves the unit.
    """

    registry: Registry
    pool: WorkerPool
    plate: re.Pattern[str]
    licence: re.Pattern[str]

    async def __call__(self, packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[str]]:
        """The claims among *packets*, in their order, and how many were thrown away for which reason."""
        share = BATCH * self.pool.workers
        known: list[OpenJob] = []
        opening: list[asyncio.Task[list[Opened | str]]] = []
        rejected: Counter[str] = Counter()
        try:
            # A share at a time: the workers begin with the first keys while the next ones are unsealed.
            for start in range(0, len(packets), share):
                jobs = await self._jobs(packets[start : start + share])
                rejected["uid"] += len(packets[start : start + share]) - len(jobs)
                known += jobs
                opening += [asyncio.create_task(self._open(some)) for some in _shared_out(jobs, self.pool.workers)]
            answers = [answer for batch in await asyncio.gather(*opening) for answer in batch]
        finally:
            for task in opening:
                task.cancel()
        claims = []
        for job, answer in zip(known, answers, strict=True):
            reason = answer if isinstance(answer, str) else self._fault(answer)
            if reason:
                rejected[reason] += 1
            elif isinstance(answer, Opened):
                claims.append(Claim(job.packet.uid, answer.licence, answer.plate, job.packet))
        return tuple(claims), +rejected

    async def _jobs(self, packets: Sequence[Packet]) -> list[OpenJob]:
        """A job for each of *packets* whose uid the registry knows."""
        keys = await self.registry.keys({packet.uid for packet in packets})
        return [
            OpenJob(packet, keys[packet.uid].private_der, keys[packet.uid].licence)
            for packet in packets
            if packet.uid in keys
        ]

    async def _open(self, jobs: Sequence[OpenJob]) -> list[Opened | str]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self.pool.run(open_batch, jobs)
            except WorkerError as error:
                log.warning("attempt %d of %d to open %d packets failed: %s", attempt, ATTEMPTS, len(jobs), error)
        return ["worker"] * len(jobs)

    def _fault(self, opened: Opened) -> str:
        if not self.plate.fullmatch(opened.plate):
            return "plate format"
        return "" if self.licence.fullmatch(opened.licence) else "licence format"


def _shared_out(jobs: Sequence[OpenJob], workers: int) -> list[Sequence[OpenJob]]:
    """*jobs* in order, in even batches of at most :data:`BATCH`, as many for each of the *workers*."""
    count = -(-len(jobs) // BATCH)
    count = min(len(jobs), count + -count % workers)
    bounds = [len(jobs) * number // count for number in range(count + 1)] if count else [0]
    return [jobs[start:end] for start, end in pairwise(bounds)]
