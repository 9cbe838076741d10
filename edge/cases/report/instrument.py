"""Which instrument measured, by whose approval, and whether its calibration counted on that day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from edge.cases.evidence import Manifest
from edge.cases.report.language import _, day, number
from edge.cases.report.paper import Fact, clean


def instrument_facts(manifest: Manifest, at_utc: float) -> list[Fact]:
    """A row for the devices and a row for the calibration; *at_utc* is the time of the trigger.

    What the manifest holds beyond the known keys stands at the end of the first row, by its key.
    """
    said = manifest.get("instrument")
    if not said:
        unknown = _("make, approval and calibration are not recorded in this case: not known")
        return [(_("Instrument"), unknown)]
    if not isinstance(said, Mapping):
        return [(_("Instrument"), clean(str(said)))]
    devices = [
        _device(_("radar"), said.get("radar")),
        _device(_("unit"), said.get("unit")),
        _after(_("approval"), said.get("approval")),
        _after(_("census number"), said.get("census")),
        *listed({key: value for key, value in said.items() if key not in _KNOWN}, {}),
    ]
    rows = [(_("Instrument"), "; ".join(filter(None, devices)) or _("not known"))]
    calibration, check = said.get("calibration"), said.get("functional_check")
    told = [_calibration(calibration, at_utc) if isinstance(calibration, Mapping) else "", _check(check)]
    return [*rows, (_("Calibration"), "; ".join(filter(None, told)) or _("not recorded in this case: not known"))]


_KNOWN = frozenset({"radar", "unit", "approval", "census", "calibration", "functional_check"})


def listed(said: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """Texts for what a table says, each with the name of its key."""
    texts = []
    for key, value in sorted(said.items()):
        if isinstance(value, Mapping):
            inner = ", ".join(listed(value, {}))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            inner = number(float(value), 0 if float(value).is_integer() else 2)
        else:
            inner = clean(day(str(value)))
        texts.append(f"{names.get(key, clean(key.replace('_', ' ')))} {inner}")
    return texts


def _device(name: str, plate: Any) -> str:
    """What the type plate of a device says."""
    if not isinstance(plate, Mapping) or not plate:
        return ""
    made = " ".join(clean(str(plate[key])) for key in ("make", "model", "version") if plate.get(key))
    serial = _("no. {serial}").format(serial=clean(str(plate["serial"]))) if plate.get("serial") else ""
    return f"{name} " + ", ".join(filter(None, (made, serial)))


def _after(name: str, value: Any) -> str:
    return f"{name} {clean(str(value))}" if value else ""


def _calibration(said: Mapping[str, Any], at_utc: float) -> str:
    """The certificate, and whether it counted on the day of the trigger, in the unit's time zone."""
    words = _("certificate {number}, {laboratory}, {begin}, valid until {end}").format(
        number=clean(str(said.get("certificate", "?"))),
        laboratory=clean(str(said.get("laboratory", "?"))),
        begin=clean(day(str(said.get("calibrated_on", "?")))),
        end=clean(day(str(said.get("valid_until", "?")))),
    )
    try:
        begin, end = (date.fromisoformat(str(said[key])) for key in ("calibrated_on", "valid_until"))
    except (KeyError, ValueError):
        return words
    on = datetime.fromtimestamp(at_utc, UTC).astimezone().date()
    counts = _("valid on the day") if begin <= on <= end else f"<b>{_expired()}</b>"
    return f"{words}: {counts}"


def _expired() -> str:
    return _("NOT valid on the day")


def _check(said: Any) -> str:
    """The last functional check."""
    if not isinstance(said, Mapping) or not said:
        return ""
    told = [clean(day(str(said[key]))) for key in ("checked_on", "by", "report") if said.get(key)]
    return _("functional check {words}").format(words=", ".join(told))
