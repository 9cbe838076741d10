"""What every manifest says of the unit: who it is, what it runs, and where its numbers come from."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from edge.config import Settings


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
            "limit": "limit_kmh in the unit's configuration",
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
