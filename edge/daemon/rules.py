"""The rules of the flow, from the unit's settings."""

from __future__ import annotations

import math
from decimal import Decimal

from edge.config import CameraSettings, Settings, SpeedSettings
from edge.daemon.provenance import site
from edge.flow.rules import Rules
from edge.identify import Formats, Lens, Thresholds
from edge.law import Deduction, Profile, profile_of, to_kmh
from edge.model import SpeedUnit


def rules_of(settings: Settings, formats: Formats, thresholds: Thresholds) -> Rules:
    """What the flow has to know of *settings*; *thresholds* are the reader's."""
    limit_kmh, tolerance_kmh = _in_kmh(settings.speed)
    return Rules(
        site=site(settings),
        limit_kmh=limit_kmh,
        tolerance_kmh=tolerance_kmh,
        profile=_profile(settings.speed),
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


def _in_kmh(speed: SpeedSettings) -> tuple[float, float]:
    """Limit and tolerance, whatever the law counts in."""
    if speed.limit_mph is None:
        return speed.limit_kmh, speed.tolerance_kmh
    return to_kmh(speed.limit_mph, SpeedUnit.MPH), to_kmh(speed.tolerance_mph or 0.0, SpeedUnit.MPH)


def _profile(speed: SpeedSettings) -> Profile:
    if speed.deduction_kmh is None or speed.deduction_percent is None:
        return profile_of(speed.law)
    stated = Deduction(Decimal(repr(speed.deduction_kmh)), Decimal(repr(speed.deduction_percent)))
    return profile_of(speed.law, stated, speed.deduction_source)


def _lens(camera: CameraSettings) -> Lens | None:
    return Lens(camera.focal_length_px, camera.width, camera.height) if camera.focal_length_px is not None else None
