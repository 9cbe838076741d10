"""GPIO lines: the pin factory of the process, and the line that a recorded feed drives in place of a radar."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from gpiozero import Device, DigitalOutputDevice, GPIOZeroError
from gpiozero.pins import Factory
from gpiozero.pins.mock import MockFactory

from edge.config import CameraSettings, RadarSettings
from edge.errors import RadarError


def pin_factory(kind: str) -> Factory:
    """Return the process's pin factory; the first call opens it.

    Args:
        kind: ``"lgpio"`` for real pins, ``"mock"`` for pins in memory.

    Raises:
        RadarError: this machine has no GPIO lines, or this account may not open them.
    """
    current = Device.pin_factory
    if kind == "mock":
        if not isinstance(current, MockFactory):
            Device.pin_factory = MockFactory()
    elif current is None or isinstance(current, MockFactory):
        # Importing lgpio creates a pipe in $LG_WD, by default the working directory, and fails where another account
        # left a pipe of the same name. So the folder must not be a shared one.
        if "LG_WD" not in os.environ:
            folder = tempfile.mkdtemp(prefix="autovelox-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            os.environ["LG_WD"] = folder
        working_dir = Path.cwd()
        try:
            import lgpio
            from gpiozero.pins.lgpio import LGPIOFactory
        except (ImportError, OSError) as error:
            raise RadarError(
                f"lgpio cannot be loaded ({error})", "install it, and set LG_WD to a folder that can be written"
            ) from None
        finally:
            os.chdir(working_dir)  # lgpio leaves the process in $LG_WD, where no relative path of ours means anything
        try:
            Device.pin_factory = LGPIOFactory()
        except (lgpio.error, GPIOZeroError, OSError) as error:
            raise RadarError(
                f"the GPIO lines cannot be opened ({error})",
                "run on the unit's board as a user of the group gpio, "
                'or set pin_factory = "mock" in [radar] for a recorded feed',
            ) from None
    return Device.pin_factory


class Line(Protocol):
    """A line that can be driven as a radar drives it."""

    def fire(self) -> None:
        """Make the line active."""

    def release(self) -> None:
        """Make the line idle again."""

    def close(self) -> None:
        """Release the line."""


class MockLine:
    """The radar's own pin, in memory."""

    def __init__(self, radar: RadarSettings) -> None:
        """Use the pin of *radar*."""
        self._pin = pin_factory("mock").pin(radar.pin)
        self._active_high = radar.active_high

    def fire(self) -> None:
        """Drive the pin to its active level."""
        self._drive(self._active_high)

    def release(self) -> None:
        """Drive the pin to its idle level."""
        self._drive(not self._active_high)

    def close(self) -> None:
        """Leave the pin idle."""
        self.release()

    def _drive(self, high: bool) -> None:
        if high:
            self._pin.drive_high()
        else:
            self._pin.drive_low()


class WiredLine:
    """An output that a wire connects to the radar's pin."""

    def __init__(self, pin_out: int, radar: RadarSettings) -> None:
        """Claim *pin_out*.

        Raises:
            RadarError: the pin cannot be claimed.
        """
        factory = pin_factory(radar.pin_factory)
        try:
            self._output = DigitalOutputDevice(pin_out, active_high=radar.active_high, pin_factory=factory)
        except GPIOZeroError as error:
            raise RadarError(f"GPIO {pin_out} cannot be driven ({error})", "choose another feed_pin_out") from None

    def fire(self) -> None:
        """Drive the output to the radar's active level."""
        self._output.on()

    def release(self) -> None:
        """Drive the output to the radar's idle level."""
        self._output.off()

    def close(self) -> None:
        """Release the output."""
        self._output.close()


def feed_line(camera: CameraSettings, radar: RadarSettings) -> Line:
    """Return the line that a recorded feed drives: a wire if ``feed_pin_out`` is set, else the mock pin.

    Raises:
        RadarError: the output cannot be claimed, or the radar uses real pins and ``feed_pin_out`` is not set.
    """
    if camera.feed_pin_out is not None:
        return WiredLine(camera.feed_pin_out, radar)
    if radar.pin_factory != "mock":
        raise RadarError(
            "a recorded feed fires the radar itself", 'set pin_factory = "mock" in [radar], or feed_pin_out in [camera]'
        )
    return MockLine(radar)
