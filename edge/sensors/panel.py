"""The housing's status LED, its buzzer, and its button for a test trigger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from gpiozero import LED, Button, Buzzer, GPIOZeroError

from edge.config import PanelSettings
from edge.errors import RadarError
from edge.sensors.pins import pin_factory

log = logging.getLogger(__name__)

BLINK_S = 0.25
BEEP_S = 0.1
PRESS_S = 0.1
"""How long a button must be held: the interference of a passing car's ignition is shorter."""


class Panel:
    """The LED is steady while the unit is healthy, else it blinks; the buzzer beeps once per case."""

    def __init__(self, settings: PanelSettings, kind: str, on_button: Callable[[], None]) -> None:
        """Prepare the panel; no pin is claimed before :meth:`start`.

        Args:
            settings: the pins.
            kind: the pin factory, see :func:`edge.sensors.pins.pin_factory`.
            on_button: called in the event loop when the button is pressed.
        """
        self._settings = settings
        self._kind = kind
        self._on_button = on_button
        self._devices: list[Any] = []
        self._led: Any = None
        self._buzzer: Any = None
        self._healthy: bool | None = None

    async def start(self) -> None:
        """Claim the pins that are configured.

        Raises:
            RadarError: one of them cannot be used.
        """
        settings = self._settings
        if settings.led_pin is None and settings.buzzer_pin is None and settings.button_pin is None:
            return
        factory = pin_factory(self._kind)
        loop = asyncio.get_running_loop()

        def pressed() -> None:  # runs in the pin library's thread, which an exception would end
            try:
                loop.call_soon_threadsafe(self._on_button)
            except RuntimeError:
                log.warning("the button was pressed while the unit stopped")

        try:
            if settings.led_pin is not None:
                self._led = self._own(LED(settings.led_pin, pin_factory=factory))
            if settings.buzzer_pin is not None:
                self._buzzer = self._own(Buzzer(settings.buzzer_pin, pin_factory=factory))
            if settings.button_pin is not None:
                button = self._own(Button(settings.button_pin, hold_time=PRESS_S, pin_factory=factory))
                button.when_held = pressed
        except GPIOZeroError as error:
            await self.stop()
            raise RadarError(
                f"a pin of [panel] cannot be used ({error})", "give each device its own pin, and not the radar's"
            ) from None

    def show(self, *, healthy: bool) -> None:
        """Show with the LED whether the unit is healthy."""
        if self._led is None or healthy == self._healthy:
            return
        self._healthy = healthy
        if healthy:
            self._led.on()
        else:
            self._led.blink(on_time=BLINK_S, off_time=BLINK_S)

    def beep(self) -> None:
        """Beep once: a case was filed."""
        if self._buzzer is not None:
            self._buzzer.beep(on_time=BEEP_S, n=1)

    async def stop(self) -> None:
        """Release the pins."""
        while self._devices:
            # close() waits for the threads that blink and beep, so it runs in a thread of its own.
            await asyncio.to_thread(self._devices.pop().close)
        self._led = self._buzzer = None

    def _own(self, device: Any) -> Any:
        self._devices.append(device)
        return device
