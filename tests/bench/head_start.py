"""How long before a case is filed the unit knows that it will be: from the radar's edge to the call of the store.

    python tests/bench/head_start.py

The demo's recorded feed, twice, with the real radar line, ring, encoder and flow; the store notes when it is called.
What else the unit does has this long to end (edge/cases/storage/right_of_way.py); ``officers.py`` gives it no more.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from filing import RULES, Nobody, opens_nothing, reads_nothing

from edge.config import CameraSettings, RadarSettings, Settings
from edge.demo.cast import FOLDER
from edge.flow.deciding import OnUnit
from edge.flow.infringement import Infringements
from edge.link.mailbox import Mailbox
from edge.sensors import open_camera, open_radar
from edge.sensors.recorded import RecordedFeed

TURNS = 2


class Noted:
    """A right of way and a store that note when they are asked; nothing is stored."""

    def __init__(self) -> None:
        self._taken_s: dict[int, float] = {}
        self.head_starts_s: list[float] = []

    def take(self, edge_ns: int) -> None:
        self._taken_s.setdefault(edge_ns, time.monotonic())

    def give_back(self, edge_ns: int) -> None:
        del self._taken_s[edge_ns]

    async def file_case(self, trigger: Any, *_photos_and_packets: object, **_facts: object) -> int:
        self.head_starts_s.append(time.monotonic() - self._taken_s[trigger.at_monotonic_ns])
        return len(self.head_starts_s)

    async def add(self, _number: int, **_more: object) -> None:
        """Later photos: not measured."""


async def head_starts(turns: int = TURNS) -> list[float]:
    """Seconds from each edge to its filing, over *turns* of the feed."""
    settings = Settings(
        camera=CameraSettings(kind="recorded", manifest=FOLDER / "feed" / "manifest.toml"),
        radar=RadarSettings(pin_factory="mock"),
    )
    noted = Noted()
    for _ in range(turns):
        camera = open_camera(settings)
        radar = open_radar(settings, camera)
        assert isinstance(camera, RecordedFeed)
        flow = Infringements(
            RULES,
            camera=camera,
            mailbox=Mailbox(100, 60.0, 4),
            recognise=reads_nothing,
            decider=OnUnit(RULES, opens_nothing, Nobody()),
            registry=Nobody(),
            cases=noted,  # type: ignore[arg-type] - of a store, what filing calls
            right_of_way=noted,
        )
        radar.on_edge = flow.begin
        await radar.start()

        async def file(radar: Any = radar, flow: Infringements = flow) -> None:
            async for trigger in radar.triggers():
                await flow.file_trigger(trigger)

        filing = asyncio.create_task(file())
        await camera.start()
        await camera.finished.wait()
        await radar.stop()
        await filing
        await flow.stop()
        await camera.stop()
    return noted.head_starts_s


if __name__ == "__main__":
    found = sorted(asyncio.run(head_starts()))
    print(f"{len(found)} triggers, from edge to filing: median {statistics.median(found) * 1e3:.0f} ms")
    print("all (ms): " + " ".join(f"{each * 1e3:.1f}" for each in found))
