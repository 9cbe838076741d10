"""The rules of the flow, from the unit's settings."""

from __future__ import annotations

import math

from edge.config import CameraSettings, Settings
from edge.daemon.provenance import site
from edge.flow.rules import Rules
from edge.identify import Formats, Lens, Thresholds
from edge.law import profile_of


def rules_of(settings: Settings, formats: Formats, thresholds: Thresholds) -> Rules:
    """What the flow has to know of *settings*; *thresholds* are the reader's."""
    return Rules(
        site=site(settings),
        limit_kmh=settings.speed.limit_kmh,
        tolerance_kmh=settings.speed.tolerance_kmh,
        profile=profile_of(settings.speed.law),
        window_before_s=settings.window.window_before_s,
        window_after_s=settings.window.window_after_s,
        frames_per_case=settings.recognition.frames_per_case,
        pre_trigger_frames=settings.camera.pre_trigger_frames,
        thresholds=thresholds,
        formats=formats,
        promises_speed=settings.radar.promises_speed,
        max_speed_kmh=settings.radar.max_speed_kmh,
        names_drivers=settings.unit.mode == "enforce",
        lens=_lens(settings.camera),
        certified_utc=settings.instrument.calibration.span_utc or (-math.inf, math.inf),
    )


def _lens(camera: CameraSettings) -> Lens | None:
    return Lens(camera.focal_length_px, camera.width, camera.height) if camera.focal_length_px is not None else None
