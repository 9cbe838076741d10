"""The unit's senses: the radar that fires and the camera that sees."""

from __future__ import annotations

from edge.config import Settings
from edge.sensors.board import Board
from edge.sensors.camera import Camera
from edge.sensors.gpio import GpioRadar
from edge.sensors.panel import Panel
from edge.sensors.radar import Radar, SpeedMeter
from edge.sensors.recorded import RecordedFeed

__all__ = ["Board", "Camera", "Panel", "Radar", "open_camera", "open_radar"]


def open_camera(settings: Settings) -> Camera:
    """The camera that ``[camera]`` asks for, not yet started.

    Raises:
        ConfigError: the recorded feed's manifest is wrong.
        CameraError: picamera2 is not installed.
    """
    if settings.camera.kind == "recorded":
        return RecordedFeed(settings.camera, settings.radar)
    from edge.sensors.picamera import Picamera

    return Picamera(settings.camera)


def open_radar(settings: Settings, camera: Camera) -> Radar:
    """The radar that ``[radar]`` asks for, not yet started; a recorded *camera* brings its own speeds.

    Start it before the camera: a recorded feed fires from its first clip on.
    """
    speed: SpeedMeter | None = None
    if isinstance(camera, RecordedFeed):
        speed = camera.speeds
    elif settings.radar.serial_port is not None:
        from edge.sensors.ops243 import SerialRadar

        speed = SerialRadar(settings.radar)
    return GpioRadar(settings.radar, speed)
