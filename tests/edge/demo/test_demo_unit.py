"""The demo waits for every case, in whatever order the unit decides them."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import chain
from pathlib import Path

import pytest
from rich.progress import Progress

from edge.config import load
from edge.crypto import Chip
from edge.demo import commands
from edge.demo.cast import Cast, Scene, load_signed_cast
from edge.demo.commands import all_decided
from edge.demo.setting import Setting
from edge.demo.unit import DemoUnit
from edge.flow.reading import ATTEMPTS
from edge.link import Signing


async def test_the_demo_waits_for_the_older_cases_that_a_slow_unit_decides_last(tmp_path: Path) -> None:
    log = "case 1 decided: x|clip 2 of 3|case 3 decided: x|case 2 decided: x|the end"
    code = f"import sys; sys.stderr.write({log!r}.replace('|', chr(10)))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stderr=asyncio.subprocess.PIPE)
    unit = DemoUnit(process, tmp_path / "unit.log")
    await unit.expect("clip 2 of 3")
    await all_decided(unit, 3)
    assert unit.decided == {1, 2, 3}
    assert await unit.expect("the end")
    await process.wait()


def test_the_demo_is_patient_with_an_emulated_machine(tmp_path: Path) -> None:
    """With the 20 s of a real unit a busy emulated one gave up photo after photo."""
    setting = Setting(tmp_path / "demo")
    setting.clear()
    for_a_photo_s = load(setting.config).recognition.job_timeout_s
    assert for_a_photo_s >= 120
    assert for_a_photo_s * ATTEMPTS < commands.DECIDE_TIMEOUT_S


async def test_the_first_cars_wait_for_nothing_once_the_feed_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first clip begins with the link: what a slow machine did before its cars called made them too late."""
    did: list[str] = []
    cast = load_signed_cast()

    class Unit:
        async def expect(self, pattern: str) -> re.Match[str]:
            did.append(pattern)
            return re.match("(.*)", "1") or pytest.fail("no match")

        async def stop(self) -> None:
            did.append("stopped")

    class Cars:
        def __init__(self, *_: object) -> None:
            pass

        async def record(self) -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            did.append("recorded")

        async def pass_by(self, scene: Scene) -> None:
            did.append(f"cars of {scene.plate}")

    class Keys(Setting):
        def chips(self, cast: Cast) -> dict[str, Chip]:
            did.append("keys")
            return {}

        def signing(self, cast: Cast) -> dict[str, Signing]:
            return {}

    @asynccontextmanager
    async def running(*_: object) -> AsyncIterator[Unit]:
        did.append("unit")
        yield Unit()

    async def decided(*_: object) -> None:
        did.append("decided")

    monkeypatch.setattr(commands, "running_unit", running)
    monkeypatch.setattr(commands, "Traffic", Cars)
    monkeypatch.setattr(commands, "all_decided", decided)
    await commands.play_scenes(cast, Keys(tmp_path, "litert"), Progress(disable=True))
    assert did.index("keys") < did.index("unit")
    assert did.index(f"cars of {cast.scene[0].plate}") < did.index("recorded")
    later = [[f"clip {number} of 8", f"cars of {scene.plate}"] for number, scene in enumerate(cast.scene, 1)][1:]
    assert did[did.index("recorded") + 1 :] == ["clip 1 of 8", *chain.from_iterable(later), "decided", "stopped"]
