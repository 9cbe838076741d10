"""The demo waits for every case, in whatever order the unit decides them."""

import asyncio
import sys
from pathlib import Path

from edge.demo.commands import all_decided
from edge.demo.unit import DemoUnit


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
