"""The radar's line flaps: the real GpioRadar on a mock pin, and every trigger it reports made a case."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from pathlib import Path

import victim
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from judge import Account, judge
from tally import Tally

from edge.cases.store import CaseStore
from edge.config import RadarSettings
from edge.sensors.gpio import GpioRadar

NAME = "radar line flaps 1,000 times in a second"
EDGES = 1000
PIN = 17


def run(folder: Path, seed: int, tally: Tally) -> None:
    """Flap for a second, file every trigger, judge the store."""
    account = asyncio.run(_flap(folder, random.Random(seed)))
    wrong = judge(folder, account)
    tally.runs += 1
    tally.filed += len(account.filed)
    tally.found += sum((folder / "frames" / f"{number:08d}").is_dir() for number in account.filed)
    tally.wrong += [f"seed {seed}: {what}" for what in wrong]
    if not account.filed or account.filed.keys() != set(range(1, len(account.filed) + 1)):
        tally.wrong.append(f"seed {seed}: a trigger the radar reported became no case")
    shutil.rmtree(folder)


async def _flap(folder: Path, dice: random.Random) -> Account:
    Device.pin_factory = factory = MockFactory()
    pin, account = factory.pin(PIN), Account()
    store = await CaseStore.open(folder, victim.SIGNER, victim.UNIT)
    radar = GpioRadar(RadarSettings(pin=PIN, pin_factory="mock"))
    await radar.start()

    def flap() -> None:
        began = time.monotonic()
        for edge in range(EDGES):
            (pin.drive_high, pin.drive_low)[edge % 2]()
            time.sleep(max(0.0, began + (edge + dice.random()) / EDGES - time.monotonic()))
        pin.drive_low()

    async def file() -> None:
        async for trigger in radar.triggers():
            account.tried.add(trigger.at_utc)
            number = await store.file_case(trigger, victim.photos(dice, 1), [], limit_kmh=50.0, site="chaos")
            account.filed[number] = trigger.at_utc

    filing = asyncio.create_task(file())
    await asyncio.to_thread(flap)
    await radar.stop()
    await filing
    await store.close()
    return account
