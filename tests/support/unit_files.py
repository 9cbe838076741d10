"""The files a unit of the tests starts from: its settings, and the feed its camera plays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.demo.cast import FOLDER

SETTINGS = {
    "unit": 'state_dir = "state"',
    "link": "port = 0",
    "registry": 'path = "registry.sqlite"\nmaster_key_file = "master.key"',
    "radar": 'pin_factory = "mock"\npin_means = "motion"',
    "camera": 'kind = "recorded"\nmanifest = "feed.toml"',
    "cases": 'signing_key_file = "signing.key"',
    "officers": 'socket = "officers.sock"',
    "metrics": "port = 0",
}
"""What every unit of the tests has: section -> lines."""

Clip = tuple[str, int, float | None]
"""A clip of the demo's feed: its file's name (or the path of another), the frame that triggers, the speed in km/h;
None: the radar reports none."""


def write_settings(folder: Path, *additions: Mapping[str, str]) -> Path:
    """Write ``autovelox.toml``: the lines of :data:`SETTINGS` and of *additions*; the last line of a key counts."""
    sections: dict[str, dict[str, str]] = {}
    for addition in (SETTINGS, *additions):
        for section, lines in addition.items():
            told = {line.partition("=")[0].strip(): line for line in lines.splitlines()}
            sections.setdefault(section, {}).update(told)
    text = "".join(f"{line}\n" for section, told in sections.items() for line in (f"[{section}]", *told.values()))
    config = folder / "autovelox.toml"
    config.write_text(text, encoding="utf-8")
    return config


def write_feed(folder: Path, *clips: Clip, gap_s: float, loop: bool = False) -> None:
    """Write ``feed.toml``: *clips*, *gap_s* seconds before each, once or for ever."""
    lines = [f"gap_s = {gap_s}", f"loop = {str(loop).lower()}"]
    for name, frame, speed in clips:
        lines += ["[[clip]]", f'file = "{FOLDER / "feed" / name}"']
        lines += ["[[clip.trigger]]", f"frame = {frame}", *([] if speed is None else [f"speed_kmh = {speed}"])]
    (folder / "feed.toml").write_text("\n".join(lines), encoding="utf-8")
