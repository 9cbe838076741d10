"""Under which circumstances was measured: time, place, speeds, limit, instrument, self-check, clock.

A judge asks for each. What the manifest does not say stands here as not known, never as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.cases.evidence import Manifest, Record
from edge.cases.report.language import _, day, moment, number
from edge.cases.report.paper import MUTED, Fact, clean
from edge.cases.report.speeds import assessment_facts, limit_words, speed_words
from edge.cases.report.words import clock_words, plausibility_words
from edge.model import Case

_SERIAL_LINE = "radar's serial line "


def circumstances(case: Case, manifest: Manifest) -> list[Fact]:
    """The facts of the case, in a judge's order."""
    sources: Record = manifest["unit"].get("sources") or {}
    measured = speed_words(case)
    if case.trigger.speed_kmh is not None:
        measured += _grey(source_words(str(sources.get("speed", ""))))
    return [
        (_("Time"), moment(case.trigger.at_utc, milliseconds=True)),
        (_("Clock"), clock_words(manifest["clock"])),
        (_("Place"), _place(case, manifest)),
        (_("Measured speed"), measured),
        *assessment_facts(case.assessment),
        *([(_("Plausibility"), plausibility_words(case.plausibility))] if case.plausibility is not None else []),
        (_("Speed limit"), f"{limit_words(case.limit_kmh)}{_grey(_limit_source(manifest, sources))}"),
        (_("Instrument"), _instrument(manifest)),
        (_("Self-check"), _selfcheck(manifest)),
    ]


def source_words(text: str) -> str:
    """Where a figure comes from, as the manifest names it; other words are returned unchanged."""
    if text.startswith(_SERIAL_LINE):
        return _("radar on the serial line {port}").format(port=text.removeprefix(_SERIAL_LINE))
    return {
        "recorded feed": _("recorded feed"),
        "none": _("no source"),
        "limit_kmh in the unit's configuration": _("as set in the unit's configuration"),
    }.get(text, text)


def _grey(text: str) -> str:
    return f" <font color='{MUTED.hexval()}'>({clean(text)})</font>" if text else ""


def _place(case: Case, manifest: Manifest) -> str:
    """The line of the site, and what else the manifest says of it."""
    return "; ".join(part for part in (clean(case.site), *_listed(manifest.get("site_facts"), _site_names())) if part)


def _limit_source(manifest: Manifest, sources: Record) -> str:
    """Who set the limit: the ordinance if the manifest names one."""
    site = manifest.get("site_facts") or {}
    if isinstance(site, Mapping) and site.get("ordinance"):
        return _("ordinance {name}").format(name=site["ordinance"])
    return source_words(str(sources.get("limit", "")))


def _instrument(manifest: Manifest) -> str:
    """Which instrument measured, and whether it was allowed to."""
    said = manifest.get("instrument") or manifest["unit"].get("instrument")
    if not said:
        return _("make, approval and calibration are not recorded in this case: not known")
    return "; ".join(_listed(said, _instrument_names()))


def _selfcheck(manifest: Manifest) -> str:
    """Whether the unit was seen to work that day."""
    said = manifest.get("selfcheck") or manifest["unit"].get("selfcheck")
    if not said:
        return _("none is recorded in this case: not known")
    return "; ".join(_listed(said, _selfcheck_names()))


def _listed(said: Any, names: Mapping[str, str]) -> list[str]:
    """Texts for what a manifest says, a text or a table; the keys in *names* first, each with its name."""
    if not said:
        return []
    if not isinstance(said, Mapping):
        return [clean(str(said))]
    keys = [key for key in names if key in said] + sorted(key for key in said if key not in names)
    return [
        f"{clean(names.get(key, key.replace('_', ' ')))} {value}".strip()
        for key in keys
        if key not in _LEFT_OUT and (value := _value(key, said[key]))
    ]


_LEFT_OUT = frozenset({"sha256", "hash"})


def _value(key: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, float | int):
        is_time = key.endswith("_utc") or key == "at"
        return moment(float(value)) if is_time else number(float(value), 0 if float(value).is_integer() else 2)
    if isinstance(value, Mapping):
        return ", ".join(_listed(value, {}))
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (_value("", each) for each in value)))
    return clean(day(str(value)))


def _site_names() -> dict[str, str]:
    return {
        "road": _("road"),
        "km": _("km"),
        "municipality": _("municipality"),
        "carriageway": _("carriageway"),
        "lane": _("lane"),
        "direction": _("direction"),
        "coordinates": _("coordinates"),
        "road_class": _("class of road"),
        "ordinance": _("ordinance"),
        "decree": _("prefect's decree"),
        "sign_distance_m": _("metres from the sign"),
        "version": _("version"),
    }


def _instrument_names() -> dict[str, str]:
    return {
        "make": "",
        "model": "",
        "version": _("version"),
        "serial": _("serial number"),
        "radar_serial": _("serial number of the radar"),
        "unit_serial": _("serial number of the unit"),
        "approval": _("approved by"),
        "approval_decree": _("approved by"),
        "census_number": _("census number"),
        "certificate": _("calibration certificate"),
        "certificate_number": _("calibration certificate"),
        "laboratory": _("laboratory"),
        "calibrated_on": _("calibrated on"),
        "certificate_date": _("dated"),
        "valid_until": _("valid until"),
        "functional_check": _("functional check"),
    }


def _selfcheck_names() -> dict[str, str]:
    return {"before": _("before the case"), "after": _("after the case"), "says": ""}
