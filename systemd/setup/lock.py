"""Makes the lock from setup.cfg and constraints.txt: ``make lock``.

Every package that an environment of ours holds, transitive ones too, with its version and the hashes of its files on
the public index, for x86_64 and aarch64 and every Python that setup.cfg allows. uv resolves; this file splits what it
found into the parts that are installed apart (``systemd/setup/lock``):

- ``unit.txt``: what every unit runs on, and the build tool that installs the project itself.
- ``easyocr.txt``: EasyOCR and what it alone needs, for units whose reader it runs.
- ``dev.txt``: what the tests and checks need besides.
- ``centre.txt``: what the centre (headquarters) needs besides the unit, with all that its configuration may ask for.
- ``torch.txt``: PyTorch and what it alone needs, since on x86_64 its CPU build does not lie in the public index.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).parent / "lock"
TORCH_ALONE = re.compile(r"(torch|torchvision|triton|nvidia-.*|cuda-.*)==")
"""torch, its partner, and the packages that nothing but torch's CUDA build requires."""
OF_THE_CENTRE = ("centre", "mqtt", "pkcs11", "timestamp")
"""The extras in the centre's package: who installs it has no pip to add one with."""
HEADER = "# Made by `make lock` from setup.cfg and constraints.txt: do not edit.\n"


def resolve(uv: str, *words: str) -> list[str]:
    """One entry a package and set of markers, each with its hashes, as uv prints them."""
    command = [uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-header", "--no-annotate", "--upgrade", "--constraint", "constraints.txt", *words]
    with tempfile.NamedTemporaryFile("w", suffix=".in") as build:
        build.write("setuptools\n")
        build.flush()
        done = subprocess.run(
            [*command, "setup.cfg", build.name], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        sys.exit("lock: nothing was changed: the versions in constraints.txt and setup.cfg do not go together (above)")
    return re.split(r"\n(?=\S)", done.stdout.strip())


def main(uv: str) -> None:
    """Resolve for the tests, for a unit with EasyOCR and for one without, and for the centre; write the five parts."""
    of_the_centre = [word for extra in OF_THE_CENTRE for word in ("--extra", extra)]
    everything = resolve(uv, "--extra", "easyocr", *of_the_centre, "--extra", "dev")
    versions = "\n".join(entry.split(" \\\n")[0] for entry in everything)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as same:
        same.write(versions)
        same.flush()
        engine = resolve(uv, "--extra", "easyocr", "--constraint", same.name)
        unit = resolve(uv, "--constraint", same.name)
        centre = resolve(uv, *of_the_centre, "--constraint", same.name)
    parts = {
        "unit.txt": unit,
        "easyocr.txt": [entry for entry in engine if entry not in unit and not TORCH_ALONE.match(entry)],
        "torch.txt": [entry for entry in engine if TORCH_ALONE.match(entry)],
        "centre.txt": [entry for entry in centre if entry not in unit],
        "dev.txt": [entry for entry in everything if entry not in engine and entry not in centre],
    }
    for name, entries in parts.items():
        (LOCK / name).write_text(HEADER + "\n".join(entries) + "\n", encoding="utf-8")
        print(f"lock: {name}: {len(entries)} entries")


if __name__ == "__main__":
    main(*sys.argv[1:])
