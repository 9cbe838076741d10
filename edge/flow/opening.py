"""Opening the packets of a window: the registry's keys, the worker processes, and what a claim must look like."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from edge.crypto import Opened, OpenJob, SealedKey, open_batch, unseal_uids
from edge.errors import WorkerError
from edge.flow.ports import Keys, Workers
from edge.model import Claim, Packet, Rejection

T = TypeVar("T")

log = logging.getLogger(__name__)

BATCH = 256
"""Packets a job at most. Each job has a process of its own, which ends with it and with the keys that it unsealed: so a
window makes one job a process, and more only when it would take long (5 ms a packet)."""
ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class WindowOpener:
    """Turns sealed packets into claims.

    A packet that becomes no claim is rejected and counted by reason; the reason never leaves the unit.
    """

    registry: Keys
    pool: Workers
    plate: re.Pattern[str]
    licence: re.Pattern[str]

    async def __call__(self, packets: Sequence[Packet]) -> tuple[tuple[Claim, ...], Counter[Rejection]]:
        """The claims among *packets*, in their order, and how many were rejected for which reason."""
        packets, rejected = await self._with_uids(packets)
        share = BATCH * self.pool.workers
        known: list[OpenJob] = []
        opening: list[asyncio.Task[Sequence[Opened | Rejection]]] = []
        try:
            # A share at a time: the workers begin with the first packets while the keys of the next ones are looked up.
            for start in range(0, len(packets), share):
                jobs = await self._jobs(packets[start : start + share], rejected)
                known += jobs
                opening += [asyncio.create_task(self._open(some)) for some in shared_out(jobs, self.pool.workers)]
            answers = [answer for batch in await asyncio.gather(*opening) for answer in batch]
        finally:
            for task in opening:
                task.cancel()
        claims = []
        for job, answer in zip(known, answers, strict=True):
            answer = answer if isinstance(answer, Rejection) else self._checked(answer)
            if isinstance(answer, Rejection):
                rejected[answer] += 1
            else:
                claims.append(Claim(job.packet.uid, answer.licence, answer.plate, job.packet))
        return tuple(claims), +rejected

    async def _with_uids(self, packets: Sequence[Packet]) -> tuple[list[Packet], Counter[Rejection]]:
        """The *packets* in their order, each with its uid, and how many have none and why."""
        sealed = [packet for packet in packets if packet.version != 1]
        answers: dict[str, tuple[str, int] | Rejection] = {}
        if sealed and (key := await self.registry.uid_key()) is not None:
            batches = shared_out(sealed, self.pool.workers)
            opened = await asyncio.gather(*(self._unseal(batch, key.private) for batch in batches))
            found = [answer for batch in opened for answer in batch]
            answers = {packet.nonce: answer for packet, answer in zip(sealed, found, strict=True)}
        rejected: Counter[Rejection] = Counter()
        known = []
        for packet in packets:
            answer = (packet.uid, 0) if packet.version == 1 else answers.get(packet.nonce, Rejection.SEALED_UID)
            if isinstance(answer, Rejection):
                rejected[answer] += 1
            else:
                known.append(replace(packet, uid=answer[0], counter=answer[1]))
        return known, rejected

    async def _unseal(self, packets: Sequence[Packet], private: SealedKey) -> Sequence[tuple[str, int] | Rejection]:
        return await self._attempted("uids", len(packets), lambda: self.pool.run(unseal_uids, packets, private))

    async def _jobs(self, packets: Sequence[Packet], rejected: Counter[Rejection]) -> list[OpenJob]:
        """A job for each of *packets* whose chip the registry knows and was in use; the others are *rejected*."""
        keys = await self.registry.keys({packet.uid for packet in packets})
        jobs = []
        for packet in packets:
            if (key := keys.get(packet.uid)) is None:
                rejected[Rejection.UNKNOWN_UID] += 1
            elif not key.counts_at(packet.received_utc):
                rejected[Rejection.REVOKED_CHIP] += 1
            else:
                private = SealedKey(key.sealed_key, key.unsealing_key, key.context)
                if packet.version != 1:  # the case keeps what its signature is checked with
                    packet = replace(
                        packet,
                        verify_key=key.verify_key or b"",
                        certified_until=key.certified_until or 0,
                        certification=key.certification or b"",
                    )
                jobs.append(OpenJob(packet, private, key.licence, key.verify_key))
        return jobs

    async def _open(self, jobs: Sequence[OpenJob]) -> Sequence[Opened | Rejection]:
        return await self._attempted("packets", len(jobs), lambda: self.pool.run(open_batch, jobs))

    async def _attempted(
        self, what: str, count: int, work: Callable[[], Awaitable[list[T | Rejection]]]
    ) -> Sequence[T | Rejection]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await work()
            except WorkerError as error:
                log.warning("attempt %d of %d to open %d %s failed: %s", attempt, ATTEMPTS, count, what, error)
        return [Rejection.WORKER_FAILED] * count

    def _checked(self, opened: Opened) -> Opened | Rejection:
        if not self.plate.fullmatch(opened.plate):
            return Rejection.PLATE_FORMAT
        return opened if self.licence.fullmatch(opened.licence) else Rejection.LICENCE_FORMAT


def shared_out(jobs: Sequence[T], workers: int) -> list[Sequence[T]]:
    """*jobs* in order, in even batches of at most :data:`BATCH`, as many for each of the *workers*."""
    count = -(-len(jobs) // BATCH)
    count = min(len(jobs), count + -count % workers)
    bounds = [len(jobs) * number // count for number in range(count + 1)] if count else [0]
    return [jobs[start:end] for start, end in pairwise(bounds)]
