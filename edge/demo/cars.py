"""The cars of the demo: honest ones, one that claims a wrong plate, and one that replays a packet."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping

from edge.crypto import Chip, load_public_key, seal
from edge.demo.cast import Cast, Scene
from edge.link import deliver, deliver_once


class Traffic:
    """Sends the cars of a scene to a unit."""

    def __init__(self, url: str, cast: Cast, chips: Mapping[str, Chip]) -> None:
        """Send to the unit at *url*; *chips* are by licence number."""
        self._url = url
        self._cast = cast
        self._chips = chips
        self._recorded: dict[str, dict[str, str]] = {}

    async def record(self) -> None:
        """Deliver, before the feed, the packets that are replayed later, and record them."""
        for scene in self._cast.scene:
            if scene.car == "replay" and scene.licence is not None:
                chip = self._chips[scene.licence]

                def answer(nonce: str, timestamp: int, chip: Chip = chip, plate: str = scene.plate) -> dict[str, str]:
                    key = load_public_key(chip.public_key)
                    payload = seal(key, plate=plate, licence=chip.licence, nonce=nonce, timestamp=timestamp)
                    self._recorded[plate] = {"uid": chip.uid, "payload": base64.b64encode(payload).decode("ascii")}
                    return self._recorded[plate]

                await deliver_once(self._url, answer)

    async def pass_by(self, scene: Scene) -> None:
        """Let all cars of *scene* connect at once; return when each has its acknowledgement."""
        deliveries = [
            deliver(self._url, self._chips[licence], self._cast.person(licence).plate) for licence in scene.bystanders
        ]
        if scene.car == "replay":
            deliveries.append(deliver_once(self._url, lambda nonce, timestamp: self._recorded[scene.plate]))
        elif scene.car != "silent" and scene.licence is not None:
            deliveries.append(deliver(self._url, self._chips[scene.licence], scene.claimed or scene.plate))
        await asyncio.gather(*deliveries)
