"""What every manifest says of the unit: who it is, what it runs, and where its numbers come from."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import rfc8785

from edge.config import Section, Settings, expired


def provenance(settings: Settings, models: Path, *, of_release: bool) -> dict[str, object]:
    """What a case says of the unit that made it.

    Authority, serial, software, the SHA-256 of each model file and whether they are the release's, what runs the
    reader, and the source of trigger, speed and limit. *of_release*: the models are those that this program ships with.
    """
    files = sorted(path for path in models.rglob("*") if path.is_file() and path.suffix != ".md")
    return {
        "authority": settings.unit.authority,
        "serial": settings.unit.serial,
        "software": f"autovelox {version('autovelox')}",
        "models": {str(path.relative_to(models)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
        "models_from": "this release" if of_release else "a folder of the authority's own",
        "reader_engine": settings.recognition.engine,
        "sources": {
            "trigger": _trigger(settings),
            "speed": _speed(settings),
            "limit": f"{'limit_kmh' if settings.speed.limit_mph is None else 'limit_mph'} in the unit's configuration",
        },
    }


def _trigger(settings: Settings) -> str:
    meaning = "a vehicle over the limit" if settings.radar.pin_means == "over_limit" else "any movement"
    return f"radar's line on GPIO {settings.radar.pin}, which means {meaning}"


def _speed(settings: Settings) -> str:
    if settings.camera.kind == "recorded":
        return "recorded feed"
    if settings.radar.serial_port is None:
        return "none"
    return f"radar's serial line {settings.radar.serial_port}"


def instrument(settings: Settings) -> dict[str, object]:
    """What measures the speed, as configured; the unit's serial number is said once, in ``[unit]``. Dates are texts."""
    record = _filled(settings.instrument)
    if record:
        record["unit"] = {"serial": settings.unit.serial, **_filled(settings.instrument.unit)}
    return record


def site(settings: Settings) -> str | dict[str, object]:
    """Where the camera stands: the one line of ``[unit]``, or the table ``[site]`` with that line as ``text``.

    ``version`` is the SHA-256 of the table in canonical JSON, without it and ``text``: another one is another site, or
    another order for it.
    """
    table = _filled(settings.site)
    if not table:
        return settings.site_text
    return {**table, "text": settings.site_text, "version": hashlib.sha256(_canonical(table)).hexdigest()}


def certificate_problem(settings: Settings) -> Callable[[], str | None]:
    """What tells the health page, each time it is asked, that the instrument's certificate does not count now."""

    def problem() -> str | None:
        found = expired(settings, time.time())
        return None if found is None else ": ".join(found)

    return problem


def _canonical(value: Any) -> bytes:
    return rfc8785.dumps(value)


def _filled(section: Section) -> dict[str, object]:
    """The settings of *section* that say something, with those of its inner sections, as JSON values."""
    filled: dict[str, object] = {}
    for name, value in section.model_dump(mode="json").items():
        inner = getattr(section, name)
        said = _filled(inner) if isinstance(inner, Section) else value
        if said not in ("", None, {}):
            filled[name] = said
    return filled
