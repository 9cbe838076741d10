"""Apache PDFBox's Preflight, a validator of PDF/A-1b that Debian has, and what it says of an archival PDF."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

JARS = Path("/usr/share/java")
_PARTS = ("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "jaxb-api", "javax.activation")
_FINDING = re.compile(r"^(\d+(?:\.\d+)+) : (.*)$", re.MULTILINE)

ALLOWED = {
    "1.2.9": "a file specification may hold an embedded file: ISO 19005-3, 6.8",
    "1.4.7": "the document may have embedded files: ISO 19005-3, 6.8",
    "2.1.6": "the colour profile may be of ICC version 4: ISO 19005-3, 6.2.3; PDF/A-1 knows version 2",
    "2.2.2": "pictures may be transparent: ISO 19005-3, 6.2.10",
    "7.11.2": "the metadata say part 3, not part 1: ISO 19005-3, 6.6.4",
}
"""What Preflight finds in every PDF/A-3 file, by its code, and why part 3 of the standard allows it."""


def missing() -> str | None:
    """What has to be installed, or None."""
    lacking = [name for name in _PARTS if not (JARS / f"{name}.jar").is_file()]
    if shutil.which("java") is None:
        lacking.append("java")
    return f"{', '.join(lacking)} not installed: see systemd/setup/packages" if lacking else None


needs_preflight = pytest.mark.skipif(missing() is not None, reason=str(missing()))


def findings(files: Sequence[Path]) -> dict[str, list[str]]:
    """For each of *files* (by its name) what Preflight finds wrong, but for :data:`ALLOWED`.

    Raises:
        AssertionError: Preflight did not look at one of them.
    """
    path = ":".join(str(JARS / f"{name}.jar") for name in _PARTS)
    found = {}
    for file in files:
        command = ["java", "-Xshare:auto", "-cp", path, "org.apache.pdfbox.preflight.Validator_A1b", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        said = done.stdout + done.stderr
        assert f"{file.name} is " in said, said
        found[file.name] = [f"{code}: {words}" for code, words in _FINDING.findall(said) if code not in ALLOWED]
    return found
