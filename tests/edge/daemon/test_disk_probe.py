"""The disk probe on a real folder, a full device and a device that hangs."""

from __future__ import annotations

import os
from pathlib import Path

from edge.cases.storage.layout import PROBE
from edge.daemon.disk_probe import DiskProbe
from tests.support.eventually import eventually


async def test_a_disk_that_takes_a_write_is_healthy(tmp_path: Path) -> None:
    probe = DiskProbe(tmp_path / PROBE)
    assert probe.problem() is None
    await probe.write()
    assert probe.problem() is None
    assert (tmp_path / PROBE).read_bytes() == b"autovelox"
    await probe.stop()


async def test_a_disk_that_refuses_is_reported_until_it_takes_a_write_again(tmp_path: Path) -> None:
    (tmp_path / PROBE).symlink_to("/dev/full")
    probe = DiskProbe(tmp_path / PROBE)
    await probe.write()
    assert "refuses a write (No space left on device)" in (probe.problem() or "")
    (tmp_path / PROBE).unlink()
    await probe.write()
    assert probe.problem() is None


async def test_a_write_that_does_not_come_back_is_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / PROBE)  # opening it for writing waits for a reader
    probe = DiskProbe(tmp_path / PROBE, late_s=0.05)
    writing = probe.write()
    await eventually(lambda: "has not finished a write" in (probe.problem() or ""))
    assert probe.write() is writing, "a second write was begun behind the one that hangs"
    reader = os.open(tmp_path / PROBE, os.O_RDONLY | os.O_NONBLOCK)
    await writing
    assert "refuses a write" in (probe.problem() or "")  # a pipe cannot be synced
    os.close(reader)
