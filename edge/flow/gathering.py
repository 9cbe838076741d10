"""What belongs to a case: the photos around its trigger and the packets of its window."""

from __future__ import annotations

import asyncio
import logging
import time

from edge.errors import CameraError
from edge.flow.ports import Camera, Cases, Mailbox
from edge.flow.rules import NS, Rules
from edge.model import Frame, Packet, PendingCase, Trigger

log = logging.getLogger(__name__)


class Gathering:
    """Takes photos and packets by the time of a trigger."""

    def __init__(self, rules: Rules, camera: Camera, mailbox: Mailbox, cases: Cases) -> None:
        """Nothing runs before a method is called."""
        self._rules = rules
        self._camera = camera
        self._mailbox = mailbox
        self._cases = cases

    def packets(self, trigger: Trigger) -> tuple[Packet, ...]:
        """The packets of the trigger's window that have arrived so far."""
        return self._mailbox.window(*self._rules.window_ns(trigger))

    async def photograph(self, trigger: Trigger, count: int) -> list[Frame]:
        """Up to *count* photos from the trigger on; fewer, or none, when the camera fails."""
        photos: list[Frame] = []
        try:
            async for photo in self._camera.frames(trigger.at_monotonic_ns, count):
                photos.append(photo)
        except CameraError as error:
            log.error("the camera gave %d of %d photos: %s", len(photos), count, error)
        return photos

    async def complete(self, case: PendingCase) -> PendingCase:
        """Store the photos around the first one and the packets until the window closes; returns the whole case."""
        trigger, rules = case.trigger, self._rules
        known = {packet.nonce for packet in case.packets}
        if case.photos:  # a camera that failed the first photo has been reported already
            before = await self._camera.recent(trigger.at_monotonic_ns, rules.pre_trigger_frames)
            after = (await self.photograph(trigger, rules.frames_per_case))[1:]
            await self._cases.add(case.number, frames=[*before, *after])
        _, closes_ns = rules.window_ns(trigger)
        await asyncio.sleep((closes_ns - time.monotonic_ns()) / NS)
        late = [packet for packet in self.packets(trigger) if packet.nonce not in known]
        await self._cases.add(case.number, packets=late)
        return await self._cases.load(case.number)
