"""What an officer chose last time: window, palette, zoom and language, in a file of the officer's own account.

No case, plate or name is in it. A file that is missing or damaged is none: the viewer then starts as for the first
time.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

MOST_BYTES = 4096
GEOMETRY = re.compile(r"(\d{3,5})x(\d{3,5})(?:\+(\d{1,5})\+(\d{1,5}))?")
LANGUAGE = re.compile(r"[a-z]{2}(?:_[A-Z]{2})?")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was chosen.

    Attributes:
        geometry: the window's size and place in pixels, as ``1280x800+0+0``; empty: as large as usual.
        dark: whether the palette is the dark one.
        zoom: the officer's zoom, 1 is none.
        language: a locale such as ``it_IT``; empty: the environment's.
    """

    geometry: str = ""
    dark: bool = False
    zoom: float = 1.0
    language: str = ""


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the file of this account, by the XDG Base Directory Specification."""
    folder = environ.get("XDG_CONFIG_HOME", "")
    base = Path(folder) if folder.startswith("/") else Path.home() / ".config"
    return base / "autovelox" / "viewer.json"


def recall(path: Path) -> Remembered:
    """Return what *path* holds, each value only where it is one that can be."""
    try:
        with path.open("rb") as file:
            read = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError):
        return Remembered()
    if not isinstance(read, dict):
        return Remembered()
    geometry, dark, zoom, language = (read.get(name) for name in ("geometry", "dark", "zoom", "language"))
    return Remembered(
        geometry=geometry if isinstance(geometry, str) and GEOMETRY.fullmatch(geometry) else "",
        dark=dark is True,
        zoom=float(zoom) if isinstance(zoom, int | float) and 0.5 <= zoom <= 4 else 1.0,
        language=language if isinstance(language, str) and LANGUAGE.fullmatch(language) else "",
    )


def remember(path: Path, chosen: Remembered) -> None:
    """Write *chosen* to *path*; where that cannot be, nothing is remembered."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(asdict(chosen), file)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def on_screen(geometry: str, width: int, height: int) -> str:
    """Return *geometry*, so that the window lies on a screen of *width* x *height* pixels; empty where it cannot."""
    found = GEOMETRY.fullmatch(geometry)
    if found is None:
        return ""
    wide, high, left, top = (int(part or 0) for part in found.groups())
    wide, high = min(wide, width), min(high, height)
    return f"{wide}x{high}+{min(left, width - wide)}+{min(top, height - high)}"
