"""The board's own health: temperature, supply voltage, throttling."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
"""The firmware's throttling bits, in hexadecimal; only some kernels of Raspberry Pi OS have this file."""
HWMON = Path("/sys/class/hwmon")
"""Every kernel has this folder; of the bits it tells only the supply voltage's."""
VOLTAGE = "rpi_volt"
HOT_C = 80.0
"""At this temperature a Raspberry Pi slows down."""
VCGENCMD_TIMEOUT_S = 2.0
COOL = "improve the cooling of the housing"
BITS = {
    0: ("the supply voltage is too low", "use the board's own power supply and a short cable"),
    1: ("the processor is slowed down for lack of power or cooling", "check both"),
    2: ("the processor is throttled", COOL),
    3: ("the temperature limit is reached", COOL),
}
"""Bits of ``vcgencmd get_throttled`` that describe the present; bits 16 and up describe the time since the start."""


class Board:
    """The board's last measurement.

    Attributes:
        temperature_c: the processor's temperature in °C, or None if the board does not tell it.
        throttled: the firmware's throttling bits, or None if the board does not tell them.
    """

    def __init__(self, temperature: Path = TEMPERATURE, throttled: Path = THROTTLED, hwmon: Path = HWMON) -> None:
        """Read these files and this folder of the kernel."""
        self._temperature = temperature
        self._throttled = throttled
        self._hwmon = hwmon
        self.temperature_c: float | None = None
        self.throttled: int | None = None

    def measure(self) -> None:
        """Measure; takes milliseconds, or up to seconds where only vcgencmd tells the bits."""
        self.temperature_c = self.throttled = None
        with contextlib.suppress(OSError, ValueError):
            self.temperature_c = int(self._temperature.read_text(encoding="ascii")) / 1000
        with contextlib.suppress(OSError, ValueError):
            self.throttled = int(self._throttled.read_text(encoding="ascii"), 16)
        if self.throttled is None:
            self.throttled = _ask_vcgencmd()
        if self.throttled is None:
            self.throttled = self._ask_hwmon()

    def problem(self) -> str | None:
        """Return what was wrong with power or cooling at the last measurement, as ``cause: remedy``, or None."""
        fault = self.fault()
        return ": ".join(fault) if fault else None

    def fault(self) -> tuple[str, str] | None:
        """Return what was wrong with power or cooling at the last measurement, as cause and remedy, or None."""
        for bit, fault in BITS.items():
            if self.throttled is not None and self.throttled >> bit & 1:
                return fault
        if self.temperature_c is not None and self.temperature_c >= HOT_C:
            return f"the processor is at {self.temperature_c:.0f} °C", COOL
        return None

    def _ask_hwmon(self) -> int | None:
        with contextlib.suppress(OSError, ValueError):
            for folder in self._hwmon.iterdir():
                if (folder / "name").read_text(encoding="ascii").strip() == VOLTAGE:
                    return int((folder / "in0_lcrit_alarm").read_text(encoding="ascii"))
        return None


def _ask_vcgencmd() -> int | None:
    """Return the bits in ``throttled=0x50005``, or None where vcgencmd is missing or fails."""
    command = shutil.which("vcgencmd")
    if command is None:
        return None
    try:
        answer = subprocess.run(
            [command, "get_throttled"], capture_output=True, text=True, timeout=VCGENCMD_TIMEOUT_S, check=True
        ).stdout
        return int(answer.strip().partition("=")[2], 16)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
