"""The files a unit of the tests starts from: its settings, and the feed its camera plays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from edge.demo.cast import FOLDER

SETTINGS = """\
[unit]
state_dir = "state"
[link]
port = 0
[registry]
path = "registry.sqlite"
master_key_file = "master.key"
[radar]
pin_factory = "mock"
[camera]
kind = "recorded"
manifest = "feed.toml"
[cases]
signing_key_file = "signing.key"
[metrics]
port = 0
"""

Clip = tuple[str, int, float]
"""A clip of the demo's feed: its file's name (or the path of another), the frame that triggers, the speed in km/h."""


def write_settings(folder: Path, *additions: Mapping[str, str]) -> Path:
    """Write ``autovelox.toml``: what every unit of the tests has, and the lines that *additions* give a section."""
    text = SETTINGS
    for section, lines in (item for addition in additions for item in addition.items()):
        header = f"[{section}]\n"
        text = text.replace(header, header + lines + "\n") if header in text else text + header + lines + "\n"
    config = folder / "autovelox.toml"
    config.write_text(text, encoding="utf-8")
    return config


def write_feed(folder: Path, *clips: Clip, gap_s: float, loop: bool = False) -> None:
    """Write ``feed.toml``: *clips*, *gap_s* seconds before each, once or for ever."""
    lines = [f"gap_s = {gap_s}", f"loop = {str(loop).lower()}"]
    for name, frame, speed in clips:
        lines += ["[[clip]]", f'file = "{FOLDER / "feed" / name}"']
        lines += ["[[clip.trigger]]", f"frame = {frame}", f"speed_kmh = {speed}"]
    (folder / "feed.toml").write_text("\n".join(lines), encoding="utf-8")
