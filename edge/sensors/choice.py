"""Which camera and which radar the configuration asks for."""

from __future__ import annotations

from edge.config import Settings
from edge.sensors.camera import Camera
from edge.sensors.gpio import GpioRadar
from edge.sensors.pins import pin_factory
from edge.sensors.radar import Radar, SpeedMeter
from edge.sensors.recorded import RecordedFeed, check_feed


def check_sensors(settings: Settings) -> None:
    """Refuse a camera or a radar that cannot be started, without starting either; a running unit may have them in use.

    Raises:
        ConfigError: the recorded feed's manifest is wrong.
        CameraError: picamera2 is not installed, or a clip cannot be played.
        RadarError: the GPIO lines cannot be opened.
    """
    if settings.camera.kind == "recorded":
        check_feed(settings.camera)
    else:
        from edge.sensors.picamera import require_picamera2

        require_picamera2()
    pin_factory(settings.radar.pin_factory)


def open_camera(settings: Settings) -> Camera:
    """Make the camera that ``[camera]`` asks for; it is not started yet.

    Raises:
        ConfigError: the recorded feed's manifest is wrong.
    """
    if settings.camera.kind == "recorded":
        return RecordedFeed(settings.camera, settings.radar)
    from edge.sensors.picamera import Picamera

    return Picamera(settings.camera)


def open_radar(settings: Settings, camera: Camera) -> Radar:
    """Make the radar that ``[radar]`` asks for; it is not started yet.

    A recorded *camera* brings the speeds of its triggers. Start the radar before the camera: a recorded feed may
    trigger during its first clip.
    """
    speed: SpeedMeter | None = None
    if isinstance(camera, RecordedFeed):
        speed = camera.speeds
    elif settings.radar.serial_port is not None:
        from edge.sensors.ops243 import SerialRadar

        speed = SerialRadar(settings.radar)
    return GpioRadar(settings.radar, speed)
