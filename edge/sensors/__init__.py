"""What the unit senses with: the radar that triggers, the camera that takes the photos, the board's own health."""

from edge.sensors.board import Board
from edge.sensors.camera import Camera
from edge.sensors.choice import check_sensors, open_camera, open_radar
from edge.sensors.panel import Panel
from edge.sensors.radar import Radar, Speed, SpeedMeter

__all__ = ["Board", "Camera", "Panel", "Radar", "Speed", "SpeedMeter", "check_sensors", "open_camera", "open_radar"]
