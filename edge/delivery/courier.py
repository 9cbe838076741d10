"""The courier: brings every entry of the chain to the centre, then photos, in a task of its own that nothing waits for.

The chain is the queue. What the centre confirmed is durable there; everything after it is sent again, however often
the way is cut. Whatever fails, the unit goes on filing cases, and the courier comes again: after a second, then
after twice as long each time up to a quarter of an hour, with jitter, so that a thousand units do not come at once.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from edge.delivery.budget import DailyBudget
from edge.delivery.client import Answered, Client, Confirmed, confirmed_in
from edge.delivery.leaving import LeavingPhotos
from edge.delivery.ports import Head, Outbox
from edge.delivery.progress import Progress
from edge.delivery.wire import BATCH_BYTES, MAX_WISHES, wishes_in
from edge.errors import DeliveryError, EdgeError

log = logging.getLogger(__name__)
Result = TypeVar("Result")

LOOK_S = 1.0
"""How often the courier looks for entries where nobody tells it of them."""
LOOK_TOLD_S = 10.0
"""How often where it is told: the store also tells of what the unit's other processes wrote."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 900.0
KEEP_S = 60.0
"""So often at most the disk is told how far the entries are: a start asks the centre anyway, and retention waits for
photos, which the next status tells of."""
LATE_S = 900.0
"""So long nothing could be delivered before it is a problem on /health."""
STATUS_S = 60.0
LEAST_STATUS_S, MOST_STATUS_S = 1.0, 3600.0


class Forked(DeliveryError):
    """The centre has another chain of this unit."""


