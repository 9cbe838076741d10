"""Lists the direct dependencies that have a newer release than their pin (`make outdated`); why: constraints.txt."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Ask the index for newer releases than what is installed here, and print those of pinned packages."""
    pinned = {
        normal(name) for name in re.findall(r"^([\w.-]+)==", CONSTRAINTS.read_text(encoding="utf-8"), re.MULTILINE)
    }
    asked = [sys.executable, "-m", "pip", "list", "--outdated", "--format", "json", "--disable-pip-version-check"]
    done = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit("make: the index does not answer (above): look at the network")
    newer = [each for each in json.loads(done.stdout) if normal(each["name"]) in pinned]
    for each in newer:
        print(f"{each['name']:28} {each['version']:>20}  newest {each['latest_version']}")
    print(
        f"{len(newer)} of {len(pinned)} direct dependencies have a newer release for this Python: see constraints.txt"
    )


if __name__ == "__main__":
    main()
