"""The speed radar over a pseudo terminal: the serial library and the port's behaviour are the real ones."""

from __future__ import annotations

import asyncio
import os
import time
import tty
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.config import RadarSettings
from edge.sensors.ops243 import SerialRadar, commands, parse_report
from edge.sensors.speed import Speed
from tests.support.eventually import eventually


class Port:
    """The radar's end of a serial port that can be unplugged."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.plug()

    def plug(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(self.master)
        os.set_blocking(self.master, False)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(slave))
        os.close(slave)

    def unplug(self) -> None:
        self.link.unlink()
        os.close(self.master)

    def say(self, text: bytes) -> None:
        os.write(self.master, text)

    def heard(self) -> bytes:
        try:
            return os.read(self.master, 4096)
        except OSError:
            return b""


@pytest.fixture
def port(tmp_path: Path) -> Port:
    return Port(tmp_path / "radar")


def settings(port: Port, **changes: object) -> RadarSettings:
    values: dict[str, object] = {"serial_port": port.link, "speed_join_s": 5, "speed_wait_s": 0}
    return RadarSettings.model_validate(values | changes)


@pytest.fixture
async def radar(port: Port, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SerialRadar]:
    monkeypatch.setattr("edge.sensors.ops243.RETRY_S", (0.01,))
    radar = SerialRadar(settings(port))
    assert radar.problem() is not None
    await radar.start()
    await eventually(lambda: radar.problem() is None)
    yield radar
    await radar.stop()


async def test_the_radar_is_set_up_and_its_reports_are_joined_by_time(port: Port, radar: SerialRadar) -> None:
    said = b""
    async with asyncio.timeout(10):
        while len(said) < len(commands(settings(port))):
            said += port.heard()
            await asyncio.sleep(0.005)
    assert said == b"OJ\nUK\nR>10\nIG\nS2\n"
    port.say(b'{"speed":71.3,"direction":"inbound","time":105,"tick":135}\r\n')
    await eventually(lambda: radar.counters["reports"] == 1)
    assert await radar.speed_at(time.monotonic_ns()) == Speed(71.3, "inbound")
    assert await radar.speed_at(time.monotonic_ns() - 60 * 10**9) is None


async def test_garbage_is_counted_and_harmless(port: Port, radar: SerialRadar) -> None:
    port.say(b'{"Product":"OPS243"}\r\n\r\n')
    port.say(b'\xff\xfe{{\r\n"speed"\r\n{"speed":null}\r\n{"speed":NaN}\r\n{"speed":true}\r\n' + b"[" * 900 + b"\r\n")
    port.say(b"x" * 3000 + b"\r\n")
    port.say(b'{"speed":64.0}\r\n')
    await eventually(lambda: radar.counters["reports"] == 1)
    assert radar.counters["garbage"] >= 7
    assert radar.problem() is None


async def test_impossible_and_walking_speeds_are_no_speeds(port: Port, radar: SerialRadar) -> None:
    port.say(b'{"speed":910.0}\r\n{"speed":4.0}\r\n{"speed":-80.5}\r\n')
    await eventually(lambda: radar.counters["reports"] == 1)
    assert radar.counters["impossible"] == 1
    assert await radar.speed_at(time.monotonic_ns()) == Speed(80.5)


async def test_the_radars_own_lines_are_kept_byte_for_byte_with_their_times(port: Port, radar: SerialRadar) -> None:
    said = [b'{"speed":71.3,"direction":"inbound"}\r\n', b"\xff\xfe garbage\n", b'{"Product":"OPS243"}\r\n']
    start_ns, start_utc = time.monotonic_ns(), time.time()
    port.say(b"".join(said))
    await eventually(lambda: len(radar.reports(start_ns, time.monotonic_ns())) == len(said))
    lines = radar.reports(start_ns, time.monotonic_ns())
    assert [line.line for line in lines] == said
    assert all(start_utc <= line.received_utc <= time.time() for line in lines)
    assert radar.reports(0, start_ns) == ()


async def test_an_impossible_speed_says_that_it_is_one(port: Port, radar: SerialRadar) -> None:
    port.say(b'{"speed":910.0}\r\n')
    await eventually(lambda: radar.counters["impossible"] == 1)
    assert await radar.speed_at(time.monotonic_ns()) == Speed(910.0, possible=False)


async def test_the_radar_may_be_plugged_in_again(port: Port, radar: SerialRadar) -> None:
    port.unplug()
    await eventually(lambda: "plug it in" in (radar.problem() or ""))
    port.plug()
    await eventually(lambda: radar.problem() is None)
    port.say(b'{"speed":55.5}\r\n')
    await eventually(lambda: radar.counters["reports"] == 1)
    assert radar.counters["connected"] == 2


@pytest.mark.parametrize(
    ("line", "speed"),
    [
        (b'{"speed":0.58,"direction":"outbound","time":105,"tick":135}', Speed(0.58, "outbound")),
        (b'{"speed":"52.3","direction":"sideways"}', Speed(52.3)),
        (b'{"Units":"km-per-hr"}', None),
    ],
)
def test_lines_of_the_radar(line: bytes, speed: Speed | None) -> None:
    assert parse_report(line) == speed


@pytest.mark.parametrize("line", [b"", b"52.3", b"[1]", b'{"speed":"fast"}', b'{"speed":Infinity}', b'{"speed":true}'])
def test_lines_that_are_no_reports(line: bytes) -> None:
    with pytest.raises(ValueError):
        parse_report(line)


@pytest.mark.parametrize(("top_kmh", "sampling"), [(100, b"SX"), (220, b"S2"), (300, b"SL")])
def test_the_sampling_rate_covers_the_greatest_speed(port: Port, top_kmh: float, sampling: bytes) -> None:
    assert commands(settings(port, max_speed_kmh=top_kmh)).endswith(b"\n" + sampling + b"\n")