class Courier:
    """Delivers what *outbox* has through *client*; :meth:`run` is its task."""

    def __init__(
        self,
        client: Client,
        outbox: Outbox,
        *,
        budget: DailyBudget,
        facts: Callable[[], Mapping[str, object]] = dict,
        clock: Callable[[], float] = time.monotonic,
        answers_again: Callable[[], None] = lambda: None,
        progress: Progress | None = None,
        obey: Callable[[Sequence[Any]], list[dict[str, object]]] = lambda _: [],
        leaving: LeavingPhotos | None = None,
    ) -> None:
        """*facts* is what the unit says of itself; *clock* gives seconds that never run backwards.

        *answers_again* is called when the centre answers that did not before. *progress* wakes the courier, and learns
        what the centre has. *obey* obeys the orders of an answer, in the courier's thread, and says which it refuses.
        *leaving* are photos that leave the card once the centre has them.
        Needs a running event loop.
        """
        self._is_told = progress is not None
        self._progress = progress or Progress()
        self._answers_again = answers_again
        self._obey = obey
        self._leaving = leaving
        self._refused: list[dict[str, object]] = []
        self._client = client
        self._outbox = outbox
        self._budget = budget
        self._facts = facts
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="delivery")
        self._confirmed: Confirmed | None = None
        self._settled = (0, 0)
        self._kept: tuple[Confirmed, tuple[int, int]] | None = None
        self._next_keep_s = clock()
        self._lost: list[str] = []
        self._next_status_s = clock()
        self._heard_s = clock()
        self._failures = 0
        self._error = ""
        self._fork = False
        self.waiting = 0

    @property
    def confirmed(self) -> int:
        """The number of the newest entry that the centre has, as far as is known since the start."""
        return self._confirmed.seq if self._confirmed is not None else 0

    def problem(self) -> str | None:
        """One sentence while the centre has another chain, or nothing could be delivered for long; else None."""
        if self._fork:
            return "the centre has another chain of this unit: keep this store, and tell the centre's operator"
        late_s = self._clock() - self._heard_s
        if late_s < LATE_S:
            return None
        return f"nothing was delivered to the centre for {late_s / 60:.0f} minutes: {self._error or 'see the log'}"

    async def run(self) -> None:
        """Deliver until cancelled. No error ends it: the camera's work does not depend on the centre."""
        try:
            async with self._client:
                while True:
                    pause_s = await self.attempt()
                    if self._failures:  # news are no reason to come before the pause is over
                        await asyncio.sleep(pause_s)
                    else:
                        await self._progress.wait_for_more(pause_s)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def attempt(self) -> float:
        """Do what there is to do; returns the seconds until there may be more."""
        try:
            await self.round()
        except EdgeError as error:
            return self._failed(str(error), getattr(error, "retry_s", None))
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            return self._failed(f"{type(error).__name__} in {place.filename}, line {place.lineno}: report it", None)
        if self._failures:
            log.info("the centre answers again")
            self._answers_again()
        self._failures, self._error, self._heard_s = 0, "", self._clock()
        self._progress.move(self.confirmed, is_answered=True)
        return min(LOOK_TOLD_S, max(LOOK_S, self._next_status_s - self._clock())) if self._is_told else LOOK_S

    def _failed(self, error: str, retry_s: float | None) -> float:
        if error != self._error:
            log.warning("delivery: %s", error)
        self._error = error
        self._progress.move(self.confirmed, is_answered=False)
        doubled_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._failures, 20))
        self._failures += 1
        return max(retry_s or 0.0, doubled_s * random.uniform(0.5, 1.0))  # noqa: S311 - it spreads, it hides nothing

    async def round(self) -> None:
        """Log in if need be, deliver the entries that wait, say how the unit is, deliver a photo or two.

        Raises:
            EdgeError: the centre cannot be asked or refuses, or the store cannot be read.
        """
        if not self._client.is_logged_in:
            await self._client.log_in(await self._read(self._outbox.key_lines))
        if self._confirmed is None:
            await self._begin(await self._client.head())
        await self._deliver_entries()
        if self._clock() >= self._next_status_s:
            await self._deliver_status()
        if self._clock() >= self._next_keep_s:
            await self._keep()

    async def _begin(self, confirmed: Confirmed) -> None:
        """Compare what the centre has with the own chain: a cloned or restored unit finds out here."""
        head = await self._read(self._outbox.head)
        own = head.seq if head is not None else 0
        if confirmed.seq and confirmed.seq <= own:
            self._fork = await self._read(lambda: self._outbox.hash_of(confirmed.seq)) != confirmed.hash
        else:
            self._fork = confirmed.seq > own
        if self._fork:
            await self._tell_fork(min(confirmed.seq, own))
        self._confirmed = confirmed

    async def _tell_fork(self, seq: int) -> None:
        """Show the centre our entry *seq*, which it keeps beside its own, and how the unit is."""
        shown = await self._read(lambda: self._outbox.lines(seq - 1, seq, BATCH_BYTES)) if seq else None
        try:
            if shown is not None:
                self._spend(shown.data)
                await self._client.entries(shown.data)
        except Answered as error:
            if error.word != "fork":
                raise
        await self._client.status(await self._status())
        raise Forked("the centre has another chain of this unit", "keep this store, and tell the centre's operator")

    async def _deliver_entries(self) -> None:
        assert self._confirmed is not None
        head = await self._read(self._outbox.head)
        self.waiting = max(0, head.seq - self._confirmed.seq) if head is not None else 0
        while head is not None and head.seq > self._confirmed.seq:
            after, up_to = self._confirmed.seq, head.seq
            lines = await self._read(lambda: self._outbox.lines(after, up_to, BATCH_BYTES))  # noqa: B023 - awaited here
            if lines is None:
                return
            self._spend(lines.data)
            try:
                await self._accept(await self._client.entries(lines.data), lines.last)
            except Answered as error:
                if error.word not in ("gap", "fork"):
                    raise
                # The centre was restored to an earlier state, or an answer was lost: what it has is asked anew.
                self._confirmed = None
                raise
            self._heard_s = self._clock()
            self.waiting = max(0, head.seq - self._confirmed.seq)
            if self._confirmed.seq <= after:
                raise DeliveryError("the centre confirms nothing", "read the centre's log")

    async def _accept(self, confirmed: Confirmed, sent: Head) -> None:
        """Take note of what the centre has, if it is our chain; *sent* is the last entry that it was sent."""
        if confirmed.seq != sent.seq or confirmed.hash != sent.hash:
            own = await self._read(lambda: self._outbox.hash_of(confirmed.seq)) if confirmed.seq else confirmed.hash
            if own != confirmed.hash:
                self._fork, self._confirmed = True, None
                raise Forked("the centre has another chain of this unit", "keep this store, tell the centre's operator")
        self._confirmed, self._fork = confirmed, False
        self._progress.move(confirmed.seq, is_answered=True)

    async def _keep(self) -> None:
        """Remember on the disk what the centre has, where that is news."""
        confirmed, (settled, cases) = self._confirmed, self._settled
        if confirmed is None or self._kept == (confirmed, (settled, cases)):
            return
        await self._read(lambda: self._outbox.confirm(confirmed.seq, confirmed.hash, settled=settled, cases=cases))
        self._kept, self._next_keep_s = (confirmed, (settled, cases)), self._clock() + KEEP_S

    async def _status(self) -> dict[str, object]:
        head = await self._read(self._outbox.head)
        return {
            **self._facts(),
            "head": {"seq": head.seq if head else 0, "hash": head.hash if head else "0" * 64},
            "sent_bytes_today": self._budget.spent,
            "lost": self._lost[:MAX_WISHES],
            "orders_refused": self._refused,
        }

    async def _deliver_status(self) -> None:
        leaving = await self._read(self._leaving.asks) if self._leaving is not None else []
        answer = await self._client.status({**await self._status(), **({"leaving": leaving} if leaving else {})})
        if self._leaving is not None and leaving:
            await self._read(partial(self._leaving.take, answer))
        self._lost = []
        confirmed, cases = confirmed_in(answer), answer.get("settled_cases")
        if type(cases) is int and confirmed == self._confirmed:
            before, self._settled = self._settled, (confirmed.seq, cases)
            if before != self._settled:
                await self._keep()
        if isinstance(orders := answer.get("orders"), list):
            self._refused = await self._read(lambda: self._obey(orders)) if orders else []
        next_s = answer.get("next_s")
        pause_s = min(
            MOST_STATUS_S, max(LEAST_STATUS_S, float(next_s) if isinstance(next_s, int | float) else STATUS_S)
        )
        self._next_status_s = self._clock() + pause_s
        if await self._deliver_wishes(wishes_in(answer)):
            self._next_status_s = self._clock()  # there may be more wishes

    async def _deliver_wishes(self, wishes: list[tuple[int, int, str]]) -> bool:
        """Deliver files that the centre wishes, until new entries wait or the day is spent; True if one went."""
        went = False
        for case, place, digest in wishes:
            data = await self._read(lambda: self._outbox.file(case, place, digest))  # noqa: B023 - awaited here
            if data is None:
                self._lost.append(digest)
                continue
            if len(data) > self._budget.left:
                break
            self._spend(data)
            try:
                await self._client.blob(digest, data, until=lambda: self._progress.has_more)
            except Answered as error:
                if error.word != "not_named":  # it was purged meanwhile
                    raise
            went = True
            self._heard_s = self._clock()
            if await self._has_entries():
                break
        return went or bool(self._lost)

    async def _has_entries(self) -> bool:
        """Whether entries are to go before the next photo."""
        if self._is_told:
            return self._progress.has_more
        head = await self._read(self._outbox.head)
        return head is not None and head.seq > self.confirmed

    def _spend(self, data: bytes) -> None:
        self._budget.spend(len(data))

    async def _read(self, work: Callable[[], Result]) -> Result:
        """Call *work* of the outbox in the courier's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
