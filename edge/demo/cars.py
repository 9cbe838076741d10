"""The cars of the demo: honest ones of both versions, and a wrong plate, a replay, a relay and a copied chip."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from edge.crypto import Chip, Position
from edge.demo.cast import Cast, Scene
from edge.errors import LinkError
from edge.link import Signing, deliver, deliver_answer, make_answer

KILOMETRES_AWAY = Position.of_degrees(45.6495, 13.7768)


class Traffic:
    """Sends the cars of a scene to a unit."""

    def __init__(
        self, url: str, cast: Cast, chips: Mapping[str, Chip], signing: Mapping[str, Signing] | None = None
    ) -> None:
        """Send to the unit at *url*; *chips* are by licence number, as is what those of version 2 sign with."""
        self._url = url
        self._cast = cast
        self._chips = chips
        self._signing = signing or {}
        self._recorded: dict[str, dict[str, Any]] = {}

    async def record(self) -> None:
        """Deliver, before the feed, the packets that are replayed later, and record them."""
        for scene in self._cast.scene:
            if scene.car == "replay" and scene.licence is not None:
                answer = make_answer(self._chips[scene.licence], scene.plate, self._signing.get(scene.licence))

                def recorded(body: object, endpoint: str, plate: str = scene.plate, answer: Any = answer) -> Any:
                    self._recorded[plate] = answer(body, endpoint)
                    return self._recorded[plate]

                await deliver_answer(self._url, recorded, versions=self._versions(scene.licence))

    async def pass_by(self, scene: Scene) -> None:
        """Let all cars of *scene* connect at once; return when each has its acknowledgement."""
        cars = [self._deliver(licence, self._cast.person(licence).plate) for licence in scene.bystanders]
        if scene.licence is not None:
            match scene.car:
                case "replay":
                    cars.append(self._replay(scene.licence, scene.plate))
                case "relayed":
                    cars.append(self._relayed(scene.licence, scene.plate))
                case "copied chip":
                    cars.append(self._with_its_copy(scene.licence, scene.plate))
                case "honest" | "wrong plate":
                    cars.append(self._deliver(scene.licence, scene.claimed or scene.plate))
        await asyncio.gather(*cars)

    async def _deliver(self, licence: str, plate: str) -> None:
        await deliver(self._url, self._chips[licence], plate, signing=self._signing.get(licence))

    async def _replay(self, licence: str, plate: str) -> None:
        await deliver_answer(self._url, lambda *_: self._recorded[plate], versions=self._versions(licence))

    async def _relayed(self, licence: str, plate: str) -> None:
        """The challenge arrives where the unit is not, and the car stays silent; in version 1 it would answer."""
        far = replace(self._signing[licence], position=KILOMETRES_AWAY)
        with suppress(LinkError):
            await deliver(self._url, self._chips[licence], plate, signing=far, attempts=1)

    async def _with_its_copy(self, licence: str, plate: str) -> None:
        """The copy has the chip's key and its counter, as they were when it was made: it gives a number again."""
        signing = self._signing[licence]
        copy = replace(signing, key=_Copy(signing.key.verify_key, signing.key.sign, signing.key.next_counter()))
        await deliver(self._url, self._chips[licence], plate, signing=signing)
        await deliver(self._url, self._chips[licence], plate, signing=copy)

    def _versions(self, licence: str) -> tuple[int, ...]:
        return (2,) if licence in self._signing else (1,)


class _Copy:
    """A copy of a chip, which goes on counting from where it was made."""

    def __init__(self, verify_key: bytes, sign: Any, counter: int) -> None:
        self.verify_key = verify_key
        self.sign = sign
        self._counter = counter

    def next_counter(self) -> int:
        self._counter += 1
        return self._counter
