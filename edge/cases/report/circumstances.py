"""Under which circumstances was measured: time, place, speeds, limit, instrument, self-check, clock.

A judge asks for each. What the manifest does not say stands here as not known, never as nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.cases.evidence import Manifest, Record
from edge.cases.report.changes import changes_words
from edge.cases.report.instrument import instrument_facts, listed
from edge.cases.report.language import _, minute, moment, number
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
        (_("Clock"), _("the unit's own: {state}").format(state=clock_words(manifest["clock"]))),
        (_("Place"), _place(case, manifest)),
        (_("Measured speed"), measured),
        *(assessment_facts(case) if case.is_infringement else ()),
        *_borne_out(case),
        (_("Speed limit"), f"{limit_words(case, beside=True)}{_grey(_limit_source(manifest, sources))}"),
        *instrument_facts(manifest, case.trigger.at_utc),
        (_("Self-check"), _selfcheck(manifest)),
        (_("Changes"), changes_words(manifest.get("unit_notes", ()))),
    ]


def _borne_out(case: Case) -> list[Fact]:
    found = case.plausibility
    return [] if found is None else [(_("Plausibility"), plausibility_words(found, case.speed_unit))]


def source_words(text: str) -> str:
    """Where a figure comes from, as the manifest names it; other words are returned unchanged."""
    if text.startswith(_SERIAL_LINE):
        return _("radar on the serial line {port}").format(port=text.removeprefix(_SERIAL_LINE))
    return {
        "recorded feed": _("recorded feed"),
        "none": _("no source"),
        "limit_kmh in the unit's configuration": _("as set in the unit's configuration"),
        "limit_mph in the unit's configuration": _("as set in the unit's configuration"),
    }.get(text, text)


def _grey(text: str) -> str:
    return f" <font color='{MUTED.hexval()}'>({clean(text)})</font>" if text else ""


def _place(case: Case, manifest: Manifest) -> str:
    """The line of the site, and what else the manifest says of it."""
    site = _site(manifest)
    more = []
    if "latitude" in site and "longitude" in site:
        more.append(f"{float(site['latitude']):.5f}, {float(site['longitude']):.5f} (WGS 84)")
    if site.get("road_class"):
        more.append(_("class of road {name}").format(name=clean(str(site["road_class"]))))
    more += listed({key: value for key, value in site.items() if key not in _TOLD_ELSEWHERE}, {})
    return "; ".join([clean(case.site), *more])


_TOLD_ELSEWHERE = frozenset(
    {"text", "version", "country", "road", "km", "municipality", "carriageway", "lane", "direction", "latitude"}
    | {"longitude", "road_class", "ordinance", "decree", "sign_distance_m"}
)
"""Keys of a site that stand in its line, or with the limit."""


def _site(manifest: Manifest) -> Mapping[str, Any]:
    """The table of the site; empty where the manifest has a line alone."""
    site = manifest.get("site")
    return site if isinstance(site, Mapping) else {}


def _limit_source(manifest: Manifest, sources: Record) -> str:
    """Who set the limit: ordinance and decree where the manifest names them."""
    site = _site(manifest)
    said = [str(site[key]) for key in ("ordinance", "decree") if site.get(key)]
    if site.get("sign_distance_m") is not None:
        metres = number(float(site["sign_distance_m"]))
        said.append(_("sign {metres} m before the camera").format(metres=metres))
    if said:
        return "; ".join(said)
    who = _("who ordered it is not recorded in this case: not known")
    return "; ".join(filter(None, (source_words(str(sources.get("limit", ""))), who)))


def _selfcheck(manifest: Manifest) -> str:
    """Whether the unit was seen to work before and after the case."""
    said = manifest.get("selfcheck")
    if not isinstance(said, Mapping):
        return clean(str(said)) if said else _("none is recorded in this case: not known")
    if not said.get("before") and not said.get("after"):
        return _("none is recorded in this case: not known")
    before, after = said.get("before"), said.get("after")
    first = (
        _looked(before, _("good before the case ({moment})"), _("FAILED before the case ({moment})"))
        if before
        else _("none before the case")
    )
    last = (
        _looked(after, _("good after it ({moment})"), _("FAILED after it ({moment})"))
        if after
        else _("not yet after it")
    )
    return f"{first}; {last}"


def _looked(check: Mapping[str, Any], good: str, failed: str) -> str:
    return (good if check.get("good") else failed).format(moment=minute(float(check["at_utc"])))
